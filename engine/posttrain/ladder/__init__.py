"""The first ladder: small models pre-trained, scored and post-trained, and what foretold what."""
