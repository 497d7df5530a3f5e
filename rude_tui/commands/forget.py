"""`rude-tui forget`."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, store_of, take_over_option
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.annotations.forgetting import Forgotten, Going
    from engine.store.connection import Store

__all__ = ["forget"]

_NAMED: Final = 12
"""Runs named one by one; of more, the rest is counted."""


@click.command()
@click.option("--model", metavar="M", help="A candidate: its name, its folder, or the beginning of its weights' hash.")
@click.option("--run", metavar="ID", help="One run of any kind: its id, or the beginning of it.")
@click.option("--suite", metavar="S", help="A suite: its name, its file, or the beginning of its hash.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Show what would go, and stop.")
@click.option("--list", "listed", is_flag=True, help="Show what can be brought back.")
@click.option(
    "--undo",
    is_flag=False,
    flag_value="last",
    metavar="[NUMBER]",
    help="Bring back what was forgotten, or that number.",
)
@take_over_option
@as_json
@database
@click.pass_context
def forget(
    ctx: click.Context, model: str | None, run: str | None, suite: str | None, yes: bool, dry_run: bool, listed: bool,
    undo: str | None, take_over: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Forget a model, a run or a suite, with all that was measured of it.

    What would go is shown first, then asked about. A model goes with its runs and their verdicts and token scores, with
    what traces, spectra and post-training have shown of it, and with decisions of races that it took part in. A suite
    goes with its pairs, your flags and exclusions of them, and every run on it. A run goes by itself. Files stay, and
    so do outcomes and predictors that you added.

    Everything is then as if it had never been there: rankings, exports and correlations do without, and the same
    command scores it again. For seven days --undo brings it back as it was; after that it goes for good when something
    is stored next. What has been scored again meanwhile keeps its new verdicts, and what has not gets its old ones.
    While a process works on one of its runs, nothing is forgotten (exit code 4).
    """
    store = store_of(db)
    if len([one for one in (model, run, suite, listed or None, undo) if one is not None]) != 1:
        raise click.UsageError("give one of --model, --run, --suite, --list and --undo", ctx)
    if listed:
        _show_list(store, as_json)
    elif undo is not None:
        _bring_back(store, undo, as_json)
    else:
        _forget(store, (model, run, suite), yes=yes, dry_run=dry_run, take_over=take_over, as_json=as_json)


def _forget(
    store: Store, named: tuple[str | None, str | None, str | None], *, yes: bool, dry_run: bool, take_over: bool,
    as_json: bool,
) -> None:  # fmt: skip
    from engine.annotations import forgetting
    from rubrics.errors import BadInput

    model, run, suite = named
    if model is not None:
        subject = forgetting.find_model(store, model)
    elif run is not None:
        subject = forgetting.find_run(store, run)
    else:
        subject = forgetting.find_suite(store, str(suite))
    going = forgetting.would_go(store, subject)
    if not as_json:
        _show(going)
    if dry_run:
        if as_json:
            print_json(_going(going))
        return
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise BadInput("nothing was forgotten: nobody is here to ask", fix="say that it is meant", shell="--yes")
        click.confirm("Forget all of it?", abort=True, err=True)
    done = forgetting.forget(store, subject, take_over=take_over)
    if as_json:
        print_json({**_going(going), **_facts(done)})
    narrate(
        f"forgotten, as number {done.number}; until {done.until} this brings it back: "
        f"rude-tui forget --undo {done.number}"
    )


def _show(going: Going) -> None:
    from engine.annotations.forgetting import in_words

    narrate(f"{going.subject.kind} {going.subject.name} ({going.subject.key[:12]})")
    print_table(["would go"], [[words] for words in in_words(going.counts)])
    narrate(*(f"run: {words}" for words in going.runs[:_NAMED]))
    if len(going.runs) > _NAMED:
        narrate(f"and {count(len(going.runs) - _NAMED, 'more run')}")
    for machine in going.left:
        narrate(f"left by {machine.host} since {machine.since}; if that is gone for good, say --take-over")
    if going.stays:
        narrate(f"stays: {', '.join(in_words(going.stays))}, added by you under its name")


def _going(going: Going) -> dict[str, Any]:
    return {
        **asdict(going.subject),
        "counts": dict(going.counts),
        "runs": going.runs,
        "stays": dict(going.stays),
        "left": [machine._asdict() for machine in going.left],
    }


def _facts(item: Forgotten) -> dict[str, Any]:
    return {"number": item.number, "forgotten_at": item.at, "until": item.until}


def _show_list(store: Store, as_json: bool) -> None:
    from engine.annotations.forgetting import forgotten, in_words

    items = forgotten(store)
    if as_json:
        print_json([{**_facts(item), **asdict(item.subject), "counts": dict(item.counts)} for item in items])
        return
    print_table(
        ["number", "kind", "name", "forgotten", "until", "what"],
        [
            [item.number, item.subject.kind, item.subject.name, item.at, item.until, ", ".join(in_words(item.counts))]
            for item in items
        ],
        right=["number"],
    )
    narrate("--undo brings back the newest, --undo NUMBER another" if items else "nothing can be brought back")


def _bring_back(store: Store, undo: str, as_json: bool) -> None:
    from engine.annotations.forgetting import bring_back, in_words

    if undo != "last" and not (undo.isascii() and undo.isdigit()):
        raise click.UsageError(f"--undo takes a number of --list, not {undo!r}")
    item = bring_back(store, None if undo == "last" else int(undo[:18]))
    if as_json:
        print_json({
            **_facts(item), **asdict(item.subject), "counts": dict(item.counts), "made_anew": dict(item.kept),
        })  # fmt: skip
    else:
        print_table(["is back"], [[words] for words in in_words(item.counts)])
    narrate(f"{item.subject.kind} {item.subject.name} is back")
    if item.kept:
        narrate(f"made anew meanwhile, and kept as they are now: {', '.join(in_words(item.kept))}")
