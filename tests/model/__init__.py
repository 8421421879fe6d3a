"""Random graphs, failures and policies against a sequential model."""
