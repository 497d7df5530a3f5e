"""Small base models from seeds, and what becomes of them after training on demonstrations and rewards."""
