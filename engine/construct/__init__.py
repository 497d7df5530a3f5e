"""New pairs from prompts with criteria: a generator writes, a verifier judges, and every step is on record."""
