"""Devices and free memory, with a stand-in nvidia-smi on the path where a GPU is wanted."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from engine.machine import devices as machine
from engine.machine.devices import devices, free_memory, resolve_device
from rubrics.errors import BadInput

TWO = (
    "0, GPU-aaaa1111, 81559, 1000, NVIDIA H100 80GB HBM3\n"
    "1, GPU-bbbb2222, 24564, 24000, NVIDIA GeForce RTX 4090, the second\n"
)


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A script in nvidia-smi's place that prints the text beside it; torch can use GPUs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "nvidia-smi"
    script.write_text(f'#!/bin/sh\ncat "{folder}/answer"\n')
    script.chmod(0o755)
    (folder / "answer").write_text(TWO)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(machine, "_torch_is_cpu_only", lambda: False)
    return script


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(machine, "_torch_is_cpu_only", lambda: False)


def test_the_cpu_is_always_there(no_gpu: None) -> None:
    (cpu,) = devices()
    assert (cpu.kind, cpu.spec) == ("cpu", "cpu")
    assert 0 < cpu.free <= cpu.total <= psutil.virtual_memory().total
    assert resolve_device("auto").spec == resolve_device("cpu").spec == "cpu"


def test_gpus_as_nvidia_smi_lists_them(smi: Path) -> None:
    _, first, second = devices()
    assert (first.spec, first.name, first.total, first.free) == (
        "cuda:0",
        "NVIDIA H100 80GB HBM3",
        81559 << 20,
        1000 << 20,
    )
    assert (second.spec, second.name) == ("cuda:1", "NVIDIA GeForce RTX 4090, the second")


def test_which_device_is_meant(smi: Path) -> None:
    assert resolve_device("auto").spec == "cuda:1"
    assert resolve_device("cuda").spec == "cuda:1"
    assert resolve_device("cuda:0").spec == "cuda:0"
    assert resolve_device("cpu").spec == "cpu"
    both = resolve_device("cuda:all")
    assert (both.kind, both.spec, both.total) == ("cuda", "cuda:all", (81559 + 24564) << 20)
    assert both.free == (25000 << 20) - (2 << 30)
    with pytest.raises(BadInput) as caught:
        resolve_device("cuda:2")
    assert "cuda:0, cuda:1" in caught.value.fix


@pytest.mark.parametrize("wanted", ["cuda", "cuda:0"])
def test_no_gpu_is_one_clear_error(no_gpu: None, wanted: str) -> None:
    with pytest.raises(BadInput, match="no GPU") as caught:
        resolve_device(wanted)
    assert caught.value.exit_code == 3
    assert caught.value.fix


def test_a_gpu_that_torch_cannot_use_is_none(smi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_torch_is_cpu_only", lambda: True)
    assert [device.spec for device in devices()] == ["cpu"]
    with pytest.raises(BadInput, match="CPUs only"):
        resolve_device("cuda")


@pytest.mark.parametrize("rubbish", ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:0\n", "mps", "CUDA", "\x1b[2J"])
def test_rubbish_is_bad_input(no_gpu: None, rubbish: str) -> None:
    with pytest.raises(BadInput, match="no such device") as caught:
        resolve_device(rubbish)
    assert caught.value.where.isprintable()


@pytest.mark.parametrize(
    "listed, names",
    [
        ("1", ["RTX"]),
        ("1,0", ["RTX", "H100"]),
        ("GPU-bbbb", ["RTX"]),
        ("", []),
        ("-1", []),
        ("0,7,1", ["H100"]),
        ("0,0", ["H100"]),
        (" 0 , 1 ", ["H100", "RTX"]),
    ],
)
def test_visible_devices_are_numbered_as_cuda_does(
    smi: Path, monkeypatch: pytest.MonkeyPatch, listed: str, names: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", listed)
    _, *gpus = devices()
    assert [gpu.index for gpu in gpus] == list(range(len(names)))
    assert all(name in gpu.name for name, gpu in zip(names, gpus, strict=True))


@pytest.mark.parametrize("answer", ["", "No devices were found\n", "a,b,c,d,e\n", "0,1\n", "\x1b[31m\n,,,,\n"])
def test_an_odd_answer_means_no_gpu(smi: Path, answer: str) -> None:
    (smi.parent / "answer").write_text(answer)
    assert len(devices()) == 1


def test_a_gpu_that_shares_main_memory(smi: Path) -> None:
    (smi.parent / "answer").write_text("0, GPU-x, [N/A], [N/A], NVIDIA GB10\n")
    cpu, gpu = devices()
    assert (gpu.total, gpu.free) == (cpu.total, cpu.free)


@pytest.mark.parametrize("script", ["#!/bin/sh\nexit 9\n", "#!/bin/sh\nexec sleep 60\n"], ids=["fails", "hangs"])
def test_a_broken_nvidia_smi(smi: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    monkeypatch.setattr(machine, "_TIMEOUT", 0.2)
    smi.write_text(script)
    assert len(devices()) == 1


def write(folder: Path, **values: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in values.items():
        (folder / name.replace("_", ".", 1)).write_text(f"{value}\n")


def test_control_groups_of_version_2_count_on_every_level(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", memory_max="max", memory_current=10)
    write(tmp_path / "a", memory_max=1000, memory_current=600, memory_stat="anon 5\ninactive_file 200")
    (tmp_path / "own").write_text("0::/a/b\n")
    assert machine._cgroup_limits(tmp_path, tmp_path / "own") == [(1000, 400)]


def test_control_groups_of_version_1(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    write(folder, memory_limit_in_bytes=500, memory_usage_in_bytes=100, memory_stat="total_inactive_file 30")
    (tmp_path / "own").write_text("5:cpu:/x\n4:memory:/docker/abc\n")
    assert machine._cgroup_limits(tmp_path, tmp_path / "own") == [(500, 70)]


@pytest.mark.parametrize("text", ["", "nonsense", "0::/../../etc\n", "::::\n", "4:memory\n"])
def test_odd_control_groups_are_no_limit(tmp_path: Path, text: str) -> None:
    (tmp_path / "own").write_text(text)
    assert machine._cgroup_limits(tmp_path / "cgroup", tmp_path / "own") == []
    assert machine._cgroup_limits(tmp_path, tmp_path / "absent") == []


def test_a_limit_bounds_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "_cgroup_limits", lambda: [(1 << 20, 1 << 19)])
    assert free_memory() == (1 << 20, 1 << 19)
