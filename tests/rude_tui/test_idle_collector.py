"""Memory is searched while nobody waits."""

from __future__ import annotations

import gc

import pytest

from rude_tui import idle_collector


def test_memory_is_searched_only_when_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(idle_collector.time, "monotonic", lambda: now[0])
    given: list[str] = []
    monkeypatch.setattr(idle_collector, "give_back", lambda: given.append("back"))
    before = gc.get_threshold()
    collector = idle_collector.IdleCollector()
    collector.start()
    try:
        assert gc.get_threshold()[2] >= 1_000
        monkeypatch.setattr(idle_collector, "_WORTH", 0)
        monkeypatch.setattr(idle_collector, "_PRESSING", 1_000_000)
        assert not collector.collect_if_idle()
        assert not given
        now[0] = 3.5
        assert collector.collect_if_idle()
        assert given == ["back"]
        assert gc.get_freeze_count() > 0
        collector.touched()
        assert not collector.collect_if_idle()
    finally:
        collector.stop()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_it_is_searched_all_the_same_once_there_is_much_to_find(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = [(0, 0, 9)]
    monkeypatch.setattr(idle_collector.time, "monotonic", lambda: 0.0)
    monkeypatch.setattr(idle_collector.gc, "get_count", lambda: counts[0])
    collector = idle_collector.IdleCollector()
    collector.start()
    try:
        assert not collector.collect_if_idle()
        counts[0] = (0, 0, 10)
        assert collector.collect_if_idle()
    finally:
        collector.stop()
