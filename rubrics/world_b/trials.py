"""Tasks to be answered: prompts whose criteria programs decide."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle

from rubrics.errors import BadInput
from rubrics.schema import Criterion
from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Check, Family, Share, Side
from rubrics.world_b.families import families_of

__all__ = ["Task", "tasks"]


@dataclass(frozen=True)
class Task:
    """A prompt, what a response to it has to do, and one that does it."""

    id: str
    family: str
    subcategory: Subcategory
    prompt: str
    criteria: tuple[Criterion, ...]
    response: str
    """One that meets all criteria."""
    chance: float | None
    """Share of the family's prompts met by a guess among answers of the right kind; None where there is but one."""
    _checks: tuple[Check, ...] = field(repr=False)

    def met(self, response: str) -> tuple[bool, ...]:
        """For each criterion whether a response meets it."""
        return tuple(check.holds(response) for check in self._checks)


def tasks(seed: int, n: int, families: Share = "unseen") -> Iterator[Task]:
    """`n` tasks with different prompts, one family after the other, so that n = 40 × families gives each 40.

    Raises:
        BadInput: the families have not so many different prompts.
    """
    seen: set[str] = set()
    for number, family in zip(range(n), cycle(families_of(families)), strict=False):
        side = _fresh(f"world b task {seed} {number}", family, seen)
        yield Task(
            id=f"{family.name}/{seed}-{number}",
            family=family.name,
            subcategory=family.subcategory,
            prompt=side.prompt,
            criteria=(Criterion(id=family.name, text=side.check.text, subcategory=family.subcategory),),
            response=side.reply,
            chance=family.chance,
            _checks=(side.check,),
        )


def _fresh(seed: str, family: Family, seen: set[str]) -> Side:
    for attempt in range(1000):
        rng = random.Random(f"{seed} {family.name} {attempt}")
        side = rng.choice(family.draw(rng))
        if side.prompt not in seen:
            seen.add(side.prompt)
            return side
    raise BadInput(f"family {family.name} has no more different prompts", fix="ask for fewer tasks")
