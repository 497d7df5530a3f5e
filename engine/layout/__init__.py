"""Both protocols as token ids with explicit boundaries."""
