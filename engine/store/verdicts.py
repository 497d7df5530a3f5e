"""What candidates did on pairs: written batch by batch, read back as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.store.connection import Store

__all__ = [
    "PackedTokens",
    "RawVerdicts",
    "Skip",
    "Verdict",
    "add_skips",
    "add_verdicts",
    "done_pairs",
    "load_verdicts",
    "skip_reasons",
    "skipped_ids",
    "skipped_pairs",
]


class Verdict(NamedTuple):
    """What one candidate did on one pair. Log-odds and log-likelihoods in nats; what a protocol lacks is None."""

    pair_id: str
    log_odds_chosen_first: float | None = None
    log_odds_rejected_first: float | None = None
    ll_chosen: float | None = None
    ll_rejected: float | None = None
    tokens_chosen: int | None = None
    tokens_rejected: int | None = None
    bytes_chosen: int | None = None
    bytes_rejected: int | None = None
    single_chosen_first: bool | None = None
    """Which order counts for `single`."""


@dataclass(frozen=True)
class Skip:
    """A pair that could not be scored, and why."""

    pair_id: str
    reason: str
    tokens: int | None = None
    token_limit: int | None = None


class PackedTokens(NamedTuple):
    """Token scores of one response."""

    pair_id: str
    view: str
    scores: bytes
    """`engine.layout.requests.TokenScores`, packed."""
    lengths: Sequence[int]
    """UTF-8 bytes of the response that each token stands for."""


@dataclass(frozen=True)
class RawVerdicts:
    """One run's verdicts as columns of equal length; NaN where a protocol has no such number."""

    position: npt.NDArray[np.int32]
    """Place of the pair in its suite."""
    log_odds_chosen_first: npt.NDArray[np.float64]
    log_odds_rejected_first: npt.NDArray[np.float64]
    ll_chosen: npt.NDArray[np.float64]
    ll_rejected: npt.NDArray[np.float64]
    tokens_chosen: npt.NDArray[np.float64]
    tokens_rejected: npt.NDArray[np.float64]
    bytes_chosen: npt.NDArray[np.float64]
    bytes_rejected: npt.NDArray[np.float64]
    single_chosen_first: npt.NDArray[np.bool_]


_NUMBERS: Final = Verdict._fields[1:]
_NUMPY: Final = {"position": np.int32, "single_chosen_first": np.bool_}
_OF_PROTOCOL: Final = {
    "choice": ("log_odds_chosen_first", "log_odds_rejected_first", "single_chosen_first"),
    "likelihood": ("ll_chosen", "ll_rejected", "tokens_chosen", "tokens_rejected", "bytes_chosen", "bytes_rejected"),
}


def add_verdicts(
    store: Store, run_id: str, verdicts: Sequence[Verdict], token_scores: Sequence[PackedTokens] = ()
) -> None:
    """Store one batch, whole or not at all. A pair that already has a verdict in this run keeps it.

    Args:
        token_scores: of the same batch.
    """
    if not verdicts:
        return
    with store.writing() as connection:
        # DuckDB reads numpy's columns where they lie, and NaN as nothing; lists it would take apart value by value.
        connection.register("batch", _as_numpy(verdicts))
        connection.execute(
            f"insert into verdicts_raw select r.run_id, p.position, {', '.join(f'b.{name}' for name in _NUMBERS)} "
            "from batch b join runs r on r.run_id = ? "
            "join pairs p on p.suite_hash = r.suite_hash and p.pair_id = b.pair_id on conflict do nothing",
            [run_id],
        )
        if token_scores:
            # A statement for each would take longer than many a pair takes to be scored.
            connection.execute(
                "insert into token_scores select ?, unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::blob[]), "
                "unnest(?::integer[][]) on conflict do nothing",
                [run_id, *(list(column) for column in zip(*token_scores, strict=True))],
            )
        connection.execute("update runs set updated_at = now() where run_id = ?", [run_id])


def _as_numpy(verdicts: Sequence[Verdict]) -> dict[str, npt.NDArray[Any]]:
    ids, *numbers = zip(*verdicts, strict=True)
    columns = {name: np.array(values, dtype=np.float64) for name, values in zip(_NUMBERS, numbers, strict=True)}
    return {"pair_id": np.array(ids, dtype=object), **columns}


def add_skips(store: Store, run_id: str, skips: Sequence[Skip]) -> None:
    """Write down which pairs of a run cannot be scored; replaces what an earlier stretch said."""
    with store.writing() as connection:
        connection.execute("delete from skips where run_id = ?", [run_id])
        if skips:
            connection.execute(
                "insert into skips select ?, unnest(?::varchar[]), unnest(?::varchar[]), unnest(?::integer[]), "
                "unnest(?::integer[])",
                [
                    run_id,
                    [skip.pair_id for skip in skips],
                    [skip.reason for skip in skips],
                    [skip.tokens for skip in skips],
                    [skip.token_limit for skip in skips],
                ],
            )
        connection.execute("update runs set n_skipped = ? where run_id = ?", [len(skips), run_id])


def done_pairs(store: Store, run_id: str, *, with_tokens: bool = False) -> set[str]:
    """Ids of the pairs that already have a verdict in this run; `with_tokens`: and their token scores."""
    query = (
        "select p.pair_id from verdicts_raw v join runs r using (run_id) "
        "join pairs p on p.suite_hash = r.suite_hash and p.position = v.position where v.run_id = ?"
    )
    if with_tokens:
        query += " and p.pair_id in (select pair_id from token_scores where run_id = ?)"
    with store.reading() as connection:
        rows = connection.execute(query, [run_id] * (1 + with_tokens)).fetchall()
    return {row[0] for row in rows}


def skipped_ids(store: Store, run_ids: Sequence[str]) -> set[str]:
    """Ids of the pairs that at least one of these runs is known to be unable to score."""
    with store.reading() as connection:
        rows = connection.execute(
            "select distinct pair_id from skips where run_id in (select unnest(?::varchar[]))", [list(run_ids)]
        ).fetchall()
    return {row[0] for row in rows}


class SkipReason(NamedTuple):
    """Why pairs could not be scored."""

    reason: str
    pairs: int
    tokens: int
    """Of the longest request."""
    token_limit: int | None
    """The most that any of the candidates takes; None where that is not the reason."""


def skip_reasons(store: Store, run_ids: Sequence[str]) -> list[SkipReason]:
    """Why pairs of these runs could not be scored, the reason of most pairs first."""
    with store.reading() as connection:
        rows = connection.execute(
            "select reason, count(distinct pair_id), max(tokens), max(token_limit) from skips "
            "where run_id in (select unnest(?::varchar[])) group by reason order by 2 desc, 1",
            [list(run_ids)],
        ).fetchall()
    return [SkipReason(*row) for row in rows]


def skipped_pairs(store: Store, run_id: str) -> int:
    """How many pairs of this run are known to be unscorable."""
    with store.reading() as connection:
        row = connection.execute("select count(*) from skips where run_id = ?", [run_id]).fetchone()
    return int(row[0]) if row else 0


def load_verdicts(store: Store, protocol: str, run_ids: Sequence[str]) -> dict[str, RawVerdicts]:
    """Columns of several runs of one protocol, each sorted by the pair's place in its suite."""
    if not run_ids:
        return {}
    names = ["position", *_OF_PROTOCOL[protocol]]
    with store.reading() as connection:
        arrays = connection.execute(
            "select w.run, " + ", ".join(f"v.{name}" for name in names) + " from verdicts_raw v "
            "join (select unnest(?::varchar[]) as run_id, unnest(range(?)) as run) w using (run_id)",
            [list(run_ids), len(run_ids)],
        ).fetchnumpy()
    run, position = np.asarray(arrays["run"]), np.asarray(arrays["position"])
    order = _order(run, position)
    edges = np.searchsorted(run[order], np.arange(len(run_ids) + 1))
    columns = {name: _plain(name, arrays[name])[order] for name in names}
    return {
        run_id: _columns({name: values[edges[i] : edges[i + 1]] for name, values in columns.items()})
        for i, run_id in enumerate(run_ids)
    }


def _order(run: npt.NDArray[Any], position: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    # Each (run, position) occurs once, so dropping rows into their slots sorts them without comparing any.
    width = int(position.max(initial=0)) + 1
    slots = np.full((int(run.max(initial=-1)) + 1) * width, -1, dtype=np.int64)
    slots[run.astype(np.int64) * width + position] = np.arange(len(run))
    return slots[slots >= 0]


def _plain(name: str, values: Any) -> npt.NDArray[Any]:
    # A column with nulls comes back masked; NaN says the same in a plain array.
    kind = _NUMPY.get(name, np.float64)
    if isinstance(values, np.ma.MaskedArray) and kind is np.float64:
        return np.where(np.ma.getmaskarray(values), np.nan, values.data.astype(np.float64))
    return np.asarray(values, dtype=kind)


def _columns(columns: dict[str, npt.NDArray[Any]]) -> RawVerdicts:
    length = len(columns["position"])
    lacking = np.broadcast_to(np.nan, length)
    values = {field.name: columns.get(field.name, lacking) for field in fields(RawVerdicts)}
    values["single_chosen_first"] = columns.get("single_chosen_first", np.broadcast_to(np.False_, length))
    return RawVerdicts(**values)
