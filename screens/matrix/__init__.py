"""The matrix: RuDE by part of a suite against every outcome."""
