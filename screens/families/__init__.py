"""Families: which candidates are kin."""
