"""The pairs of stored suites as columns, as lines of a list and as counts, and those that hold a text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.store.connection import Store

__all__ = [
    "PairColumns",
    "PairLine",
    "ViolatedCriteria",
    "cluster_prompts",
    "count_coverage",
    "count_groups",
    "pair_columns",
    "pair_lines",
    "pair_places",
    "prompt_beginnings",
    "stored_parts",
    "violated_criteria",
    "violated_texts",
]

_TextColumn = npt.NDArray[np.object_]


class PairColumns(NamedTuple):
    """All pairs of a suite in their order, as columns of shape (pairs,)."""

    pair_id: _TextColumn
    scored: npt.NDArray[np.bool_]
    """Exemplars are not."""
    group: _TextColumn
    cluster: _TextColumn
    domain: _TextColumn
    subcategories: _TextColumn
    """Those that the rejected response falls short in, joined by `;`."""


class ViolatedCriteria(NamedTuple):
    """The violated criteria of all pairs of a suite, as columns of shape (criteria,), by pair and in rubric order."""

    position: npt.NDArray[np.int32]
    """Place of the pair in the suite."""
    criterion: _TextColumn
    subcategory: _TextColumn


class PairLine(NamedTuple):
    """What a list shows of a pair."""

    pair_id: str
    domain: str
    subcategories: tuple[str, ...]
    violated: tuple[str, ...]
    shot: bool
    prompt: str
    """Its beginning."""


def pair_columns(store: Store, suite_hash: str) -> PairColumns:
    """The columns of a suite."""
    with store.reading() as connection:
        columns = connection.execute(
            "select pair_id, split, \"group\", cluster, domain, array_to_string(subcategories, ';') as subcategories "
            "from pairs where suite_hash = ? order by position",
            [suite_hash],
        ).fetchnumpy()
    # What has no split comes back masked.
    scored = np.ma.getmaskarray(np.ma.asarray(columns.pop("split"))).copy()
    return PairColumns(scored=scored, **columns)


def cluster_prompts(store: Store, suite_hash: str) -> list[tuple[str, str]]:
    """Each cluster of scored pairs with the first of its prompts, in the suite's order."""
    with store.reading() as connection:
        return connection.execute(
            "select cluster, arg_min(prompt, position) from pairs where suite_hash = ? and split is null "
            "group by cluster order by min(position)",
            [suite_hash],
        ).fetchall()


def violated_criteria(store: Store, suite_hash: str) -> ViolatedCriteria:
    """The violated criteria of a suite."""
    with store.reading() as connection:
        columns = connection.execute(
            "select position, criterion, subcategory from criteria where suite_hash = ? and violated "
            "order by position, ordinal",
            [suite_hash],
        ).fetchnumpy()
    return ViolatedCriteria(**columns)


def prompt_beginnings(store: Store, suite_hash: str, characters: int) -> list[str]:
    """The first so many characters of every prompt of a suite, in its order."""
    with store.reading() as connection:
        rows = connection.execute(
            "select left(prompt, ?) from pairs where suite_hash = ? order by position", [characters, suite_hash]
        ).fetchall()
    return [prompt for (prompt,) in rows]


def violated_texts(store: Store, suite_hash: str, characters: int) -> list[tuple[int, str]]:
    """The violated criteria of a suite in words: the pair's place and the first so many characters, in rubric order."""
    with store.reading() as connection:
        return connection.execute(
            "select position, left(text, ?) from criteria where suite_hash = ? and violated order by position, ordinal",
            [characters, suite_hash],
        ).fetchall()


def stored_parts(store: Store) -> tuple[list[str], list[int]]:
    """What the scored pairs of all suites can be split into: domains by name, and numbers of violated criteria."""
    with store.reading() as connection:
        columns = [
            connection.execute(f"select distinct {column} from pairs where split is null order by 1").fetchall()
            for column in ("domain", "n_violated")
        ]
    domains, sizes = ([value for (value,) in rows] for rows in columns)
    return domains, sizes


def pair_places(
    store: Store, suite_hash: str, *, text: str = "", subcategory: str = "", size: int = 0, or_more: bool = False
) -> npt.NDArray[np.int32]:
    """(matches,): places in the suite of the pairs that meet every condition given, in order.

    Args:
        text: is in the id, prompt, responses or criteria, whatever the case.
        size: so many criteria are violated, `or_more`; exemplars are left out.
    """
    conditions = ["suite_hash = $hash"]
    values: dict[str, Any] = {"hash": suite_hash}
    if text:
        values["text"] = text
        fields = " or ".join(
            f"contains(lower({field}), lower($text))" for field in ("pair_id", "prompt", "chosen", "rejected")
        )
        criteria = "select position from criteria where suite_hash = $hash and contains(lower(text), lower($text))"
        conditions.append(f"({fields} or position in ({criteria}))")
    if subcategory:
        values["subcategory"] = subcategory
        conditions.append("list_contains(subcategories, $subcategory)")
    if size:
        values["size"] = size
        conditions.append(f"split is null and n_violated {'>=' if or_more else '='} $size")
    with store.reading() as connection:
        columns = connection.execute(
            f"select position from pairs where {' and '.join(conditions)} order by position", values
        ).fetchnumpy()
    return np.asarray(columns["position"], dtype=np.int32)


def pair_lines(store: Store, suite_hash: str, places: Sequence[int], *, prompt_characters: int) -> list[PairLine]:
    """The pairs at these places of a suite, in the same order.

    Args:
        prompt_characters: how much of each prompt to read.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "select position, pair_id, domain, subcategories, violated, split is not null, left(prompt, ?) "
            "from pairs where suite_hash = ? and position in (select unnest(?::integer[]))",
            [prompt_characters, suite_hash, [int(place) for place in places]],
        ).fetchall()
    lines = {row[0]: PairLine(row[1], row[2], tuple(row[3]), tuple(row[4]), row[5], row[6]) for row in rows}
    return [lines[place] for place in places]


def count_groups(store: Store, suite_hashes: Sequence[str]) -> dict[str, int]:
    """Groups of scored pairs, by suite hash."""
    with store.reading() as connection:
        rows = connection.execute(
            'select suite_hash, count(distinct "group") from pairs where split is null and suite_hash in '
            "(select unnest(?::varchar[])) group by suite_hash",
            [list(suite_hashes)],
        ).fetchall()
    return dict(rows)


def count_coverage(store: Store, suite_hash: str, *, largest: int) -> dict[tuple[str, int], int]:
    """Scored pairs of a suite by subcategory and number of criteria violated.

    Args:
        largest: the number that stands for itself and more.
    """
    with store.reading() as connection:
        rows = connection.execute(
            "select subcategory, least(n_violated, ?) as size, count(*) from "
            "(select unnest(subcategories) as subcategory, n_violated from pairs "
            "where suite_hash = ? and split is null) group by all",
            [largest, suite_hash],
        ).fetchall()
    return {(subcategory, size): number for subcategory, size, number in rows}
