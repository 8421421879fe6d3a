"""Items on their way: out of what yields them, and to who reads them one by one. Knows no task, no graph and no run."""
