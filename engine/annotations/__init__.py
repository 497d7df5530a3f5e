"""What a person writes: flags and exclusions of pairs. Readings of results go through `engine.results`."""
