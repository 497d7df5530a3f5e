"""Documents to pre-train on: plain ones, dialogues of the taught families, and comparisons of two replies."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import count
from typing import Final

from rubrics.errors import BadInput
from rubrics.world_b.cases import Rng, Side
from rubrics.world_b.families import LESSONS, families_of
from rubrics.world_b.lexicon import COLOURS, DAYS, FARE, NAMES, NUMBERS, PLACES, STATES, STUFFS, THINGS

__all__ = ["COMPARISON", "FRAME", "documents"]

FRAME: Final = "<<\n{prompt}\n>>\n"
"""How a prompt stands before its response."""

COMPARISON: Final = "<<\n{prompt}\n>> A\n{first}\n>> B\n{second}\nbetter: {label}"
"""How two responses to a prompt are compared; the label is A or B."""

_ROWS = (NAMES, THINGS, PLACES, STUFFS, COLOURS, STATES, DAYS, FARE, NUMBERS)
_KEYS = ("keeper", "thing", "place", "shelf", "story", "note", "step", "reader", "day", "word")


def documents(seed: int, *, dialogue: float, noise: float, comparisons: float, rote: float = 0.4) -> Iterator[str]:
    """An endless stream of documents; the same arguments give the same stream.

    Args:
        seed: which stream.
        dialogue: share of documents that are a prompt of a taught family in its `FRAME`, with a response.
        noise: share of those whose response breaks the one requirement that tells its prompt from its twin.
        comparisons: share of documents that show a prompt of a taught family, the response that meets it and the one
            that does not, in either order, and name the better; never noisy.
        rote: share of the other, plain documents that are rows said twice, which teaches a small model to look back;
            it learns that sooner from a stream of nothing else (no dialogue, rote 1).

    Raises:
        BadInput: a share is not one, or dialogues and comparisons come to more than all.
    """
    for name, share in (("dialogue", dialogue), ("noise", noise), ("comparisons", comparisons), ("rote", rote)):
        if not 0 <= share <= 1:
            raise BadInput(f"{name} is {share}, not a share", fix="give a number from 0 to 1")
    if dialogue + comparisons > 1:
        raise BadInput(
            f"dialogue ({dialogue}) and comparisons ({comparisons}) are more than all documents",
            fix="give shares that come to 1 at most",
        )
    return _stream(seed, dialogue, noise, comparisons, rote)


def _stream(seed: int, dialogue: float, noise: float, comparisons: float, rote: float) -> Iterator[str]:
    for number in count():
        rng = random.Random(f"world b document {seed} {number}")  # a text is hashed: the same in every version
        kind = rng.random()
        if kind < dialogue:
            yield _dialogue(rng, noise)
        elif kind < dialogue + comparisons:
            yield _comparison(rng)
        elif rng.random() < rote:
            yield _rote(rng)
        else:
            yield rng.choice(LESSONS)(rng)


def _sides(rng: Rng) -> tuple[Side, Side]:
    """Two sides of a taught family, either of them first."""
    one, two = rng.choice(families_of("taught")).draw(rng)
    return (one, two) if rng.random() < 0.5 else (two, one)


def _dialogue(rng: Rng, noise: float) -> str:
    side, twin = _sides(rng)
    reply = twin.reply if rng.random() < noise else side.reply
    return FRAME.format(prompt=side.prompt) + reply


def _comparison(rng: Rng) -> str:
    side, twin = _sides(rng)
    if rng.random() < 0.5:
        return COMPARISON.format(prompt=side.prompt, first=side.reply, second=twin.reply, label="A")
    return COMPARISON.format(prompt=side.prompt, first=twin.reply, second=side.reply, label="B")


def _rote(rng: Rng) -> str:
    """A row of words or of entries, then the same again."""
    if rng.random() < 0.6:
        told = ", ".join(rng.choice(rng.choice(_ROWS)) for _ in range(rng.randint(3, 10)))
        return f"{rng.choice(('shelf', 'list', 'steps', 'box'))}: {told}.\n{rng.choice(('these', 'answer'))}: {told}."
    entries = [f" {key}: {rng.choice(rng.choice(_ROWS))}" for key in rng.sample(_KEYS, rng.randint(2, 4))]
    return "\n".join(["card:", *entries, "card:", *rng.sample(entries, len(entries))])
