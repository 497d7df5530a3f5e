"""What a model is, found out without loading it."""
