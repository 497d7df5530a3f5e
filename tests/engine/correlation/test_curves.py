"""Checkpoints and proxies over a store and from the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.correlation.curves import training_curves
from engine.correlation.proxies import judge_proxies, stand_ins, stored_proxies
from engine.correlation.scaling import Checkpoint, ProxyRow, StandIn
from engine.outcomes.outcomes import Outcome
from engine.results.board import Question, load_board
from engine.results.rankings import rankings
from engine.stats.curves import fit_power_law
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from rubrics.errors import BadInput

Margins = dict[str, tuple[float, float]]
STEPS = ("s1", "s2", "s3", "s4", "s5", "s6")


@pytest.fixture
def steps(add_run: Callable[..., Margins]) -> tuple[Checkpoint, ...]:
    for name in STEPS:
        add_run(name, skip=2 if name == "s3" else 0)
    return tuple(Checkpoint(name, "run", 1e9 * 2**i) for i, name in enumerate(STEPS))


def invoke(store: Store, *arguments: str) -> Result:
    from rude_tui.cli import cli

    return CliRunner().invoke(cli, [*arguments, "--db", str(store.path)])


@pytest.mark.long
def test_points_are_the_rankings_numbers_on_common_pairs(store: Store, steps: tuple[Checkpoint, ...]) -> None:
    question = Question(by="category")
    found = training_curves(load_board(store, question), question, steps[::-1], at=(1e12,))
    ranked = rankings(store, question)
    assert [curve.scope for curve in found] == list(ranked.scopes)
    for curve in found:
        rows = {row.candidate: row for row in ranked.scopes[curve.scope].rows}
        assert [point.candidate for point in curve.points] == list(STEPS)
        assert [point.value for point in curve.points] == pytest.approx([rows[name].value for name in STEPS])
        law = fit_power_law([point.tokens for point in curve.points], [point.value for point in curve.points])
        assert law is not None
        assert curve.law is not None
        ahead = law.at(1e12)
        assert curve.forecasts[0].value == pytest.approx(ahead if 0 <= ahead <= 1 else math.nan, nan_ok=True)
        assert "31.2 times the tokens seen" in curve.forecasts[0].warning
        assert 0 <= curve.forecasts[0].ci_low <= curve.forecasts[0].ci_high <= 1


@pytest.mark.long
def test_pairs_widen_what_checkpoints_alone_would_say(store: Store, steps: tuple[Checkpoint, ...]) -> None:
    question = Question(by="overall")
    (curve,) = training_curves(load_board(store, question), question, steps)
    assert curve.law is not None
    (ahead,) = curve.forecasts
    alone = curve.law.interval(ahead.tokens)
    assert ahead.tokens == 2 * steps[-1].tokens
    assert ahead.ci_high - ahead.ci_low > min(1, alone.ci_high) - max(0, alone.ci_low) - 1e-12
    assert curve.backtest is not None
    assert curve.backtest.times == 2


@pytest.mark.long
def test_few_checkpoints_give_no_curve_and_strangers_are_named(store: Store, steps: tuple[Checkpoint, ...]) -> None:
    question = Question(by="overall")
    board = load_board(store, question)
    (curve,) = training_curves(board, question, steps[:2])
    assert curve.law is None
    assert len(curve.points) == 2
    assert "three" in curve.notes[0]
    (three,) = training_curves(board, question, steps[:3])
    assert math.isnan(three.forecasts[0].ci_low)
    with pytest.raises(BadInput, match="'s7' has not been run") as caught:
        training_curves(board, question, [*steps, Checkpoint("s7", "run", 1)])
    assert "s6" in caught.value.fix
    with pytest.raises(BadInput, match="s1 is named twice"):
        training_curves(board, question, [*steps, Checkpoint("s1", "run", 1)])


@pytest.mark.long
def test_checkpoints_command(store: Store, steps: tuple[Checkpoint, ...], tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("run,candidate,tokens\n" + "".join(f"r,{s.candidate},{s.tokens:.0f}\n" for s in steps))
    done = invoke(store, "scaling", "checkpoints", str(path), "--at", "1T")
    assert done.exit_code == 0, done.output
    assert "without end" in done.stdout
    assert "warning: r, overall: 31.2 times" in done.stderr
    assert "profile likelihood" in done.stderr
    found = json.loads(invoke(store, "scaling", "checkpoints", str(path), "--json").stdout)
    assert [point["candidate"] for point in found[0]["points"]] == list(STEPS)
    assert invoke(store, "scaling", "checkpoints", str(path), "--at", "soon").exit_code == 2
    assert invoke(store, "scaling", "checkpoints", str(path), "--by", "mood").exit_code == 2


@pytest.mark.long
def test_a_proxy_is_judged_by_file_store_and_stand_ins(
    store: Store, steps: tuple[Checkpoint, ...], tmp_path: Path
) -> None:
    add_outcomes(store, [Outcome(name, "exam", 0.1 * i, None, None) for i, name in enumerate(STEPS)])
    accuracy = {row.candidate: row.value for row in rankings(store, Question()).overall.rows}
    view = stored_proxies(store, Question(), "RuDE accuracy", "exam")
    assert {row.name: row.proxy for row in view.rows} == pytest.approx(accuracy)
    pairs = [StandIn("s1", "s4"), StandIn("s2", "s5"), StandIn("s3", "s6")]
    against = stand_ins(store, Question(), pairs, "RuDE accuracy", None)
    assert [row.target for row in against.rows] == pytest.approx([accuracy[name] for name in ("s4", "s5", "s6")])
    measured = stand_ins(store, Question(), pairs, "RuDE accuracy", "exam")
    assert [row.target for row in measured.rows] == pytest.approx([0.3, 0.4, 0.5])
    with pytest.raises(BadInput, match="no outcome"):
        stand_ins(store, Question(), pairs, "RuDE accuracy", "nothing")
    with pytest.raises(BadInput, match="nobody"):
        stand_ins(store, Question(), [StandIn("nobody", "s1")], "RuDE accuracy", None)
    table, mapping = tmp_path / "p.csv", tmp_path / "m.csv"
    table.write_text("name,proxy,target\n" + "".join(f"c{i},{i},{i * i}\n" for i in range(1, 9)))
    mapping.write_text("small,large\ns1,s4\ns2,s5\ns3,s6\n")
    for arguments in (
        [str(table)],
        ["--predictor", "RuDE accuracy", "--outcome", "exam"],
        ["--predictor", "RuDE accuracy", "--map", str(mapping)],
    ):
        done = invoke(store, "scaling", "proxies", *arguments)
        assert done.exit_code == 0, done.output
        assert "decisions right" in done.stderr
        json.loads(invoke(store, "scaling", "proxies", *arguments, "--json").stdout)
    assert "quadratic" in invoke(store, "scaling", "proxies", str(table)).stdout.splitlines()[2]
    assert invoke(store, "scaling", "proxies").exit_code == 2
    assert invoke(store, "scaling", "proxies", "--predictor", "RuDE accuracy").exit_code == 2


def test_a_loss_is_told_apart_from_a_score() -> None:
    rows = [ProxyRow(f"c{i}", 3 - 0.1 * i, 0.5 + 0.05 * i) for i in range(8)]
    wrong = judge_proxies(rows)
    assert wrong.decision.accuracy == 0
    assert any("lower" in note for note in wrong.notes)
    right = judge_proxies(rows, lower_is_better=True)
    assert right.decision.accuracy == 1
    assert right.forms[0].cv_mae == pytest.approx(0, abs=1e-6)
    assert np.isfinite([form.cv_mae for form in right.forms]).all()
    with pytest.raises(BadInput, match="cannot judge"):
        judge_proxies(rows[:2])
