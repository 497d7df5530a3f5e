"""An example in full: how it stands, every verdict with what the verifier quoted, the texts. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from rubrics.counted import count
from screens.construct.example_list import DECISION_GLYPHS, doing, standing, under_way
from screens.shell.colour import Colour
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.construct.judgements import Judgement
    from engine.construct.reading import Example
    from engine.construct.underway import UnderWay
    from rubrics.schema import Criterion

__all__ = ["example_plain", "example_text", "under_way_text"]

_DECISIONS: Final = {"accept": "accepted by hand", "edit": "edited by hand", "drop": "dropped by hand"}


def example_text(example: Example, colour: Colour, *, latest: bool = False) -> Text:
    """One example in full: how it stands, every verdict with what the verifier quoted, the texts."""
    faint = colour("chance")
    mark, tone = standing(example)
    text = Text(overflow="fold")
    where = "in the suite" if example.in_suite else f"{example.status} by the verifier, not in the suite"
    if example.status == "accepted" and not (example.in_suite or example.left_out or example.decision):
        where += ": no partner came through"
    text.append(f"{mark} {where}", f"bold {colour(tone)}")
    text.append(" · the latest" if latest else "", f"bold {colour('accent')}")
    text.append(f"\n{one_line(example.example_id, 80)}", "bold")
    violated = ", ".join(one_line(name, 40) for name in example.violated)
    if example.natural:
        purpose = "the natural answer that meets most"
        if example.kind == "negative":
            purpose = f"a natural answer that meets less: it violates {violated}"
    else:
        purpose = "a response that is to meet everything"
        if example.kind == "negative":
            purpose = f"a response that is to violate {violated} alone"
    text.append(f" · {purpose} · {count(example.rounds, 'round')}\n", faint)
    for label, value in (("rejected", example.reason), ("left out", example.left_out)):
        if value:
            text.append(f"{label}: {one_line(value)}\n", colour("bad"))
    if example.in_spite_of:
        text.append(
            f"kept as the best there was: no answer met everything, and it violates {violated}; ", colour("warning")
        )
        text.append("the pair is about what it meets\n", colour("warning"))
    if example.decision:
        note = f": {one_line(example.note)}" if example.note else ""
        text.append(
            f"{DECISION_GLYPHS[example.decision]} {_DECISIONS[example.decision]}{note}; u takes it back\n",
            colour("accent"),
        )
    text.append("\nVerdicts\n" if example.judgements else "\nNot judged\n", "bold")
    criteria = {criterion.id: criterion for criterion in example.criteria}
    for judgement in example.judgements:
        if judgement.criterion in criteria:
            wanted = () if example.in_spite_of else example.violated
            text.append_text(
                _verdict_text(judgement, criteria[judgement.criterion], wanted, colour, planned=not example.natural)
            )
    for title, body in (
        ("Edited response", example.edited),
        ("Response", example.response),
        ("Prompt", example.prompt),
    ):
        if body is not None:
            text.append(f"\n{title}\n", "bold")
            text.append((plain(body) or "(nothing was written)") + "\n")
    return text


def _verdict_text(
    judgement: Judgement, criterion: Criterion, violated: Sequence[str], colour: Colour, *, planned: bool = True
) -> Text:
    """One verdict, and whether it is the one that is wanted.

    Args:
        violated: what is to be violated.
        planned: whether that was planned, rather than found.
    """
    to_meet = criterion.id not in violated
    faint = colour("chance")
    if judgement.met is None:
        mark, tone = "? verifiers disagree", colour("warning")
    elif judgement.met == to_meet:
        as_planned = ", as planned" if planned else ""
        mark, tone = ("✓ met" if to_meet else f"✓ violated{as_planned}"), colour("good")
    else:
        mark, tone = ("✗ violated" if to_meet else "✗ still met, though planned to be violated"), colour("bad")
    text = Text(mark, f"bold {tone}", overflow="fold")
    if sum(map(len, judgement.votes)) > 1:
        ballots = " ".join("".join("✓" if vote else "✗" for vote in ballot) for ballot in judgement.votes)
        text.append(f" [{ballots}]", faint)
    text.append(f"  {one_line(criterion.id, 30)} · {criterion.subcategory}: ", faint)
    text.append(plain(criterion.text) + "\n")
    if judgement.quote:
        text.append(f"    “{one_line(judgement.quote, 300)}”", "italic")
        text.append("" if judgement.quoted else "  ✗ does not stand in the response", colour("bad"))
        text.append("\n")
    if judgement.reason:
        text.append(f"    {one_line(judgement.reason, 400)}\n", faint)
    return text


def under_way_text(moment: UnderWay, colour: Colour) -> Text:
    """One being made, in full: what is being done, verdicts so far, what is held against it, the texts."""
    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(f"◌ being made · {doing(moment)}", f"bold {colour('accent')}")
    text.append(f"\n{one_line(moment.example_id, 80)}", "bold")
    purpose = "a response that is to meet everything"
    if moment.kind == "negative":
        purpose = f"a response that is to violate {', '.join(one_line(name, 40) for name in moment.violated)} alone"
    text.append(f" · {purpose}\n", faint)
    heard = {judgement.criterion: judgement for judgement in moment.judgements}
    before = moment.step == "writing" and moment.response
    if moment.response:
        text.append("\nVerdicts on the text before\n" if before else "\nVerdicts\n", "bold")
    for criterion in moment.criteria if moment.response else ():
        if criterion.id in heard:
            text.append_text(_verdict_text(heard[criterion.id], criterion, moment.violated, colour))
        else:
            waiting = "… being judged" if criterion.id in moment.awaited else "– not judged"
            text.append(waiting, f"bold {colour('accent') if moment.step == 'judging' else faint}")
            text.append(f"  {one_line(criterion.id, 30)} · {criterion.subcategory}: ", faint)
            text.append(plain(criterion.text) + "\n")
    if moment.faults:
        text.append("\nThe generator is told\n", "bold")
        for fault in moment.faults:
            text.append(f"  {one_line(fault, 400)}\n", colour("bad"))
    if moment.response:
        text.append("\nThe text before\n" if before else "\nResponse\n", "bold")
        text.append(plain(moment.response) + "\n")
    text.append("\nPrompt\n", "bold")
    text.append(plain(moment.prompt) + "\n")
    return text


def example_plain(example: Example | UnderWay) -> str:
    """One in full, made or being made, to be copied."""
    text = under_way_text(example, _no_colour) if under_way(example) else example_text(example, _no_colour)
    return text.plain


def _no_colour(_: str) -> str:
    return ""
