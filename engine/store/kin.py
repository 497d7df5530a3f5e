"""What tells whose kin a model is, by the hash of its weights; and the families that a person has said."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from engine.candidates.kin import Kin, Sample
from engine.store.connection import Store
from engine.store.models import StoredModel, stored_models

if TYPE_CHECKING:
    from engine.candidates.candidate import Candidate

__all__ = [
    "Kin", "Sample", "forget_families", "remember_kin", "said_families", "say_families", "stored_kin",
    "without_kin",
]  # fmt: skip


def remember_kin(store: Store, candidate: Candidate, weights_hash: str) -> None:
    """Keep what the files of a candidate tell, unless it is known of these weights."""
    from engine.candidates.kin import kin_of

    if weights_hash in stored_kin(store, [weights_hash]):
        return
    kin = kin_of(candidate)
    about = [[sample.name, list(sample.shape), len(sample.values)] for sample in kin.samples]
    with store.writing() as connection:
        connection.execute(
            "insert or replace into kin (weights_hash, model_type, layers, hidden, heads, vocabulary, tensors, samples)"
            " values (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                weights_hash, kin.model_type, kin.layers, kin.hidden, kin.heads, kin.vocabulary, json.dumps(about),
                b"".join(sample.values.astype("<f2").tobytes() for sample in kin.samples),
            ],
        )  # fmt: skip


def stored_kin(store: Store, hashes: Sequence[str]) -> dict[str, Kin]:
    """By weights hash; weights of which nothing is known are left out."""
    import numpy as np

    with store.reading() as connection:
        rows = connection.execute(
            "select weights_hash, model_type, layers, hidden, heads, vocabulary, tensors, samples from kin "
            "where weights_hash in (select unnest(?::varchar[])) order by weights_hash",
            [list(hashes)],
        ).fetchall()
    found = {}
    for weights_hash, kind, layers, hidden, heads, vocabulary, tensors, samples in rows:
        values, at, held = np.frombuffer(samples, "<f2"), 0, []
        for name, shape, count in json.loads(tensors):
            held.append(Sample(name, tuple(shape), values[at : at + count]))
            at += count
        found[weights_hash] = Kin(kind, layers, hidden, heads, vocabulary, tuple(held))
    return found


def without_kin(store: Store) -> list[StoredModel]:
    """The candidates of which nothing is known yet, by name."""
    models = stored_models(store)
    known = stored_kin(store, [model.weights_hash for model in models])
    return [model for model in models if model.weights_hash not in known]


def say_families(store: Store, families: Mapping[str, str]) -> None:
    """Keep what a person says of candidates' families; what was said before of one of them goes."""
    with store.writing() as connection:
        for candidate, family in families.items():
            connection.execute("insert or replace into families (candidate, family) values (?, ?)", [candidate, family])


def said_families(store: Store) -> dict[str, str]:
    """By candidate's name: the family that a person has said."""
    with store.reading() as connection:
        return dict(connection.execute("select candidate, family from families order by candidate").fetchall())


def forget_families(store: Store, candidates: Iterable[str]) -> int:
    """Forget what was said of these candidates' families; of how many something was."""
    with store.writing() as connection:
        gone = connection.execute(
            "delete from families where candidate = any(?::varchar[]) returning candidate", [list(candidates)]
        ).fetchall()
    return len(gone)
