"""What users import: the decorators, calls and the run. Imports all of the core; the core imports none of it."""
