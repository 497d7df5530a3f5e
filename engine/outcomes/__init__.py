"""Post-training scores, read from what other programs write."""
