"""The first steps: from nothing to a planned run, left at any of them."""
