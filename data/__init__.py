"""What ships with the program: small base models, published results, sample outcomes."""
