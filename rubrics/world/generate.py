"""Pairs without end: mirror sets, each pair proven before it is given out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rubrics.schema import Criterion, Pair
from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Family
from rubrics.world.requests import Request, compose, pool, reserved
from rubrics.world.things import DOMAINS, Rng
from rubrics.world.verifiers import Check, verify

__all__ = ["LICENSE", "Task", "generate", "prompts", "suite"]

LICENSE = "Apache-2.0"
_SHOTS = 2
_SECOND = 0.3
"""Share of prompts with several criteria that get a second rejected response, with another V."""

Settings = tuple[int, ...]


@dataclass(frozen=True)
class Task:
    """A prompt with criteria that programs can decide, and one response that meets them all."""

    id: str
    family: str
    domain: str
    prompt: str
    response: str
    criteria: tuple[Criterion, ...]
    checks: tuple[Check, ...]
    mirrored: tuple[Check, ...] = ()
    """The same for the prompt whose primary requirement is set the other way: whoever does not read the prompt meets
    these as often."""

    def met(self, response: str) -> tuple[bool, ...]:
        """Which criteria a response meets, in order."""
        return tuple(verify(check, response) for check in self.checks)


def suite(seed: int, pairs: int) -> list[Pair]:
    """A whole suite: two exemplars for each domain, then `pairs` pairs whose prompts differ from theirs."""
    seen: set[str] = set()
    return [*_shots(seed, seen), *_pairs(seed, pairs, seen)]


def generate(seed: int, pairs: int, families: str = "held", criteria: int | None = None) -> Iterator[Pair]:
    """Fresh pairs in mirror sets; the same seed gives the same pairs.

    A mirror set is two prompts that differ in the settings of the criteria in V, and two responses that differ alike;
    each response is chosen under one prompt and rejected under the other. Whoever does not read the prompt is right on
    exactly half. An odd number is rounded up, since half a mirror set would be unbalanced. Suites are made of `held`
    families; pairs of the `taught` ones show what a candidate learned of the dialogues it was trained on. Prompts have
    as many `criteria` as are asked for, where their family can bear so few or so many, or a number drawn for each.
    """
    return _pairs(seed, pairs, set(), families, criteria)


def prompts(seed: int, n: int, families: str = "taught", criteria: int | None = None) -> Iterator[Task]:
    """Prompts for post-training with verifiers and a demonstration; no suite ever holds one of them.

    Args:
        seed: the same seed gives the same prompts.
        n: how many.
        families: `taught` (those met in pre-training dialogue), `held` (those that suites are made of), `all` (both) or
            `unseen` (neither: tasks of their own, to judge post-trained models on).
        criteria: of each prompt, where its family can bear so few or so many; None for a number drawn for each.
    """
    rng = Rng(f"prompts {families} {seed}")
    seen: set[str] = set()
    for number, family in enumerate(_turns(rng, families)):
        if len(seen) >= n:
            return
        request, settings = _demonstrable(rng, family, seen, criteria)
        prompt = request.prompt(settings)
        seen.add(prompt)
        yield Task(
            id=f"p{seed}-{family.name}-{number:05d}",
            family=family.name,
            domain=family.domain,
            prompt=prompt,
            response=request.response(settings),
            criteria=request.criteria(settings),
            checks=request.checks(settings),
            mirrored=request.checks(_flip(settings, (request.primary,))),
        )


def _pairs(
    seed: int, pairs: int, seen: set[str], families: str = "held", criteria: int | None = None
) -> Iterator[Pair]:
    rng = Rng(f"pairs {seed}")
    made = 0
    for number, family in enumerate(_turns(rng, families)):
        if made >= pairs:
            return
        request, settings, twins = _mirrors(rng, family, seen, criteria)
        stem = f"w{seed}-{family.name}-{number:04d}"
        seen.add(request.prompt(settings))
        for mark, twin in zip(("", "2"), twins[: 1 + (pairs - made > 2)], strict=False):
            seen.add(request.prompt(twin))
            yield _pair(request, settings, twin, f"{stem}-a{mark}", f"{stem}-a", seed)
            yield _pair(request, twin, settings, f"{stem}-b{mark}", f"{stem}-b{mark}", seed)
            made += 2


def _shots(seed: int, seen: set[str]) -> Iterator[Pair]:
    """Exemplars: one criterion each, from two families of every domain."""
    rng = Rng(f"shots {seed}")
    for domain in DOMAINS:
        families = [f for f in pool("held") if f.domain == domain and f.part == "body"]
        for family in rng.sample(families, _SHOTS):
            request, settings, (twin,) = _mirrors(rng, family, seen, criteria=1)
            seen.update((request.prompt(settings), request.prompt(twin)))
            name = f"w{seed}-shot-{domain}-{family.name}"
            yield _pair(request, settings, twin, name, name, seed, shot=True)


def _turns(rng: Rng, families: str) -> Iterator[Family]:
    """Families without end: the subcategories in turn, and within each its families in shuffled rounds."""
    waiting: dict[Subcategory, list[Family]] = {s: [] for s in Subcategory}
    while True:
        for subcategory, left in waiting.items():
            if not left:
                left += [f for f in pool(families) if f.subcategory == subcategory]
                rng.shuffle(left)
            yield left.pop()


def _demonstrable(rng: Rng, family: Family, seen: set[str], criteria: int | None) -> tuple[Request, Settings]:
    """A request kept for post-training, with settings under which its response is proven right."""
    for request in compose(rng, family, criteria):
        settings = tuple(rng.randrange(2) for _ in request.traits)
        prompt = request.prompt(settings)
        if reserved(prompt) and prompt not in seen and request.proven(settings, settings):
            return request, settings
    raise AssertionError("requests never end")


def _mirrors(
    rng: Rng, family: Family, seen: set[str], criteria: int | None = None
) -> tuple[Request, Settings, list[Settings]]:
    """A request, settings for it, and one or two other settings that each make a mirror set with them."""
    for request in compose(rng, family, criteria):
        settings = tuple(rng.randrange(2) for _ in request.traits)
        first, *more = (_flip(settings, violated) for violated in _violations(rng, request))
        if request.prompt(settings) not in seen and _usable(request, settings, first, seen):
            return request, settings, [first, *(twin for twin in more if _usable(request, settings, twin, seen))]
    raise AssertionError("requests never end")


def _usable(request: Request, settings: Settings, twin: Settings, seen: set[str]) -> bool:
    """Whether two settings make a mirror set: new, on the suites' side of the split, and proven in all four ways."""
    texts = request.prompt(settings), request.prompt(twin)
    if texts[1] in seen or any(reserved(text) for text in texts):
        return False
    return all(request.proven(s, w) for s in (settings, twin) for w in (settings, twin))


def _violations(rng: Rng, request: Request) -> Iterator[tuple[int, ...]]:
    """Sets of criteria to violate, the primary one always among them; sizes evenly spread over what the prompt has."""
    others = [n for n in range(len(request.traits)) if n != request.primary]
    first = rng.randint(0, len(others))
    yield (request.primary, *rng.sample(others, first))
    if others and rng.random() < _SECOND:
        second = rng.choice([size for size in range(len(others) + 1) if size != first])
        yield (request.primary, *rng.sample(others, second))


def _flip(settings: Settings, which: tuple[int, ...]) -> Settings:
    return tuple(1 - s if n in which else s for n, s in enumerate(settings))


def _pair(
    request: Request, settings: Settings, wrong: Settings, ident: str, group: str, seed: int, *, shot: bool = False
) -> Pair:
    criteria = request.criteria(settings)
    return Pair(
        id=ident,
        domain=request.family.domain,
        prompt=request.prompt(settings),
        chosen=request.response(settings),
        rejected=request.response(wrong),
        criteria=list(criteria),
        violated=[c.id for c, s, w in zip(criteria, settings, wrong, strict=True) if s != w],
        group=group,
        cluster=request.family.name,
        split="shot" if shot else None,
        source=f"procedural world, seed {seed}",
        license=LICENSE,
    )
