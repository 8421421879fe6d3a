"""What type checkers must make of the public API; each file is checked as it stands, and run."""
