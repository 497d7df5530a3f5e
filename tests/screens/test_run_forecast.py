"""What the plan says before it starts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from engine.jobs.preview import LaidRun
from engine.jobs.run_cost import RunCost
from engine.layout.wordings import PLAIN
from engine.store.verdicts import Skip
from screens.run.forecast import Expected, headline, portions
from screens.run.stored_text import run_text


def _run(name: str = "oak-7m", *, left: int = 90, done: int = 10) -> Any:
    return SimpleNamespace(
        run_id=f"{name}-{left}", candidate=SimpleNamespace(name=name, place=f"/models/{name}"), left=left, done=done,
        suite=SimpleNamespace(name="garden"), protocol="choice", why="fp32 needs 30 MB", precision="fp32", prompt="own",
        wording=PLAIN,
    )  # fmt: skip


def _laid(total: int = 100, skipped: int = 0) -> LaidRun:
    return LaidRun(total, 5000, tuple(Skip(str(n), "longer than the context") for n in range(skipped)), ("a note",))


def test_a_known_speed_gives_a_time_and_an_unknown_one_none() -> None:
    known = Expected(_run(), RunCost(4500, 65.0, 2, 50 << 20), 30 << 20, _laid())
    unknown = Expected(_run("fir"), RunCost(4500), 60 << 20, _laid())
    waiting = Expected(_run("elm"), RunCost(), 10 << 20)
    assert (known.time, unknown.time, waiting.time) == ("1 m 05 s", "unknown", "…")
    assert "time: about 1 m 05 s, by 2 earlier runs of it here; loading comes on top" in known.about()
    assert "memory: an earlier run took 50.0 MB" in known.about()
    assert any("unknown until the first batches" in line for line in unknown.about())
    line = headline([known])
    assert line == (
        "1 run · 90 pairs to score · 10 scored already · 4,500 tokens · about 1 m 05 s, loading on top · "
        "up to 30.0 MB of memory"
    )
    assert "1 m 05 s and more: 1 run unknown until the first batches" in headline([known, unknown])
    assert "up to 60.0 MB" in headline([known, unknown])
    assert "laying out, 1 run to go" in headline([known, waiting])
    assert "time unknown until the first batches" in headline([unknown])


def test_what_does_not_fit_is_said_with_its_reason() -> None:
    none = Expected(_run(left=100, done=0), RunCost(0, 0.0, 1), 1, _laid(0, 100))
    assert (none.left, none.time) == (0, "none fits")
    assert "! 100 pairs left out: longer than the context" in none.about()
    broken = Expected(_run(), RunCost(), 1, fault="labels are no single tokens → choose likelihood")
    assert broken.about()[1].startswith("✗ labels are no single tokens")


def test_what_is_done_is_not_laid_out() -> None:
    done = Expected(_run(left=0, done=100), RunCost())
    one, two = Expected(_run(), RunCost()), Expected(_run(left=5), RunCost())
    other = Expected(_run("fir"), RunCost())
    assert portions([done, one, two, other]) == [[one, two], [other]]
    assert headline([done]) == "1 run: everything is scored already."
    assert done.time == "all done"


def _stored(**changes: Any) -> Any:
    return SimpleNamespace(**{
        "candidate": "oak-7m", "suite": "garden", "protocol": "choice", "precision": "fp32", "device": "cpu",
        "seed": 0, "run_id": "abcdef0123456789", "status": "failed", "error": "log: out of memory\n  → free some",
        "n_wanted": 100, "n_scored": 40, "n_skipped": 10, "prompt": "own",
        "facts": {"seconds": 2.0, "tokens": 400, "memory": 1_000_000, "log": "/home/me/x.log", "notes": ["two shots"]},
        **changes,
    })  # fmt: skip


def test_a_stored_run_says_why_it_stopped_and_the_way_out() -> None:
    text = run_text(_stored(), lambda name: "").plain
    assert "✗ log: out of memory\n→ free some\n→ R takes it up where it was; 50 pairs are left" in text
    assert "scored for 2 s · 200 tokens/s · 1.0 MB at most" in text
    assert "! 10 pairs cannot be scored" in text
    assert "log x.log" in text
    assert "/home/me" not in text
    assert "its process ended without a word" in run_text(_stored(status="crashed", error=""), lambda name: "").plain
    assert "it was stopped" in run_text(_stored(status="cancelled", error=""), lambda name: "").plain
    done = run_text(_stored(status="done", error="", facts={}), lambda name: "").plain
    assert "→" not in done
