"""Predictors against post-training outcomes."""
