"""What is known of one pair on trial, and what must be known to read it. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from engine.stats.p_value import p_is, p_text
from rubrics.counted import count
from screens.items.pair_table import FINDING_MARKS, with_error
from screens.shell.annotation_text import annotation_lines
from screens.shell.colour import Colour
from screens.shell.formats import signed
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.pair_trial import PairTrial, Trial

__all__ = ["detail"]


def detail(trial: Trial, board: Board, pair: PairTrial, colour: Colour, *, methods: bool) -> Text:
    """What is known of one pair, then what must be known to read any of it.

    Args:
        methods: whether each number says how it was made; there is no room for that in a few lines.
    """
    from engine.results.pair_trial import FINDINGS
    from engine.stats.irt.item_tests import HELP

    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(one_line(pair.pair_id, 60), "bold")
    text.append(f" · {one_line(pair.domain, 30)}\n", faint)
    text.append_text(annotation_lines(pair.notes, colour))
    for name in pair.findings:
        mark, tone = FINDING_MARKS[name]
        text.append(f"{mark} {name}: {FINDINGS[name]}\n", colour(tone))
    unit = "logits" if methods else ""
    numbers = [("difficulty", f"{with_error(pair.difficulty, pair.difficulty_se)} {unit}"),
               ("discrimination", f"item-rest {signed(pair.discrimination)}")]  # fmt: skip
    if trial.model == "2pl":
        numbers.append(("slope", f"slope {with_error(pair.slope, pair.slope_se)}"))
    numbers += [("p_value", p_is(pair.p_value)), ("q_value", f"q {p_text(pair.q_value)}"),
                ("information", f"information {pair.information:.2f}")]  # fmt: skip
    if not methods:
        text.append("difficulty " + " · ".join(words.strip() for _, words in numbers) + "\n")
    for words, names in _sides(board, pair):
        if names:
            text.append(f"{words} ")
            text.append(", ".join(one_line(name, 24) for name in names) + "\n", faint)
    for name, words in numbers if methods else ():
        text.append(f"\n{'difficulty ' if name == 'difficulty' else ''}{words}\n", "bold")
        text.append(HELP[name] + "\n", faint)
    if methods and not math.isnan(trial.negative) and not math.isnan(trial.negative_by_chance):
        text.append(
            f"\n{trial.negative:.0%} of pairs have a negative item-rest correlation; {trial.negative_by_chance:.0%} "
            "would by chance if all discriminated alike: the sign alone says nothing\n"
        )
    for note in trial.notes:
        text.append(f"· {plain(note)}\n", faint)
    return text


def _sides(board: Board, pair: PairTrial) -> Iterable[tuple[str, list[str]]]:
    """Who passes the pair, who ties, who fails it, ablest or not."""
    scores = board.matrix.scores[:, board.index.pair_id.index(pair.pair_id)]
    names = board.matrix.candidates
    passed = [name for name, score in zip(names, scores, strict=True) if score == 1]
    failed = [name for name, score in zip(names, scores, strict=True) if score == 0]
    tied = [name for name, score in zip(names, scores, strict=True) if 0 < score < 1]
    yield f"{count(len(passed), 'candidate')} right:", passed
    yield f"{len(failed)} wrong:", failed
    yield f"{len(tied)} tied:", tied
