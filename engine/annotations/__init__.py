"""What a person does to what is stored: flags, exclusions, forgetting. Readings go through `engine.results`."""
