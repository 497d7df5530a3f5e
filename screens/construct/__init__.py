"""Building pairs of one's own: a construction as it goes, every call of it, and a blind reading of what came out."""
