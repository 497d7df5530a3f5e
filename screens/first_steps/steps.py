"""The first steps, one form after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from textual.app import App

from rubrics.counted import count
from screens.first_steps.state import MODELS, SUITE, nothing_yet, take_models, take_suite
from screens.run.jobs import going_on
from screens.shell.fields import Prepared
from screens.shell.form import Form
from screens.shell.place import Place
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.results.runs import RunRow
    from screens.shell.session import Session

__all__ = ["begin_if_new", "first_steps"]


def _tell_of(place: Place, runs: list[RunRow]) -> None:
    """Say that work goes on in another process, where it does."""
    if runs:
        names = ", ".join(dict.fromkeys(one_line(run.candidate, 30) for run in runs))
        words = f"{names}: {count(len(runs), 'run')} in another process; 2 and ; show it, Z stops it there"
        place.notify(words, title="Work goes on", timeout=10, markup=False)


def begin_if_new(place: Place, then: Callable[[], Awaitable[None]]) -> None:
    """Take the first steps where nobody has begun anything yet; say what goes on where somebody has.

    Args:
        then: called once models and suite are marked.
    """
    session = place.session

    def look() -> list[RunRow] | None:
        return None if nothing_yet(session) else going_on(session.store)

    def looked(runs: list[RunRow] | None) -> None:
        if runs is None:
            first_steps(place.app, session, then)
        else:
            _tell_of(place, runs)

    # What cannot be read is for the screens to say.
    place.load("first-steps", look, looked, lambda error: None)


def first_steps(app: App[Any], session: Session, then: Callable[[], Awaitable[None]]) -> None:
    """Ask for models, then for a suite; given up at either, all that was said holds.

    Args:
        then: called once models and suite are marked.
    """

    async def chosen(done: Prepared | None) -> None:
        if done is not None:
            await then()

    def suite(done: Prepared | None) -> None:
        if done is not None:
            form = Form(
                "What to ask them – step 2 of 3",
                (SUITE,),
                lambda typed: take_suite(session, typed),
                about="A suite is a file of pairs, one a line: a response that meets a rubric, and one that subtly "
                "violates it. The next step says how long it takes; nothing is scored before.",
            )
            app.push_screen(form, chosen)

    form = Form(
        "Which base model should you post-train? – step 1 of 3",
        (MODELS,),
        lambda typed: take_models(session, typed),
        about="Where are your base models? A folder of model folders, one model, or a .gguf file. Esc leaves these "
        "steps: 1 lists candidates, 6 suites, 2 runs, F1 explains each screen.",
        looking="looking: what is there, what fits, what the model libraries say of it; some seconds…",
    )
    app.push_screen(form, suite)
