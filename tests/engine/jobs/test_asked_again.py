"""What stops before its end is remembered whole, also what of it was never begun; what ends is not."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.jobs.job import asked_again, perform
from engine.jobs.planning import plan
from engine.jobs.progress import NoProgress, Phase, RunState
from engine.jobs.runs import RunRequest
from engine.store.asked import LeftOver, forget_asked, last_asked, remember_asked
from engine.store.connection import Store
from rubrics.errors import RudeError


class _StopsAtFirst(NoProgress):
    """Cancels once a run has ended."""

    def __init__(self) -> None:
        self.cancel = threading.Event()

    def advanced(self, state: RunState) -> None:
        if state.phase is Phase.DONE:
            self.cancel.set()


def _request(models: Sequence[Path]) -> RunRequest:
    return RunRequest(models=tuple(map(str, models)), suites=("world",), protocols=("choice",), limit=4)


@pytest.mark.long
def test_a_queue_that_was_stopped_is_taken_up_whole(store: Store) -> None:
    from data.bundled import bundled_models

    request, progress = _request(bundled_models()[:3]), _StopsAtFirst()
    states = perform(store, plan(store, request), progress, progress.cancel)
    assert Phase.CANCELLED in [state.phase for state in states]
    left = last_asked(store)
    assert left is not None
    assert left.runs == 3
    again = asked_again(store, left)
    assert {state.candidate for state in again.states} == {path.name for path in bundled_models()[:3]}
    assert all(state.phase is Phase.DONE for state in perform(store, again) if state.phase is not Phase.UP_TO_DATE)
    assert last_asked(store) is None


def test_the_last_of_several_is_given_and_each_forgotten_by_itself(store: Store) -> None:
    assert last_asked(store) is None
    remember_asked(store, "a:b", {"models": ["one"]}, 2)
    remember_asked(store, "a:b", {"models": ["two"]}, 3)
    remember_asked(store, "a:b", {"models": ["one"]}, 2)
    left = last_asked(store)
    assert left is not None
    assert (left.function, left.request, left.runs) == ("a:b", {"models": ["one"]}, 2)
    forget_asked(store, left.function, left.request)
    second = last_asked(store)
    assert second is not None
    assert second.request == {"models": ["two"]}


def test_a_database_names_no_code_of_its_own(store: Store) -> None:
    remember_asked(store, "os:system", {"command": "true"}, 2)
    left = last_asked(store)
    assert left is not None
    with pytest.raises(RudeError, match="none of this program's jobs"):
        asked_again(store, left)
    assert last_asked(store) is None


def test_what_can_no_longer_be_done_is_not_offered_again(store: Store, tmp_path: Path) -> None:
    request = _request([tmp_path / "gone", tmp_path / "gone too"]).to_json()
    remember_asked(store, "engine.jobs.planning:asked_for", request, 2)
    left = last_asked(store)
    assert isinstance(left, LeftOver)
    with pytest.raises(RudeError, match="no such folder"):
        asked_again(store, left)
    assert last_asked(store) is None
