"""The app as a whole: what it loads, what it keeps, how it ends."""

from __future__ import annotations

import fcntl
import logging
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from waiting import PATIENCE

from data.bundled import bundled_models
from engine.jobs.job import Asked
from engine.store.connection import Store
from engine.store.runs import Status, stored_runs
from rude_tui.app import RudeApp
from rude_tui.idle_collector import IdleCollector
from rude_tui.settings import Settings, load_settings, save_setting, settings_file
from rude_tui.terminal import log_file, quiet_terminal
from screens.shell.session import Session

HEAVY = ("torch", "transformers", "bitsandbytes", "accelerate", "scipy.stats")


def test_the_app_and_every_screen_load_no_model_library() -> None:
    code = (
        "import sys, rude_tui.app as app\n"
        "before = set(sys.modules)\n"
        "for make in app.RudeApp.MODES.values(): make()\n"
        "import screens.comparison.screen, screens.pair.screen\n"
        "import engine.results.rankings, engine.results.failures, engine.correlation.predictor_outcome\n"
        "import engine.jobs.runs\n"
        f"bad = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not bad, bad\n"
        "late = [name for name in ('duckdb', 'pydantic', 'numpy', 'plotext') if name in before]\n"
        "assert not late, f'loaded before the first paint: {late}'\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def app(tmp_path) -> RudeApp:
    return RudeApp(Session(store_path=tmp_path / "new.duckdb"), Settings(theme="rude-light", keys={"quit": "Q"}))


async def test_settings_are_followed_and_kept(app: RudeApp) -> None:
    async with app.run_test() as pilot:
        assert app.theme == "rude-light"
        await pilot.press("ctrl+t")
        await pilot.pause()
        await pilot.press("q")
        await pilot.pause()
        assert app.is_running, "quit was moved to Q"
        await pilot.press("Q")
    for thread in threading.enumerate():
        if thread.name == "settings":
            thread.join(120)
    assert load_settings().theme == "rude-contrast"
    assert settings_file().exists()


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Work that goes on until it is stopped; set once it has begun."""
    import engine.jobs.job

    begun = threading.Event()

    def perform(store: Any, plan: Any, progress: Any, cancel: threading.Event, *_: Any, **__: Any) -> None:
        begun.set()
        cancel.wait(120)

    monkeypatch.setattr(engine.jobs.job, "perform", perform)
    return begun


def _job(asked: object) -> Any:
    return SimpleNamespace(refused=(), runs=(), request=None, asked=asked)


async def test_leaving_while_a_run_goes_on_asks_first(app: RudeApp, begun: threading.Event) -> None:
    async with app.run_test() as pilot:
        app.runner.start(app.session.store, _job(asked=None))
        assert begun.wait(120)
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert type(app.screen).__name__ == "Leave"
        await pilot.press("b")
        await pilot.pause()
        assert type(app.screen).__name__ == "Leave", "no process could take it up"
        await pilot.press("n")
        await pilot.pause()
        assert app.runner.running
        await pilot.press("ctrl+c", "ctrl+c")
        await pilot.pause()
    assert app.runner.wait(120)
    assert app.return_value == 130


@pytest.mark.long
async def test_what_goes_on_may_be_left_going_on(
    app: RudeApp, begun: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr("engine.jobs.detached.start_detached", lambda *what, **how: asked.append((what, how)))
    async with app.run_test() as pilot:
        app.runner.start(app.session.store, _job(asked=Asked("a:b", {"of": 1})), take_over=True)
        assert begun.wait(120)
        await pilot.press("ctrl+c", "b")
        await pilot.pause()
    assert app.runner.wait(120)
    assert (app.return_value, app.goes_on) == (0, True)
    app.runner.go_on_without(app.session.store)
    assert asked == [(("a:b", app.session.store.path, {"of": 1}), {"take_over": True})]


def test_logs_and_native_writes_go_to_the_file_and_come_back(capfd: pytest.CaptureFixture[str]) -> None:
    import os

    handler = logging.StreamHandler(sys.stderr)
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        with quiet_terminal():
            logging.getLogger("someone").warning("to the file")
            os.write(2, b"native words\n")
        logging.getLogger("someone").warning("to the terminal")
    finally:
        root.removeHandler(handler)
    text = log_file().read_text()
    assert "to the file" in text
    assert "native words" in text
    seen = capfd.readouterr().err
    assert "to the file" not in seen
    assert "native words" not in seen
    assert "to the terminal" in seen


def test_reading_ahead_waits_until_nobody_acts(app: RudeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    naps: list[float] = []
    monkeypatch.setattr("rude_tui.app._QUIET", 1.0)
    monkeypatch.setattr("rude_tui.app.time", SimpleNamespace(sleep=naps.append))
    # Someone presses a key during the first two naps and the fifth.
    since_a_key = (0.0, 0.0, 0.0, 0.4, 0.8, 0.1, 0.6, 1.0)
    monkeypatch.setattr(IdleCollector, "idle", property(lambda _: since_a_key[len(naps)]))
    app._running = True
    assert app._nobody_waits() is True
    assert len(naps) == 7
    assert max(naps) <= 0.1
    naps.clear()
    app._running = False
    assert app._nobody_waits() is False
    assert naps == []


async def test_every_key_counts_as_acting(app: RudeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async with app.run_test() as pilot:
        noticed: list[bool] = []
        monkeypatch.setattr(app._collector, "touched", lambda: noticed.append(True))
        await pilot.press("5")
        assert noticed


async def test_threads_that_read_wait_a_millisecond_for_the_one_that_draws(app: RudeApp) -> None:
    before = sys.getswitchinterval()
    async with app.run_test():
        assert sys.getswitchinterval() == pytest.approx(0.001)
    assert sys.getswitchinterval() == pytest.approx(before)


async def test_back_from_the_shell_everything_is_drawn_again(app: RudeApp, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, bool]] = []
    async with app.run_test() as pilot:
        with monkeypatch.context() as patched:
            patched.setattr(app, "refresh", lambda **how: asked.append(how))
            app.app_resume_signal.publish(app)
            await pilot.pause()
    assert {"layout": True} in asked


class Terminal:
    """The app in a terminal of its own, whose other end is ours."""

    def __init__(self, *before: str) -> None:
        self._screen, keyboard = pty.openpty()
        fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.keyboard = keyboard
        self.settings = termios.tcgetattr(keyboard)
        self.drawn = b""
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "rude_tui"], stdin=keyboard, stdout=keyboard, stderr=keyboard,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip

    def press(self, keys: str, shown: str) -> None:
        """Press keys, and wait until something is drawn that was not before."""
        self.drawn = b""
        os.write(self._screen, keys.encode())
        self.until(shown)

    def until(self, shown: str) -> None:
        """Wait until something has been drawn."""
        self.wait(lambda: shown.encode() in self.drawn)

    def wait(self, what: Callable[[], bool], gap: float = 0.05) -> None:
        """Wait until something is so; it is looked at once in `gap` seconds."""
        end = time.monotonic() + PATIENCE
        while not what():
            assert self.process.poll() is None, self.drawn
            assert time.monotonic() < end, self.drawn
            self._read(gap)

    def _read(self, gap: float = 0.05) -> None:
        until = time.monotonic() + gap
        while select.select([self._screen], [], [], max(0.0, until - time.monotonic()))[0]:
            self.drawn += os.read(self._screen, 65536)

    def close(self) -> None:
        """As a window that is closed."""
        os.close(self.keyboard)
        os.close(self._screen)

    def end(self) -> int:
        """Its exit code, once it has ended; what it draws until then is read."""
        while self.process.poll() is None:
            self._read()
        self._read()
        return self.process.returncode


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_told_to_end_it_leaves_the_terminal_as_it_was(number: signal.Signals) -> None:
    terminal = Terminal()
    terminal.until("quit")
    terminal.process.send_signal(number)
    assert terminal.end() == 128 + number
    assert b"\x1b[?1049l" in terminal.drawn
    assert termios.tcgetattr(terminal.keyboard) == terminal.settings
    terminal.close()


@pytest.mark.long
@pytest.mark.parametrize("before", [(), ("sh", "-c", 'trap "" HUP; exec "$@"', "sh")], ids=["heeded", "ignored"])
def test_a_terminal_that_closes_ends_it_as_the_signal_does(before: tuple[str, ...]) -> None:
    terminal = Terminal(*before)
    terminal.until("quit")
    terminal.close()
    assert terminal.process.wait(120) == 128 + signal.SIGHUP


@pytest.mark.long
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, "closed"])
def test_a_run_that_goes_on_is_stopped_and_what_is_scored_kept(how: signal.Signals | str) -> None:
    # Whoever has named a folder is not asked for the first steps.
    save_setting("folders", [str(bundled_models()[0].parent)])
    terminal, store = Terminal(), Store()
    terminal.until("quit")
    terminal.press("1", "llama-loch")
    terminal.press("r", "plans")
    terminal.press("Q", "s starts")
    terminal.press("s", "scoring")
    terminal.wait(lambda: any(run.n_scored for run in stored_runs(store)), gap=1.0)  # a reader keeps writers out
    workers = [child.pid for child in psutil.Process(terminal.process.pid).children(recursive=True)]
    assert workers
    if how == "closed":
        terminal.close()
        assert terminal.process.wait(120) == 128 + signal.SIGHUP
    else:
        terminal.process.send_signal(how)
        assert terminal.end() == 128 + how
        assert termios.tcgetattr(terminal.keyboard) == terminal.settings
        terminal.close()
    runs = stored_runs(store)
    assert {run.status for run in runs} <= {Status.CANCELLED, Status.DONE}
    assert Status.CANCELLED in {run.status for run in runs}
    assert not any(psutil.pid_exists(worker) for worker in workers)


def test_without_a_terminal_it_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "rude_tui"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "needs a terminal" in done.stderr
