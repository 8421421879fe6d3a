"""The rules of the house: imports, sizes, types, memory."""
