"""Documents that compare two responses, laid out as `choice` lays out what it asks: from these a model can learn to.

Each compares the two responses of pairs of taught families, one to three of them one after the other, as where a pair
stands behind exemplars; unlike there, each answer is drawn anew, so that none follows from its place.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.layout.wording import fill, template_of
from rubrics.schema import Pair
from rubrics.world.generate import generate
from rubrics.world.things import Rng

__all__ = ["comparisons"]

_PAIRS_AT_ONCE = 400
_MOST = 3
"""Comparisons in one document: as many as `choice` shows, two exemplars and the pair."""


def comparisons(seed: int, *, noise: float = 0.0) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Documents without end, each with the places, in characters, of the letters that answer.

    Args:
        seed: the same seed gives the same documents.
        noise: share of documents whose answers are all wrong, 0 to 1.
    """
    rng = Rng(f"comparisons {seed}")
    pairs = _single(seed)
    while True:
        broken = rng.random() < noise
        text, places = template_of("choice")["preamble"], list[int]()
        for _ in range(rng.randint(1, _MOST)):
            asked, answer = _asked(next(pairs), rng.random() < 0.5, broken)
            text += asked + answer
            places.append(len(text) - 1)
            text += template_of("choice")["between"]
        yield text.rstrip("\n"), tuple(places)


def _single(seed: int) -> Iterator[Pair]:
    """Pairs of taught families with one criterion: several of them fit into what a small model reads at once."""
    for block in range(1 << 30):
        pairs = generate(seed * 1_000_003 + block, _PAIRS_AT_ONCE, "taught", criteria=1)
        yield from Rng(f"order {seed} {block}").sample(made := list(pairs), len(made))


def _asked(pair: Pair, chosen_first: bool, broken: bool) -> tuple[str, str]:
    """One comparison up to where its answer begins, and the answer."""
    template = template_of("choice")
    shown = (pair.chosen, pair.rejected) if chosen_first else (pair.rejected, pair.chosen)
    answer = template["answers"][0]
    text = fill(template["prompt"], prompt=pair.prompt_text)
    text += template["first"] + fill(template["response"], response=shown[0])
    text += template["second"] + fill(template["response"], response=shown[1]) + answer["cue"]
    return text, answer["labels"][int(chosen_first is broken)]
