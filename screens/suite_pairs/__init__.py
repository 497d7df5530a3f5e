"""The pairs of one suite: searched, read, flagged."""
