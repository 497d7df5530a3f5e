"""A new construction as it is typed: the fields of the form, the command they make, its plan in words. Plain Python."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rubrics.counted import count
from rubrics.errors import BadInput
from screens.shell.fields import AtField, Field, Typed
from screens.shell.formats import duration
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.construct.estimate import CostEstimate

__all__ = ["FIELDS", "arguments", "plan_words", "shown_command"]

FIELDS: Final = (
    Field("prompts", "Prompts file", "one prompt with its criteria a line, JSON", "path", endings=(".jsonl",)),
    Field("generator", "Generator", "http://host:port/v1#model or local:PATH"),
    Field("generator-key", "  key is in", "environment variable, if it wants one"),
    Field("verifier", "Verifier", "the same; better another model"),
    Field("verifier-key", "  key is in", "environment variable, if it wants one"),
    Field("output", "Suite to write", "pairs.jsonl", "path", endings=(".jsonl",)),
    Field("violations", "Sizes of |V|", "1,2,3"),
    Field("max-calls", "At most", "questions in all; empty: no cap"),
    Field("more", "More options", "--per-prompt 2 --votes 3 --draft-criteria …"),
)
"""Named as the options they stand for; `more` is taken as it is."""
_NEEDED: Final = ("prompts", "generator", "verifier", "output")


def arguments(form: Mapping[str, str]) -> list[str]:
    """The options of `rude-tui construct` that say what was typed.

    Raises:
        AtField: something needed is missing, or quotes do not match.
    """
    typed = Typed(form)
    for name in _NEEDED:
        typed.text(name, "fill it in")
    args: list[str] = []
    for field in FIELDS:
        if field.name != "more" and (value := typed.text(field.name)):
            args.append(f"--{field.name}={os.path.expanduser(value) if field.kind == 'path' else value}")
    try:
        return args + shlex.split(typed.text("more"))
    except ValueError as error:
        raise AtField("more", BadInput(str(error), fix="close the quotes")) from None


def shown_command(args: Sequence[str]) -> str:
    """The command as one would type it."""
    return plain(shlex.join(["rude-tui", "construct", *args]))


def plan_words(plan: CostEstimate) -> str:
    """A plan as it is read before a yes."""
    lines = [f"{count(plan.prompts, 'prompt')}, {count(plan.pairs, 'pair')} planned"]
    if bare := plan.without_criteria:
        lines[0] += f"; {count(bare, 'prompt')} without criteria are left out (--draft-criteria)"
    lines += ["", f"{'if …':<8}{'questions':>11}{'tokens':>13}{'time':>12}{'money':>11}"]
    for case, _ in plan.courses:
        calls, tokens, seconds, money = plan.totals(case)
        cost = f"{money:,.2f}" if money else "–"
        lines.append(f"{case:<8}{calls:>11,}{tokens:>13,}{duration(seconds):>12}{cost:>11}")
    measured = all(role.measured for _, roles in plan.courses for role in roles)
    lines += [
        "",
        "least: every first attempt holds · likely: two rounds each · most: every round is used",
        f"{plan.concurrency} at a time; times {'measured on earlier answers' if measured else 'assumed'}",
        "money: --generator-price and --verifier-price READ,WRITTEN under More options",
    ]
    return "\n".join(lines)
