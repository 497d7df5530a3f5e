"""What is read, a family each."""
