"""x on a screen that is a list: the list as a table, and as it is read."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from taking import rows_of, take_away

from engine.jobs.progress import Phase, RunState
from engine.jobs.run_cost import RunCost
from engine.store.connection import Store
from engine.store.runs import stored_runs
from screens.run.forecast import Expected
from screens.run.taken import live_table, plan_table
from screens.shell.live import Live, RunTrace, Trace


async def test_candidates_suites_pairs_and_runs(garden, make_app, settle, tmp_path: Path) -> None:
    app, out = make_app(garden), tmp_path / "out"
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("1")
        await settle(pilot)
        shown = [row.candidate.name for row in app.screen._rows]
        await take_away(pilot, settle, out)
        await pilot.press("6")
        await settle(pilot)
        await take_away(pilot, settle, out)
        names = [entry.name for entry in app.screen.state.entries]
        while app.screen._current.name != "garden":
            await pilot.press("down")
        await pilot.press("enter")
        await settle(pilot)
        await take_away(pilot, settle, out)
        await pilot.press("escape", "2")
        await settle(pilot)
        await take_away(pilot, settle, out)
        await pilot.press("semicolon")
        await settle(pilot)
        await take_away(pilot, settle, out)

    candidates = rows_of(out / "candidates.csv")
    assert [row["candidate"] for row in candidates] == shown
    assert {row["origin"] for row in candidates} >= {"bundled"}
    assert all(int(row["parameters"]) > 0 and Path(row["place"]).is_dir() for row in candidates)
    listed = (out / "candidates.md").read_text(encoding="utf-8")
    assert listed.index("candidate ") < listed.index(shown[0])
    suites = {row["suite"]: row for row in rows_of(out / "suites.csv")}
    assert list(suites) == names
    assert (suites["garden"]["pairs"], suites["garden"]["origin"]) == ("40", "stored")
    pairs = rows_of(out / "pairs.csv")
    assert len(pairs) == 40
    assert pairs[0]["prompt_begins"].startswith("Plan week")
    # What is set up is ticked, and nothing is planned yet.
    assert not (out / "run-setup.csv").exists()
    chosen = (out / "run.md").read_text(encoding="utf-8")
    assert "[x] likelihood" in chosen
    runs = rows_of(out / "run-stored.csv")
    assert [row["run_id"] for row in runs] == [run.run_id for run in stored_runs(Store(garden))]
    assert all(row["scored"] == row["wanted"] for row in runs)


def test_plan_and_queue_as_tables() -> None:
    run: Any = SimpleNamespace(
        candidate=SimpleNamespace(name="oak"), suite=SimpleNamespace(name="garden"), protocol="choice", prompt="own",
        precision="fp32", device="cpu", left=90, done=10,
    )  # fmt: skip
    (planned,) = plan_table([Expected(run, RunCost(4500, 65.0), 30 << 20)]).records()
    assert (planned["candidate"], planned["left"], planned["tokens"], planned["seconds"]) == ("oak", 90, 4500, 65.0)
    state = RunState(
        "k", "oak", "garden", "choice", "fp32", phase=Phase.SCORING, done=40, total=100, judged=40, right=30
    )
    waits = RunState("w", "fir", "garden", "choice")
    trace = Trace(runs={"k": RunTrace(((40, 30.0),), 20, 100, 5)})
    first, second = live_table(Live(states=(state, waits), trace=trace)).records()
    assert (first["phase"], first["accuracy"], first["done"], first["total"]) == ("scoring", 0.75, 40, 100)
    # Even if all that is left went one way, it cannot end elsewhere.
    assert 0.3 <= first["ends_low"] < 0.75 < first["ends_high"] <= 0.9
    assert (second["phase"], second["accuracy"], second["ends_low"]) == ("queued", None, None)
