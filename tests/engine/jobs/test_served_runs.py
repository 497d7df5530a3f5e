"""Served candidates from the request to the store: planned, scored, paused, taken up, recognised."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from serving import KEY, serving

from data.bundled import bundled_models
from engine.candidates.address import ServedAs
from engine.jobs.inside import inside
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.progress import Phase, RunState
from engine.jobs.resuming import resume_request
from engine.jobs.runs import RunRequest
from engine.store.connection import Store
from engine.store.runs import Status, stored_runs
from engine.store.verdicts import load_verdicts
from engine.worker import WORK
from rubrics.errors import CandidateError

FOLDER = next(path for path in bundled_models() if path.name == "llama-brook-0.2m")
OTHER = next(path for path in bundled_models() if path.name == "llama-loch-0.8m")


def here(message):
    """Work in a thread: what is tried here is no process."""
    import pkgutil

    return inside(pkgutil.resolve_name(WORK[message["kind"]]))(message)


def asked(*models: str, **changes: object) -> RunRequest:
    values = {"limit": 6, "threads": 1, "device": "cpu", "concurrency": 4, **changes}
    return RunRequest(models=models, suites=("world",), **values)  # type: ignore[arg-type]


def do(store: Store, request: RunRequest, progress=None, **options) -> tuple[RunState, ...]:
    return perform(store, plan(store, request, runner=here), progress, runner=here, **options)


def numbers(store: Store, protocol: str) -> dict[str, np.ndarray]:
    """The stored numbers of each run, by its candidate's name; rows by pair."""
    runs = [run for run in stored_runs(store) if run.protocol == protocol and run.prompt == "own"]
    columns = load_verdicts(store, protocol, [run.run_id for run in runs])
    fields = ("ll_chosen", "ll_rejected") if protocol == "likelihood" else (
        "log_odds_chosen_first", "log_odds_rejected_first",
    )  # fmt: skip
    return {
        run.candidate: np.stack([getattr(columns[run.run_id], field) for field in fields])[
            :, np.argsort(columns[run.run_id].position)
        ]
        for run in runs
    }


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "db.duckdb")


@pytest.mark.long
def test_both_protocols_and_controls_come_out_as_from_the_folder(store: Store) -> None:
    with serving(FOLDER) as server:
        states = do(store, asked(server.address, token_scores=True, controls=2))
        assert [state.phase for state in states] == [Phase.DONE] * 4
        assert {state.precision for state in states} == {"served"}
        assert [state.done for state in states] == [6, 6, 2, 2]
        before = len(server.asked)
        again = plan(store, asked(server.address, token_scores=True, controls=2), runner=here)
        assert not any(run.left for run in again.runs)
        assert len(server.asked) - before < 40
    do(store, asked(str(FOLDER)))
    for protocol in ("choice", "likelihood"):
        got = numbers(store, protocol)
        assert np.allclose(got["cand"], got["llama-brook-0.2m"], atol=1e-3, rtol=1e-5)
    row = next(run for run in stored_runs(store) if run.candidate == "cand")
    assert row.facts["engine"] == "vllm"
    assert row.facts["routes"] == "prompt_logprobs, logprob_token_ids"


@pytest.mark.long
def test_a_run_goes_on_where_the_server_died_and_under_another_address(store: Store) -> None:
    with serving(FOLDER) as server:
        request = asked(server.address, protocols=("likelihood",), limit=70)
        server.after, server.then = 100, lambda: setattr(server, "always", "400")
        (state,) = do(store, request)
        assert state.phase is Phase.FAILED
        assert "HTTP 400: cannot be" in state.error
        row = stored_runs(store)[0]
        assert row.status is Status.FAILED
    with serving(FOLDER) as server:
        planned = plan(store, asked(server.address, protocols=("likelihood",), limit=70), runner=here)
        assert planned.runs[0].run_id == row.run_id
        (state,) = perform(store, planned, runner=here)
        assert state.phase is Phase.DONE
        assert state.done == 70
    do(store, asked(str(FOLDER), protocols=("likelihood",), limit=70))
    got = numbers(store, "likelihood")
    assert got["cand"].shape == got["llama-brook-0.2m"].shape
    assert np.allclose(got["cand"], got["llama-brook-0.2m"], atol=1e-3, rtol=1e-5)


@pytest.mark.long
def test_pairs_that_are_not_answered_wait_and_are_said(store: Store) -> None:
    with serving(FOLDER) as server:
        planned = plan(store, asked(server.address, protocols=("likelihood",)), runner=here)
        server.after, server.then = 30, lambda: server.faults.append("400")
        (state,) = perform(store, planned, runner=here)
        assert state.phase is Phase.FAILED
        assert state.error.startswith("1 pair not answered, and waiting: HTTP 400: cannot be (1)")
        assert state.done == 5
        assert len(numbers(store, "likelihood")["cand"][0]) == 5
        again = asked(server.address, protocols=("likelihood",))
        (state,) = do(store, again)
        assert (state.phase, state.judged, state.done) == (Phase.DONE, 1, 6)


@pytest.mark.long
def test_what_is_asked_again_is_said_once_of_each_sort(store: Store) -> None:
    with serving(FOLDER) as server:
        planned = plan(store, asked(server.address, protocols=("likelihood",)), runner=here)
        server.after, server.then = 30, lambda: server.faults.extend(["429", "nan", "429"])
        (state,) = perform(store, planned, runner=here)
    assert (state.phase, state.done) == (Phase.DONE, 6)
    said = [note for note in state.notes if "asked again" in note]
    assert sorted(said) == [
        "its server did not answer at once, and is asked again: HTTP 429",
        "its server did not answer at once, and is asked again: unreadable answer",
    ]


@pytest.mark.long
def test_another_model_or_version_under_the_same_name_is_another_run(store: Store) -> None:
    with serving(FOLDER, root="/models/one") as server:
        said = (ServedAs(server.address, str(FOLDER)),)
        request = asked(server.address, protocols=("choice",), served=said)
        first = plan(store, request, runner=here).runs[0]
        do(store, request)
        assert plan(store, request, runner=here).runs[0].run_id == first.run_id
        model = server.model
        server.model = type(model)(OTHER)
        other = plan(store, request, runner=here).runs[0]
        assert other.run_id != first.run_id
        assert other.left == 6
        server.model, server.version = model, "0.33.0"
        assert plan(store, request, runner=here).runs[0].run_id != first.run_id
        server.version = "0.32.0"
        assert plan(store, request, runner=here).runs[0].run_id == first.run_id


@pytest.mark.long
def test_a_paused_run_sends_nothing_and_goes_on(store: Store) -> None:
    cancel, pause, moved = threading.Event(), threading.Event(), threading.Event()

    class Watch:
        def started(self, states: object) -> None: ...
        def finished(self, states: object) -> None: ...

        def advanced(self, state: RunState) -> None:
            if state.phase is Phase.PAUSED:
                moved.set()
            elif state.done:
                pause.set()

    with serving(FOLDER) as server:
        request = asked(server.address, protocols=("choice",), limit=70)
        planned = plan(store, request, runner=here)
        ended: list[RunState] = []
        thread = threading.Thread(
            target=lambda: ended.extend(perform(store, planned, Watch(), cancel, pause, runner=here))
        )
        thread.start()
        assert moved.wait(120)
        while server.now:
            moved.wait(0.01)
        sent = len(server.asked)
        assert not threading.Event().wait(0.3)
        assert len(server.asked) == sent
        Watch.advanced = lambda self, state: None  # type: ignore[method-assign]
        pause.clear()
        thread.join(120)
        assert ended[0].phase is Phase.DONE
        assert ended[0].done == 70


@pytest.mark.long
def test_a_stored_run_says_how_it_is_taken_up_and_holds_no_key(store: Store, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SERVER_KEY", KEY)
    with serving(FOLDER, key=KEY) as server:
        said = (ServedAs(server.address, str(FOLDER), "SERVER_KEY"),)
        do(store, asked(server.address, protocols=("choice",), served=said, limit=2))
        row = stored_runs(store)[0]
        request = resume_request(store, row)
        assert request.served == said
        assert request.models == (server.address,)
        assert RunRequest.of_json(json.loads(json.dumps(request.to_json()))) == request
        assert plan(store, request, runner=here).runs[0].run_id == row.run_id
        server.key = "another"
        with pytest.raises(CandidateError, match="refused the key") as caught:
            plan(store, request, runner=here)
        assert KEY not in str(caught.value)
    assert KEY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("llamacpp", "1 log-probability for"),
        pytest.param("transformers", "no log-probabilities of the prompt", marks=pytest.mark.long),
    ],
)
def test_what_cannot_score_is_refused_before_anything_runs(kind: str, what: str, store: Store) -> None:
    with serving(FOLDER, kind) as server, pytest.raises(CandidateError, match=what):
        plan(store, asked(server.address), runner=here)


@pytest.mark.long
def test_what_is_wrong_with_an_address_is_said(store: Store) -> None:
    def refused(address: str, **said: str) -> str:
        with pytest.raises(CandidateError) as caught:
            plan(store, asked(address, served=(ServedAs(address, **said),)), runner=here)
        return str(caught.value)

    with serving(FOLDER, root="./cand") as server:
        assert "serves no such model, but cand" in refused(server.address + "x")
        assert "there is no tokenizer for it: ./cand is not here" in refused(server.address)
        assert "/nowhere is not here" in refused(server.address, tokenizer="/nowhere")
        said = (ServedAs(server.address, str(FOLDER)),)
        with pytest.raises(CandidateError, match="bf16 cannot be asked for"):
            plan(store, asked(server.address, served=said, precision="bf16"), runner=here)
    assert "cannot be reached" in refused(server.address)


@pytest.mark.long
def test_a_race_between_served_and_local_candidates(store: Store) -> None:
    with serving(FOLDER) as server:
        request = asked(server.address, str(OTHER), protocols=("likelihood",), until="best", limit=16, alpha=0.2)
        states = do(store, request)
    assert {state.candidate for state in states} == {"cand", "llama-loch-0.8m"}
    assert all(state.phase in (Phase.DONE, Phase.UP_TO_DATE) for state in states)
