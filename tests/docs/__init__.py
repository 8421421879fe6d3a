"""What is shown to users does what it says: README.md, the guide, the examples."""
