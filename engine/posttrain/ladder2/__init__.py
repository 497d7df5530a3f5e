"""The second ladder: models by a crossed design, outcomes on families that nothing else has touched, rows that ship."""
