"""Textual screens and widgets. They render state and know the engine's read side only."""
