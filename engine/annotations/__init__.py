"""What a person does to what is stored: flags, exclusions, ties, forgetting. Readings go through `engine.results`."""
