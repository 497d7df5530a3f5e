"""What a person does to what is stored: flags, exclusions, forgetting. Readings of results go through `engine.results`."""
