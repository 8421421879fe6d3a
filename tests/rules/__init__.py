"""What the README promises, through the public API."""
