"""Which example the cursor follows while a construction goes on, without an event loop."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from screens.construct.state import ConstructState
from screens.construct.watch import Look, Watcher


def _made(name: str, *, inside: bool = True) -> Any:
    return SimpleNamespace(example_id=name, in_suite=inside, decision=None, status="accepted", left_out="")


def _overview(made: str, at_work: str = "", *, latest: str = "", running: bool = True) -> Any:
    return SimpleNamespace(
        examples=[_made(name, inside=name.islower()) for name in made],
        under_way=[SimpleNamespace(example_id=name, step="judging") for name in at_work],
        pulse=SimpleNamespace(latest=latest or made[-1:]),
        running=running,
    )


def _shown(state: ConstructState, overview: Any, cursor: int) -> tuple[int, str]:
    state.overview = overview
    line = state.arrange(cursor)
    return line, state.shown[line].example_id


def test_one_at_work_is_followed_until_it_has_come_out_then_the_next() -> None:
    state = ConstructState()
    assert _shown(state, _overview("ab", "cd"), 0) == (3, "d")
    assert _shown(state, _overview("ab", "dc"), 3) == (2, "d"), "others move, it is still at work"
    assert _shown(state, _overview("abd", "ce"), 2) == (2, "d"), "seen once as it came out"
    assert _shown(state, _overview("abd", "ce"), 2) == (4, "e")
    assert _shown(state, _overview("abdec", running=False), 4) == (3, "e"), "where nothing goes on the cursor stays"


def test_a_cursor_that_a_person_moved_stays_with_its_example() -> None:
    state = ConstructState()
    _shown(state, _overview("abc", "d"), 0)
    state.moved(state.placed)
    assert state.following
    state.moved(1)
    assert not state.following
    assert _shown(state, _overview("xabc", "d"), 1) == (2, "b")
    assert state.made_at(2) is not None
    assert state.made_at(4) is None, "it is still being made"
    assert state.follow() == "d"
    assert state.following


def test_a_narrowed_list_holds_no_example_at_work_and_gives_way_to_the_newest() -> None:
    state = ConstructState(filter="suite")
    assert _shown(state, _overview("aBc", "d", running=False), 0) == (0, "a")
    assert [example.example_id for example in state.shown] == ["a", "c"]
    assert state.follow() == "d"
    assert state.filter == ""
    state.look_elsewhere()
    assert state.at(99) is None


def test_a_look_is_followed_by_a_rest_as_long_as_it_took_several_times_over(monkeypatch) -> None:
    now = [100.0]
    monkeypatch.setattr("screens.construct.watch.time.monotonic", lambda: now[0])
    watcher = Watcher()
    assert watcher.rested
    watcher.took(Look("key", seconds=0.5))
    assert watcher.last_key == "key"
    now[0] += 1.9
    assert not watcher.rested
    now[0] += 0.2
    assert watcher.rested
    watcher.took(Look("key", seconds=5.0))
    watcher.took(None)
    assert watcher.rested, "nothing had changed, so nothing was held up"
