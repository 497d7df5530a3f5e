"""What predictors cost and how often they decide rightly, from what is stored."""

from __future__ import annotations

import json
import math

import pytest

from engine.correlation.costs import costs_of
from engine.export.cost_figure import costs
from engine.outcomes.outcome import Outcome
from engine.predictors.from_verdicts import RUDE, SIZE
from engine.results.board import Question
from engine.store.assays import AssayItem, AssayRun, add_assay_items, close_assay_run, open_assay_run
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from engine.store.runs import Status, stored_runs
from rubrics.errors import BadInput


@pytest.mark.long
def test_costs_are_those_of_the_runs_that_the_numbers_are_from(scored: object, store: Store) -> None:
    runs = [run for run in stored_runs(store) if run.protocol == "likelihood" and run.prompt == "own"]
    with store.writing() as connection:
        for at, run in enumerate(runs, 1):
            facts = {"seconds": 2.0 * at, "distinct_tokens": 100 * at, "memory": 1000 * at}
            connection.execute("update runs set facts = ? where run_id = ?", [json.dumps(facts), run.run_id])
        sizes = dict(connection.execute("select weights_hash, parameters from candidates").fetchall())
    for at, run in enumerate(runs):
        assay = AssayRun(f"a{at}", "base", "q", "", run.weights_hash, run.candidate, run.precision,
                         run.scored.tokenizer_hash, run.scored.config_hash, {})  # fmt: skip
        open_assay_run(store, assay, {"tokenizer_hash": assay.tokenizer_hash, "config_hash": assay.config_hash})
        measures = {"plain": 10.0 + at, "plain bytes": 10.0, "reply": 10.0, "reply bytes": 10.0}
        add_assay_items(store, assay.run_id, [AssayItem(n, f"i{n}", f"i{n}", measures) for n in range(3)])
        close_assay_run(store, assay.run_id, Status.DONE, {"seconds": 3.0, "flops": 5e9, "peak_bytes": 7.0})
    add_outcomes(store, [Outcome(run.candidate, "lean", float(at)) for at, run in enumerate(runs)])
    question = Question(protocol="likelihood")
    found = {cost.predictor: cost for cost in costs_of(store, question, "lean")}
    lean, size = found["dialogue lean"], found[SIZE]
    assert (lean.accuracy.value, lean.candidates) == (1.0, len(runs))
    assert lean.price == (3.0, 5e9, 7.0)
    assert size.price == (0.0, 0.0, 0.0)
    assert size.candidates == 2
    (rude,) = (cost for name, cost in found.items() if name.startswith(RUDE))
    each = [2.0 * sizes[run.weights_hash] * 100 * at for at, run in enumerate(runs, 1)]
    # Of c nobody knows how many parameters it has.
    flops = [price for price in each if price]
    assert rude.price.flops == pytest.approx(sum(flops) / len(flops))
    assert rude.price.seconds == pytest.approx(sum(2.0 * at for at in range(1, len(runs) + 1)) / len(runs))
    values = [cost.accuracy.value for cost in costs_of(store, question, "lean")]
    assert values == sorted(values, reverse=True)
    drawn = costs(list(found.values()))
    texts = [text.get_text() for text in drawn.findobj(lambda part: hasattr(part, "get_text"))]
    assert any("dialogue lean" in text for text in texts)
    drawn.draw_without_rendering()
    (axes,) = drawn.axes
    assert {label.get_text()[:2] for label in axes.get_xticklabels() if label.get_text()} == {"10"}
    xs = {float(x) for line in axes.lines for x in line.get_xdata() if len(line.get_xdata()) == 1}
    assert 5e9 in xs
    assert not math.isnan(max(xs))


def test_what_there_is_not_is_said(scored: object, store: Store) -> None:
    with pytest.raises(BadInput, match="no outcome 'luck'"):
        costs_of(store, Question(), "luck")
