"""Everything that is not a screen: candidates, layout, scoring, runs, store, statistics, export."""
