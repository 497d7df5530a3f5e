"""Failed pairs in groups of a kind, and what those of a group have in common."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.results.board import Board
from engine.results.failures import FailedPair
from engine.results.pair_words import PairWords
from rubrics.counted import count

__all__ = ["KINDS", "Alike", "groups_of"]

KINDS: Final = {
    "criterion": "the criterion that is violated",
    "phrase": "a phrase that failed pairs have more often",
    "difficulty": "how many candidates fail it",
}
"""What pairs can be alike in."""

_LEAST: Final = 3
"""Failed pairs that make a phrase worth a group."""
_MOST: Final = 12
"""Groups by phrase; what is found after that is chance."""
_READ: Final = 4_000
"""Pairs that are searched for phrases, evenly spread; all are counted once a phrase is found."""
_TELLING: Final = 3.84
"""Likelihood ratio of a phrase below which it says nothing: chi-square at 5 %, before any search."""
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Alike:
    """A group of failed pairs."""

    title: str
    """What makes them one."""
    pairs: tuple[FailedPair, ...]
    scored: int
    """Pairs of this kind that the candidate has scored, failed or not, in the branch looked at."""
    common: str
    """What else all of them have in common; empty where nothing."""


def groups_of(
    board: Board, pairs: Sequence[FailedPair], words: Mapping[str, PairWords], kind: str, scored: Sequence[str]
) -> list[Alike]:
    """Failed pairs in groups, the largest first; each pair stands in one of them.

    Args:
        pairs: those of the branch looked at.
        words: of every pair of the suite, by id.
        kind: one of `KINDS`.
        scored: ids of all pairs of that branch that the candidate has scored.
    """
    if kind == "phrase":
        return list(_by_phrase(pairs, words, scored))
    if kind == "criterion":
        return _by_key(pairs, scored, lambda pair_id: "; ".join(words[pair_id].criteria))
    failed_by = _failed_by(board)
    alike = _by_key(pairs, scored, lambda pair_id: failed_by[pair_id])
    return sorted(alike, key=lambda group: -group.pairs[0].failed_by)


def _failed_by(board: Board) -> dict[str, str]:
    scores = board.matrix.scores
    failed = (np.nan_to_num(scores, nan=1.0) < 1).sum(axis=0)
    known = (~np.isnan(scores)).sum(axis=0)
    return {
        pair_id: f"failed by {int(a)} of {count(int(b), 'candidate')}"
        for pair_id, a, b in zip(board.index.pair_id, failed, known, strict=True)
    }


def _by_key(pairs: Sequence[FailedPair], scored: Sequence[str], key: Callable[[str], str]) -> list[Alike]:
    grouped: defaultdict[str, list[FailedPair]] = defaultdict(list)
    for pair in pairs:
        grouped[key(pair.pair_id)].append(pair)
    known = Counter(map(key, scored))
    found = [Alike(title, tuple(group), known[title], common(group)) for title, group in grouped.items()]
    return sorted(found, key=lambda group: (-len(group.pairs), group.title))


def common(pairs: Sequence[FailedPair]) -> str:
    """What holds for every one of these pairs, in words; nothing for a single pair."""
    if len(pairs) < 2:
        return ""
    domains = {pair.domain for pair in pairs}
    kinds = set.intersection(*(set(pair.subcategories) for pair in pairs))
    said = [f"domain {domains.pop()}"] if len(domains) == 1 else []
    said += sorted(kinds)
    if all(pair.failed_by == pair.scored_by > 1 for pair in pairs):
        said.append("every candidate fails them")
    elif all(pair.failed_by == 1 < pair.scored_by for pair in pairs):
        said.append("no other candidate fails them")
    return ", ".join(said)


def _by_phrase(pairs: Sequence[FailedPair], words: Mapping[str, PairWords], scored: Sequence[str]) -> Iterator[Alike]:
    """Phrase after phrase, each the one that sets failed pairs apart most of those that are left over."""
    left = {pair.pair_id: pair for pair in pairs}
    said = {pair_id: _folded(words[pair_id]) for pair_id in dict.fromkeys([*scored, *left])}
    rest = set(said)
    holders = _holders(said, left)
    groups: list[Alike] = []
    while len(groups) < _MOST and (phrase := _most_telling(holders, rest, left)):
        # Phrases are looked for in part of a large suite, and counted in all of it.
        holding = {pair_id for pair_id in rest if phrase in said[pair_id]}
        group = [left.pop(pair_id) for pair_id in list(left) if pair_id in holding]
        rest -= holding
        groups.append(Alike(f"“{phrase.strip()}”", tuple(group), len(holding), common(group)))
    yield from sorted(groups, key=lambda group: -len(group.pairs))
    if left:
        yield Alike("no phrase in common", tuple(left.values()), len(rest), "")


def _holders(said: Mapping[str, str], failed: Collection[str]) -> dict[str, set[str]]:
    """The pairs that hold each phrase, of those that are read; only phrases of failed pairs enough to make a group."""
    ids = list(said)
    read = ids[:: max(1, -(-len(ids) // _READ))]
    in_failed = Counter(phrase for pair_id in read if pair_id in failed for phrase in set(_phrases(said[pair_id])))
    often = {phrase for phrase, number in in_failed.items() if number >= _LEAST}
    holders: dict[str, set[str]] = {phrase: set() for phrase in often}
    for pair_id in read:
        for phrase in often.intersection(_phrases(said[pair_id])):
            holders[phrase].add(pair_id)
    return holders


def _most_telling(holders: Mapping[str, set[str]], rest: set[str], failed: Mapping[str, FailedPair]) -> str:
    """The phrase of one to four words that failed pairs have more often than the others, by the likelihood ratio."""
    read = rest.intersection(*([set().union(*holders.values())] if holders else []))
    failing = read & failed.keys()
    best, most = "", _TELLING
    for phrase, holding in holders.items():
        inside = holding & rest
        a = len(inside & failing)
        if a < _LEAST:
            continue
        ratio = _likelihood_ratio(a, len(inside), len(failing), len(read))
        # Of phrases that hold the same pairs the longest says most; the alphabet settles what is left.
        if (ratio, len(phrase), phrase) > (most, len(best), best):
            best, most = phrase, ratio
    return best


def _folded(words: PairWords) -> str:
    """Prompt and criteria as words between blanks, so that a phrase is found as a whole; ¶ keeps texts apart."""
    texts = (words.prompt, *words.criteria)
    return " ¶ ".join(["", *(" ".join(_WORD.findall(text.casefold())) for text in texts), ""])


def _phrases(text: str) -> Iterator[str]:
    for part in text.split(" ¶ "):
        tokens = part.split()
        for size in range(1, 5):
            for start in range(len(tokens) - size + 1):
                yield " " + " ".join(tokens[start : start + size]) + " "


def _likelihood_ratio(a: int, with_phrase: int, failed: int, total: int) -> float:
    """G² of the two-by-two table (phrase or not, failed or not); 0 where those with the phrase fail no more often."""
    if not 0 < with_phrase < total or a * total <= failed * with_phrase:
        return 0.0
    cells = np.array([[a, with_phrase - a], [failed - a, total - with_phrase - failed + a]], dtype=np.float64)
    expected = cells.sum(1, keepdims=True) * cells.sum(0, keepdims=True) / total
    inside = cells > 0
    return float(2 * (cells[inside] * np.log(cells[inside] / expected[inside])).sum())
