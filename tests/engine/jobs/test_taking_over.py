"""Work of any kind that a machine out of sight is said to be at: passed over, told of, and taken over when told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from everything import fill_everything

from data.bundled import bundled_models
from engine.candidates.find import find
from engine.construct.job import ConstructJob, ConstructTurn
from engine.construct.pipeline import Construction
from engine.construct.settings import Running, Settings
from engine.construct.spec import parse_spec
from engine.jobs.detached import start_detached
from engine.jobs.job import Job, Refused, Signals, Turn, exit_code, perform
from engine.jobs.planning import plan
from engine.jobs.process import Runner
from engine.jobs.progress import NoProgress, Phase, RunState
from engine.jobs.runs import RunRequest
from engine.jobs.score import ScoreTurn
from engine.jobs.states import States
from engine.posttrain.job import PlannedTraining, PostTrainTurn
from engine.predictors.assays.base import BASE
from engine.predictors.assays.job import AssayRequest, plan_assay
from engine.predictors.job import TraceTurn, plan_traces
from engine.predictors.planning import ReadingRequest
from engine.predictors.trace_file import parse_traces
from engine.store.connection import Store
from engine.store.owners import OWNED, LeftElsewhere, Owner, left_elsewhere, other_owner, take
from engine.store.posttrain import PostTrainRun
from rubrics.errors import Exit


def leave(store: Store, table: str, run_id: str, host: str = "gone") -> None:
    """As after a hard death on a machine, or in a container, that is no more."""
    with store.writing() as connection:
        take(connection, table, run_id)
        connection.execute(
            f"update {table} set owner_pid = 7, owner_host = ?, owner_boot = 'another/pid:[1]', "
            "updated_at = timestamptz '2026-01-02 03:04:05+00' where run_id = ?",
            [host, run_id],
        )


@dataclass(frozen=True)
class Owned(Job):
    """Runs of the tables of all kinds, each of which is claimed and then done."""

    run_ids: Mapping[str, str]
    refused: tuple[Refused, ...] = ()

    @property
    def states(self) -> tuple[RunState, ...]:
        return tuple(RunState(key, key, "s", "p", run_id=key) for key in self.run_ids.values())

    def turns(self, store: Store, states: States) -> Iterator[Turn]:
        for table, run_id in self.run_ids.items():
            yield OwnedTurn(store, table, run_id, states)


class OwnedTurn(Turn):
    def __init__(self, store: Store, table: str, run_id: str, states: States) -> None:
        super().__init__([run_id], states)
        self._store, self._table, self._run_id = store, table, run_id

    def claim(self) -> bool:
        with self._store.writing() as connection:
            owner = other_owner(connection, self._table, self._run_id, take_over=self.take_over)
            if owner is None:
                take(connection, self._table, self._run_id)
        if owner is not None:
            self.states.update(self._run_id, phase=Phase.BUSY, error=str(owner.busy("at it")))
        return owner is None

    def carry_out(self, signals: Signals, runner: Runner) -> None:
        pass


def asked_for(store: Store, request: Mapping[str, Any]) -> Job:
    return Owned(request["run_ids"])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "rude.duckdb")
    fill_everything(store, models=("ash",), suites=("garden",))
    return store


@pytest.fixture
def left(store: Store) -> dict[str, str]:
    """One run of each kind, left elsewhere."""
    run_ids = {}
    for table in OWNED:
        with store.reading() as connection:
            run_ids[table] = connection.execute(f"select min(run_id) from {table}").fetchone()[0]
        leave(store, table, run_ids[table])
    return run_ids


@pytest.mark.long
def test_every_kind_is_passed_over_unless_it_is_to_be_taken_over(store: Store, left: dict[str, str]) -> None:
    job = Owned(left)
    assert job.left_elsewhere(store) == [LeftElsewhere("gone", "2026-01-02 03:04", len(OWNED))]
    states = perform(store, job)
    assert {state.phase for state in states} == {Phase.BUSY}
    assert exit_code(states) is Exit.SOME_SKIPPED
    assert all("on gone" in state.error and "can be taken over" in state.error for state in states)
    states = perform(store, job, take_over=True)
    assert {state.phase for state in states} == {Phase.DONE}
    assert job.left_elsewhere(store) == []
    with store.reading() as connection:
        for table, run_id in left.items():
            owner = connection.execute(
                f"select owner_pid, owner_host from {table} where run_id = ?", [run_id]
            ).fetchone()
            assert owner == (Owner.this().pid, Owner.this().host)


@pytest.mark.long
def test_what_lives_within_sight_is_never_taken_over(
    store: Store, left: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.writing() as connection:
        for table, run_id in left.items():
            take(connection, table, run_id)
    me = Owner.this()
    monkeypatch.setattr(Owner, "this", classmethod(lambda cls: Owner(1, 0.0, me.host, me.boot)))
    assert left_elsewhere(store, list(left.values())) == []
    assert {state.phase for state in perform(store, Owned(left), take_over=True)} == {Phase.BUSY}


@pytest.mark.long
def test_machines_are_told_apart_and_only_what_is_asked_for_counts(store: Store, left: dict[str, str]) -> None:
    leave(store, "runs", left["runs"], host="elsewhere")
    found = left_elsewhere(store, [left["runs"], left["trace_runs"], "nothing"])
    assert found == [LeftElsewhere("elsewhere", "2026-01-02 03:04", 1), LeftElsewhere("gone", "2026-01-02 03:04", 1)]
    assert left_elsewhere(store, []) == []


@pytest.mark.long
def test_a_detached_job_is_told_too(store: Store, left: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    here = f"{Path(__file__).parent}:{Path(__file__).parents[2] / 'support'}"
    monkeypatch.setenv("PYTHONPATH", here, prepend=":")
    for take_over, phase in ((False, "busy elsewhere"), (True, "done")):
        detached = start_detached(
            f"{Path(__file__).stem}:asked_for", store.path, {"run_ids": left}, take_over=take_over
        )
        detached.process.wait(120)
        end = detached.ended()
        assert end is not None
        assert end.error is None
        assert {state["phase"] for state in end.states} == {phase}


def score_turn(store: Store) -> Turn:
    request = RunRequest((str(bundled_models()[0]),), ("core-spans",), ("likelihood",), "fp32", "cpu", limit=2)
    planned = plan(store, request)
    return ScoreTurn(store, request, planned.runs, States(planned.states, NoProgress()))


def trace_turn(store: Store) -> Turn:
    traces = parse_traces([b'{"prompt": "", "trace": "a b", "spans": [[0, 1]]}'], name="t", where="")
    request = ReadingRequest((str(bundled_models()[0]),), "fp32", "cpu", 1)
    job = plan_traces(store, request, traces)
    return TraceTurn(store, request, job.runs[0], States(job.states, NoProgress()))


def assay_turn(store: Store) -> Turn:
    request = AssayRequest((str(bundled_models()[0]),), precision="fp32", device="cpu", threads=1)
    job = plan_assay(store, BASE, request)
    return next(job.turns(store, States(job.states, NoProgress())))


def training_turn(store: Store) -> Turn:
    (candidate,) = find((str(bundled_models()[0]),))
    run = PostTrainRun("r", candidate.name, "w", "world", "tasks", "recipe", "recipe-hash", {}, 0, "folder")
    recipe: Any = SimpleNamespace(name="recipe")
    planned = PlannedTraining(candidate, run, recipe, "cpu")
    return PostTrainTurn(store, planned, States((planned.state,), NoProgress()))


def construct_turn(store: Store) -> Turn:
    model = parse_spec("http://127.0.0.1:1/v1#nobody")
    job = ConstructJob(Construction(Settings(model, (model,)), (), Path("x.jsonl")), Running())
    return ConstructTurn(store, job.construction, job.running, States(job.states, NoProgress()))


@pytest.mark.long
@pytest.mark.parametrize(
    ("table", "turn"),
    [
        ("runs", score_turn), ("trace_runs", trace_turn), ("assay_runs", assay_turn),
        ("posttrain_runs", training_turn), ("construct_runs", construct_turn),
    ],
    ids=OWNED,
)  # fmt: skip
def test_the_turns_of_every_kind_ask_who_is_at_it(tmp_path: Path, table: str, turn: Callable[[Store], Turn]) -> None:
    store = Store(tmp_path / "rude.duckdb")
    first = turn(store)
    assert first.claim()
    (run_id,) = first.keys
    leave(store, table, run_id)
    second = turn(store)
    assert not second.claim()
    assert second.states[run_id].phase is Phase.BUSY
    second = turn(store)
    second.take_over = True
    assert second.claim()
    assert left_elsewhere(store, [run_id]) == []
