"""What was decorated: a function, its options, the names in its reach.

Imports only `_base`, `_policy` and `_state`.
"""
