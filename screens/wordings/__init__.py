"""Wordings: whether the ranking is that of the wording."""
