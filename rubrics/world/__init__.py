"""A small closed world in plain English, from which pairs, prompts with verifiers and documents come without end."""

from __future__ import annotations

from rubrics.world.corpus import documents
from rubrics.world.generate import Task, generate, prompts, suite
from rubrics.world.verifiers import Check, verify

__all__ = ["Check", "Task", "documents", "generate", "prompts", "suite", "verify"]
