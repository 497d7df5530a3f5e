"""What is wrong with a database of ours that somebody, or something, has changed behind our back.

Looked at only after something in it could not be read: what is whole needs no looking at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.store.migrations import LATEST, version_of
from engine.store.status import Status

if TYPE_CHECKING:
    import duckdb

__all__ = ["damage"]

_STATUSES: Final = ", ".join(f"'{status}'" for status in Status if status is not Status.CRASHED)
_VALUES: Final = (
    ("runs.status", f"select status from runs where status not in ({_STATUSES})"),
    *(
        (
            f"runs.{column}",
            f"select {column} from runs where not json_valid({column}) or json_type({column}) <> 'OBJECT'",
        )
        for column in ("facts", "versions", "run_key")
    ),
    ("runs.owner_started", "select owner_pid from runs where owner_pid is not null and owner_started is null"),
    ("runs.protocol", "select protocol from runs where protocol not in ('choice', 'likelihood')"),
    ("runs.suite_hash", "select suite_hash from runs where suite_hash not in (select suite_hash from suites)"),
    (
        "verdicts_raw.position",
        "select v.position from verdicts_raw v join runs r using (run_id) left join pairs p on p.suite_hash = "
        "r.suite_hash and p.position = v.position where p.pair_id is null",
    ),
    (
        "verdicts_raw",
        "select v.ll_chosen from verdicts_raw v join runs r using (run_id) where (r.protocol = 'likelihood' and not "
        "coalesce(isfinite(ll_chosen) and isfinite(ll_rejected), false)) or (r.protocol = 'choice' and not "
        "coalesce(isfinite(log_odds_chosen_first) and isfinite(log_odds_rejected_first), false))",
    ),
    (
        "suites.n_pairs",
        "select s.name from suites s left join (select suite_hash, count(*) as n, max(position) as last from pairs "
        "group by all) p using (suite_hash) where s.n_pairs <> coalesce(n, 0) or (n > 0 and last <> n - 1)",
    ),
    (
        "criteria",
        "select p.pair_id from pairs p left join criteria c on c.suite_hash = p.suite_hash and c.position = p.position "
        "where c.criterion is null",
    ),
)  # fmt: skip
"""Values that this program never writes: where, and a query for one of them."""


def damage(connection: duckdb.DuckDBPyConnection, blank: duckdb.DuckDBPyConnection) -> str:
    """What is wrong with the database in use, in one phrase; empty where nothing is found.

    Args:
        blank: an empty database of ours, which the schema is held against.
    """
    import duckdb

    if (version := version_of(connection)) != LATEST:
        return f"its tables are not those of its schema, {version}"
    there, wanted = _columns(connection), _columns(blank)
    if lacking := sorted(set(wanted) - set(there)):
        table, column = lacking[0]
        whole = not any(name == table for name, _ in there)
        return f"it has no table {table}" if whole else f"its table {table} has no column {column}"
    if other := [name for name, kind in sorted(wanted.items()) if there[name] != kind]:
        return f"{'.'.join(other[0])} is of another type"
    ours = {table for table, _ in wanted}
    # A person's own tables beside ours are no damage.
    if more := sorted(name for name in set(there) - set(wanted) if name[0] in ours):
        return f"its table {more[0][0]} has a column {more[0][1]} that this program did not make"
    for place, query in _VALUES:
        try:
            row = connection.execute(query).fetchone()
        except duckdb.Error as error:
            return f"{place} cannot be read ({str(error).splitlines()[0][:120]})"
        if row is not None:
            return f"{place} holds {str(row[0])[:40]!r}, which was not written by this program"
    return ""


def _columns(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    rows = connection.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where database_name = current_database() and schema_name = 'main' and not internal"
    ).fetchall()
    return {(table, column): kind for table, column, kind in rows}
