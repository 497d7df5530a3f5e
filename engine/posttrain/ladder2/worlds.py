"""What a world has to offer for a ladder: documents to train on, its way to put a prompt, and what all models meet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from engine.layout.wording import LayoutOptions
from engine.posttrain.ladder2.regimen import Common, Regimen, common
from engine.posttrain.pretrain import WORLD, Corpus
from rubrics.world.corpus import DIALOGUE

__all__ = ["WORLD_A", "World"]


@dataclass(frozen=True)
class World:
    """A world as models are made in it, read and tested."""

    corpus: Corpus
    frame: str
    """How `{prompt}` stands before its response."""
    layouts: tuple[LayoutOptions, ...]
    """In which a base model reads pairs; a prompt is put as in `frame`."""
    common: Callable[[Regimen], Common]
    """What all models meet."""


WORLD_A: Final = World(WORLD, DIALOGUE, (LayoutOptions("likelihood"), LayoutOptions("choice")), common)
"""The world of the second ladder."""
