"""Suites: what they hold, whether they can be trusted, pair by pair."""
