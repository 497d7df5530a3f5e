"""What is done to every model alike, and the prompts and pairs that all of them meet."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Final

import data
from engine.posttrain.tasks import Task, draw
from rubrics.errors import BadInput
from rubrics.schema import Suite
from rubrics.sources import read_text
from rubrics.world.corpus import documents
from rubrics.world.forms import Family
from rubrics.world.generate import suite
from rubrics.world.requests import pool
from rubrics.world.things import Rng

__all__ = ["PLACE", "SETS", "Common", "Regimen", "common", "outcome_families"]

PLACE: Final = Path(data.__file__).parent / "ladder2"
SETS: Final = ("outcome", "suite", "taught")
"""Sets of prompts that answers are measured on: families of the outcome, which nothing else touches; those of the suite
that predictors read; those that pre-training and post-training have. No two share a family."""
_ALONE: Final = ("body", "block")
"""Parts of a response whose families make a prompt by themselves."""


@dataclass(frozen=True)
class Regimen:
    """Sizes of everything that is done; the same for all models."""

    outcome_pool: str = "unseen"
    outcome_families: int = 60
    per_family: int = 40
    """Prompts of each family of the outcome."""
    sampled_per_family: int = 10
    """Of these, how many are also answered by sampling, before and after all training."""
    samples: int = 4
    beside_per_family: int = 10
    """Prompts of each family of the other two sets."""
    mirror_sets: int = 1000
    texts: int = 400
    """Clean documents, and as many clean dialogues, whose loss is read."""
    traces: int = 300
    """Answers of the frontier model."""
    answer_tokens: int = 48
    """Longest answer."""
    demonstrations: int = 4800
    sft_steps: int = 200
    sft_batch: int = 24
    sft_rate: float = 1e-3
    rounds: int = 4
    """Of rejection fine-tuning."""
    round_per_family: int = 6
    """Fresh prompts of each taught family in a round."""
    drawn: int = 16
    """Samples a prompt."""
    kept: int = 4
    """Distinct correct answers a prompt, at most."""
    round_epochs: int = 2
    round_batch: int = 24
    round_rate: float = 5e-4
    seed: int = 1
    """Of prompts and pairs."""

    @property
    def hash(self) -> str:
        """Of everything above."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Common:
    """What all models meet."""

    suite: Suite
    prompts: dict[str, tuple[Task, ...]]
    """By set; families in turn."""
    demonstrations: tuple[Task, ...]
    rounds: tuple[tuple[Task, ...], ...]
    plain: tuple[str, ...]
    """Clean documents of the plain kind that are in no training text."""
    dialogues: tuple[str, ...]
    """Clean dialogues of taught families, likewise."""

    @cached_property
    def hash(self) -> str:
        """Of every prompt with its checks, every pair and every text."""
        digest = hashlib.sha256(self.suite.hash.encode())
        for tasks in (*(self.prompts[name] for name in SETS), self.demonstrations, *self.rounds):
            for task in tasks:
                digest.update(f"{task.family}\n{task.prompt}\n{task.response}\n{task.checks}\n".encode())
        for text in (*self.plain, *self.dialogues):
            digest.update(text.encode() + b"\n")
        return digest.hexdigest()[:16]


def outcome_families(regimen: Regimen) -> tuple[Family, ...]:
    """The families of the outcome: of a pool, those that a pilot kept.

    Raises:
        BadInput: there are others than the file names, or fewer than the regimen wants.
    """
    by_name = {family.name: family for family in pool(regimen.outcome_pool)}
    chosen = list(by_name)
    if regimen.outcome_pool == "unseen":
        path = PLACE / "families.toml"
        chosen = tomllib.loads(read_text(path, BadInput))["families"]
        if missing := [name for name in chosen if name not in by_name]:
            raise BadInput(f"no template family {missing[0]!r}", where=str(path), fix="take it out of `families`")
    alone = [by_name[name] for name in chosen if by_name[name].part in _ALONE]
    if len(alone) < regimen.outcome_families:
        raise BadInput(f"{len(alone)} families for the outcome", fix=f"{regimen.outcome_families} are wanted")
    return tuple(alone[: regimen.outcome_families])


@lru_cache(maxsize=2)
def common(regimen: Regimen) -> Common:
    """Everything that all models meet; the same regimen gives the same.

    Raises:
        BadInput: the families of the outcome cannot be had.
    """
    families = {
        "outcome": outcome_families(regimen),
        "suite": tuple(family for family in pool("held") if family.part in _ALONE),
        "taught": tuple(family for family in pool("taught") if family.part in _ALONE),
    }
    if regimen.outcome_pool == "held":
        # Small designs for tests: the suite's families lend the outcome some.
        own = {family.name for family in families["outcome"]}
        families["suite"] = tuple(family for family in families["suite"] if family.name not in own)
    seen: set[str] = set()

    def drawn(what: str, of: Sequence[Family], each: int) -> tuple[Task, ...]:
        by_family = (
            _drawn(Rng(f"second ladder {what} {family.name} {regimen.seed}"), family, each, seen) for family in of
        )
        return tuple(task for turn in zip_longest(*by_family) for task in turn if task is not None)

    each = {"outcome": regimen.per_family, "suite": regimen.beside_per_family, "taught": regimen.beside_per_family}
    prompts = {name: drawn(name, families[name], each[name]) for name in SETS}
    taught = families["taught"]
    rounds = tuple(drawn(f"round {n}", taught, regimen.round_per_family) for n in range(regimen.rounds))
    demonstrations = drawn("demonstrations", taught, regimen.demonstrations // len(taught))
    # Training texts have small seeds times a million; these are far from all of them.
    far = 987_654_321 + regimen.seed
    return Common(
        suite=Suite("second ladder", tuple(suite(1000 + regimen.seed, 2 * regimen.mirror_sets))),
        prompts=prompts,
        demonstrations=demonstrations,
        rounds=rounds,
        plain=_first(far, regimen.texts, dialogue_share=0.0, rote_share=0.0),
        dialogues=_first(far + 1, regimen.texts, dialogue_share=1.0, rote_share=0.0),
    )


def _drawn(rng: Rng, family: Family, count: int, seen: set[str]) -> list[Task]:
    """Tasks of one family, fewer than `count` where it has no more."""
    tasks: list[Task] = []
    while len(tasks) < count and (more := draw(rng, [family], 1, 1, seen)):
        tasks += more
    return tasks


def _first(seed: int, count: int, **shares: float) -> tuple[str, ...]:
    """So many documents without noise."""
    texts = documents(seed, 1 << 40, noise=0.0, **shares)
    return tuple(next(texts) for _ in range(count))
