"""Pairs that a person has excluded count nowhere, unless they are asked for; nothing else changes."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from engine.export.tables import table
from engine.results.board import Question, load_board
from engine.results.comparison import disagreements
from engine.results.failures import annotated_pairs, failed_pairs, failure_tree, pair_view
from engine.results.rankings import rankings
from engine.store.annotations import annotate, withdraw
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.schema import Suite

Margins = dict[str, tuple[float, float]]
OUT = ("p03", "p10", "p35")


def won(margin: tuple[float, float]) -> float:
    total = margin[0] + margin[1]
    return 0.5 if total == 0 else float(total > 0)


@pytest.fixture
def margins(store: Store, suite: Suite, add_run: Callable[..., Margins]) -> dict[str, Margins]:
    found = {name: add_run(name) for name in ("a", "b")}
    for pair_id in OUT:
        annotate(store, suite.hash, pair_id, "exclude", "the label is wrong")
    annotate(store, suite.hash, "p05", "flag", "odd")
    annotate(store, suite.hash, "shot", "exclude", "never scored anyway")
    return found


def test_rankings_leave_them_out_and_say_so(store: Store, suite: Suite, margins: dict[str, Margins]) -> None:
    found = rankings(store, Question(by="category"), resamples=200)
    for row in found.overall.rows:
        kept = [won(m) for pair_id, m in margins[row.candidate].items() if pair_id not in OUT]
        assert row.value == pytest.approx(np.mean(kept))
        assert row.n_pairs == 33
    assert found.excluded == 3
    assert found.notes == ("3 pairs excluded by you",)
    for name, ranking in found.scopes.items():
        if name != "overall":
            kept_pairs = [p for p in suite.scored if p.id not in OUT and name in map(str, p.categories)]
            assert ranking.rows[0].n_pairs == len(kept_pairs)


def test_they_count_where_that_is_asked(store: Store, suite: Suite, margins: dict[str, Margins]) -> None:
    found = rankings(store, Question(by="overall", with_excluded=True), resamples=200)
    for row in found.overall.rows:
        assert row.value == pytest.approx(np.mean([won(m) for m in margins[row.candidate].values()]))
    assert found.excluded == 0
    assert found.notes == ("3 pairs excluded by you, counted all the same",)
    for pair_id in (*OUT, "shot"):
        withdraw(store, suite.hash, pair_id, "exclude")
    again = rankings(store, Question(by="overall"), resamples=200)
    assert again.overall == found.overall
    assert again.notes == ()


@pytest.mark.long
def test_failures_comparisons_and_exports_leave_them_out(store: Store, margins: dict[str, Margins]) -> None:
    board = load_board(store, Question())
    lost = {pair_id for pair_id, m in margins["a"].items() if won(m) < 1}
    assert lost & set(OUT), "the made-up margins must lose one of them"
    assert {pair.pair_id for pair in failed_pairs(board, "a")} == lost - set(OUT)
    assert not set(OUT) & {pair_id for side in disagreements(board, "a", "b") for pair_id in side}
    whole = failure_tree(load_board(store, Question(with_excluded=True)), "a")
    assert sum(c.scored for c in failure_tree(board, "a")) < sum(c.scored for c in whole)
    for with_excluded, expected in ((False, lost - set(OUT)), (True, lost)):
        rows = table(store, "failures", Question(with_excluded=with_excluded)).records()
        assert {row["pair_id"] for row in rows if row["candidate"] == "a"} == expected
    assert len(table(store, "verdicts", Question()).rows) == 72
    with store.reading() as connection:
        values = dict(connection.execute("select candidate, value from leaderboard").fetchall())
    assert values["a"] == pytest.approx(np.mean([won(m) for i, m in margins["a"].items() if i not in OUT]))


def test_an_excluded_pair_can_still_be_read(store: Store, suite: Suite, margins: dict[str, Margins]) -> None:
    board = load_board(store, Question())
    assert [pair.pair_id for pair in annotated_pairs(board, "a", "flag")] == ["p05"]
    excluded = annotated_pairs(board, "a", "exclude")
    assert [pair.pair_id for pair in excluded] == [*OUT, "shot"]
    for pair in excluded[:3]:
        assert pair.score == won(margins["a"][pair.pair_id])
        assert pair.margin == pytest.approx(sum(margins["a"][pair.pair_id]) / 2)
        assert pair.failed_by == sum(won(margins[name][pair.pair_id]) < 1 for name in "ab")
        assert pair.scored_by == 2
    view = pair_view(store, board, OUT[0])
    assert {verdict.candidate: verdict.score for verdict in view.verdicts} == {n: won(margins[n][OUT[0]]) for n in "ab"}
    assert [(one.kind, one.note) for one in view.annotations] == [("exclude", "the label is wrong")]


@pytest.mark.long
def test_a_suite_without_any_pair_left_is_an_error(store: Store, suite: Suite, margins: dict[str, Margins]) -> None:
    for pair in suite.scored:
        annotate(store, suite.hash, pair.id, "exclude", "all wrong")
    with pytest.raises(BadInput, match="every pair"):
        load_board(store, Question())
    assert load_board(store, Question(with_excluded=True)).excluded == 0


@pytest.mark.long
def test_the_command_line_leaves_them_out_or_counts_them(store: Store, margins: dict[str, Margins]) -> None:
    from click.testing import CliRunner

    from rude_tui.cli import cli

    for extra, pairs, note in (([], 33, "excluded by you"), (["--with-excluded"], 36, "counted all the same")):
        done = CliRunner().invoke(cli, ["rank", "--json", "--db", str(store.path), *extra])
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert found["rows"][0]["n_pairs"] == pairs
        assert note in found["notes"][0]
        for command in (["failures", "--model", "a"], ["compare", "a", "b"]):
            done = CliRunner().invoke(cli, [*command, "--db", str(store.path), *extra])
            assert done.exit_code == 0, done.output
            assert note in done.stderr
