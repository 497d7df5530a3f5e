"""A ranking as lines: sorted, filtered, profiled."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.results.board import Question
from engine.results.rankings import RankingTable, rankings
from engine.store.connection import Store
from screens.rankings.state import (
    CandidateRow,
    RankingsState,
    Standings,
    candidate_rows,
    profile,
    rank_text,
    scope_names,
    standing,
    tie_sets,
)
from screens.shell.order import Order


@pytest.fixture(scope="module")
def table(garden_file: Path) -> RankingTable:
    return rankings(Store(garden_file), Question(protocol="likelihood"), resamples=200)


def _names(table: RankingTable, order: Order, wanted: str = "") -> list[str]:
    return [line.entrant.label for line in candidate_rows(table, order, wanted)]


def test_by_rank_the_best_comes_first(table: RankingTable) -> None:
    found = candidate_rows(table)
    assert [line.overall.rank for line in found] == sorted(line.overall.rank for line in found)
    assert found[0].overall.value == max(line.overall.value for line in found)


def test_sorting_by_name_size_and_scope(table: RankingTable) -> None:
    assert _names(table, Order("candidate")) == ["alder-1m", "birch-3m", "moss-200k", "oak-7m"]
    assert _names(table, Order("parameters")) == ["oak-7m", "birch-3m", "alder-1m", "moss-200k"]
    assert _names(table, Order("parameters", reverse=True))[0] == "moss-200k"
    values = [line.scopes["Control"].value for line in candidate_rows(table, Order("Control"))]
    assert values == sorted(values, reverse=True)


def test_asking_twice_turns_the_order_round() -> None:
    assert Order("rank").chosen("value") == Order("value")
    assert Order("value").chosen("value") == Order("value", reverse=True)


def test_filter_is_case_blind(table: RankingTable) -> None:
    assert _names(table, Order("rank"), "OAK") == ["oak-7m"]
    assert _names(table, Order("rank"), "no such") == []


def test_rank_text_and_standing(table: RankingTable) -> None:
    row = table.overall.rows[0]
    assert rank_text(replace(row, rank_low=2, rank_high=2)) == "2"
    assert rank_text(replace(row, rank_low=1, rank_high=3)) == "1–3"
    assert standing(replace(row, value=0.8, ci_low=0.6, ci_high=0.9), 0.5) == "above"
    assert standing(replace(row, value=0.5, ci_low=0.4, ci_high=0.6), 0.5) == "at"
    assert standing(replace(row, value=0.3, ci_low=0.2, ci_high=0.4), 0.5) == "below"
    assert standing(replace(row, value=math.nan), 0.5) == "at"


def test_a_profile_names_only_what_is_sure(table: RankingTable) -> None:
    line = candidate_rows(table)[0]
    whole = replace(line.overall, value=0.6)
    scopes = {
        "Content": replace(whole, value=0.9, ci_low=0.7, ci_high=1.0),
        "Control": replace(whole, value=0.65, ci_low=0.5, ci_high=0.8),
        "Compliance": replace(whole, value=0.3, ci_low=0.1, ci_high=0.5),
    }
    assert profile(replace(line, overall=whole, scopes=scopes)) == (["Content"], ["Compliance"])


def test_scopes_leave_out_the_whole(table: RankingTable) -> None:
    assert scope_names(table) == ["Competence", "Content", "Control", "Compliance"]


def _told(table: RankingTable, values: dict[str, float], tied: set[frozenset[str]]) -> list[CandidateRow]:
    line = candidate_rows(table)[0]
    return [
        replace(
            line,
            overall=replace(
                line.overall,
                candidate=name,
                value=value,
                tied_with=tuple(other for other in values if frozenset((name, other)) in tied),
            ),
        )
        for name, value in values.items()
    ]


def test_tie_sets_are_the_longest_runs_in_which_no_two_are_told_apart(table: RankingTable) -> None:
    tied = {frozenset(pair) for pair in ("ab", "bc", "cd", "bd")}
    found = _told(table, {"d": 0.5, "a": 0.9, "c": 0.6, "e": 0.1, "b": 0.8}, tied)
    names = [[line.overall.candidate for line in members] for members in tie_sets(found)]
    assert names == [["a", "b"], ["b", "c", "d"], ["e"]]


@given(st.integers(0, 8), st.data())
def test_every_candidate_stands_in_a_tie_set_and_no_set_inside_another(
    table: RankingTable, count: int, data: st.DataObject
) -> None:
    names = "abcdefgh"[:count]
    pairs = [frozenset((a, b)) for i, a in enumerate(names) for b in names[i + 1 :]]
    tied = {pair for pair in pairs if data.draw(st.booleans())}
    found = [
        {line.overall.candidate for line in s}
        for s in tie_sets(_told(table, {n: i for i, n in enumerate(names)}, tied))
    ]
    assert set().union(*found) == set(names)
    assert not any(a < b for a in found for b in found)
    for members in found:
        assert all(frozenset((a, b)) in tied for a in members for b in members if a != b)


def test_what_a_person_makes_of_a_ranking_outlives_another_answer(table: RankingTable) -> None:
    state = RankingsState()
    assert state.arrange() == []
    state.take(Standings(table, {}, None))  # type: ignore[arg-type]
    assert [row.entrant.label for row in state.arrange()] == state.exported()
    for label in ("oak-7m", "birch-3m", "moss-200k"):
        state.toggle_mark(label)
    assert state.marked == ["birch-3m", "moss-200k"]
    under_cursor = state.candidate_at(3)
    state.sort("candidate")
    state.arrange()
    assert state.index_of(under_cursor, 0) == state.exported().index("moss-200k")
    state.name_filter = "oak"
    assert len(state.arrange()) == 1
    assert state.index_of(under_cursor, 3) == 0
    state.order = Order("a scope of another grouping")
    state.take(Standings(table, {}, None))  # type: ignore[arg-type]
    assert state.order == Order("rank")


def test_grouped_rows_hold_sets_over_their_members(table: RankingTable) -> None:
    state = RankingsState(Standings(table, {}, None), grouped=True)  # type: ignore[arg-type]
    candidates = state.arrange()
    sets = [row for row in state.rows if isinstance(row, list)]
    assert len(state.rows) == len(sets) + sum(map(len, sets))
    assert state.candidate_at(0) is sets[0][0]
    assert state.candidate_at(len(state.rows)) is None
    assert {row.entrant.label for members in sets for row in members} == {row.entrant.label for row in candidates}
    state.sort("value")
    assert not state.grouped
