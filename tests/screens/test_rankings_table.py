"""Which columns a ranking has room for: names whole before all else, and never wider than the screen."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.results.board import Question
from engine.results.controls import ControlTable
from engine.results.rankings import RankingTable, rankings
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from engine.store.suites import load_pairs, stored_suites
from rubrics.schema import Suite
from screens.rankings.detail import detail
from screens.rankings.multiples import multiples
from screens.rankings.state import Standings, candidate_rows, scope_names
from screens.rankings.table import EARLIER, LATER, fit_columns, headings, row_text
from screens.shell.order import Order


@pytest.fixture(scope="module", params=["category", "subcategory", "overall"])
def table(garden_file: Path, request: pytest.FixtureRequest) -> RankingTable:
    return rankings(Store(garden_file), Question(protocol="likelihood", by=request.param), resamples=200)


def _renamed(table: RankingTable, name: str) -> RankingTable:
    first = table.overall.rows[0].candidate
    entrants = {name if label == first else label: entrant for label, entrant in table.entrants.items()}
    entrants[name] = replace(entrants[name], label=name)
    scopes = {
        scope: replace(
            ranking,
            rows=tuple(replace(row, candidate=name) if row.candidate == first else row for row in ranking.rows),
        )
        for scope, ranking in table.scopes.items()
    }
    return replace(table, entrants=entrants, scopes=scopes)


@pytest.mark.parametrize("width", [60, 78, 80, 96, 120, 158, 200, 250])
def test_headings_and_rows_are_of_one_width_and_fit(table: RankingTable, width: int) -> None:
    found = fit_columns(table, width)
    head = "".join(text for text, _, _ in headings(table, found, Order("rank")))
    assert len(head.rstrip()) <= width
    for line in candidate_rows(table):
        row = row_text(table, found, line, (), lambda name: "white").plain
        assert len(row.rstrip()) <= width
        assert len(row) == len(head)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_a_name_of_a_usual_length_is_never_cut(garden_file: Path, width: int) -> None:
    name = "Qwen2.5-14B-base"
    plain_table = rankings(Store(garden_file), Question(protocol="likelihood"), resamples=200)
    table = _renamed(plain_table, name)
    columns = fit_columns(table, width)
    rows = [row_text(table, columns, row, (name,), lambda _: "white").plain for row in candidate_rows(table)]
    assert any(f"✓{name}" in row for row in rows)


def test_a_very_long_name_leaves_room_for_the_rest(garden_file: Path) -> None:
    name = "a-base-model-with-a-name-that-has-no-end-and-no-sense-of-measure"
    table = _renamed(rankings(Store(garden_file), Question(protocol="likelihood"), resamples=200), name)
    found = fit_columns(table, 80)
    assert found.name < 40
    assert len(found.scopes) == 4
    assert found.axis.width >= 12


def test_scopes_that_find_no_room_are_scrolled_to(garden_file: Path) -> None:
    table = rankings(Store(garden_file), Question(protocol="likelihood", by="subcategory"), resamples=200)
    seen: list[str] = []
    for skip in range(12):
        found = fit_columns(table, 80, skip)
        assert found.hidden == 12 - len(found.scopes) > 0
        clicks = {what for _, _, what in headings(table, found, Order("rank"))}
        assert (EARLIER in clicks) == (found.scopes[0][0] > 0)
        assert (LATER in clicks) == (found.scopes[-1][0] < 11)
        seen += [name for _, name in found.scopes]
    assert set(seen) == set(table.scopes) - {"overall"}


def test_the_heading_sorted_by_says_which_way(table: RankingTable) -> None:
    found = fit_columns(table, 120)
    for order, arrow in ((Order("value"), "↓"), (Order("value", reverse=True), "↑")):
        text = "".join(text for text, _, what in headings(table, found, order) if what == "value")
        assert arrow in text


@pytest.mark.parametrize("size", [(60, 30), (77, 22), (118, 30), (190, 60)])
def test_small_pictures_show_every_candidate_in_every_scope(table: RankingTable, size: tuple[int, int]) -> None:
    names, shown = scope_names(table), candidate_rows(table)
    if not names:
        return
    found = multiples(table, tuple(enumerate(names)), shown, lambda _: "white", size)
    drawn = [found.line(index).plain for index in range(found.count)]
    assert all(len(line) <= size[0] for line in drawn)
    for name in names:
        assert sum(line.count(name) for line in drawn) == 1
    for line in shown:
        values = [f"{row.value * 100:.1f} " for row in line.scopes.values()]
        rows = "".join(text for text in drawn if line.entrant.label in text)
        assert all(rows.count(value) >= values.count(value) for value in values)
    # All of them at once wherever that can be, and then no narrower than it takes.
    if found.count <= size[1] and found.across > 2:
        fewer = -(-len(names) // (found.across - 1)) * found.band - 1
        assert fewer > size[1] or found.across == len(names)


def test_a_candidate_without_company_is_not_called_the_best(
    fill: Callable[..., None], garden_file: Path, tmp_path: Path
) -> None:
    stored = Store(garden_file)
    pairs = load_pairs(stored, stored_suites(stored)[0].suite_hash, [f"garden-{number:03d}" for number in range(8)])
    store = Store(tmp_path / "one.duckdb")
    fill(store, Suite("few", tuple(pairs)), candidates=(("oak", 7, 1.0),))
    table = rankings(store, Question(protocol="likelihood"), resamples=200)
    nothing = ControlTable({}, Estimate(math.nan, math.nan, math.nan, ""), 0)
    (line,) = candidate_rows(table)
    told = detail(Standings(table, {}, nothing), line, lambda _: "white", width=60, wide=False).plain
    assert "the only candidate" in told
    assert "probability" not in told
    assert "rank" not in told.replace("rank it against", "")
