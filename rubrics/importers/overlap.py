"""Whether what comes in is there already: in the suites that ship, or twice in itself, in other words almost.

Measured by containment: the share of a prompt's sequences of eight words that another has too (Broder 1997), as is
usual for contamination. A prompt of fewer words counts as one sequence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from rubrics.reading import built_in_names, find_suite

__all__ = ["Overlap"]

SHARED: Final = 0.5
"""Share of a prompt's sequences from which it counts as there already."""
_WORDS: Final = 8
_MOST: Final = 2_000
"""Words of a prompt that are looked at."""
_KEPT: Final = 4_000
"""Prompts that later ones are compared with."""
_WORD: Final = re.compile(r"\w+")


class Overlap:
    """Counts, as pairs come in, those whose prompt is there already."""

    def __init__(self) -> None:
        self._own: dict[int, tuple[int, str]] = {}
        """By sequence: the group that had it first, and an id of it."""
        self._groups: dict[str, int] = {}
        self._told: Counter[str] = Counter()
        self._first: dict[str, str] = {}
        self._seen = 0

    def take(self, name: str, group: str, prompt: str) -> None:
        """Take note of a pair by its id, its group and its prompt."""
        self._seen += 1
        held = _sequences(prompt)
        for suite, known in _shipped().items():
            self._tell(suite, name, [known[sequence] for sequence in held if sequence in known], len(held))
        number = self._groups.setdefault(group, len(self._groups))
        others = [self._own[s] for s in held if s in self._own and self._own[s][0] != number]
        self._tell("", name, [twin for _, twin in others], len(held))
        if len(self._groups) <= _KEPT:
            for sequence in held:
                self._own.setdefault(sequence, (number, name))

    def _tell(self, where: str, name: str, twins: Sequence[str], of: int) -> None:
        if twins and len(twins) >= SHARED * of:
            self._told[where] += 1
            self._first.setdefault(where, f"{name} and {Counter(twins).most_common(1)[0][0]}")

    def warnings(self, kind: str = "pairs") -> Iterator[str]:
        """What was found, a sentence for each suite; `kind` is what came in."""
        for where, number in self._told.most_common():
            other = f"the suite {where!r}, which ships," if where else "another group of this suite"
            yield (
                f"{number:,} of {self._seen:,} {kind} ask what {other} asks too: {100 * SHARED:.0f} % or more of the "
                f"prompt's sequences of {_WORDS} words (first: {self._first[where]})"
            )


def _sequences(text: str) -> set[int]:
    words = _WORD.findall(text.casefold())[:_MOST]
    width = min(_WORDS, len(words))
    return {hash(tuple(words[at : at + width])) for at in range(len(words) - width + 1)}


@cache
def _shipped() -> dict[str, dict[int, str]]:
    """By suite that ships: the sequences of its prompts, and a pair that has each."""
    known: dict[str, dict[int, str]] = {}
    for name in built_in_names():
        known[name] = {}
        for pair in find_suite(name).pairs:
            for sequence in _sequences(pair.prompt_text):
                known[name].setdefault(sequence, pair.id)
    return known
