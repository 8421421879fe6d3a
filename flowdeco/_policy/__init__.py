"""What options say of attempts, limits, hooks and places. Imports only `_base`."""
