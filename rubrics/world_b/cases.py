"""What a family is: it draws cases, two prompts that differ in one requirement and the right reply to each."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rubrics.taxonomy import Category, Subcategory, category_of
from rubrics.world_b.verifiers import Holds

__all__ = ["Case", "Check", "Family", "Layout", "Rng", "Share", "Side", "record"]

Rng = random.Random
Share = Literal["taught", "held", "unseen"]


@dataclass(frozen=True)
class Check:
    """One criterion and the program that decides it."""

    text: str
    holds: Holds


@dataclass(frozen=True)
class Side:
    """A prompt, a reply that does what it asks, and the check that tells."""

    prompt: str
    reply: str
    check: Check


Case = tuple[Side, Side]
"""Two sides that differ in one requirement: the reply to each breaks the other."""


@dataclass(frozen=True)
class Family:
    """Cases of one kind, worded alike but for what is drawn."""

    name: str
    subcategory: Subcategory
    share: Share
    """Whether dialogues teach it, pairs are made of it, or it is kept unseen for outcomes."""
    draw: Callable[[Rng], Case]
    chance: float | None = None
    """Share of prompts met by a guess among the answers of the right kind: those named in the prompt, or all there are
    where it does not name the right one. None where there is but one."""

    @property
    def category(self) -> Category:
        """The C that its criterion belongs to."""
        return category_of(self.subcategory)


class Layout:
    """How entries and order of a prompt are set: cards, numbered orders, notes, bars. Both sides are set alike."""

    def __init__(self, rng: Rng) -> None:
        self._style = rng.choice((_card, _numbered, _note, _bars))
        self._seed = rng.getrandbits(32)

    def __call__(self, order: str, *entries: tuple[str, str]) -> str:
        """A prompt: the entries (key and value) in a drawn sequence, the order at the end."""
        mixed = list(entries)
        random.Random(self._seed).shuffle(mixed)
        return self._style(mixed, order)


def _card(entries: list[tuple[str, str]], order: str) -> str:
    # A blank before each key: a byte-level tokenizer then has one token for a word, wherever it stands.
    return "\n".join(["card:", *(f" {key}: {value}" for key, value in entries), f" order: {order}"])


def _numbered(entries: list[tuple[str, str]], order: str) -> str:
    parts = [*(f"{key}: {value}." for key, value in entries), order]
    return " ".join(f"{at}) {part}" for at, part in enumerate(parts, 1))


def _note(entries: list[tuple[str, str]], order: str) -> str:
    told = "; ".join(f"{key}: {value}" for key, value in entries)
    return f"note. {told}. {order}" if told else f"note. {order}"


def _bars(entries: list[tuple[str, str]], order: str) -> str:
    return "\n".join([*(f"| {key}: {value}" for key, value in entries), f"> {order}"])


def record(rng: Rng, told: str, *entries: tuple[str, str]) -> str:
    """Entries in a drawn sequence and what is told of them: a plain document, in which nothing is asked."""
    mixed = rng.sample(entries, len(entries))
    if rng.random() < 0.5:
        return "\n".join(["card:", *(f" {key}: {value}" for key, value in mixed), f" {told}"])
    return " ".join(["note.", *(f"{key}: {value}." for key, value in mixed), told])
