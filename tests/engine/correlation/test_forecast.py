"""Forecasts of runs and of tuning, over a store, from files and from the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.correlation.forecast import COMPUTE, LOSS, NO_CHANGE, forecasts, warnings
from engine.correlation.scaling import TuningPoint, read_checkpoints, read_tuning
from engine.correlation.tuning import tuning_view
from engine.outcomes.outcomes import Outcome
from engine.results.board import Question
from engine.stats.chained import fit_chain, foretell
from engine.stats.curves import fit_power_law
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from engine.store.predictors import StoredPredictor, add_predictors
from rubrics.errors import BadInput

TOKENS = np.geomspace(1e9, 1.28e11, 8)
SCORES = 0.7 - 20 * TOKENS**-0.2 + np.array([3, -2, 1, -4, 2, 3, -3, 1]) * 1e-3
SKILL = 0.9 - 40 * TOKENS**-0.25


def invoke(*arguments: str) -> Result:
    from rude_tui.cli import cli

    return CliRunner().invoke(cli, [*arguments])


@pytest.fixture
def run(store: Store, add_run: Callable[..., object], tmp_path: Path) -> Path:
    names = [f"step{i}" for i in range(8)]
    for name in names:
        add_run(name)
    add_outcomes(store, [Outcome(name, "exam", float(y), None, None) for name, y in zip(names, SCORES, strict=True)])
    add_predictors(store, [StoredPredictor(n, "skill", float(x)) for n, x in zip(names, SKILL, strict=True)])
    file = tmp_path / "run.csv"
    file.write_text("run,candidate,flops\n" + "".join(f"r,{n},{6e9 * t}\n" for n, t in zip(names, TOKENS, strict=True)))
    return file


def test_no_share_is_foretold_below_none_or_above_all(store: Store, run: Path) -> None:
    checkpoints, wide = read_checkpoints(run, or_flops=True), [1e30]
    (free,) = forecasts(store, Question(), checkpoints, ["skill"], "exam", at=wide)
    shares = [
        Outcome(name, "share", float(y) * 1.4, None, None, scale=1.0)
        for name, y in zip((f"step{i}" for i in range(8)), SCORES, strict=True)
    ]
    add_outcomes(store, shares)
    (found,) = forecasts(store, Question(), checkpoints, ["skill"], "share", at=wide)
    for way, open_ended in zip(found.ways, free.ways, strict=True):
        ends = way.foretold[0]
        assert math.isnan(ends.ci_low) == math.isnan(open_ended.foretold[0].ci_low)
        assert way.name == NO_CHANGE or (0 <= ends.ci_low <= ends.value <= ends.ci_high <= 1)
    assert max(way.foretold[0].ci_high for way in free.ways if way.name != NO_CHANGE) * 1.4 > 1


def test_a_run_is_foretold_and_the_backtest_sees_the_early_part_alone(store: Store, run: Path) -> None:
    (found,) = forecasts(store, Question(), read_checkpoints(run, or_flops=True), ["skill"], "exam")
    flops = 6e9 * TOKENS
    assert (found.unit, found.early, found.later, found.times) == ("FLOPs", 4, 4, pytest.approx(flops[7] / flops[3]))
    by_name = {way.name: way for way in found.ways}
    assert list(by_name) == ["skill", COMPUTE, NO_CHANGE]
    early, whole = fit_chain(flops[:4], SKILL[:4], SCORES[:4]), fit_chain(flops, SKILL, SCORES)
    alone = fit_power_law(flops[:4], SCORES[:4])
    assert early is not None
    assert whole is not None
    assert alone is not None

    def error(foretold: list[float]) -> float:
        return math.sqrt(np.mean((np.array(foretold) - SCORES[4:]) ** 2))

    assert by_name["skill"].error == pytest.approx(error([early.at(t).value for t in flops[4:]]))
    assert by_name[COMPUTE].error == pytest.approx(error([foretell(alone, t).value for t in flops[4:]]))
    assert by_name[NO_CHANGE].error == pytest.approx(error([SCORES[3]] * 4))
    assert by_name["skill"].foretold[0] == whole.at(2 * flops[7])
    within = sum(early.at(t).ci_low <= y <= early.at(t).ci_high for t, y in zip(flops[4:], SCORES[4:], strict=True))
    assert (by_name["skill"].held, by_name["skill"].tried) == (within, 4)
    assert "extrapolated" in warnings(found)[0]
    (longer,) = forecasts(store, Question(), read_checkpoints(run, or_flops=True), ["skill"], "exam", early=6)
    assert (longer.early, longer.later) == (6, 2)
    assert longer.ways[0].foretold == found.ways[0].foretold, "what is foretold comes from all checkpoints"


@pytest.mark.long
def test_too_few_checkpoints_leave_the_error_unknown(store: Store, run: Path) -> None:
    checkpoints = read_checkpoints(run, or_flops=True)
    (found,) = forecasts(store, Question(), checkpoints[:4], ["skill"], "exam", at=(18 * checkpoints[3].tokens,))
    assert math.isnan(found.ways[0].error)
    assert math.isfinite(found.ways[0].foretold[0].value)
    assert "too few for a backtest" in found.notes[0]
    assert "18 times the FLOPs seen" in warnings(found)[0]
    with pytest.raises(BadInput, match="no outcome 'nothing'"):
        forecasts(store, Question(), checkpoints, ["skill"], "nothing")
    assert LOSS not in [way.name for way in found.ways]


@pytest.mark.long
def test_forecast_command(store: Store, run: Path) -> None:
    arguments = ["scaling", "forecast", str(run), "--outcome", "exam", "--predictor", "skill", "--db", str(store.path)]
    done = invoke(*arguments, "--at", "2e22")
    assert done.exit_code == 0, done.output
    assert "compute alone" in done.stdout
    assert "backtest from the first 4 of 8 checkpoints to the 4 later ones, up to 16 times the FLOPs" in done.stderr
    done = invoke(*arguments, "--json")
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)
    assert [way["name"] for way in found["ways"]] == ["skill", "compute alone", "no change"]
    assert invoke(*arguments, "--at", "soon").exit_code == 2
    assert invoke(*arguments, "--early", "3").exit_code == 2


TUNED = "candidate,examples,score\n" + "".join(
    f"a,{n},{0.5 - 0.4 * n**-0.5:.6f}\nb,{n},{0.545 - 0.5 * n**-0.3:.6f}\n" for n in (10, 100, 1000, 5000, 20000)
)


def test_tuning_says_who_overtakes_whom(tmp_path: Path) -> None:
    file = tmp_path / "tuned.csv"
    file.write_text(TUNED)
    done = invoke("scaling", "tuning", str(file))
    assert done.exit_code == 0, done.output
    assert "b overtakes a after about 1,600 examples (1," in done.stderr
    found = json.loads(invoke("scaling", "tuning", str(file), "--json").stdout)
    assert found["ahead"][0]["winner"] == "b"
    assert found["curves"][0]["constants"] == pytest.approx([0.5, 0.4, 0.5], rel=1e-3)


def test_of_a_loss_the_lower_one_is_ahead() -> None:
    points = [TuningPoint("a", n, 2 + 4 * n**-0.5) for n in (10, 100, 1000, 5000)]
    points += [TuningPoint("b", n, 2.5 + 4 * n**-0.5) for n in (10, 100, 1000, 5000)]
    view = tuning_view(points, lower_is_better=True)
    assert view.ahead[0].winner == "a"
    assert "throughout" in view.ahead[0].words
    assert view.curves[0].forecasts[0][1].value == pytest.approx(2 + 4 * 10_000**-0.5, abs=1e-4)
    assert view.curves[0].constants[0] == pytest.approx(2, abs=1e-3)


def test_what_cannot_be_fitted_is_said(tmp_path: Path) -> None:
    two = [TuningPoint("a", n, 0.1 * n) for n in (1, 2)]
    with pytest.raises(BadInput, match="three numbers of examples"):
        tuning_view(two)
    view = tuning_view([*two, *(TuningPoint("b", n, 1 - 1 / n) for n in (1, 2, 4, 8))])
    assert "2 numbers of examples" in view.notes[0]
    file = tmp_path / "t.csv"
    file.write_text("candidate,examples,score\na,0,0.5\n")
    with pytest.raises(BadInput, match="no number of examples between 1"):
        read_tuning(file)
    file.write_text("candidate,examples,score\na,5,nan\n")
    with pytest.raises(BadInput, match="score is 'nan', no number"):
        read_tuning(file)
