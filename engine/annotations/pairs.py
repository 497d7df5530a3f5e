"""Flags and exclusions of pairs: written, taken back, read by suite. The one door to them above the store."""

from __future__ import annotations

from engine.store.annotations import KINDS, Annotation, Kind, annotate, stored_annotations, withdraw

__all__ = ["KINDS", "Annotation", "Kind", "annotate", "stored_annotations", "withdraw"]
