"""Item response: what the verdicts of several candidates say about single pairs."""
