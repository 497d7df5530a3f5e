"""Pairs of the second world, in mirror sets that its verifiers prove."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle

from rubrics.errors import BadInput
from rubrics.schema import Criterion, Pair
from rubrics.world_b.cases import Family, Share, Side
from rubrics.world_b.families import families_of

__all__ = ["pairs"]


def pairs(seed: int, n: int, families: Share = "held") -> Iterator[Pair]:
    """`n` pairs: n / 2 mirror sets, one family after the other.

    The two pairs of a set have two prompts that differ in one requirement and the same two responses, each chosen in
    one and rejected in the other, so that nothing in a response can give the answer away. `cluster` and `domain` name
    the family: pairs of one template are no independent evidence. The id without its last letter names the set.

    Raises:
        BadInput: `n` is odd, or the families have not so many different pairs.
    """
    if n < 0 or n % 2:
        raise BadInput(f"{n} pairs make no mirror sets", fix="ask for an even number")
    return _pairs(seed, n // 2, families_of(families))


def _pairs(seed: int, sets: int, families: tuple[Family, ...]) -> Iterator[Pair]:
    seen: set[str] = set()
    for number, family in zip(range(sets), cycle(families), strict=False):
        one, two = _fresh(f"world b pair {seed} {number}", family, seen)
        for name, side, twin in (("a", one, two), ("b", two, one)):
            yield _pair(f"{family.name}/{seed}-{number}", name, family, side, twin)


def _fresh(seed: str, family: Family, seen: set[str]) -> tuple[Side, Side]:
    for attempt in range(1000):
        sides = family.draw(random.Random(f"{seed} {family.name} {attempt}"))
        if not seen.intersection(side.prompt for side in sides):
            seen.update(side.prompt for side in sides)
            return sides
    raise BadInput(f"family {family.name} has no more different prompts", fix="ask for fewer pairs")


def _pair(mirror_set: str, name: str, family: Family, side: Side, twin: Side) -> Pair:
    proven = side.check.holds(side.reply) and not side.check.holds(twin.reply)
    assert proven, f"{mirror_set}: the verifier does not tell the two responses apart"
    return Pair(
        id=f"{mirror_set}-{name}",
        domain=family.name,
        prompt=side.prompt,
        chosen=side.reply,
        rejected=twin.reply,
        criteria=[Criterion(id=family.name, text=side.check.text, subcategory=family.subcategory)],
        violated=[family.name],
        cluster=family.name,
    )
