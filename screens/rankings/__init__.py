"""Rankings: who leads, how surely, and in what."""
