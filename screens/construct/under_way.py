"""An example in words while it is being made: round, text, verdict by verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from rubrics.counted import count
from screens.construct.texts import Colour, signs, verdict_text
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from engine.construct.reading import Example
    from engine.construct.underway import UnderWay

__all__ = ["at_work", "line", "text"]


def at_work(one: Example | UnderWay) -> TypeIs[UnderWay]:
    """Whether it is still being made."""
    return hasattr(one, "step")


def _doing(one: UnderWay) -> str:
    where = f"round {one.round} of {one.rounds}"
    if one.step == "writing":
        return f"{where} · {'being written' if one.round == 1 and not one.response else 'being written anew'}"
    if one.step == "judging":
        return f"{where} · {len(one.judgements)} of {count(len(one.criteria), 'verdict')}"
    return f"{where} · {'does not do yet' if one.faults else 'holds'}"


def line(one: UnderWay, colour: Colour) -> Text:
    """One of them in the list."""
    found = Text("◌  ", colour("accent"))
    found.append("y+ " if one.kind == "positive" else "y− ", colour("good" if one.kind == "positive" else "bad"))
    found.append_text(signs(one.violated, one.criteria, colour))
    found.append(one_line(one.example_id, 40))
    found.append("  " + _doing(one), colour("accent"))
    return found


def text(one: UnderWay, colour: Colour) -> Text:
    """One of them in full: what is being done, verdicts so far, what is held against it, the texts."""
    faint = colour("chance")
    found = Text(overflow="fold")
    found.append(f"◌ being made · {_doing(one)}", f"bold {colour('accent')}")
    found.append(f"\n{one_line(one.example_id, 80)}", "bold")
    what = "a response that is to meet everything"
    if one.kind == "negative":
        what = f"a response that is to violate {', '.join(one_line(name, 40) for name in one.violated)} alone"
    found.append(f" · {what}\n", faint)
    heard = {judgement.criterion: judgement for judgement in one.judgements}
    before = one.step == "writing" and one.response
    if one.response:
        found.append("\nVerdicts on the text before\n" if before else "\nVerdicts\n", "bold")
    for criterion in one.criteria if one.response else ():
        if criterion.id in heard:
            found.append_text(verdict_text(heard[criterion.id], criterion, one.violated, colour))
        else:
            waiting = "… being judged" if criterion.id in one.awaited else "– not judged"
            found.append(waiting, f"bold {colour('accent') if one.step == 'judging' else faint}")
            found.append(f"  {one_line(criterion.id, 30)} · {criterion.subcategory}: ", faint)
            found.append(plain(criterion.text) + "\n")
    if one.faults:
        found.append("\nThe generator is told\n", "bold")
        for fault in one.faults:
            found.append(f"  {one_line(fault, 400)}\n", colour("bad"))
    if one.response:
        found.append("\nThe text before\n" if before else "\nResponse\n", "bold")
        found.append(plain(one.response) + "\n")
    found.append("\nPrompt\n", "bold")
    found.append(plain(one.prompt) + "\n")
    return found
