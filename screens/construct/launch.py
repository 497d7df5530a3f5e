"""Starting a construction: what is typed becomes one command, planned first, then run in a process of its own.

The process is the command line's, so the screen follows it through the store like one that was started elsewhere, and
it outlives the app.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final

from rubrics.errors import BadInput, RudeError
from screens.shell.formats import duration
from screens.shell.plain import plain

if TYPE_CHECKING:
    from screens.shell.place import Place

__all__ = ["FIELDS", "Started", "arguments", "begin", "ended", "launch", "plan", "plan_words", "shown_command"]

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
_GOOD_ENDS: Final = (0, 4, 130)
_PLAN_SECONDS: Final = 120.0
_SHOWN: Final = 4000


@dataclass(frozen=True, eq=False)
class Started:
    """A construction begun from here."""

    process: subprocess.Popen[bytes]
    told: IO[bytes]
    """What it says on standard error."""


def arguments(form: Mapping[str, str]) -> list[str]:
    """The arguments of `rude-tui` that say what was typed.

    Raises:
        BadInput: something needed is missing, or quotes do not match.
    """
    for name, label, _ in FIELDS:
        if name in _NEEDED and not form.get(name, "").strip():
            raise BadInput(f"{label.strip()}: nothing was typed", fix="fill it in")
    found = ["construct"]
    for name, _, _ in FIELDS:
        if name != "more" and (value := form.get(name, "").strip()):
            path = name in ("prompts", "output")
            found.append(f"--{name}={os.path.expanduser(value) if path else value}")
    try:
        return found + shlex.split(form.get("more", ""))
    except ValueError as error:
        raise BadInput(f"More options: {error}", fix="close the quotes") from None


def shown_command(args: Sequence[str]) -> str:
    """The command as one would type it."""
    return plain(shlex.join(["rude-tui", *args]))


def plan(command: Sequence[str], args: Sequence[str]) -> dict[str, Any]:
    """What it would cost, by the command's own dry run; blocks for a second or so.

    Raises:
        RudeError: what the command says is wrong.
    """
    try:
        done = subprocess.run(
            [*command, *args, "--dry-run", "--json"], stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=_PLAN_SECONDS,
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise BadInput(f"cannot be run: {error}", fix="look at what was typed") from None
    except subprocess.TimeoutExpired:
        raise RudeError(
            "the plan takes too long", where=shown_command(args), fix="try it on the command line"
        ) from None
    if done.returncode:
        raise _said(done.stderr, "nothing was started")
    try:
        found = json.loads(done.stdout)
        _ = found["totals"]["likely"], found["pairs"]
    except (ValueError, KeyError, TypeError):
        raise BadInput(
            "the command answers without a plan", where=shown_command(args), fix="leave out --help and its like"
        ) from None
    return dict(found)


def plan_words(found: Mapping[str, Any]) -> str:
    """A plan as it is read before a yes."""
    lines = [f"{found['prompts']:,} prompts, {found['pairs']:,} pairs planned"]
    if bare := found["without_criteria"]:
        lines[0] += f"; {bare:,} prompts without criteria are left out (--draft-criteria)"
    lines += ["", f"{'if …':<8}{'questions':>11}{'tokens':>13}{'time':>12}{'money':>11}"]
    for course, (calls, tokens, seconds, money) in found["totals"].items():
        cost = f"{money:,.2f}" if money else "–"
        lines.append(f"{course:<8}{calls:>11,}{tokens:>13,}{duration(seconds):>12}{cost:>11}")
    measured = all(role["measured"] for _, roles in found["courses"] for role in roles)
    lines += [
        "",
        "least: every first attempt holds · likely: two rounds each · most: every round is used",
        f"{found['concurrency']} at a time; times {'measured on earlier answers' if measured else 'assumed'}",
        "money: --generator-price and --verifier-price READ,WRITTEN under More options",
    ]
    return "\n".join(lines)


def launch(command: Sequence[str], args: Sequence[str]) -> Started:
    """Run it in a process and a session of its own.

    Raises:
        RudeError: it cannot be started.
    """
    told = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is
    try:
        process = subprocess.Popen(
            [*command, *args], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=told, start_new_session=True
        )
    except OSError as error:
        told.close()
        raise RudeError(
            f"cannot be started: {error}", where=shown_command(args), fix="try it on the command line"
        ) from None
    return Started(process, told)


def ended(started: Started) -> tuple[RudeError | None, str] | None:
    """How a construction ended, as an error or in its own words; None while it goes on."""
    code = started.process.poll()
    if code is None:
        return None
    started.told.seek(0)
    said = started.told.read()
    started.told.close()
    if code not in _GOOD_ENDS:
        return _said(said, "the construction failed"), ""
    return None, "\n".join(plain(said.decode("utf-8", "replace")).splitlines()[-3:])


def _said(stderr: bytes, where: str) -> RudeError:
    words = plain(stderr.decode("utf-8", "replace")).strip()
    # Before an error the command may have told of its progress.
    told = words.rpartition("\nerror: ")[2].removeprefix("error: ")[-_SHOWN:]
    what, _, fix = told.partition("\n  → ")
    return RudeError(what or "it ended without a word", where=where, fix=fix)


def begin(place: Place, then: Callable[[object], None]) -> None:
    """Ask for everything, show the plan, start on a yes."""
    from screens.construct.form import Form
    from screens.shell.dialogs import Confirm

    session = place.session
    desk = session.desk
    command = session.command

    def typed(form: dict[str, str] | None) -> None:
        if form is None:
            return
        desk.form = form
        try:
            args = [*arguments(form), f"--db={session.store.path}"]
        except BadInput as error:
            failed(error)
            return
        place.notify("planning…", timeout=2)
        place.load("plan", lambda: plan(command, args), lambda found: planned(args, found), failed)

    def failed(error: RudeError) -> None:
        ask()
        place.show_error(error)

    def planned(args: list[str], found: dict[str, Any]) -> None:
        def go(sure: bool | None) -> None:
            if not sure:
                ask()
                return

            def started(one: Started) -> None:
                desk.started.append(one)
                then(one)

            place.load("start", lambda: launch(command, args), started)

        body = plan_words(found) + "\n\n" + shown_command(args)
        place.app.push_screen(Confirm("Start this construction?", body), go)

    def ask() -> None:
        place.app.push_screen(Form(desk.form), typed)

    ask()
