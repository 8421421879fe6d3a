"""The command `flowdeco`. Imports the public `flowdeco` and `_base`; the core never imports it."""
