"""Candidates: what base models are at hand, and what may be wrong with them."""
