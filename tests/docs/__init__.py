"""What is shown to users: the examples."""
