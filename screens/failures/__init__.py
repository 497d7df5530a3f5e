"""Failures: from a number to the pairs behind it."""
