"""Rows of the named views, as tables for others hold them: as Python's, or straight into a file by DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final, overload

from engine.store.connection import Store

__all__ = ["StoredRows", "failure_rows", "verdict_rows"]

_DOUBT: Final = "json_extract_string(facts, '$.doubt')"
_DOUBTS: Final = f"join (select run_id, {_DOUBT} as doubt from runs) using (run_id)"

_OF_RUNS: Final = {
    "candidate": "candidate", "weights_hash": "weights_hash", "precision": "precision", "suite": "suite",
    "protocol": "protocol", "doubt": _DOUBT,
}  # fmt: skip
_OF_PAIRS: Final = {
    "pair_id": "pair_id", "group": '"group"', "cluster": "cluster", "domain": "domain", "prompt": "prompt",
    "categories": "array_to_string(categories, ';')", "subcategories": "array_to_string(subcategories, ';')",
    "violated": "array_to_string(violated, ';')", "chosen": "chosen", "rejected": "rejected",
}  # fmt: skip
"""Where the texts of a view come from: a run or a pair is there once, its verdicts are many."""


class StoredRows(Sequence[tuple[Any, ...]]):
    """Rows of a view, read when they are asked for.

    Args:
        columns: name → DuckDB type.
        source: what they are selected from, with `condition`.
        order: after protocol, candidate and precision.
    """

    def __init__(
        self, store: Store, columns: Mapping[str, str], source: str, run_ids: Sequence[str],
        order: Sequence[str], condition: str = "",
    ) -> None:  # fmt: skip
        self._store = store
        self._columns = columns
        self._from = f"from {source} where run_id in (select unnest(?::varchar[])){condition}"
        self._order = ("protocol", "candidate", "precision", *order)
        self._runs = list(run_ids)

    @cached_property
    def _rows(self) -> list[tuple[Any, ...]]:
        names = ", ".join(f'"{name}"' for name in self._columns)
        with self._store.reading() as connection:
            return connection.execute(f"select {names} {self._from} {self._sorted()}", [self._runs]).fetchall()

    @cached_property
    def _count(self) -> int:
        with self._store.reading() as connection:
            row = connection.execute(f"select count(*) {self._from}", [self._runs]).fetchone()
        return int(row[0]) if row else 0

    def __len__(self) -> int:
        return len(self._rows) if "_rows" in vars(self) else self._count

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return iter(self._rows)

    @overload
    def __getitem__(self, index: int) -> tuple[Any, ...]: ...
    @overload
    def __getitem__(self, index: slice) -> list[tuple[Any, ...]]: ...
    def __getitem__(self, index: int | slice) -> tuple[Any, ...] | list[tuple[Any, ...]]:
        return self._rows[index]

    def write_parquet(self, path: Path) -> None:
        """The rows exactly as they are, columns with their types.

        Raises:
            OSError: the file cannot be written.
        """
        typed = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind in self._columns.items())
        self._copy(f"select {typed} {self._from} {self._sorted()}", path, "format parquet, compression snappy")

    def write_csv(self, path: Path, cell: Callable[[str], str]) -> bool:
        """The rows as Python's `csv` writes them, empty where there is no value; False where a text has what would be
        written otherwise (a carriage return alone): then nothing is written.

        Args:
            cell: what is written for a text, or for the name of a column.

        Raises:
            OSError: the file cannot be written.
        """
        instead = {name: {text: cell(text) for text in texts} for name, texts in self._texts().items()}
        if any("\r" in text for texts in instead.values() for text in texts):
            return False
        # Few texts are written otherwise than they are.
        changed = {
            name: {text: new for text, new in texts.items() if new != text} for name, texts in instead.items()
        }  # fmt: skip
        shown, joins, given = [], [], []
        for number, (name, kind) in enumerate(self._columns.items()):
            value = f't."{name}"'
            if changed.get(name):
                joins.append(
                    f"left join (select unnest(?::varchar[]) as raw, unnest(?::varchar[]) as safe) s{number} "
                    f"on s{number}.raw = {value}"
                )
                given += [list(changed[name]), list(changed[name].values())]
                value = f"coalesce(s{number}.safe, {value})"
            # An empty text is nothing, as in Python; DuckDB would tell the two apart.
            if kind == "varchar":
                value = f"nullif({value}, '')"
            else:
                # Of what is no number, DuckDB tells two kinds apart.
                value = f"case when isnan({value}) then 'nan' else {value} end" if kind == "double" else value
            shown.append(f'{value} as "{cell(name)}"')
        wanted = dict.fromkeys((*self._columns, *self._order))
        inner = ", ".join(f'"{name}"' for name in wanted)
        query = f"select {', '.join(shown)} from (select {inner} {self._from}) t {' '.join(joins)} {self._sorted('t.')}"
        self._copy(query, path, "format csv, header true, comment ''", given)
        return True

    def _sorted(self, of: str = "") -> str:
        return "order by " + ", ".join(f'{of}"{name}"' for name in self._order)

    def _texts(self) -> dict[str, list[str]]:
        """The distinct texts of each column, and maybe others of the same suites."""
        found: dict[str, list[str]] = {}
        with self._store.reading() as connection:
            for name in (name for name, kind in self._columns.items() if kind == "varchar"):
                text, table, key = (
                    (_OF_RUNS[name], "runs", "run_id in (select unnest(?::varchar[]))")
                    if name in _OF_RUNS
                    else (_OF_PAIRS[name], "pairs", "suite_hash in (select suite_hash from runs where run_id in "
                          "(select unnest(?::varchar[])))")
                )  # fmt: skip
                rows = connection.execute(
                    f"select distinct {text} as text from {table} where {key} and text is not null", [self._runs]
                ).fetchall()
                found[name] = [row[0] for row in rows]
        return found

    def _copy(self, query: str, path: Path, how: str, given: Sequence[list[str]] = ()) -> None:
        import duckdb

        quoted = str(path).replace("'", "''")
        with self._store.reading() as connection:
            try:
                connection.execute(f"copy ({query}) to '{quoted}' ({how})", [self._runs, *given])
            except duckdb.IOException as error:
                if str(path) not in str(error):
                    raise
                raise OSError(str(error).splitlines()[0]) from None


def verdict_rows(store: Store, columns: Mapping[str, str], run_ids: Sequence[str]) -> StoredRows:
    """Columns of `verdicts` in these runs, by protocol, candidate, precision and pair."""
    return StoredRows(store, columns, f"verdicts {_DOUBTS}", run_ids, ["pair_id"])


def failure_rows(
    store: Store, columns: Mapping[str, str], run_ids: Sequence[str], *, with_excluded: bool
) -> StoredRows:
    """Columns of `failures` and of the pairs' texts in these runs, by protocol, candidate, precision and margin.

    Args:
        with_excluded: whether pairs that a person has excluded are among them.
    """
    source = (
        "failures join (select run_id, suite_hash from runs) using (run_id) "
        "join (select suite_hash, pair_id, prompt, chosen, rejected from pairs) using (suite_hash, pair_id) " + _DOUBTS
    )
    return StoredRows(
        store, columns, source, run_ids, ["margin", "pair_id"], "" if with_excluded else " and not excluded"
    )
