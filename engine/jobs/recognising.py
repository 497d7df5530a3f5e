"""Whether a served candidate is one that runs are stored of: its fingerprint is never read twice to the last digit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.candidates.candidate import Candidate
from engine.candidates.fingerprint import recognised
from engine.store.connection import Store
from engine.store.served import served_identities

__all__ = ["with_known_fingerprints"]


def with_known_fingerprints(store: Store, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The same candidates; served ones that are known by all else, and whose fingerprint is that of a stored one but
    for rounding, have that one, and so the key of its runs.

    Args:
        candidates: as `looked_at` gives them.
    """
    if not any(candidate.served is not None and candidate.served.fingerprint for candidate in candidates):
        return list(candidates)
    stored = served_identities(store)
    return [_known(candidate, stored) for candidate in candidates]


def _known(candidate: Candidate, stored: Sequence[object]) -> Candidate:
    served = candidate.served
    if served is None or not served.fingerprint:
        return candidate
    known = [
        identity["fingerprint"]
        for identity in stored
        if isinstance(identity, dict) and {**served.identity, "fingerprint": identity["fingerprint"]} == identity
    ]
    return replace(candidate, served=replace(served, fingerprint=recognised(served.fingerprint, served.spread, known)))
