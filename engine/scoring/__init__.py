"""Requests in, scores out: a local model's, every shared beginning computed once, read in fp32."""
