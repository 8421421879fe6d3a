"""A whole graph: which node runs when, and on what.

Imports only `_runner` and what that may, and `_definition`.
"""
