"""Taking tables away: CSV first; Parquet and JSON hold the same rows exactly."""
