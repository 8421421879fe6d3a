"""One call of a plain function, elsewhere. Knows no task and no run; imports only `_base`."""
