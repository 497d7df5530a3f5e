"""Two candidates on the same pairs."""
