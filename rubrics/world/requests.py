"""A prompt put together from requirements, and its responses."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rubrics.schema import Criterion
from rubrics.world.families import FAMILIES, RIDERS, SUBJECTS
from rubrics.world.forms import Family, Trait, render
from rubrics.world.things import Rng
from rubrics.world.unseen import UNSEEN
from rubrics.world.verifiers import Check, verify

__all__ = ["MAX_CRITERIA", "Request", "compose", "pool", "reserved"]

MAX_CRITERIA = 5
_SHARES = (30, 22, 18, 15, 15)
"""Of a hundred prompts, how many have 1, 2 … 5 criteria."""
_BODIES = 3
_ATTEMPTS = 40
_UNSEEN = frozenset(family.name for family in UNSEEN)


def reserved(prompt: str) -> bool:
    """Whether a prompt is kept for post-training; suites never use such a prompt, and post-training no other.

    A property of the text alone, so the two can never meet, whatever the seeds: one in eight by SHA-256.
    """
    return hashlib.sha256(prompt.encode()).digest()[0] % 8 == 0


@dataclass(frozen=True)
class Request:
    """Requirements that go together; `settings` and `ways` are tuples of 0 and 1, one for each."""

    family: Family
    traits: tuple[Trait, ...]

    @property
    def primary(self) -> int:
        """Which requirement is the one of `family`."""
        return next(n for n, trait in enumerate(self.traits) if trait.family == self.family.name)

    def prompt(self, settings: Sequence[int]) -> str:
        """What is asked: subjects first, what is laid over them last."""
        parts: list[str] = []
        for trait, setting in zip(self.traits, settings, strict=True):
            parts += [trait.facts[setting], trait.asks[setting]]
        return " ".join(part for part in parts if part)

    def response(self, ways: Sequence[int]) -> str:
        """A response that meets each requirement that is set its way, and no other."""
        return render(list(zip(self.traits, ways, strict=True)))

    def criteria(self, settings: Sequence[int]) -> tuple[Criterion, ...]:
        """One criterion for each requirement, named after its template family."""
        return tuple(
            Criterion(id=trait.family, text=trait.criteria[setting], subcategory=trait.subcategory)
            for trait, setting in zip(self.traits, settings, strict=True)
        )

    def checks(self, settings: Sequence[int]) -> tuple[Check, ...]:
        """The verifier's part of each criterion."""
        return tuple(trait.checks[setting] for trait, setting in zip(self.traits, settings, strict=True))

    def proven(self, settings: Sequence[int], ways: Sequence[int]) -> bool:
        """Whether the verifiers find met exactly the requirements whose way is their setting."""
        text = self.response(ways)
        expected = [setting == way for setting, way in zip(settings, ways, strict=True)]
        return [verify(check, text) for check in self.checks(settings)] == expected


def pool(which: str) -> tuple[Family, ...]:
    """Families that are `taught` in pre-training dialogue, `held` ones that suites are made of, `all` of these.

    Those that are `unseen` are none of them: post-training alone is judged on them.
    """
    if which == "all":
        return FAMILIES
    if which == "unseen":
        return UNSEEN
    return tuple(family for family in FAMILIES if family.taught == (which == "taught"))


def compose(rng: Rng, primary: Family, criteria: int | None = None) -> Iterator[Request]:
    """Requests of one family with others of its kind (taught, or held) beside it, without end.

    The number of requirements, `criteria` or one drawn from 1 to 5, is kept for a while, so that requests with many of
    them, which often clash, are not crowded out; then another is drawn, as not every family bears so many.
    """
    count = criteria or 0
    while True:
        count = count or rng.choices(range(1, MAX_CRITERIA + 1), _SHARES)[0]
        for _ in range(_ATTEMPTS):
            request = _try(rng, primary, count)
            if request is not None:
                yield request
        count = 0


def _try(rng: Rng, primary: Family, count: int) -> Request | None:
    subjects, riders = (UNSEEN, ()) if primary.name in _UNSEEN else (SUBJECTS, RIDERS)
    near = [f for f in subjects if f.taught == primary.taught and f.part == "body" and f.domain == primary.domain]
    near = [f for f in near if f.subcategory != primary.subcategory]
    laid_over = [f for f in riders if f.taught == primary.taught and f.subcategory != primary.subcategory]
    # What is laid over a response needs something to lie over; a list needs two points.
    least = {"list": 2, "opening": 1, "closing": 1, "case": 1, "quotes": 1}.get(primary.part, 0)
    chosen = [primary, *rng.sample(near, least)]
    while len(chosen) < count:
        bodies = sum(f.part in ("body", "block") for f in chosen)
        options = [f for f in (near if bodies < _BODIES and rng.random() < 0.5 else laid_over) if f not in chosen]
        if not options:
            return None
        chosen.append(rng.choice(options))
    return _fitting(rng, primary, chosen)


def _fitting(rng: Rng, primary: Family, chosen: list[Family]) -> Request | None:
    parts = [family.part for family in chosen]
    single = [part for part in parts if part != "body"]
    if len(chosen) > MAX_CRITERIA or len(set(single)) != len(single) or parts.count("body") > _BODIES:
        return None
    if len({family.subcategory for family in chosen}) != len(chosen):
        return None
    if "list" in parts and ("block" in parts or parts.count("body") < 2):
        return None
    order = ("body", "block", "opening", "closing", "list", "case", "quotes")
    traits = [family.trait(rng) for family in sorted(chosen, key=lambda f: order.index(f.part))]
    values = [value for trait in traits for value in trait.values]
    if len(set(values)) != len(values):
        return None
    return Request(primary, tuple(traits))
