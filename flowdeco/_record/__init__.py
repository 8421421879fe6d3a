"""What happened in a run, and its readers. Imports only `_base`, `_policy` and `_graph`."""
