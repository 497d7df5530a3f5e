"""The examples of a construction as lines, made or being made, and what the list can be narrowed to. Plain Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.export.palette import glyph
from rubrics.counted import count
from screens.shell.colour import Colour
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from engine.construct.reading import Example
    from engine.construct.underway import UnderWay
    from rubrics.schema import Criterion

__all__ = ["DECISION_GLYPHS", "doing", "example_line", "filters", "passes", "signs", "standing", "under_way"]

DECISION_GLYPHS: Final = {"accept": "✚", "edit": "✎", "drop": "⊘", None: " "}
"""By what a person decided."""


def under_way(example: Example | UnderWay) -> TypeIs[UnderWay]:
    """Whether it is still being made."""
    return hasattr(example, "step")


def filters(examples: Sequence[Example]) -> list[tuple[str, str]]:
    """What the list can be narrowed to, each with how many it keeps: value and label."""
    options = [("", f"all {len(examples):,}")]
    inside = sum(example.in_suite for example in examples)
    by_hand = sum(example.decision is not None for example in examples)
    options += [("suite", f"{inside:,} in the suite"), ("hand", f"{by_hand:,} decided by hand")]
    if best := sum(bool(example.in_spite_of) for example in examples):
        options.append(("best", f"{best:,} kept as the best there was"))
    rejected = Counter((e.kind, e.reason) for e in examples if e.status == "rejected")
    options += [
        (f"rejected/{kind}/{reason}", f"{number:,} {kind}s rejected: {reason}")
        for (kind, reason), number in rejected.most_common()
    ]
    aside = Counter(e.left_out for e in examples if e.left_out)
    return options + [(f"aside/{why}", f"{number:,} left out: {why}") for why, number in aside.most_common()]


def passes(example: Example, value: str) -> bool:
    """Whether an example stays when the list is narrowed."""
    if value == "suite":
        return example.in_suite
    if value == "hand":
        return example.decision is not None
    if value == "best":
        return bool(example.in_spite_of)
    if value.startswith("rejected/"):
        return example.status == "rejected" and value == f"rejected/{example.kind}/{example.reason}"
    return not value or value == f"aside/{example.left_out}"


def example_line(example: Example | UnderWay, colour: Colour) -> Text:
    """One example in the list."""
    if under_way(example):
        return _under_way_line(example, colour)
    mark, tone = standing(example)
    line = Text(f"{mark}{DECISION_GLYPHS[example.decision]} ", colour(tone))
    line.append("y+ " if example.kind == "positive" else "y− ", colour("good" if example.kind == "positive" else "bad"))
    line.append_text(signs(example.violated, example.criteria, colour))
    line.append(one_line(example.example_id, 40))
    rest = example.why or count(example.rounds, "round")
    line.append("  " + one_line(rest, 100), colour("chance"))
    return line


def _under_way_line(moment: UnderWay, colour: Colour) -> Text:
    line = Text("◌  ", colour("accent"))
    line.append("y+ " if moment.kind == "positive" else "y− ", colour("good" if moment.kind == "positive" else "bad"))
    line.append_text(signs(moment.violated, moment.criteria, colour))
    line.append(one_line(moment.example_id, 40))
    line.append("  " + doing(moment), colour("accent"))
    return line


def doing(moment: UnderWay) -> str:
    """What is being done with it right now."""
    where = f"round {moment.round} of {moment.rounds}"
    if moment.step == "writing":
        return f"{where} · {'being written' if moment.round == 1 and not moment.response else 'being written anew'}"
    if moment.step == "judging":
        return f"{where} · {len(moment.judgements)} of {count(len(moment.criteria), 'verdict')}"
    return f"{where} · {'does not do yet' if moment.faults else 'holds'}"


def signs(violated: Sequence[str], criteria: Sequence[Criterion], colour: Colour) -> Text:
    """The marks of what is to be violated, five cells wide."""
    subcategories = {c.id: str(c.subcategory) for c in criteria}
    marks = Text()
    for name in violated[:4]:
        sign, tone = glyph(subcategories.get(name, ""))
        marks.append(sign, colour(tone))
    return marks.append(" " * (5 - min(4, len(violated))))


def standing(example: Example) -> tuple[str, str]:
    """Glyph and colour of whether it is in the suite, left out, or rejected."""
    if example.in_suite:
        return "✓", "good"
    return ("○", "chance") if example.status == "accepted" and example.decision != "drop" else ("✗", "bad")
