"""What was stored when work was planned may be forgotten before it is claimed: it is then done anew, not left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.bundled import bundled_models
from engine.jobs.planning import plan
from engine.jobs.progress import NoProgress
from engine.jobs.runs import RunRequest
from engine.jobs.score import ScoreTurn
from engine.jobs.states import States
from engine.predictors.job import TraceTurn, plan_traces
from engine.predictors.planning import ReadingRequest
from engine.predictors.trace_file import parse_traces
from engine.store.connection import Store
from engine.store.forgetting import forget
from engine.store.runs import Status, close_run
from engine.store.subjects import Subject
from engine.store.suites import stored_suites
from engine.store.traces import TraceScore, add_trace_scores, close_trace_run
from engine.store.verdicts import Verdict, add_verdicts

MODEL = str(bundled_models()[0])


@pytest.mark.long
def test_pairs_and_their_suite(tmp_path: Path) -> None:
    store = Store(tmp_path / "rude.duckdb")
    request = RunRequest((MODEL,), ("core-spans",), ("likelihood",), "fp32", "cpu", limit=4)

    def turn() -> ScoreTurn:
        planned = plan(store, request)
        return ScoreTurn(store, request, planned.runs, States(planned.states, NoProgress()))

    first = turn()
    assert first.claim()
    (run_id,) = first.keys
    (suite,) = stored_suites(store)
    scored = plan(store, request).runs[0].suite.scored[0].id
    add_verdicts(store, run_id, [Verdict(scored, ll_chosen=-1.0, ll_rejected=-2.0)])
    close_run(store, run_id, Status.CANCELLED)
    second = turn()
    forget(store, Subject("suite", suite.suite_hash, suite.name))
    assert second.claim()
    with second.message() as message:
        assert message["tasks"][0]["done"] == []
    add_verdicts(store, run_id, [Verdict(scored, ll_chosen=-1.0, ll_rejected=-2.0)])
    assert plan(store, request).runs[0].done == 1, "its suite is stored again"


def test_traces(tmp_path: Path) -> None:
    store = Store(tmp_path / "rude.duckdb")
    lines = [b'{"prompt": "", "trace": "a b", "spans": [[0, 1]]}', b'{"prompt": "", "trace": "c d", "spans": [[0, 1]]}']
    request = ReadingRequest((MODEL,), "fp32", "cpu", 1)

    def turn() -> TraceTurn:
        job = plan_traces(store, request, parse_traces(lines, name="t", where=""))
        return TraceTurn(store, request, job.runs[0], States(job.states, NoProgress()))

    first = turn()
    assert first.claim()
    (run_id,) = first.keys
    add_trace_scores(store, run_id, [TraceScore(0, b"packed", (1, 2))])
    close_trace_run(store, run_id, Status.CANCELLED)
    second = turn()
    forget(store, Subject("run", run_id, "t"))
    assert second.claim()
    with second.message() as message:
        assert Path(message["traces_file"]).read_text().count("\n") == 1
