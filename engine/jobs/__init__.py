"""One way to do long work."""
