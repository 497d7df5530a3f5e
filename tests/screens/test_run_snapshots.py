"""How the screens of runs, candidates and suites look; `pytest --snapshot-update` accepts a change that was meant."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from looks import DARK, EVERY, SMALL, USUAL, gallery
from syrupy.assertion import SnapshotAssertion

import screens.candidates.screen
import screens.run.planned
from engine.jobs.preview import LaidRun
from engine.jobs.progress import Phase, RunState
from engine.jobs.run_cost import RunCost
from engine.layout.wordings import PLAIN
from engine.results.suites import SuiteEntry
from engine.store.connection import Store
from engine.store.verdicts import Skip
from screens.candidates.state import CandidateEntry as Found
from screens.candidates.state import Inventory as Shelf
from screens.candidates.state import NoCandidate
from screens.run.forecast import Expected
from screens.shell.live import Live, RunTrace, Trace


def _planned(name: str, protocol: str, left: int, done: int, **changes: Any) -> Any:
    return SimpleNamespace(**{
        "run_id": f"{name}{protocol}", "candidate": SimpleNamespace(name=name, place=f"/models/{name}"), "left": left,
        "done": done, "suite": SimpleNamespace(name="garden", hash="h", scored=()), "protocol": protocol,
        "prompt": "own", "wording": PLAIN, "why": "fp32 needs 30 MB of 21.0 GB free on cpu",
        "precision": "fp32", **changes,
    })  # fmt: skip


def _expected() -> list[Expected]:
    laid = LaidRun(480, 111_948, (), ("BOS: none is added, as this tokenizer adds none",))
    skipped = LaidRun(470, 90_000, tuple(Skip(str(n), "longer than the candidate's context") for n in range(10)), ())
    return [
        Expected(_planned("oak-7m", "likelihood", 480, 0), RunCost(111_948, 75.0, 2, 480 << 20), 490 << 20, laid),
        Expected(_planned("oak-7m", "choice", 480, 0), RunCost(90_000), 490 << 20, skipped),
        Expected(_planned("birch-3m", "likelihood", 0, 480), RunCost(), 470 << 20),
        Expected(_planned("birch-3m", "choice", 480, 0), RunCost(), 470 << 20, fault="labels are no single tokens"),
    ]


def _live() -> Live:
    def state(name: str, protocol: str, phase: Phase, **changes: Any) -> RunState:
        key = f"{name}{protocol}"
        return RunState(
            key=key, run_id=key, candidate=name, suite="garden", protocol=protocol, precision="fp32", phase=phase,
            total=480, **changes,
        )  # fmt: skip

    scoring = state(
        "oak-7m", "choice", Phase.SCORING, done=300, judged=300, right=190.0, pairs_per_second=41.5,
        tokens_per_second=35_000.0, eta_seconds=4.3, memory_bytes=478_000_000, seconds=7.2,
    )  # fmt: skip
    done = replace(scoring, key="oak-7mlikelihood", protocol="likelihood", phase=Phase.DONE, done=480, judged=480)
    failed = state("moss-200k", "choice", Phase.FAILED, error="out of memory")
    points = tuple((float(n), n * 0.62 + (n % 7) * 0.4) for n in range(5, 301, 5))
    tokens = tuple((n * 0.2, 30_000.0 * n * 0.2 + (n % 5) * 2_000) for n in range(40))
    trace = Trace(tokens, {"oak-7mchoice": RunTrace(points, 445, 480, 2)})
    log = ("12:00:00  4 runs in the queue", "12:00:02  oak-7m · garden · choice: scoring")
    queued = state("birch-3m", "choice", Phase.QUEUED)
    return Live((done, scoring, queued, failed), True, log, trace=trace)


def _shelf(folders: list[str], served: object = ()) -> Shelf:
    def candidate(name: str, parameters: int, *problems: Any) -> Any:
        return SimpleNamespace(
            place=f"/models/{name}", served=None, name=name, architecture="LlamaForCausalLM", parameters=parameters,
            weight_bytes=parameters * 4, dtype="fp32", context=512, tokenizer="PreTrainedTokenizerFast",
            vocab_size=768, problems=problems, usable=not any(problem.refused for problem in problems),
        )  # fmt: skip

    fit: Any = SimpleNamespace(precision="fp32", reason="fp32 needs 30 MB, with 21 GB free on cpu")
    pickled = SimpleNamespace(
        code="pickled_only", refused=True, what="holds only pickled weights, which can run code when opened",
        fix="convert them to safetensors, then look again",
    )  # fmt: skip
    chatty = SimpleNamespace(
        code="chat_template", refused=False, what="has a chat template, so it may not be a base model",
        fix="check the model card",
    )  # fmt: skip
    device: Any = SimpleNamespace(name="CPU, 2 cores", free=21_000_000_000)
    return Shelf(
        (
            Found(candidate("oak-7m", 7_000_000), "bundled", fit),
            Found(candidate("birch-3m", 3_100_000, chatty), "cache", fit),
            Found(candidate("old-pickle", 90_000_000, pickled), "/models", None),
        ),
        device,
        (NoCandidate("/gone", "no such folder", "check the path"),),
    )


@pytest.fixture
def still(garden: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The database and the machine, with everything that changes from day to day held still."""
    monkeypatch.setattr(screens.candidates.screen, "look", _shelf)
    monkeypatch.setattr("rubrics.reading.built_in_names", list)
    expected = _expected()
    plan = SimpleNamespace(
        runs=[one.run for one in expected], request=None, left_out=[],
        refused=(("old-pickle", "holds only pickled weights", "convert them to safetensors"),),
    )  # fmt: skip
    monkeypatch.setattr(screens.run.planned, "make_plan", lambda store, request: plan)
    monkeypatch.setattr(screens.run.planned, "expect", lambda store, plan: expected)
    monkeypatch.setattr(screens.run.planned, "lay_out", lambda store, plan, portion, cancel: list(portion))
    with Store(garden).writing() as connection:
        connection.execute(
            "update runs set created_at = timestamptz '2026-01-01 12:00:00+00', "
            "updated_at = timestamptz '2026-01-02 08:30:00+00'"
        )
        connection.execute("update suites set added_at = timestamptz '2026-01-01 12:00:00+00'")
        connection.execute(
            "update runs set status = 'failed', error = 'the scoring process was ended by SIGKILL (the system may have "
            "run out of memory)' || chr(10) || '  → run the same command again: it goes on where it stopped' "
            "where run_id = 'birch-3m-choice-run'"
        )
    return garden


PLACES = {
    "candidates": ["1"],
    "run-setup": ["2"],
    "run-plan": ["Q"],
    "run-live": ["right_square_bracket"],
    "run-stored": ["semicolon", "down", "down"],
    "suites": ["6"],
    "suites-card": ["c"],
    "suites-check": ["h"],
    "pairs": ["enter"],
}

PICTURED = dict.fromkeys(("candidates", "run-setup", "run-plan", "run-stored", "suites", "suites-card", "pairs"), DARK)
PICTURED |= {"run-live": EVERY}
"""The main states, with the looks they are pictured in; of the others the text says enough."""


async def _walk(app: Any, settle: Any, screen_text: Any, snapshot: SnapshotAssertion, sizes: Any, looks: Any) -> None:
    app.session.marked_models["/models/oak-7m"] = "oak-7m"
    app.session.marked_suites.append("garden")
    async with gallery(app, settle, screen_text, snapshot, sizes) as shown:
        for name, keys in PLACES.items():
            await shown.press(*keys)
            app.live = _live() if name == "run-live" else Live()
            app.live_signal.publish(app.live)
            await settle(shown.pilot)
            await shown.look(name, looks.get(name, ()))


async def test_screens_in_80_columns(
    still, make_app, settle, screen_text, monkeypatch, snapshot: SnapshotAssertion
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await _walk(make_app(still), settle, screen_text, snapshot, SMALL, {})


@pytest.mark.long
async def test_screens(still, make_app, settle, screen_text, monkeypatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    await _walk(make_app(still), settle, screen_text, snapshot, USUAL, PICTURED)


def test_an_entry_is_what_it_is_kept_by() -> None:
    # Coverage and reports are kept by entry: another hash is another suite.
    one = SuiteEntry("garden", "file", "a", "/x")
    assert len({one, replace(one, suite_hash="b"), replace(one)}) == 2
