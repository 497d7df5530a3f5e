"""What a process with a model is started in."""

from __future__ import annotations

from typing import Any

import pytest

from engine import process
from engine.child import environment


def test_a_persons_own_setting_of_the_allocator_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    ours = environment()["GLIBC_TUNABLES"]
    assert ours == "glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"
    monkeypatch.setenv("GLIBC_TUNABLES", "glibc.malloc.tcache_count=7")
    assert environment()["GLIBC_TUNABLES"] == f"{ours}:glibc.malloc.tcache_count=7"


def test_the_worker_is_started_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Started(Exception):
        pass

    def popen(_: Any, **options: Any) -> None:
        raise Started(options["env"])

    monkeypatch.setattr(process.subprocess, "Popen", popen)
    with pytest.raises(Started) as caught, process.WorkerProcess({}):
        pass
    assert caught.value.args == (environment(),)
