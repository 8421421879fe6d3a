"""Diagrams as text and pictures. Knows no graph and no run; imports only `_base`."""
