"""Which failed pairs a page shows, and their texts cut into pieces: what differs, and how likely each token was."""

from __future__ import annotations

import unicodedata
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from engine.export.palette import level_of
from engine.results.board import Board
from engine.results.failures import PairView, failed_pairs, pair_views
from engine.results.tokens import ResponseTokens, TokenView, token_views
from engine.results.word_difference import compare_words
from engine.store.connection import Store

__all__ = ["Chosen", "Piece", "ShownPair", "Text", "choose_pairs", "visible"]

_LONGEST: Final = 3_000
"""Characters of a text that are shown."""
_BEFORE: Final = 600
"""Of those, before the first word that differs, where a text is longer than that."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text that looks the same throughout."""

    text: str
    differs: bool
    level: int
    """Step of the tint, 0 to 3; -1 where no token scores are stored."""


@dataclass(frozen=True)
class Text:
    """What is shown of a text."""

    pieces: tuple[Piece, ...]
    cut: str
    """Which characters of how many; empty where it is whole."""


@dataclass(frozen=True)
class ShownPair:
    """One failed pair in full."""

    view: PairView
    prompt: Text
    chosen: Text
    rejected: Text
    tinted_by: str
    """Whose token probabilities tint the responses; empty where none are stored."""
    failed_by: tuple[str, ...]
    """Labels, furthest behind first."""


@dataclass(frozen=True)
class Chosen:
    """The pairs shown, those most candidates fail first, and what is left out."""

    pairs: tuple[ShownPair, ...]
    failed: int
    """Pairs that at least one candidate fails."""
    by_candidate: dict[str, tuple[int, int]]
    """By label: failures shown, and all failures."""


def choose_pairs(store: Store, board: Board, limit: int) -> Chosen:
    """The widest margins lost: one pair from each candidate and subcategory in turn, until there are `limit`.

    Raises:
        StoreError: what is stored cannot be read.
    """
    queues: dict[tuple[str, str], deque[str]] = {}
    failed = {label: failed_pairs(board, label) for label in board.matrix.candidates}
    for label, pairs in failed.items():
        for pair in pairs:
            for subcategory in pair.subcategories:
                queues.setdefault((label, subcategory), deque()).append(pair.pair_id)
    taken: dict[str, str] = {}
    while len(taken) < limit and queues:
        for (label, subcategory), queue in list(queues.items()):
            while queue and queue[0] in taken:
                queue.popleft()
            if not queue:
                del queues[label, subcategory]
            elif len(taken) < limit:
                taken[queue.popleft()] = label
    views = pair_views(store, board, list(taken))
    tokens: dict[str, TokenView] = {}
    for label in board.matrix.candidates:
        own = [view.pair for view in views if taken[view.pair.id] == label]
        tokens |= token_views(store, board, label, own)
    shown = [_shown(view, tokens.get(view.pair.id)) for view in views]
    shown.sort(key=lambda pair: (-len(pair.failed_by), min(v.margin for v in pair.view.verdicts), pair.view.pair.id))
    everything = {pair.pair_id for pairs in failed.values() for pair in pairs}
    counts = {label: (sum(p.pair_id in taken for p in pairs), len(pairs)) for label, pairs in failed.items()}
    return Chosen(tuple(shown), len(everything), counts)


def _shown(view: PairView, tokens: TokenView | None) -> ShownPair:
    pair = view.pair
    difference = compare_words(pair.chosen, pair.rejected)
    chosen, rejected = (tokens.chosen, tokens.rejected) if tokens else (None, None)
    return ShownPair(
        view, _text(pair.prompt_text, (), None), _text(pair.chosen, difference.left, chosen),
        _text(pair.rejected, difference.right, rejected), tokens.candidate if tokens else "",
        tuple(verdict.candidate for verdict in reversed(view.verdicts) if verdict.score < 1),
    )  # fmt: skip


def _text(text: str, spans: Sequence[tuple[int, int]], tokens: ResponseTokens | None) -> Text:
    start, end, cut = 0, len(text), ""
    if len(text) > _LONGEST:
        first = spans[0][0] if spans else 0
        start = min(max(0, first - _BEFORE), len(text) - _LONGEST)
        end = start + _LONGEST
        cut = f"characters {start + 1:,} to {end:,} of {len(text):,}"
    ends = tokens.ends.tolist() if tokens is not None else []
    levels = [level_of(float(value)) for value in tokens.scores.logprob] if tokens is not None else []
    edges = sorted({start, end, *(e for span in spans for e in span), *ends} & set(range(start, end + 1)))
    pieces: list[Piece] = []
    span = token = 0
    for a, b in pairwise(edges):
        while span < len(spans) and spans[span][1] <= a:
            span += 1
        while token < len(ends) and ends[token] <= a:
            token += 1
        differs = span < len(spans) and spans[span][0] <= a
        level = levels[token] if token < len(levels) else -1
        if pieces and (pieces[-1].differs, pieces[-1].level) == (differs, level):
            pieces[-1] = Piece(pieces[-1].text + visible(text[a:b]), differs, level)
        else:
            pieces.append(Piece(visible(text[a:b]), differs, level))
    return Text(tuple(pieces), cut)


def visible(text: str) -> str:
    """Text with control codes and direction marks turned into something to be seen: nothing hides, nothing acts."""
    return text if text.isprintable() else "".join(map(_visible, text.replace("\r\n", "\n")))


def _visible(character: str) -> str:
    if character.isprintable() or character in "\n\t\u200c\u200d":
        return character
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    category = unicodedata.category(character)
    if category == "Zs":
        return character
    return "\ufffd" if category == "Cs" else f"⟨U+{code:04X}⟩"
