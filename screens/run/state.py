"""What a run is made of, besides the marked candidates and suites. Plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from engine.candidates.address import ServedAs
    from engine.jobs.runs import RunRequest
    from engine.layout.protocols import Protocol
    from engine.stats.sequential import Goal

__all__ = ["RunChoices", "offered_protocols"]

_GOALS: Final[dict[Goal | None, str]] = {None: "all scored", "best": "the best", "order": "the order"}
"""When scoring stops, in the order in which one is chosen after the other."""


def offered_protocols() -> tuple[Protocol, ...]:
    """Both, the quicker one first."""
    from engine.layout.protocols import PROTOCOLS

    return PROTOCOLS[::-1]


@dataclass
class RunChoices:
    """What the set-up holds."""

    protocols: list[Protocol] = field(default_factory=lambda: list(offered_protocols()))
    precision: str = "auto"
    limit: int | None = None
    """Only so many pairs of each suite; None: all."""
    token_scores: bool = False
    """Whether likelihood runs keep what the token view shows."""
    controls: bool = True
    """Whether likelihood runs are followed by a sample without the prompt, and one with another pair's."""
    until: Goal | None = None
    """Stop once the best candidate, or the order of all, is decided; None: score everything."""
    shots: int | None = None
    """Exemplars shown; None: two for `choice`, none for `likelihood`."""
    show_criteria: bool = False
    """Whether the candidate sees the rubric."""
    seed: int = 0
    """Decides the order of scoring."""
    alpha: float = 0.05
    """How often a decision may be wrong."""
    device: str = "auto"
    memory: str = ""
    """What scoring a candidate may take, as it was typed; empty: what is free."""
    workers: int | None = None
    """Candidates scored side by side; None: one a GPU."""
    wordings: str = ""
    """Other wordings that are scored too: `all`, names with commas between, or a TOML file; empty: the plain one."""
    shot_draws: int = 0
    """So many other draws of exemplars."""
    ray: str = ""
    """The Ray cluster on whose nodes they are scored: its address, or `auto`; empty: here."""

    def next_precision(self) -> None:
        """The next of the precisions."""
        from engine.machine.kernels import PRECISIONS

        offered = ("auto", *PRECISIONS)
        self.precision = offered[(offered.index(self.precision) + 1) % len(offered)]

    def next_workers(self) -> None:
        """One a GPU, then one, two or four side by side, and round again."""
        offered = (None, 1, 2, 4)
        self.workers = offered[(offered.index(self.workers) + 1) % len(offered)]

    def next_goal(self) -> None:
        """Score everything, until the best is known, until the order is, and round again."""
        goals = list(_GOALS)
        self.until = goals[(goals.index(self.until) + 1) % len(goals)]

    def limit_to(self, number: str) -> bool:
        """Take a number of pairs as it was typed, 0 for all; False where it is no such number."""
        if not number.isdecimal():
            return False
        self.limit = int(number) or None
        return True

    def lacking(self, models: int, suites: int) -> str:
        """What is still to be chosen, or nothing."""
        if not models:
            return "No candidate is marked: press 1, mark with space, come back with r."
        if not suites:
            return "No suite is chosen: mark one with space, or add a file with a."
        return "" if self.protocols else "No protocol is chosen: mark one with space."

    def request(self, models: Sequence[str], suites: Sequence[str], served: Sequence[ServedAs] = ()) -> RunRequest:
        """What is asked of the engine.

        Args:
            served: what is said of the models that servers hold.

        Raises:
            BadInput: no such wording, for what is chosen now.
        """
        from engine.jobs.runs import CONTROL_PAIRS, RunRequest
        from engine.layout.wordings import wordings_asked
        from engine.machine.sizes import bytes_of

        return RunRequest(
            models=tuple(models),
            suites=tuple(suites),
            protocols=tuple(self.protocols),
            precision=self.precision,
            limit=self.limit,
            token_scores=self.token_scores,
            controls=CONTROL_PAIRS if self.controls else 0,
            until=self.until,
            shots=self.shots,
            show_criteria=self.show_criteria,
            seed=self.seed,
            alpha=self.alpha,
            device=self.device,
            memory=bytes_of(self.memory) if self.memory else None,
            workers=self.workers,
            ray=self.ray,
            wordings=wordings_asked(self.protocols, self.wordings, self.shot_draws),
            served=tuple(one for one in served if one.address in models),
        )

    def about(self, key_of: Callable[[str], str]) -> str:
        """The choices that are made by a key, a line each.

        Args:
            key_of: gives the key of an action, as it is called on the bottom line.
        """
        lines = {
            "precision": ("precision", self.precision),
            "pairs": ("limit", self.limit or "all"),
            "token scores": ("tokens", "kept" if self.token_scores else "not kept"),
            "controls": ("controls", "yes" if self.controls else "no"),
            "until": ("goal", _GOALS[self.until]),
            "workers": ("workers", self.workers or "auto"),
            **{label: ("options", value) for label, value in self._others()},
            "more options": ("options", ""),
        }
        told = ((key_of(action), label, value) for label, (action, value) in lines.items())
        return "\n".join(f"{key:<2} {label:<12} {value}".rstrip() for key, label, value in told)

    def _others(self) -> list[tuple[str, object]]:
        """Those of the other choices that are not as they are by themselves, by what they are called."""
        usual = RunChoices()
        told = {
            "shots": ("shots", self.shots), "rubric": ("show_criteria", "shown"), "seed": ("seed", self.seed),
            "alpha": ("alpha", self.alpha), "device": ("device", self.device), "memory": ("memory", self.memory),
            "cluster": ("ray", self.ray), "wordings": ("wordings", self.wordings),
            "other shots": ("shot_draws", self.shot_draws),
        }  # fmt: skip
        return [(label, value) for label, (name, value) in told.items() if getattr(self, name) != getattr(usual, name)]
