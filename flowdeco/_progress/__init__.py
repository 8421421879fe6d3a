"""What is said of runs while they go on. Imports only `flowdeco` and `_base`."""
