"""`rude-tui predictors add` and `remove`: columns of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rubrics.counted import count
from rude_tui.options import database, store_of
from rude_tui.output import narrate

if TYPE_CHECKING:
    from engine.store.connection import Store

__all__ = ["add", "keep_columns", "remove"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--lower-is-better", "lower", multiple=True, metavar="COLUMN", help="A column that works like a loss.")
@database
def add(file: Path, lower: tuple[str, ...], db: Path | None) -> None:
    """Add predictors of your own from a CSV: a column `candidate`, and one column for each predictor."""
    keep_columns(store_of(db, new=True), file, lower)


def keep_columns(store: Store, file: Path, lower: Sequence[str] = ()) -> list[str]:
    """Store a CSV's columns and say whose they are; their names."""
    from engine.correlation.own_columns import keep_columns as keep

    kept = keep(store, file, lower_is_better=lower)
    narrate(f"{count(kept.values, 'value')} stored, {kept.replaced} of them in place of an earlier one")
    for stranger, near in kept.strangers.items():
        narrate(f"note: {stranger} is no candidate here" + (f"; did you mean {near[0]}?" if near else ""))
    return kept.names


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME ...")
@database
def remove(names: tuple[str, ...], db: Path | None) -> None:
    """Take back predictors that were added from a CSV."""
    from engine.store.predictors import remove_predictors, stored_predictors
    from rubrics.errors import BadInput

    store = store_of(db)
    added = {value.predictor for value in stored_predictors(store)}
    for name in names:
        if name not in added:
            raise BadInput(f"no predictor {name!r} was added", fix="added: " + (", ".join(sorted(added)) or "none"))
    narrate(f"{remove_predictors(store, names)} values removed")
