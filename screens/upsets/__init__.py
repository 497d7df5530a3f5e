"""Upsets: smaller candidates ahead of larger ones."""
