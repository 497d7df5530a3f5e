"""Tasks: what is done by filling in a form, from anywhere in the app."""
