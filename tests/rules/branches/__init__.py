"""Branches: what is needed only where a condition is true."""
