"""Two candidates on the pairs where they differ: both choices, both curves, the tokens on which they part."""
