"""Correlation: does the number foretell what post-training gives?"""
