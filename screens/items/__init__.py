"""Pairs on trial: what candidates' verdicts say about single pairs."""
