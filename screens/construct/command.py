"""A new construction as it is typed: the fields of the form, the command they make, its plan in words. Plain Python."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rubrics.errors import BadInput
from screens.shell.formats import duration
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.construct.estimate import CostEstimate

__all__ = ["FIELDS", "arguments", "plan_words", "shown_command"]

FIELDS: Final = (
    ("prompts", "Prompts file", "one prompt with its criteria a line, JSON"),
    ("generator", "Generator", "http://host:port/v1#model or local:PATH"),
    ("generator-key", "  key is in", "environment variable, if it wants one"),
    ("verifier", "Verifier", "the same; better another model"),
    ("verifier-key", "  key is in", "environment variable, if it wants one"),
    ("output", "Suite to write", "pairs.jsonl"),
    ("violations", "Sizes of |V|", "1,2,3"),
    ("max-calls", "At most", "questions in all; empty: no cap"),
    ("more", "More options", "--per-prompt 2 --votes 3 --draft-criteria …"),
)
"""Option, label and what to type; `more` is taken as it is."""
_NEEDED: Final = ("prompts", "generator", "verifier", "output")


def arguments(form: Mapping[str, str]) -> list[str]:
    """The options of `rude-tui construct` that say what was typed.

    Raises:
        BadInput: something needed is missing, or quotes do not match.
    """
    for name, label, _ in FIELDS:
        if name in _NEEDED and not form.get(name, "").strip():
            raise BadInput(f"{label.strip()}: nothing was typed", fix="fill it in")
    args: list[str] = []
    for name, _, _ in FIELDS:
        if name != "more" and (value := form.get(name, "").strip()):
            path = name in ("prompts", "output")
            args.append(f"--{name}={os.path.expanduser(value) if path else value}")
    try:
        return args + shlex.split(form.get("more", ""))
    except ValueError as error:
        raise BadInput(f"More options: {error}", fix="close the quotes") from None


def shown_command(args: Sequence[str]) -> str:
    """The command as one would type it."""
    return plain(shlex.join(["rude-tui", "construct", *args]))


def plan_words(plan: CostEstimate) -> str:
    """A plan as it is read before a yes."""
    lines = [f"{plan.prompts:,} prompts, {plan.pairs:,} pairs planned"]
    if bare := plan.without_criteria:
        lines[0] += f"; {bare:,} prompts without criteria are left out (--draft-criteria)"
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
