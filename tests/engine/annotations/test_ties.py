"""An outcome is tied to what it is the outcome of through one door."""

from __future__ import annotations

import pytest

from engine.annotations.outcomes import tie
from engine.outcomes.outcome import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes, stored_outcomes
from engine.store.suites import add_suite
from rubrics.errors import BadInput
from rubrics.reading import find_suite


def test_a_tie_is_made_and_taken_back(store: Store) -> None:
    add_outcomes(store, [Outcome("a", "exam", 1.0), Outcome("b", "exam", 2.0), Outcome("a", "other", 1.0)])
    assert tie(store, "exam", " law and finance ") == (2, "law and finance", False)
    tied = {one.outcome: one.domain for one in stored_outcomes(store)}
    assert tied == {"exam": "law and finance", "other": None}
    tie(store, "exam", None)
    assert {one.domain for one in stored_outcomes(store)} == {None}


def test_a_tie_is_spelt_as_the_suites_spell_it(store: Store) -> None:
    add_outcomes(store, [Outcome("a", "exam", 1.0)])
    add_suite(store, find_suite("core"))
    assert tie(store, "exam", "Health Advice") == (1, "health advice", True)
    assert tie(store, "exam", "format") == (1, "Format", True)
    assert tie(store, "exam", "nonsense") == (1, "nonsense", False)


@pytest.mark.parametrize(("outcome", "domain"), [("exam", ""), ("exam", "a\0b"), ("exams", "law")])
def test_what_cannot_be_tied_is_refused(store: Store, outcome: str, domain: str) -> None:
    add_outcomes(store, [Outcome("a", "exam", 1.0)])
    with pytest.raises(BadInput):
        tie(store, outcome, domain)
