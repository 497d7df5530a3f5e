"""Forgetting a model, a run or a suite with all that belongs to it, and bringing it back. Each is one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from engine.store.connection import Store
from engine.store.kept_aside import DAYS, PARTS, Keys, count_part, holders, keep, purge, put_back
from engine.store.owners import OWNED, LeftElsewhere, living_owner, machines_out_of_sight
from engine.store.subjects import Subject
from rubrics.errors import BadInput

if TYPE_CHECKING:
    import duckdb

__all__ = ["Forgotten", "Going", "bring_back", "forget", "forgotten", "would_go"]


@dataclass(frozen=True)
class Going:
    """What would be forgotten."""

    subject: Subject
    counts: Mapping[str, int]
    """Rows by table."""
    runs: tuple[str, ...]
    """The runs among it, in words, newest first."""
    stays: Mapping[str, int]
    """Rows of a model that a person brought along, by table: they stay."""
    left: tuple[LeftElsewhere, ...] = ()
    """Machines out of sight that are said to be at work on some of it."""


@dataclass(frozen=True)
class Forgotten:
    """What was forgotten together, and can be brought back."""

    number: int
    subject: Subject
    counts: Mapping[str, int]
    """Rows by table."""
    at: str
    until: str
    """When it goes for good, at the next writing."""
    kept: Mapping[str, int] = field(default_factory=dict)
    """Once brought back: rows that have been made anew meanwhile and stayed as they are, by table."""


def would_go(store: Store, subject: Subject) -> Going:
    """What belongs to a subject. Nothing is changed."""
    with store.reading() as connection:
        return _going(connection, subject, _keys(connection, subject))


def forget(store: Store, subject: Subject, *, take_over: bool = False) -> Forgotten:
    """Move a subject aside with all that belongs to it; it can be brought back for `DAYS` days.

    Args:
        take_over: also what a process on a machine out of sight is at, as far as is known: it is gone.

    Raises:
        Busy: a living process works on one of its runs; nothing is changed.
        BadInput: nothing is stored of it (any more).
    """
    with store.writing() as connection:
        keys = _keys(connection, subject)
        _refuse_live(connection, keys, take_over=take_over)
        row = connection.execute("select coalesce(max(number), 0) + 1 from forgettings").fetchone()
        number = int(row[0]) if row else 1
        counts = keep(connection, number, keys)
        if not counts:
            raise BadInput("nothing is stored of it", where=subject.name, fix="it may have been forgotten already")
        connection.execute(
            "insert into forgettings (number, kind, key, name, counts) values (?, ?, ?, ?, ?)",
            [number, subject.kind, subject.key, subject.name, json.dumps(counts)],
        )
        return next(item for item in _listed(connection) if item.number == number)


def forgotten(store: Store) -> list[Forgotten]:
    """What can be brought back, newest first."""
    with store.reading() as connection:
        return _listed(connection)


def bring_back(store: Store, number: int | None = None) -> Forgotten:
    """Bring back what was forgotten under a number, or last.

    Every row comes back as it was. What has been made anew meanwhile stays as it is, row by row: a pair that was scored
    again keeps its new verdict, one that was not gets its old one. A run that is there in both is done if the one that
    more pairs were asked of was.

    Raises:
        Busy: a living process works on one of the runs.
        BadInput: there is no such number, or something it rests on was forgotten as well.
    """
    with store.writing() as connection:
        purge(connection)
        listed = _listed(connection)
        item = next((item for item in listed if number in (None, item.number)), None)
        if item is None:
            known = ", ".join(str(item.number) for item in listed)
            raise BadInput(
                f"nothing was forgotten under {number}" if number else "nothing can be brought back",
                fix=f"numbers: {known}" if known else f"what was forgotten is kept for {DAYS} days",
            )
        _refuse_live(connection, _kept_keys(connection, item))
        _refuse_orphans(connection, item, listed)
        met_again = _both(connection, item)
        back = put_back(connection, item.number, item.counts)
        _settle(connection, met_again)
        kept = {table: rows - back.get(table, 0) for table, rows in item.counts.items() if rows > back.get(table, 0)}
        return Forgotten(item.number, item.subject, back, item.at, item.until, kept)


_RUNS: Final = {
    "runs": "runs",
    "trace_runs": "traces",
    "assay_runs": "assays",
    "posttrain_runs": "trainings",
    "construct_runs": "constructions",
}
"""Tables of work, each with its field of `Keys`."""
assert set(_RUNS) == set(OWNED)


def _keys(connection: duckdb.DuckDBPyConnection, subject: Subject) -> Keys:
    """All keys of a subject."""
    ids: dict[str, list[str]] = {}
    for table, name in _RUNS.items():
        if subject.kind == "model":
            column = "" if table == "construct_runs" else "weights_hash"
        elif subject.kind == "suite":
            column = "suite_hash" if table in ("runs", "assay_runs", "posttrain_runs") else ""
        else:
            column = "run_id"
        rows = connection.execute(f"select run_id from {table} where {column} = ?", [subject.key]) if column else None
        ids[name] = [run_id for (run_id,) in rows.fetchall()] if rows else []
    trained = connection.execute(
        "select distinct candidate from posttrain_runs where run_id in (select unnest(?::varchar[]))",
        [ids["trainings"]],
    ).fetchall()
    return Keys(
        **ids,
        weights=[subject.key] if subject.kind == "model" else [],
        suites=[subject.key] if subject.kind == "suite" else [],
        trained=[name for (name,) in trained],
    )


def _going(connection: duckdb.DuckDBPyConnection, subject: Subject, keys: Keys) -> Going:
    counts = {part.table: count_part(connection, part, keys) for part in PARTS if getattr(keys, part.keys)}
    stays = {}
    if subject.kind == "model":
        for table, others in (("outcomes", " and not starts_with(coalesce(source, ''), 'post-trained by rude-tui')"),
                              ("predictors", "")):  # fmt: skip
            row = connection.execute(
                f"select count(*) from {table} where candidate in (select candidate from runs where weights_hash = ?)"
                f"{others}",
                [subject.key],
            ).fetchone()
            stays[table] = int(row[0]) if row else 0
    return Going(
        subject,
        {table: rows for table, rows in counts.items() if rows},
        _in_words(connection, keys),
        {table: rows for table, rows in stays.items() if rows},
        tuple(machines_out_of_sight(connection, [run_id for name in _RUNS.values() for run_id in getattr(keys, name)])),
    )


def _in_words(connection: duckdb.DuckDBPyConnection, keys: Keys) -> tuple[str, ...]:
    rows = connection.execute(
        "select concat_ws(' · ', candidate, suite, protocol, "
        "case prompt when 'none' then 'without the prompt' "
        "when 'other' then 'another pair''s prompt' end, precision), epoch_us(created_at) from runs "
        "where run_id in (select unnest(?::varchar[])) "
        "union all select concat_ws(' · ', candidate, 'traces', precision), epoch_us(created_at) from trace_runs "
        "where run_id in (select unnest(?::varchar[])) "
        "union all select concat_ws(' · ', candidate, 'assay ' || assay, precision), epoch_us(created_at) "
        "from assay_runs "
        "where run_id in (select unnest(?::varchar[])) "
        "union all select concat_ws(' · ', candidate, 'post-training', recipe, 'seed ' || seed), epoch_us(created_at) "
        "from posttrain_runs where run_id in (select unnest(?::varchar[])) "
        "union all select concat_ws(' · ', name, 'construction', method), epoch_us(created_at) from construct_runs "
        "where run_id in (select unnest(?::varchar[])) order by 2 desc, 1",
        [list(keys.runs), list(keys.traces), list(keys.assays), list(keys.trainings), list(keys.constructions)],
    ).fetchall()
    return tuple(row[0] for row in rows)


def _refuse_live(connection: duckdb.DuckDBPyConnection, keys: Keys, *, take_over: bool = False) -> None:
    for table, name in _RUNS.items():
        owner = living_owner(connection, table, getattr(keys, name), take_over=take_over)
        if owner is not None:
            raise owner.busy("at work on one of its runs")


def _listed(connection: duckdb.DuckDBPyConnection) -> list[Forgotten]:
    rows = connection.execute(
        "select number, kind, key, name, counts, strftime(forgotten_at, '%Y-%m-%d %H:%M'), "
        f"strftime(forgotten_at + interval {DAYS} days, '%Y-%m-%d %H:%M') from forgettings "
        f"where forgotten_at >= now() - interval {DAYS} days order by number desc"
    ).fetchall()
    return [
        Forgotten(number, Subject(kind, key, name), json.loads(counts), at, until)
        for number, kind, key, name, counts, at, until in rows
    ]


def _kept_keys(connection: duckdb.DuckDBPyConnection, item: Forgotten) -> Keys:
    """Keys of the runs that are kept under a number."""
    ids = {}
    for table, name in _RUNS.items():
        if table in item.counts:
            rows = connection.execute(
                f"select run_id from forgotten.{table} where forgetting = ?", [item.number]
            ).fetchall()
            ids[name] = [run_id for (run_id,) in rows]
    return Keys(**ids)


_NEEDS: Final = (
    ("runs", "suites", "suite_hash"), ("runs", "candidates", "weights_hash"),
    ("trace_runs", "candidates", "weights_hash"), ("assay_runs", "candidates", "weights_hash"),
    ("posttrain_runs", "candidates", "weights_hash"),
)  # fmt: skip
"""What means nothing without a row of another table, which something forgotten later may hold."""


def _refuse_orphans(connection: duckdb.DuckDBPyConnection, item: Forgotten, listed: list[Forgotten]) -> None:
    for needing, table, key in _NEEDS:
        for number in holders(connection, item.number, needing, table, key):
            other = next((other for other in listed if other.number == number), None)
            if other is not None:
                raise BadInput(
                    f"it rests on the {other.subject.kind} {other.subject.name!r}, which was forgotten as well",
                    where=item.subject.name, fix=f"bring back number {number} first",
                )  # fmt: skip


def _both(connection: duckdb.DuckDBPyConnection, item: Forgotten) -> list[tuple[str, str, str, int]]:
    """Runs that are kept and have been begun anew: table, id, and how the kept one ended, of how many pairs."""
    both = []
    for table in _RUNS:
        if table in item.counts:
            asked = "f.n_wanted" if table == "runs" else "0"
            both += connection.execute(
                f"select '{table}', f.run_id, f.status, {asked} from forgotten.{table} f "
                f"join {table} using (run_id) where f.forgetting = ?",
                [item.number],
            ).fetchall()
    return both


def _settle(connection: duckdb.DuckDBPyConnection, both: list[tuple[str, str, str, int]]) -> None:
    """Have rows of runs say what is true of the verdicts that have come together."""
    for table, run_id, status, asked in both:
        if table != "runs":
            connection.execute(f"update {table} set status = 'done' where run_id = ? and ? = 'done'", [run_id, status])
            continue
        # Whoever laid the run out last knows best what cannot be scored; what has a verdict can.
        connection.execute(
            "delete from skips where run_id = $run and pair_id in (select p.pair_id from verdicts_raw v join runs r "
            "using (run_id) join pairs p on p.suite_hash = r.suite_hash and p.position = v.position "
            "where v.run_id = $run)",
            {"run": run_id},
        )
        connection.execute(
            "update runs set n_wanted = greatest(n_wanted, $asked), "
            "status = case when $asked > n_wanted or ($asked = n_wanted and $status = 'done') then $status "
            "else status end, n_skipped = (select count(*) from skips s where s.run_id = runs.run_id) "
            "where run_id = $run",
            {"run": run_id, "asked": asked, "status": status},
        )
