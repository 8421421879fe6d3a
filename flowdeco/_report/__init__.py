"""A run as a page. Imports only `_base`, `_draw`, `_state`, `_graph` and `_record`."""
