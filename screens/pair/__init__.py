"""One pair in full, with every candidate's verdict."""
