"""Questions in SQL, for those who think in it."""
