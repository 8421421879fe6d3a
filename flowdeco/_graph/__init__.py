"""From names to nodes and edges.

Imports only `_definition` and what that may, and `_draw`.
"""
