"""A worker's part in assays: what is measured of a loaded model, item by item."""
