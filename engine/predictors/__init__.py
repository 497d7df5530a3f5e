"""Numbers that claim to foretell post-training, RuDE's accuracy among them. Each has to earn its place by data."""
