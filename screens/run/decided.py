"""What is decided already of the runs that go on, in words. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from engine.jobs.progress import CONTROLS, seconds_left
from rubrics.counted import count
from screens.shell.colour import Colour
from screens.shell.formats import duration
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.jobs.so_far import SoFar

__all__ = ["decided_text"]

_LINES: Final = 3
_NAME: Final = 28


def decided_text(found: Sequence[SoFar], states: Sequence[RunState], workers: int, colour: Colour) -> Text:
    """A line for each question, and where all are settled what stopping would save.

    Args:
        states: of all runs, now.
        workers: candidates that are scored side by side.
    """
    text = Text(overflow="fold")
    settled = bool(found) and all(one.settled for one in found)
    for one in found[:_LINES]:
        text.append(*(("✓ ", colour("good")) if one.settled else ("· ", colour("chance"))))
        text.append(_line(one) + "\n")
    if len(found) > _LINES:
        text.append(f"  and {count(len(found) - _LINES, 'more question')}\n", colour("chance"))
    if settled:
        text.append(_offer(found, states, workers) + "\n", "bold")
    text.rstrip()
    return text


def _line(one: SoFar) -> str:
    decision = one.decision
    about = f"{one_line(decision.suite, _NAME)}, {decision.protocol}"
    read = f"after {decision.pairs_read:,} of {count(decision.n_pairs, 'pair')}"
    first = one_line(decision.ranked[0], _NAME)
    if one.settled:
        return f"{about}: settled {read}: {first} is the best of {len(decision.ranked)}"
    if one.decided:
        whole = f"{about}: {first} will be first of {len(decision.ranked)} on this suite"
        return f"{whole}; whether it is to be taken, the rest has to tell"
    if one.waiting:
        return f"{about}: open, since {', '.join(one_line(name, _NAME) for name in one.waiting[:3])}" + (
            f" and {len(one.waiting) - 3} more are still to come" if len(one.waiting) > 3 else
            f" {'is' if len(one.waiting) == 1 else 'are'} still to come"
        )  # fmt: skip
    if decision.state == "undecided":
        return f"{about}: not to be told apart {read}: {', '.join(one_line(n, _NAME) for n in decision.racing[:3])}"
    left = decision.n_pairs - decision.pairs_read
    more = "a lead is nil" if decision.more_pairs is None else f"about {count(decision.more_pairs, 'more pair')} needed"
    rivals = count(len(decision.racing) - 1, "other")
    return f"{about}: open {read}: {first} is first, {rivals} may pass it; {more}, {left:,} left"


def _offer(found: Sequence[SoFar], states: Sequence[RunState], workers: int) -> str:
    seconds, whole = seconds_left(states, workers)
    saved = f"{'' if whole else 'at least '}{duration(seconds)}" if seconds else "what is left"
    alpha = max(one.decision.alpha for one in found)
    text = f"Z stops now, saves {saved} and keeps the decision"
    text += f" (wrong at most {100 * alpha:g} % of the time each, however often one looks)"
    asked = {run_id for one in found for run_id in one.decision.run_ids}
    unscored = [state for state in states if not state.phase.ended and state.run_id not in asked]
    controls = sum(state.prompt in CONTROLS for state in unscored)
    kinds = ((controls, "control"), (len(unscored) - controls, "run in other wordings"))
    left = " and ".join(
        count(number, kind, kind.replace("run ", "runs ") if " " in kind else "") for number, kind in kinds if number
    )
    return text + (f"; {left} left unscored" if left else "")
