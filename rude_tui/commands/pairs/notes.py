"""`rude-tui pairs exclude`, `include`, `flag` and `notes`: what a person says of pairs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, store_of
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.store.connection import Store

__all__ = ["exclude", "flag", "include", "notes"]


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID ...")
@click.option("--reason", required=True, help="Why; shown beside the pair.")
@click.option("--suite", help="Suite by name or hash. Default: the one run last.")
@database
def exclude(ids: tuple[str, ...], reason: str, suite: str | None, db: Path | None) -> None:
    """Leave pairs out, with a reason.

    They count in no ranking, failures or correlation. Every ranking says how many are left out; --with-excluded counts
    them again.
    """
    _note(store_of(db), suite, ids, "exclude", reason)
    narrate(f"{count(len(set(ids)), 'pair')} excluded: rude-tui rank, or rank --with-excluded to see them counted")


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID ...")
@click.option("--suite", help="Suite by name or hash. Default: the one run last.")
@database
def include(ids: tuple[str, ...], suite: str | None, db: Path | None) -> None:
    """Count excluded pairs again."""
    from engine.annotations.pairs import withdraw

    store = store_of(db)
    back = withdraw(store, _suite_with(store, suite, ids), list(ids), "exclude")
    narrate(
        f"counted again: {count(back, 'pair')}"
        + (f", {len(set(ids)) - back} always did" if back < len(set(ids)) else "")
    )


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID ...")
@click.option("--note", default="", help="What to remember.")
@click.option("--off", is_flag=True, help="Take the flags off.")
@click.option("--suite", help="Suite by name or hash. Default: the one run last.")
@database
def flag(ids: tuple[str, ...], note: str, off: bool, suite: str | None, db: Path | None) -> None:
    """Flag pairs to come back to; they still count."""
    from engine.annotations.pairs import withdraw

    store = store_of(db)
    if off:
        narrate(f"{count(withdraw(store, _suite_with(store, suite, ids), list(ids), 'flag'), 'flag')} taken off")
        return
    _note(store, suite, ids, "flag", note)
    narrate(f"{count(len(set(ids)), 'pair')} flagged")


@click.command()
@click.option("--suite", help="Suite by name or hash. Default: the one run last.")
@as_json
@database
def notes(suite: str | None, as_json: bool, db: Path | None) -> None:
    """List flags and exclusions with their reasons."""
    from dataclasses import asdict

    from engine.annotations.pairs import stored_annotations

    store = store_of(db)
    annotations = [
        annotation for row in stored_annotations(store, _suite_with(store, suite, ())).values() for annotation in row
    ]
    if as_json:
        print_json([asdict(annotation) for annotation in annotations])
        return
    print_table(
        ["pair", "kind", "note", "since"],
        [[annotation.pair_id, annotation.kind, annotation.note, annotation.added_at] for annotation in annotations],
    )
    if not annotations:
        narrate("no pair is flagged or excluded")


def _note(store: Store, suite: str | None, ids: tuple[str, ...], kind: Literal["flag", "exclude"], note: str) -> None:
    from engine.annotations.pairs import annotate
    from rubrics.errors import BadInput

    if kind == "exclude" and not note.strip():
        raise BadInput("an exclusion needs a reason", fix="--reason 'both responses meet the criterion'")
    annotate(store, _suite_with(store, suite, ids), list(ids), kind, note.strip())


def _suite_with(store: Store, suite: str | None, ids: tuple[str, ...]) -> str:
    """The hash of the suite meant, which holds all these pairs."""
    from engine.results.board import Question, load_board
    from rubrics.errors import BadInput

    index = load_board(store, Question(suite, with_excluded=True)).index
    strangers = [pair_id for pair_id in ids if pair_id not in set(index.pair_id)]
    if strangers:
        raise BadInput(f"no pair {strangers[0]!r} in this suite", where=index.suite_hash[:12],
                       fix="rude-tui pairs table --sort id --limit 0 lists the ids; nothing was noted")  # fmt: skip
    return index.suite_hash
