"""What the Run screen says of what is decided: a line a question, and an offer only where all are settled."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import engine.jobs.job
import engine.jobs.so_far
from engine.jobs.progress import Phase, RunState
from engine.jobs.runs import Plan, RunRequest
from engine.jobs.score import ScorePlan
from engine.jobs.so_far import SoFar
from engine.results.decisions import claim
from engine.store.connection import Store
from engine.store.decisions import StoredDecision
from screens.run.decided import decided_text
from screens.run.runner import Runner
from screens.shell.live import Live

DECISION = StoredDecision(
    suite_hash="h", suite="world", protocol="likelihood", metric="per_byte", seed=0, goal="best", alpha=0.05,
    state="decided", ranked=("oak", "elm", "fir"), racing=(), out_at={"elm": 90, "fir": 60},
    run_ids=("a", "b", "c"), failed=(), groups_read=100, n_groups=240, pairs_read=312, n_pairs=480, left_out=0,
    more_pairs=None,
)  # fmt: skip
SETTLED = SoFar(DECISION, (), "oak")
OPEN = SoFar(replace(DECISION, state="running", racing=("oak", "elm"), more_pairs=900), (), None)
GOING = RunState("c", "fir", "world", "likelihood", phase=Phase.SCORING, run_id="c", done=400, total=480,
                 pairs_per_second=0.5)  # fmt: skip


def said(*found: SoFar, states: tuple[RunState, ...] = (GOING,)) -> str:
    return decided_text(found, states, 1, lambda name: "white").plain


def test_what_is_settled_may_be_stopped_with_what_that_saves_and_leaves() -> None:
    assert said(SETTLED) == (
        "✓ world, likelihood: settled after 312 of 480 pairs: oak is the best of 3\n"
        "Z stops now, saves 2 m 40 s and keeps the decision (wrong at most 5 % of the time each, however often one "
        "looks)"
    )
    control = RunState("d", "fir", "world", "likelihood", prompt="none", run_id="d", total=40)
    wordings = [RunState(k, "fir", "world", "choice", wording="plain-2", run_id=k, total=40) for k in "ef"]
    text = said(SETTLED, states=(GOING, control, *wordings))
    assert "saves at least 4 m 00 s" in text
    assert text.endswith("; 1 control and 2 runs in other wordings left unscored")


def test_what_is_open_says_what_would_settle_it_and_offers_nothing() -> None:
    assert said(SETTLED, OPEN).splitlines()[1] == (
        "· world, likelihood: open after 312 of 480 pairs: oak is first, 1 other may pass it; about 900 more pairs "
        "needed, 168 left"
    )
    assert "Z stops" not in said(SETTLED, OPEN)
    waiting = replace(OPEN, waiting=("fir",))
    assert said(waiting) == "· world, likelihood: open, since fir is still to come"
    many = replace(OPEN, waiting=tuple("abcde"))
    assert said(many).endswith("open, since a, b, c and 2 more are still to come")
    assert said() == ""


def test_a_decided_best_that_the_verdict_does_not_take_is_no_reason_to_stop() -> None:
    text = said(replace(SETTLED, take=None))
    assert text == (
        "· world, likelihood: oak will be first of 3 on this suite; whether it is to be taken, the rest has to tell"
    )
    assert said(*[SETTLED] * 5).splitlines()[3] == "  and 2 more questions"


def test_what_was_settled_when_it_was_stopped_is_kept_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def perform(store: Store, plan: Plan, progress: Any, cancel: threading.Event, *_: Any, **__: Any) -> Any:
        progress.started((GOING,))
        assert cancel.wait(120)
        return (replace(GOING, phase=Phase.CANCELLED),)

    monkeypatch.setattr(engine.jobs.job, "perform", perform)
    monkeypatch.setattr(engine.jobs.so_far, "so_far", lambda store, plan, states: (SETTLED, OPEN))
    told: list[Live] = []
    store = Store(tmp_path / "made.duckdb")
    runner = Runner(told.append)
    runner.start(store, ScorePlan(RunRequest(("oak",), ("world",)), ()))
    runner.cancel()
    assert runner.wait(120)
    (line,) = [line for line in told[-1].log if "decided" in line]
    assert line.endswith(claim(DECISION))
    with store.reading() as connection:
        assert connection.execute("select ranked[1], state from decisions").fetchall() == [("oak", "decided")]
