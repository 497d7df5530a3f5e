"""What the curves are drawn from, and how."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.jobs.progress import Phase, RunState
from screens.run.charts import accuracy_chart, held_out_chart, speed_chart, speeds
from screens.run.queue import columns, current, stopped, summary
from screens.run.recorder import Recorder
from screens.shell.live import Live, RunTrace

STATE = RunState(key="r1", candidate="oak-7m", suite="garden", protocol="choice", total=40)
RUN = SimpleNamespace(
    run_id="r1",
    suite=SimpleNamespace(hash="h", scored=[SimpleNamespace(group=f"g{n // 2}") for n in range(39)]),
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _scored(recorder: Recorder, clock: Clock, steps: int, tokens: float = 100.0) -> RunState:
    state = STATE
    for step in range(1, steps + 1):
        clock.now = step * 0.05
        state = replace(
            STATE, phase=Phase.SCORING, judged=step, done=step, right=step * 0.75, seconds=step * 0.05,
            tokens_per_second=tokens,
        )  # fmt: skip
        recorder.take(state)
    return state


def test_a_trace_keeps_few_points_and_both_ends() -> None:
    clock = Clock()
    recorder = Recorder([RUN], clock)  # type: ignore[list-item]
    _scored(recorder, clock, 5000)
    trace = recorder.trace()
    assert len(trace.tokens) <= 361
    assert trace.tokens[0] == (0.0, 0.0)
    assert trace.tokens[-1] == pytest.approx((250.0, 25_000.0))
    run = trace.runs["r1"]
    assert (run.groups, run.pairs, run.largest) == (20, 39, 2)
    assert run.points[-1] == (5000, 3750.0)
    gaps = [b[0] - a[0] for a, b in zip(trace.tokens, trace.tokens[1:], strict=False)]
    assert max(gaps) < 5, "evenly thinned"


def test_tokens_of_all_runs_add_up() -> None:
    clock = Clock()
    recorder = Recorder([], clock)
    for key in ("a", "b"):
        clock.now += 1
        recorder.take(replace(STATE, key=key, tokens_per_second=50.0, seconds=4.0))
    assert recorder.trace().tokens[-1] == (2.0, 400.0)


@given(
    st.lists(st.tuples(st.floats(0.01, 5), st.floats(0, 1000)), min_size=1, max_size=40), st.integers(1, 90)
)  # fmt: skip
def test_speeds_hold_every_token(steps: list[tuple[float, float]], samples: int) -> None:
    points, at, total = [(0.0, 0.0)], 0.0, 0.0
    for gap, tokens in steps:
        at, total = at + gap, total + tokens
        points.append((at, total))
    found = speeds(points, samples)
    assert len(found) == samples
    assert min(found) >= 0
    assert sum(found) * at / samples == pytest.approx(total, rel=1e-6, abs=1e-6)


def test_a_steady_speed_is_a_flat_line() -> None:
    assert speeds([(0.0, 0.0), (1.0, 50.0), (4.0, 200.0)], 8) == pytest.approx([50.0] * 8)
    assert speeds([], 8) == speeds([(0.0, 0.0)], 8) == []


def _plain(name: str) -> str:
    return "white"


@pytest.mark.parametrize(("width", "height"), [(20, 4), (40, 7), (90, 20)])
def test_charts_fit_their_place(width: int, height: int) -> None:
    clock = Clock()
    recorder = Recorder([RUN], clock)  # type: ignore[list-item]
    state = _scored(recorder, clock, 25)
    trace = recorder.trace()
    for text in (
        speed_chart(trace.tokens, width, height, _plain),
        accuracy_chart(state, trace.runs["r1"], 0.5, width, height, _plain),
    ):
        lines = text.plain.split("\n")
        assert len(lines) <= height
        assert all(len(line) <= width for line in lines[1:])
    drawn = accuracy_chart(state, trace.runs["r1"], 0.5, 40, 10, _plain).plain
    assert "75.0 %" in drawn
    assert "┄" in drawn
    assert "░" in drawn


@pytest.mark.parametrize(("width", "height"), [(20, 4), (40, 10), (90, 14)])
def test_what_is_held_out_is_drawn_over_steps(width: int, height: int) -> None:
    text = held_out_chart(((0, 0.25), (10, 0.5), (20, 0.75)), 40, width, height, _plain).plain
    lines = text.split("\n")
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines[1:])
    assert ("75.0 %, base 25.0 %" in lines[0]) == (width >= 29)
    assert lines[-1].endswith("40 steps")
    sure = held_out_chart(((0, 0.25), (10, 0.5)), 40, width, height, _plain, (0.4, 0.6)).plain
    whole = "held out, criteria met 50.0 % (40.0–60.0), base 25.0 %"
    assert sure.split("\n")[0] == {90: whole, 40: "held out 50.0 % (40.0–60.0), base 25.0 %"}.get(
        width, "held out 50.0 %"
    )
    # Half of the steps are done, and the curve rises to its end there.
    drawn = [line[7:] for line in lines[1:-1]]
    assert max(len(line.rstrip()) for line in drawn) == (width - 7 + 1) // 2
    highest = next(line for line in drawn if line.strip())
    assert not highest[: (width - 7) // 4].strip()


def test_charts_without_anything_say_when_it_comes() -> None:
    assert "first batches" in speed_chart((), 40, 8, _plain).plain
    assert "first pairs" in accuracy_chart(STATE, RunTrace(), 0.5, 40, 8, _plain).plain
    assert speed_chart((), 1, 1, _plain).plain
    assert "base has been measured" in held_out_chart((), 40, 40, 8, _plain).plain


def test_a_finished_run_has_no_doubt_left() -> None:
    state = replace(STATE, phase=Phase.DONE, judged=40, done=40, right=30.0)
    text = accuracy_chart(state, RunTrace(((40, 30.0),), 20, 40, 2), 0.5, 60, 8, _plain).plain
    assert "ends in 75.0–75.0" in text


def test_a_resumed_run_counts_its_own_stretch() -> None:
    # 30 of 40 pairs were scored earlier: this stretch has ten, all of them scored.
    state = replace(STATE, phase=Phase.DONE, judged=10, done=40, right=5.0)
    text = accuracy_chart(state, RunTrace(((10, 5.0),), 20, 40, 2), 0.5, 60, 8, _plain).plain
    assert "10 pairs" in text
    assert "ends in 50.0–50.0" in text


def test_the_board_shows_what_there_is_room_for() -> None:
    for width in (40, 76, 100, 116, 200):
        found = columns(width, 16, 6)
        assert sum(cells + 2 for _, _, cells in found) <= width
        assert [key for key, _, _ in found][:2] == ["phase", "candidate"]
    assert {"protocol", "right", "eta", "pairs"} <= {key for key, _, _ in columns(76, 16, 6)}
    assert len(columns(200, 16, 6)) == 13
    # Of several suites, which one it is counts for more than how fast it goes.
    assert "suite" not in {key for key, _, _ in columns(100, 16, 6)}
    assert "suite" in {key for key, _, _ in columns(76, 16, 6, suites=2)}
    # What room is left is for longer names.
    assert {key: cells for key, _, cells in columns(200, 43, 30)}["candidate"] == 43
    assert {key: cells for key, _, cells in columns(200, 43, 30)}["suite"] > 14


def test_words_for_each_stage() -> None:
    scoring = replace(STATE, phase=Phase.SCORING)
    assert current(Live((STATE, scoring), True)) is scoring
    assert "waits once the batch" in summary(Live((scoring,), True, paused=True))
    assert "oak-7m waits; z goes on" in summary(Live((replace(STATE, phase=Phase.PAUSED),), True, paused=True))
    assert "machine 3 GB of 8 GB" in summary(Live((scoring,), True), "machine 3 GB of 8 GB")
    ended = Live((replace(STATE, phase=Phase.CANCELLED),))
    assert stopped(ended)
    queue = (replace(scoring, done=20, total=40, pairs_per_second=2.0), replace(STATE, candidate="elm", total=40))
    assert "at least 10 s left" in summary(Live(queue, True)).splitlines()[0]
    assert "R takes up what stopped" in summary(ended)
    assert "3 shows the rankings" in summary(Live((replace(STATE, phase=Phase.DONE),)))
    assert "3 shows" not in summary(Live((replace(STATE, phase=Phase.DONE, protocol="headroom"),)))
    assert "is read-only" in summary(Live(error="db: is read-only"))
