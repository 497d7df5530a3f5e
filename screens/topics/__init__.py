"""Abilities by topic: who is abler at what, where the verdicts carry it."""
