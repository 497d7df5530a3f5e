"""All tables of a suite at once, with what each column means: a folder of Parquet files, or one DuckDB file."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from engine.export.methods import METHODS
from engine.export.paper import markdown
from engine.export.parquet import write_parquet
from engine.export.tables import COLUMNS, TABLES, Table, table
from engine.results.board import Question, load_board
from engine.store.connection import Store
from engine.store.handing_over import write_database
from rubrics.errors import BadInput, RudeError
from rubrics.targets import whole, write_whole

__all__ = ["DICTIONARY", "Everything", "everything", "write_everything"]

DICTIONARY: Final = "dictionary"
"""The table that says what the columns of all others mean."""


class Everything(NamedTuple):
    """The tables by name, what they are of, and which could not be had."""

    suite: str
    suite_hash: str
    tables: dict[str, Table]
    left_out: dict[str, str]
    """By table: why."""


def everything(store: Store, question: Question) -> Everything:
    """Every table that what is stored can give, and the dictionary.

    Raises:
        BadInput: no run answers the question.
    """
    board = load_board(store, question)
    tables: dict[str, Table] = {}
    left_out: dict[str, str] = {}
    for what in TABLES:
        try:
            tables[what] = table(store, what, question)
        except BadInput as error:
            left_out[what] = error.what
    rows = [
        (what, name, kind, METHODS[what][name]) for what in tables for name, kind in COLUMNS[what].items()
    ]  # fmt: skip
    columns = dict.fromkeys(("table", "column", "type", "how it is made"), "varchar")
    tables[DICTIONARY] = Table(columns, list(rows))
    return Everything(board.suite, board.suite_hash, tables, left_out)


def write_everything(found: Everything, out: Path) -> None:
    """Write a DuckDB file where the name ends so, else a folder: a Parquet file for each table, and the dictionary to
    read.

    Raises:
        RudeError: it cannot be written.
    """
    if out.suffix.lower() in (".duckdb", ".db"):
        told = {(row[0], row[1]): row[3] for row in found.tables[DICTIONARY].rows}
        with whole(out) as scratch:
            write_database(scratch, {name: (t.columns, t.rows) for name, t in found.tables.items()}, told)
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RudeError(
            f"no folder can be made here ({error.strerror})",
            where=str(out),
            fix="name another folder, or a .duckdb file",
        ) from None
    for name, held in found.tables.items():
        with whole(out / f"{name}.parquet") as scratch:
            write_parquet(held, scratch)
    with write_whole(out / "README.md") as page:
        page.write(_page(found))


def _page(found: Everything) -> str:
    parts = [
        f"# {found.suite}",
        f"What was measured on the suite `{found.suite}` (hash {found.suite_hash}), a Parquet file for each table. An "
        f"empty cell is not known. `{DICTIONARY}.parquet` holds this page as a table.",
    ]
    for what, held in found.tables.items():
        if what != DICTIONARY:
            told = [row[1:] for row in found.tables[DICTIONARY].rows if row[0] == what]
            columns = dict.fromkeys(("column", "type", "how it is made"), "varchar")
            parts += [f"## {what}", f"{len(held.rows):,} rows", markdown(Table(columns, told)).rstrip()]
    parts += [f"No `{what}`: {why}." for what, why in found.left_out.items()]
    return "\n\n".join(parts) + "\n"
