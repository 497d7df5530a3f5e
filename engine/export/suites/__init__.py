"""Suites in the shapes of other programs, each with what brings them back."""
