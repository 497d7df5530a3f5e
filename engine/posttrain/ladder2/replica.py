"""The study again in the second world, on twelve models: does what the second ladder found hold there?

Size, noise and share of dialogue are crossed; tokens go as evenly as twelve models allow with each of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import ClassVar, Final

from engine.posttrain.ladder2.cell import Cell
from engine.posttrain.ladder2.design import Main, Planned, crossed
from engine.posttrain.ladder2.regimen import PLACE, Regimen
from engine.posttrain.ladder2.rows import write_common
from engine.posttrain.ladder2.world_b import WORLD_B, common_b

__all__ = ["REGIMEN_B", "REPLICA", "REPLICA_TABLES", "Replica", "replica_design", "replicas"]

REPLICA: Final = PLACE / "world_b"
"""Folder of its claims, its rows and what they say."""
REPLICA_TABLES: Final = ("pairs", "texts", "answers")
"""What is kept of a model: no frontier model knows this world, so that there are no traces."""
REGIMEN_B: Final = Regimen(outcome_families=32, demonstrations=3456, traces=0, answer_tokens=32)
"""As on the second ladder, but for what this world has: 32 unseen families, families with fewer than 200 different
prompts, answers of two dozen tokens at most."""
_TOKENS: Final = {"s": (2.4e6, 4.8e6), "m": (2.4e6, 4.0e6), "l": (1.5e6, 2.5e6)}
_NOISE: Final = (0.0, 0.35)
_DIALOGUE: Final = (0.25, 0.65)
_SEEDS: Final = 2000
"""The second ladder's are from 1001."""


@dataclass(frozen=True)
class Replica(Cell):
    """One model in the second world."""

    tables: ClassVar = REPLICA_TABLES
    world: ClassVar = WORLD_B


def replica_design() -> tuple[Planned, ...]:
    """All twelve, in the order in which they are made."""
    mains = [
        Main("world b", size, _TOKENS[size][(noise + dialogue + number) % 2], _NOISE[noise], _DIALOGUE[dialogue])
        for number, size in enumerate(_TOKENS)
        for noise, dialogue in product(range(2), range(2))
    ]
    return crossed(mains, mark="b", seeds=_SEEDS)


def replicas(models: Sequence[Planned], out: Path, rows: Path, claims: str) -> list[Replica]:
    """What is to be done with each model; what all of them share is written beside their rows."""
    write_common(rows, common_b(REGIMEN_B))
    return [Replica(planned, REGIMEN_B, out, rows, claims, ()) for planned in models]
