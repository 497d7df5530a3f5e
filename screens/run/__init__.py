"""Run: what to score, how it goes, and what was scored before."""
