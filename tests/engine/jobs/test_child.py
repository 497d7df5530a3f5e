"""What a process with a model is started in."""

from __future__ import annotations

from typing import Any

import pytest

from engine.jobs import process
from engine.jobs.child import environment


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
