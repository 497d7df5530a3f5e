"""Taking tables away: CSV first; Parquet and JSON hold the same rows exactly. Figures, and the report."""
