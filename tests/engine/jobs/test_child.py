"""What a process with a model is started in."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engine.jobs import process
from engine.jobs.child import environment, started_by
from rubrics.errors import WorkerError


def test_a_persons_own_setting_of_the_allocator_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    ours = environment()["GLIBC_TUNABLES"]
    assert ours == "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=7")
    assert environment()["GLIBC_TUNABLES"] == f"{ours}:glibc.malloc.tcache_count=7"


def test_a_persons_own_number_of_kernels_to_keep_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("LRU_CACHE_CAPACITY", "ONEDNN_PRIMITIVE_CACHE_CAPACITY")
    for name in names:
        monkeypatch.delenv(name, raising=False)
    assert [environment()[name] for name in names] == ["128", "128"]
    monkeypatch.setenv(names[0], "1024")
    assert [environment()[name] for name in names] == ["1024", "128"]


def test_the_worker_is_started_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Started(Exception):
        pass

    def popen(_: Any, **options: Any) -> None:
        raise Started(options["env"])

    monkeypatch.setattr(process.subprocess, "Popen", popen)
    with pytest.raises(Started) as caught, process.WorkerProcess({}):
        pass
    assert caught.value.args == (environment(),)


def test_a_worker_that_makes_no_progress_is_ended_and_its_log_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def popen(_: Any, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(["sh", "-c", "echo it is tight here >&2; exec sleep 60"], **options)

    monkeypatch.setattr(process, "subprocess", SimpleNamespace(Popen=popen, PIPE=subprocess.PIPE))
    monkeypatch.setenv(process.PATIENCE, "1")
    with process.WorkerProcess({"kind": "score"}) as worker:
        with pytest.raises(WorkerError, match="no progress for 1 seconds and was ended: it is tight here") as caught:
            list(worker.events(threading.Event()))
        assert caught.value.where == str(worker.log)
        assert list(worker.drain()) == []


def test_how_long_a_worker_may_be_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(process.PATIENCE, raising=False)
    assert process._patience({"kind": "posttrain"}) > process._patience({"kind": "score"}) >= 600
    monkeypatch.setenv(process.PATIENCE, "0")
    assert process._patience({}) == float("inf")


def test_what_lies_in_the_folder_it_is_called_from_is_not_run(tmp_path: Path) -> None:
    for name in ("engine/__init__.py", "rubrics.py", "json.py", "torch.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("raise SystemExit('somebody else is run')")
    done = subprocess.run(
        started_by("engine.jobs.child"), cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
