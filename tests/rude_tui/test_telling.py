"""Long work tells: JSON for scripts, a message to whoever looks elsewhere."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from command import rude
from rich.cells import cell_len

from data.bundled import bundled_models
from engine.jobs.progress import Phase, RunState
from rude_tui import notify, output
from rude_tui.notify import message
from rude_tui.terminal_progress import JsonProgress, TerminalProgress, asked_progress, describe
from screens.run.queue import unit


def test_json_is_one_object_a_line_and_says_changes(capsys: pytest.CaptureFixture[str]) -> None:
    progress = JsonProgress()
    first = RunState("k", "base", "world", "likelihood", total=10)
    progress.started((first,))
    for done in range(10):
        progress.advanced(replace(first, phase=Phase.SCORING, done=done))
    last = RunState(
        "k", "base", "world", "likelihood", phase=Phase.DONE, done=10, total=10, pairs_per_second=float("nan")
    )
    progress.advanced(last)
    progress.finished((last,))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["event"] for line in lines] == ["started", "advanced", "advanced", "finished"]
    assert lines[1]["phase"] == "scoring"
    assert (lines[2]["phase"], lines[2]["done"], lines[2]["pairs_per_second"]) == ("done", 10, None)
    assert lines[3]["runs"] == [{name: value for name, value in lines[2].items() if name != "event"}]


def test_all_that_is_said_is_json_then_and_only_then(tmp_path: Path) -> None:
    words = ["run", "--model", tmp_path / "none", "--suite", "world"]
    done = rude(*words, "--progress", "json")
    (said,) = (json.loads(line) for line in done.stderr.splitlines())
    assert (done.returncode, said["event"]) == (3, "said")
    assert said["text"].startswith("error: ")
    assert rude(*words).stderr.startswith("error: ")
    assert not output.says_json()


def test_nothing_is_said_of_progress_where_that_is_asked_for() -> None:
    rude("run", "--model", "none", "--suite", "world", "--progress", "none")
    assert not isinstance(asked_progress(), TerminalProgress)
    rude("run", "--model", "none", "--suite", "world")
    assert isinstance(asked_progress(), TerminalProgress)


@pytest.mark.parametrize(
    ("environment", "sent"),
    [
        ({}, ""),
        ({"TERM_PROGRAM": "WezTerm"}, "\x1b]9;rude-tui run: done\a"),
        ({"KITTY_WINDOW_ID": "1", "TERM": "xterm-kitty"}, "\x1b]9;rude-tui run: done\a"),
        ({"TERM": "foot"}, "\x1b]777;notify;rude-tui run;done\a"),
        ({"VTE_VERSION": "7600", "TERM": "xterm-256color"}, "\x1b]777;notify;rude-tui run;done\a"),
        (
            {"VTE_VERSION": "7600", "TMUX": "/tmp/t,1,0"},
            "\x1bPtmux;\x1b\x1b]777;notify;rude-tui run;done\a\x1b\\",
        ),
    ],
)
def test_the_terminal_is_told_in_its_own_way(environment: dict[str, str], sent: str) -> None:
    assert message("auto", "rude-tui run", "done", environment) == sent + "\a"
    assert message("bell", "rude-tui run", "done", environment) == "\a"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_is_told_once_how_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    notify.ask("osc9", "rude-tui run")
    notify.tell(4)
    notify.tell(0)
    assert terminal.getvalue() == "\x1b]9;rude-tui run: done, some items were left out (0 s)\a\a"
    notify.ask("osc9", "rude-tui run")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    notify.tell(1)
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]


@pytest.mark.long
def test_a_script_follows_a_run_line_by_line(tmp_path: Path) -> None:
    words = ["run", "--model", bundled_models()[0], "--suite", "world", "--protocol", "likelihood", "--limit", "20"]
    done = rude("--db", tmp_path / "x.duckdb", *words, "--controls", "0", "--progress", "json", "--json")
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    (started,) = (line for line in lines if line["event"] == "started")
    (finished,) = (line for line in lines if line["event"] == "finished")
    assert started["runs"][0]["total"] == 20
    assert (finished["runs"][0]["phase"], finished["runs"][0]["done"]) == ("done", 20)
    assert json.loads(done.stdout)[0]["run_id"] == finished["runs"][0]["run_id"]


def test_the_live_line_ends_before_the_edge_in_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO()
    monkeypatch.setattr(written, "isatty", lambda: True)
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setenv("COLUMNS", "60")
    state = RunState(
        key="a", run_id="a", candidate="千字文模型" * 4, suite="花园", protocol="choice", phase=Phase.SCORING, total=480
    )
    TerminalProgress().advanced(state)
    line = written.getvalue().rpartition("\x1b[2K")[2]
    assert 40 < cell_len(line) < 60


def test_training_of_which_nothing_is_noted_leaves_no_gap() -> None:
    state = RunState(key="k", candidate="m", suite="", protocol="training #1", phase=Phase.TRAINING, total=24, done=6)
    assert describe(state) == "m · training #1: training, 6/24 steps"
    assert describe(replace(state, note="sft")) == "m · training #1: training, sft, 6/24 steps"


def test_demonstrations_are_no_steps() -> None:
    """A micro-probe takes ten steps, and looks at two dozen demonstrations."""
    state = RunState(key="k", candidate="m", suite="", protocol="micro", phase=Phase.TRAINING, total=24)
    assert describe(replace(state, stage="step 3 of 10")) == "m · micro: training, step 3 of 10"
    assert unit(state) == "demonstrations"
