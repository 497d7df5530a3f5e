"""Constructed responses read blind, and what the readings came to."""
