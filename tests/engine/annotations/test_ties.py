"""An outcome is tied to what it is the outcome of through one door."""

from __future__ import annotations

import pytest

from engine.annotations.outcomes import tie
from engine.outcomes.outcome import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes, stored_outcomes
from rubrics.errors import BadInput


def test_a_tie_is_made_and_taken_back(store: Store) -> None:
    add_outcomes(store, [Outcome("a", "exam", 1.0), Outcome("b", "exam", 2.0), Outcome("a", "other", 1.0)])
    assert tie(store, "exam", " law and finance ") == 2
    tied = {one.outcome: one.domain for one in stored_outcomes(store)}
    assert tied == {"exam": "law and finance", "other": None}
    tie(store, "exam", None)
    assert {one.domain for one in stored_outcomes(store)} == {None}


@pytest.mark.parametrize(("outcome", "domain"), [("exam", ""), ("exam", "a\0b"), ("exams", "law")])
def test_what_cannot_be_tied_is_refused(store: Store, outcome: str, domain: str) -> None:
    add_outcomes(store, [Outcome("a", "exam", 1.0)])
    with pytest.raises(BadInput):
        tie(store, outcome, domain)
