"""What is asked of the engine's constructions: plan one, start it, see how it ended, stop it, write its suite.

It runs as the command line's process, so the screen follows it through the store like one that was started elsewhere,
and it outlives the app. Every function blocks.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from rubrics.errors import BadInput, RudeError
from screens.construct.command import shown_command
from screens.shell.plain import plain

if TYPE_CHECKING:
    from engine.construct.output import Written
    from engine.results.database import Store

__all__ = ["Started", "ended", "launch", "plan", "stop", "write_suite"]

_GOOD_ENDS: Final = (0, 4, 130)
_PLAN_SECONDS: Final = 120.0
_SHOWN: Final = 4000


@dataclass(frozen=True, eq=False)
class Started:
    """A construction begun from here."""

    process: subprocess.Popen[bytes]
    output: IO[bytes]
    """What it says on standard error."""


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
        raise _error_of(done.stderr, "nothing was started")
    try:
        plan = json.loads(done.stdout)
        _ = plan["totals"]["likely"], plan["pairs"]
    except (ValueError, KeyError, TypeError):
        raise BadInput(
            "the command answers without a plan", where=shown_command(args), fix="leave out --help and its like"
        ) from None
    return dict(plan)


def launch(command: Sequence[str], args: Sequence[str]) -> Started:
    """Run it in a process and a session of its own.

    Raises:
        RudeError: it cannot be started.
    """
    output = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is
    try:
        process = subprocess.Popen(
            [*command, *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,
        )
    except OSError as error:
        output.close()
        raise RudeError(
            f"cannot be started: {error}", where=shown_command(args), fix="try it on the command line"
        ) from None
    return Started(process, output)


def ended(started: Started) -> tuple[RudeError | None, str] | None:
    """How a construction ended, as an error or in its own words; None while it goes on."""
    code = started.process.poll()
    if code is None:
        return None
    started.output.seek(0)
    written = started.output.read()
    started.output.close()
    if code not in _GOOD_ENDS:
        return _error_of(written, "the construction failed"), ""
    return None, "\n".join(plain(written.decode("utf-8", "replace")).splitlines()[-3:])


def _error_of(stderr: bytes, where: str) -> RudeError:
    words = plain(stderr.decode("utf-8", "replace")).strip()
    # Before an error the command may have told of its progress.
    message = words.rpartition("\nerror: ")[2].removeprefix("error: ")[-_SHOWN:]
    what, _, fix = message.partition("\n  → ")
    return RudeError(what or "it ended without a word", where=where, fix=fix)


def stop(store: Store, run_id: str) -> bool:
    """Ask the process that works on a construction to stop; False where none does any more.

    Raises:
        RudeError: it runs on another machine, or cannot be reached.
    """
    from engine.construct import watching

    return watching.stop(store, run_id)


def write_suite(store: Store, run_id: str, path: Path) -> Written:
    """Write the suite of a construction and its card.

    Raises:
        BadInput: the path is no place for a suite.
        RudeError: nothing came through, or it cannot be written.
    """
    from engine.construct.output import write_construction

    if path.suffix != ".jsonl" or not path.parent.is_dir():
        raise BadInput("is no place for a suite", where=str(path), fix="name a .jsonl file in a folder that is")
    return write_construction(store, run_id, path)
