"""Starting a construction, stopping one, and writing its suite: asked for in dialogs, done in a thread."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rubrics.counted import count
from screens.construct import jobs
from screens.construct.command import FIELDS, arguments, plan_words, shown_command
from screens.construct.state import ConstructChoices
from screens.construct.verifier_text import tried_text
from screens.shell.dialogs import Ask, Confirm, Read
from screens.shell.fields import Prepared, Typed
from screens.shell.form import Form
from screens.shell.place import Place
from screens.shell.plain import one_line
from screens.shell.taking_over import ask_take_over
from screens.tasks.opening import open_task
from screens.tasks.training import TRIAL

if TYPE_CHECKING:
    from engine.construct.output import Written
    from engine.construct.request import ConstructRequest
    from engine.construct.watching import Overview, Tried
    from engine.jobs.detached import Detached

__all__ = ["start_dialog", "stop_dialog", "trial_dialog", "write_dialog"]


def start_dialog(place: Place, then: Callable[[], None]) -> None:
    """Ask for everything, show the plan, start on a yes.

    Args:
        then: called once it has started.
    """
    session = place.session
    choices = session.choices(ConstructChoices)
    asked: list[ConstructRequest] = []

    def prepare(typed: Typed) -> Prepared:
        args = arguments(typed.values)
        request = session.read_construction(args)
        plan = jobs.plan(session.store, request)
        asked[:] = [request]
        return Prepared(plan_words(plan) + "\n\n" + shown_command([*args, f"--db={session.store.path}"]))

    def go(prepared: Prepared | None) -> None:
        if prepared is not None:
            ask_take_over(place, lambda store: jobs.left_elsewhere(store, asked[0]), start)

    def start(take_over: bool) -> None:
        place.load("start", lambda: jobs.launch(session.store, asked[0], take_over=take_over), started)

    def started(process: Detached) -> None:
        choices.started.append(process)
        then()

    form = Form(
        "Build pairs: who writes, who judges, from what", FIELDS, prepare, typed=choices.form,
        go="plan", ask="Start this construction?",
    )  # fmt: skip
    place.app.push_screen(form, go)


def stop_dialog(place: Place, overview: Overview) -> None:
    """Stop a construction on a yes."""
    store, run_id = place.session.store, overview.row.run_id

    def stopped(was_running: bool) -> None:
        words = "Asked to stop; what is under way is waited for" if was_running else "It has ended already"
        place.notify(words, markup=False)

    def stop(sure: bool | None) -> None:
        if sure:
            place.load("stop", lambda: jobs.stop(store, run_id), stopped)

    consequence = "What is answered is kept; asked for again, it goes on where it stopped."
    place.app.push_screen(Confirm("Stop this construction?", consequence), stop)


def write_dialog(place: Place, overview: Overview) -> None:
    """Ask for a file, then write the suite and its card; it is listed among the suites from then on."""
    session, row = place.session, overview.row

    def write(name: str | None) -> None:
        if name is None:
            return
        path = Path(os.path.expanduser(name)).absolute()

        def written(result: Written) -> None:
            session.offer_suite(str(path))
            notes = "".join(f"\n{one_line(note, 300)}" for note in result.notes)
            words = f"{count(result.pairs, 'pair')} → {one_line(str(path))}, with its card{notes}"
            place.notify(words, timeout=8, markup=False)

        place.load("write", lambda: jobs.write_suite(session.store, row.run_id, path), written)

    hint = "what is there is replaced; its card beside it"
    place.app.push_screen(Ask("Write the suite to", f"{one_line(row.name, 100)}.jsonl", hint), write)


def trial_dialog(place: Place, tried: Sequence[Tried]) -> None:
    """Say how the verifiers err; where none has been tried, offer to try the first."""
    if any(verifier.rates for verifier in tried) or not tried:
        place.app.push_screen(Read("The verifier on trial", tried_text(tried, place.colour)))
    else:
        open_task(place.app, TRIAL, known={"verifier": tried[0].verifier})
