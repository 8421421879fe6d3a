"""Modules of tasks, to be imported by the tests of names."""
