"""Where people run it: without what is optional, with a home that nothing can be written to, on other systems."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from data.bundled import bundled_models
from engine.jobs import cancelling, child
from rubrics import scratch, targets
from rude_tui import terminal
from tests.pythons import VERSIONS, found

ROOT = Path(__file__).parents[2]

HIDDEN = """
import importlib.machinery as machinery, importlib.metadata as metadata

find, named = machinery.PathFinder.find_spec, metadata.Distribution.from_name.__func__


def find_spec(cls, name, path=None, target=None):
    return None if name.partition(".")[0] == "bitsandbytes" else find(name, path, target)


def from_name(cls, name):
    if name == "bitsandbytes":
        raise metadata.PackageNotFoundError(name)
    return named(cls, name)


machinery.PathFinder.find_spec, metadata.Distribution.from_name = classmethod(find_spec), classmethod(from_name)
"""
"""What a Python does at its start that has no bitsandbytes."""


def _told(words: list[str], folder: Path, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "HF_", "RUDE_TUI_"))}
    done = subprocess.run(
        [sys.executable, "-m", "rude_tui", *words], cwd=folder, env={**kept, **environment}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.mark.long
def test_without_bitsandbytes_and_cuda_and_with_no_home_to_write_to(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(HIDDEN)
    # A folder below a file can be made by nobody, root included.
    (tmp_path / "file").write_text("")
    bare = {
        "HOME": str(tmp_path / "file" / "home"), "CUDA_VISIBLE_DEVICES": "", "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
    }  # fmt: skip
    run = ["--db", "x.duckdb", "run", "--model", str(bundled_models()[0]), "--suite", "world", "--limit", "10"]
    run += ["--protocol", "likelihood", "--controls", "0", "--json"]
    (state,) = json.loads(_told(run, tmp_path, **bare).stdout)
    assert (state["phase"], state["done"], state["device"]) == ("done", 10, "cpu")
    assert json.loads(_told(["--db", "x.duckdb", "rank", "--json"], tmp_path, **bare).stdout)
    refused = _told([*run, "--precision", "int8"], tmp_path, 3, **bare)
    assert "needs the package bitsandbytes, which is not installed here" in refused.stderr
    checks = {check["name"]: check for check in json.loads(_told(["doctor", "--json"], tmp_path, 1, **bare).stdout)}
    assert not checks["bitsandbytes"]["ok"]
    assert checks["gpu"]["detail"] == "none that can be used; the CPU does the work"


@pytest.mark.long
@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_nothing_is_called_that_another_system_does_not_have(system: str) -> None:
    """By reading: mypy knows which functions, signals and modules each system has, and what is asked before."""
    words = [sys.executable, "-m", "mypy", "--platform", system, "--cache-dir", f".mypy_cache/{system}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_signals_that_a_system_lacks_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "SIGHUP")
    assert signal.SIGINT in cancelling.heeded()
    monkeypatch.delattr(os, "nice")
    monkeypatch.setattr(os, "environ", dict(os.environ))
    child.be_polite(1)
    assert os.environ["OMP_NUM_THREADS"] == "1"


def test_files_are_written_whole_where_there_are_no_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with scratch.scratch_folder(tmp_path) as folder:
        assert folder.is_dir()
    with targets.write_whole(tmp_path / "x.txt") as out:
        out.write("ü\n")
    assert (tmp_path / "x.txt").read_bytes() == "ü\n".encode()
    assert not terminal.has_closed()


def test_texts_are_utf_8_whatever_the_system_says() -> None:
    """Windows and old locales have another: every text file is opened with its encoding named."""
    words = [sys.executable, "-X", "warn_default_encoding", "-W", "error::EncodingWarning", "-c"]
    program = (
        "from rubrics.reading import find_suite; from rude_tui.settings import load_settings, save_setting; "
        "find_suite('core-spans'); save_setting('theme', 'ü'); print(ascii(load_settings().theme))"
    )
    done = subprocess.run([*words, program], cwd=ROOT, capture_output=True, text=True, encoding="ascii", check=False)
    assert (done.returncode, done.stdout) == (0, "'\\xfc'\n"), done.stderr


def test_a_python_that_only_seems_to_be_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = tmp_path / "python3.12"
    stand_in.write_text("#!/bin/sh\necho 'command not found' >&2\nexit 127\n")
    stand_in.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert found() == {}
    assert found([str(stand_in)]) == {}
    version = "{}.{}".format(*sys.version_info[:2])
    assert version in VERSIONS
    assert list(found([sys.executable])) == [version]
