"""What the tasks of a run share, and who wrote it. Imports only `_base`."""
