"""Suites and pairs in the store. A suite is its hash: once stored it never changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.schema import Pair, Suite
from rubrics.taxonomy import category_of

__all__ = [
    "StoredSuite",
    "SuiteSource",
    "add_suite",
    "find_pair",
    "load_pairs",
    "shot_ids",
    "stored_suites",
    "suite_source",
]


@dataclass(frozen=True)
class StoredSuite:
    """One stored version of a suite."""

    suite_hash: str
    name: str
    n_pairs: int
    n_scored: int
    card: str
    n_runs: int
    added_at: str


class SuiteSource(NamedTuple):
    """Where a stored suite was read from."""

    path: str
    """What a run was given: the name of a built-in suite, else its file; empty where there was none."""
    n_scored: int


def add_suite(store: Store, suite: Suite, path: str = "") -> None:
    """Store a suite with its pairs and criteria; one already there is left as it is."""
    with store.reading() as connection:
        if connection.execute("select 1 from suites where suite_hash = ?", [suite.hash]).fetchone():
            return
    pairs: list[tuple[Any, ...]] = []
    criteria: list[tuple[Any, ...]] = []
    for position, pair in enumerate(suite.pairs):
        pairs.append((
            position, pair.id, pair.domain, pair.group, pair.cluster, pair.prompt_text,
            json.dumps(pair.model_dump(mode="json")["prompt"], ensure_ascii=False), pair.chosen, pair.rejected,
            len(pair.violated), [str(c) for c in pair.categories], [str(s) for s in pair.subcategories],
            list(pair.violated), pair.split, pair.source, pair.license,
        ))  # fmt: skip
        for ordinal, criterion in enumerate(pair.criteria):
            criteria.append((
                position, pair.id, ordinal, criterion.id, criterion.text, str(criterion.subcategory),
                str(category_of(criterion.subcategory)), criterion.id in pair.violated,
            ))  # fmt: skip
    with store.writing() as connection:
        # Two programs may store the same suite at once; the first one's rows stand.
        taken = connection.execute(
            "insert into suites (suite_hash, name, n_pairs, n_scored, card, path) values (?, ?, ?, ?, ?, ?) "
            "on conflict do nothing returning suite_hash",
            [suite.hash, suite.name, len(suite.pairs), len(suite.scored), suite.card, path],
        ).fetchone()
        if not taken:
            return
        integer, text, texts, truth = "integer[]", "varchar[]", "varchar[][]", "boolean[]"
        _insert(connection, "pairs", suite.hash, pairs, [
            integer, text, text, text, text, text, text, text, text, integer, texts, texts, texts, text, text, text,
        ])  # fmt: skip
        _insert(connection, "criteria", suite.hash, criteria, [integer, text, integer, text, text, text, text, truth])


def _insert(connection: Any, table: str, suite_hash: str, rows: list[tuple[Any, ...]], types: list[str]) -> None:
    # Whole columns unnested in one statement: a hundred times quicker than a row at a time.
    unnested = ", ".join(f"unnest(?::{kind})" for kind in types)
    connection.execute(f"insert into {table} select ?, {unnested}", [suite_hash, *map(list, zip(*rows, strict=True))])


def stored_suites(store: Store) -> list[StoredSuite]:
    """Every stored suite, newest first, with the number of runs on it."""
    with store.reading() as connection:
        rows = connection.execute(
            "select s.suite_hash, s.name, s.n_pairs, s.n_scored, s.card, "
            "(select count(*) from runs r where r.suite_hash = s.suite_hash), "
            "strftime(s.added_at, '%Y-%m-%d %H:%M') from suites s order by s.added_at desc, s.name"
        ).fetchall()
    return [StoredSuite(*row) for row in rows]


def suite_source(store: Store, suite_hash: str) -> SuiteSource | None:
    """Where a suite was read from; None where it is not stored."""
    with store.reading() as connection:
        row = connection.execute(
            "select coalesce(path, ''), n_scored from suites where suite_hash = ?", [suite_hash]
        ).fetchone()
    return SuiteSource(*row) if row else None


def find_pair(store: Store, suite_hash: str, pair_id: str) -> Pair:
    """One stored pair, as it was read.

    Raises:
        BadInput: the suite holds no such pair.
    """
    return load_pairs(store, suite_hash, [pair_id])[0]


def load_pairs(store: Store, suite_hash: str, pair_ids: Sequence[str] | None = None) -> list[Pair]:
    """Stored pairs as they were read, in suite order; all of the suite where no ids are given.

    Raises:
        BadInput: the suite does not hold one of them.
    """
    with store.reading() as connection:
        condition, values = _among("pair_id", "varchar", pair_ids)
        rows = connection.execute(
            'select position, pair_id, domain, "group", cluster, prompt_json, chosen, rejected, violated, split, '
            f"source, license from pairs where suite_hash = ?{condition} order by position",
            [suite_hash, *values],
        ).fetchall()
        condition, values = _among("position", "integer", None if pair_ids is None else [row[0] for row in rows])
        rules = connection.execute(
            "select position, criterion, text, subcategory from criteria "
            f"where suite_hash = ?{condition} order by position, ordinal",
            [suite_hash, *values],
        ).fetchall()
    missing = set(pair_ids or ()) - {row[1] for row in rows}
    if missing:
        raise BadInput(
            f"no pair {min(missing)!r} in this suite", fix="the suite lists its ids", shell="rude-tui suite show"
        )
    criteria: dict[int, list[dict[str, Any]]] = {}
    for position, criterion, text, subcategory in rules:
        criteria.setdefault(position, []).append({"id": criterion, "text": text, "subcategory": subcategory})
    return [
        Pair.model_validate(
            {
                "id": row[1], "domain": row[2], "group": row[3], "cluster": row[4], "prompt": json.loads(row[5]),
                "chosen": row[6], "rejected": row[7], "criteria": criteria[row[0]], "violated": row[8],
                "split": row[9], "source": row[10], "license": row[11],
            }
        )
        for row in rows
    ]  # fmt: skip


def _among(column: str, kind: str, values: Sequence[Any] | None) -> tuple[str, list[Any]]:
    """A condition that a column holds one of these, and what it is asked with; none where no values are given."""
    if values is None:
        return "", []
    if len(values) == 1:
        return f" and {column} = ?", [values[0]]
    # A list that is searched for every row costs several times what a join does, which costs more than one value.
    return f" and {column} in (select unnest(?::{kind}[]))", [list(values)]


def shot_ids(store: Store, suite_hash: str) -> list[str]:
    """The pairs of a suite that are exemplars: shown, never scored."""
    with store.reading() as connection:
        rows = connection.execute(
            "select pair_id from pairs where suite_hash = ? and split = 'shot' order by position", [suite_hash]
        ).fetchall()
    return [row[0] for row in rows]
