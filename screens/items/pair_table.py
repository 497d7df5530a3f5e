"""Pairs and abilities as lines, and what stands behind one of them. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.export.palette import glyph
from rubrics.counted import count
from screens.shell.annotating import mark_text, marks
from screens.shell.bars import Axis
from screens.shell.formats import signed
from screens.shell.order import Order
from screens.shell.plain import one_line, plain
from screens.widgets.spans import Part

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.items import Ability, PairTrial, Trial

__all__ = ["FOUND", "ability_axis", "ability_head", "ability_line", "columns", "facts", "headings", "pair_line"]

Colour = Callable[[str], str]

FOUND: Final[Mapping[str, tuple[str, str]]] = {
    "reversed": ("⇅", "bad"),
    "suspect": ("?", "mark-2"),
    "all pass": ("✓", "chance"),
    "all fail": ("✗", "chance"),
}
"""Glyph and colour of each finding."""
_TITLES: Final = {
    "found": " found", "passed": "passed", "difficulty": "difficulty", "discrimination": "rest", "slope": "slope",
    "p": "p", "q": "q", "information": "inform", "id": "pair",
}  # fmt: skip
_WIDTHS: Final = {
    "found": 10, "passed": 6, "difficulty": 11, "discrimination": 6, "slope": 11, "p": 6, "q": 6, "information": 7,
}  # fmt: skip
_SORTED: Final = {"found": "suspicion"}
"""The order behind a heading, where it has another name."""
_NAME: Final = 24
"""Least room for a pair's id and what it violates."""


def columns(trial: Trial, width: int) -> list[str]:
    """The columns that there is room for; ids come last and take the rest."""
    names = ["found", "passed", "difficulty", "discrimination", "slope", "p", "q", "information"]
    if trial.model != "2pl":
        names.remove("slope")
    for least in ("p", "information", "slope", "q"):
        if sum(_WIDTHS[name] + 1 for name in names) + _NAME <= width:
            break
        if least in names:
            names.remove(least)
    return names


def headings(names: Iterable[str], order: Order) -> list[Part]:
    """Over the list; a click on one sorts by it."""
    parts: list[Part] = []
    for name in (*names, "id"):
        by = _SORTED.get(name, name)
        title = _TITLES[name] + (order.arrow if order.by == by else "")
        wide = _WIDTHS.get(name, 0)
        words = f"{title:<{wide}} " if name in ("found", "id") else f"{title:>{wide}} "
        if name == "id":
            words = "   " + words
        parts.append((words, "bold" if order.by == by else "", by if by not in ("passed", "slope", "p", "q") else ""))
    return parts


def pair_line(pair: PairTrial, names: Iterable[str], colour: Colour) -> Text:
    """One pair."""
    line = Text(no_wrap=True)
    for name in names:
        if name == "found":
            line.append_text(_found(pair, colour))
        else:
            line.append(f"{_cell(pair, name):>{_WIDTHS[name]}} ")
    line.append(marks(pair.notes) + " ")
    for name in pair.subcategories:
        mark, tone = glyph(name)
        line.append(mark, colour(tone))
    line.append(f" {one_line(pair.pair_id, 40)} ")
    line.append(", ".join(pair.subcategories) + " · " + one_line(", ".join(pair.violated), 80), colour("chance"))
    return line


def _found(pair: PairTrial, colour: Colour) -> Text:
    if not pair.findings:
        return Text(" " * (_WIDTHS["found"] + 1))
    # The gravest says what it is; others are marks beside it.
    first, *rest = pair.findings
    words = Text(f"{FOUND[first][0]} {first}" + "".join(FOUND[name][0] for name in rest), colour(FOUND[first][1]))
    words.append(" " * max(1, _WIDTHS["found"] + 1 - len(words)))
    return words


def _cell(pair: PairTrial, name: str) -> str:
    if name == "passed":
        return f"{pair.passed:g}/{pair.scored}"
    if name == "difficulty":
        return _with_error(pair.difficulty, pair.difficulty_se)
    if name == "slope":
        return _with_error(pair.slope, pair.slope_se)
    if name == "discrimination":
        return signed(pair.discrimination)
    if name == "information":
        return f"{pair.information:.2f}"
    return _small(pair.p_value if name == "p" else pair.q_value)


def _with_error(value: float, error: float) -> str:
    return "–" if math.isnan(value) else f"{signed(value)}±{error:.2f}"


def _small(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def ability_axis(trial: Trial, width: int) -> Axis:
    """An axis that holds every ability with twice its error."""
    reach = [
        end
        for one in trial.abilities
        for end in (one.ability - 2 * _known(one.se), one.ability + 2 * _known(one.se))
    ]  # fmt: skip
    return Axis(min(reach), max(reach), max(7, width))


def _known(error: float) -> float:
    return 0.0 if math.isnan(error) else error


def ability_head(trial: Trial, name: int) -> str:
    """Over the abilities, as wide as `ability_line`."""
    unit = "logits" if trial.model == "rasch" else "sd"
    return f" {'candidate':<{name}} {'ability':>7} {'± se':>5}  {unit}"


def ability_line(one: Ability, name: int, axis: Axis, colour: Colour) -> Text:
    """One candidate: ability, standard error, and a bar two errors to each side."""
    tone = colour("mark-1" if one.strong else "chance")
    line = Text(f"{'★' if one.strong else ' '}{one_line(one.candidate, name):<{name}} ", no_wrap=True)
    line.append(f"{signed(one.ability):>7} {'–' if math.isnan(one.se) else f'{one.se:.2f}':>5}  ")
    cells = [" "] * axis.width
    low, high = (axis.cell(one.ability + side * 2 * _known(one.se)) for side in (-1, 1))
    for cell in range(low, high + 1):
        cells[cell] = "─"
    cells[low], cells[high], cells[axis.cell(one.ability)] = "├", "┤", "●"
    line.append("".join(cells), tone)
    return line


def facts(trial: Trial, board: Board, pair: PairTrial, colour: Colour, *, methods: bool) -> Text:
    """What is known of one pair, then what must be known to read any of it.

    Args:
        methods: whether each number says how it was made; there is no room for that in a few lines.
    """
    from engine.results.items import FINDINGS
    from engine.stats.irt.trial import HELP

    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(one_line(pair.pair_id, 60), "bold")
    text.append(f" · {one_line(pair.domain, 30)}\n", faint)
    text.append_text(mark_text(pair.notes, colour))
    for name in pair.findings:
        mark, tone = FOUND[name]
        text.append(f"{mark} {name}: {FINDINGS[name]}\n", colour(tone))
    unit = "logits" if methods else ""
    numbers = [("difficulty", f"{_with_error(pair.difficulty, pair.difficulty_se)} {unit}"),
               ("discrimination", f"item-rest {signed(pair.discrimination)}")]  # fmt: skip
    if trial.model == "2pl":
        numbers.append(("slope", f"slope {_with_error(pair.slope, pair.slope_se)}"))
    numbers += [("p_value", f"p {_small(pair.p_value)}"), ("q_value", f"q {_small(pair.q_value)}"),
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
