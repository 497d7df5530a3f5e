"""What every test stands on: a home of its own, no network, fixed terminal, the same examples on each run."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from pkgutil import resolve_name
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from hypothesis import HealthCheck, settings
from nursery import NAME, Nursery
from recall import remembered
from waiting import until_quiet

# Tests run side by side, one core each: threads of one that spin while they wait would starve the others.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Under nohup, or in the background of a shell, ignored signals are inherited by whatever a test starts and then tells
# to end: the program respects that, and the test would wait for ever.
for _told, _usual in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
    if signal.getsignal(_told) == signal.SIG_IGN:
        signal.signal(_told, _usual)

for _profile, _examples in (("every-change", 30), ("long", 200)):
    settings.register_profile(
        _profile,
        max_examples=_examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "every-change"))

_numbers = itertools.count()
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_UNSET = ("HF_TOKEN", "HF_ENDPOINT", "HF_HUB_CACHE", "HF_MODULES_CACHE", "NO_COLOR", "FORCE_COLOR", "COLORTERM")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real models and datasets beside the checkout; the test skips where there is none."""
    told = os.environ.get("RUDE_TUI_SHARED")
    folder = Path(told) if told else Path(__file__).resolve().parents[1] / ".." / "shared"
    if not folder.is_dir():
        pytest.skip("no folder of shared models and datasets here (RUDE_TUI_SHARED names one)")
    return folder.resolve()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium, as playwright drives it; the test skips where the system has none.

    It goes with its module: while it is there, no coroutine can be a test.
    """
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine (.ci/run installs one where it may)")
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with driver.sync_playwright() as started:
        # As root, in a container, Chromium has no sandbox of its own to start.
        sandbox = [] if os.name == "nt" or os.getuid() else ["--no-sandbox"]
        browser = started.chromium.launch(executable_path=found, args=[*sandbox, "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def _live_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    for name, place in {
        "HOME": home,
        "USERPROFILE": home,
        "XDG_CACHE_HOME": home / ".cache",
        "XDG_CONFIG_HOME": home / ".config",
        "XDG_DATA_HOME": home / ".local" / "share",
        "XDG_STATE_HOME": home / ".local" / "state",
        "HF_HOME": home / ".cache" / "huggingface",
        "RUDE_TUI_CACHE": home / ".cache" / "rude-tui",
        "RUDE_TUI_CONFIG": home / ".config" / "rude-tui",
        "RUDE_TUI_DB": home / "rude.duckdb",
    }.items():
        patch.setenv(name, str(place))


@pytest.fixture(scope="session", autouse=True)
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Settings, caches and database of the person who runs the tests are neither read nor written."""
    homes = tmp_path_factory.mktemp("homes")
    with pytest.MonkeyPatch.context() as patch:
        _live_in(homes, patch)
        for name in _UNSET:
            patch.delenv(name, raising=False)
        for name, value in {
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "COLUMNS": "120",
            "LINES": "40",
            "TERM": "xterm-256color",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }.items():
            patch.setenv(name, value)
        time.tzset()
        yield homes


@pytest.fixture(autouse=True)
def _own_home(_homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor those of another test."""
    home = _homes / str(next(_numbers))
    home.mkdir()
    _live_in(home, monkeypatch)


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Only this machine may be spoken to: a test that needs the internet fails at once and says so."""
    connect, connect_ex = socket.socket.connect, socket.socket.connect_ex

    def check(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = address[0] if isinstance(address, tuple) else address
            if host not in _LOOPBACK:
                raise OSError(f"a test tried to reach {host!r}; tests run without a network")

    def guarded_connect(self: socket.socket, address: object) -> None:
        check(self, address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        check(self, address)
        return connect_ex(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        yield


@pytest.fixture(scope="session", autouse=True)
def _warm_workers(_homes: Path) -> Iterator[None]:
    """Workers that this process starts are forked from one that has read the model libraries already."""
    nursery = Nursery()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.jobs.process.subprocess", SimpleNamespace(Popen=nursery.popen, PIPE=subprocess.PIPE))
        yield
    nursery.close()


@pytest.fixture(scope="session", autouse=True)
def _no_guessed_waits() -> Iterator[None]:
    """An app that is driven is waited for until it is quiet, however busy the machine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("textual.app.wait_for_idle", until_quiet)
        patch.setattr("textual.pilot.wait_for_idle", until_quiet)
        yield


@pytest.fixture(scope="session", autouse=True)
def _resampled_once() -> Iterator[None]:
    """Ten thousand resamples of the same points, for every app and command that shows them, are drawn once."""
    with pytest.MonkeyPatch.context() as patch:
        for place in (
            "engine.stats.correlation.estimate",
            "engine.stats.league.estimate",
            "engine.stats.league.partial",
            "engine.stats.league.compare_predictors",
        ):
            patch.setattr(place, remembered(resolve_name(place)))
        yield


@pytest.fixture
def workers() -> Callable[[], list[psutil.Process]]:
    """The scoring processes that this process has started and that still run."""

    def running() -> list[psutil.Process]:
        found = []
        for process in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # one that has just ended, or waits to be taken notice of
                if process.name() == NAME or NAME in process.cmdline():
                    found.append(process)
        return found

    return running
