"""A short suite: how few pairs tell candidates apart how well."""
