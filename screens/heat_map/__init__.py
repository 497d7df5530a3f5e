"""Candidates × parts of a suite as a map of colours."""
