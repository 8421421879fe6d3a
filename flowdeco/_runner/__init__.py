"""One node, from its first attempt to its end.

Imports only `_base`, `_state`, `_policy`, `_worker`, `_graph` and `_record`.
"""
