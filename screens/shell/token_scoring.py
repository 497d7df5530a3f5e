"""Token scores of a pair that was scored without them, read on demand by the run that lacks them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, cast

from textual.binding import Binding, BindingType

from rubrics.errors import RudeError
from screens.shell.live import Live
from screens.shell.place import Place

if TYPE_CHECKING:
    from engine.jobs.job import Job
    from engine.results.board import Board
    from engine.results.database import Store

__all__ = ["Lacking", "ScoresTokens"]


class _Runner(Protocol):
    running: bool

    def start(self, store: Store, job: Job) -> None: ...


class _RunningShell(Protocol):
    runner: _Runner


class Lacking(NamedTuple):
    """Whose token scores of which pair there are not."""

    board: Board
    candidate: str
    pair_id: str


class ScoresTokens(Place):
    """A place that shows token scores, and has those made that it lacks."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "score", "score it now", tooltip="read this pair token by token now", id="score-tokens"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.asked = False
        """Whether scores were asked for since the screen was opened."""
        self._awaited: Lacking | None = None

    def lacking(self) -> Lacking | None:
        """What there are no scores of; None where nothing is missing."""
        raise NotImplementedError

    def say_lack(self, now: str) -> None:
        """Say what is missing, and what is being done about it."""
        raise NotImplementedError

    def scored_now(self) -> None:
        """There are scores now: read them."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Scoring is offered where there is something to score."""
        if action == "score":
            return self.lacking() is not None
        return super().check_action(action, parameters)

    def action_score(self) -> None:
        """Read the pair token by token, where it has not been."""
        lacking, self.asked = self.lacking(), True
        if lacking is None or self._awaited is not None:
            return
        if self._runner.running:
            self.say_lack("Other work is going on: s reads this pair once that has ended.")
            return
        self._awaited = lacking
        self.say_lack("looking for the model…")
        store = self.session.store

        def planned() -> Job:
            from engine.jobs.tokens import plan_tokens

            return plan_tokens(store, lacking.board, lacking.candidate, [lacking.pair_id])

        self.load("score", planned, lambda job: self._runner.start(store, job), self._not_scored)

    @property
    def _runner(self) -> _Runner:
        return cast(_RunningShell, self.app).runner

    def _not_scored(self, error: RudeError) -> None:
        self._awaited = None
        self.say_lack(f"It cannot be read now: {error.what}. {error.fix}")

    def follow(self, live: Live) -> None:
        """Show how far the scoring is, then its scores."""
        super().follow(live)
        if self._awaited is None or not live.states:
            return
        (state, *_) = live.states
        if live.running:
            if state.run_id and len(live.states) == 1:
                self.say_lack(f"{state.candidate}: {state.phase}…")
            return
        waiting, lacking, self._awaited = self._awaited, self.lacking(), None
        here = lacking is not None and waiting[1:] == lacking[1:]
        if not here:
            return
        if error := live.error or state.error:
            self.say_lack(f"It could not be read: {error}")
        elif str(state.phase) == "done":
            self.scored_now()
        else:
            self.say_lack("s reads this pair token by token now.")
