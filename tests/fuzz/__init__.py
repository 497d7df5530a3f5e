"""Hostile input by the million: whatever is read, written, answered or killed, nothing unexpected comes of it."""
