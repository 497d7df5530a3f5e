"""The devices of this machine and the memory they have free, without loading torch."""

from __future__ import annotations

import importlib.metadata
import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.candidates.untrusted import shown
from rubrics.errors import BadInput

__all__ = ["Device", "devices", "free_memory", "resolve_device", "together"]

_TIMEOUT = 10.0
"""Seconds for nvidia-smi, which may have to wake a sleeping GPU."""

_FURTHER_GPU = 2 << 30
"""Bytes that each GPU beside the first costs: a context and kernels, and what no whole layer fits into."""

_QUERY = ("nvidia-smi", "--query-gpu=index,uuid,memory.total,memory.free,name", "--format=csv,noheader,nounits")


@dataclass(frozen=True)
class Device:
    """Something that can score."""

    kind: str
    """`cpu` or `cuda`."""
    index: int
    """Position among the devices torch will see; 0 for the CPU, -1 for all GPUs together."""
    name: str
    total: int
    """Bytes of memory."""
    free: int
    """Bytes of memory that a new process could take."""
    count: int = 1
    """GPUs that it stands for."""

    @property
    def spec(self) -> str:
        """As torch writes it, `cpu` or `cuda:N`; `cuda:all` for all GPUs together."""
        return "cpu" if self.kind == "cpu" else f"cuda:{'all' if self.index < 0 else self.index}"


def devices() -> list[Device]:
    """The CPU, then each GPU that torch can use, in torch's order with CUDA_DEVICE_ORDER=PCI_BUS_ID.

    GPUs are those that nvidia-smi lists and CUDA_VISIBLE_DEVICES leaves; none where torch is a build for CPUs.
    """
    total, free = free_memory()
    cpu = Device("cpu", 0, f"CPU, {_cores()} cores", total, free)
    return [cpu] if _torch_is_cpu_only() else [cpu, *_gpus(cpu)]


def resolve_device(spec: str, there: Sequence[Device] = ()) -> Device:
    """The device a person asked for: `auto` (the GPU with most free memory, else the CPU), `cpu`, `cuda`, `cuda:N`, or
    `cuda:all`, the layers of one model spread over all GPUs.

    Args:
        there: the devices to choose from, the CPU first; this machine's if none are given.

    Raises:
        BadInput: no such device here.
    """
    if not re.fullmatch(r"auto|cpu|cuda(:(\d{1,3}|all))?", spec):
        raise BadInput("no such device", where=shown(spec), fix="give auto, cpu, cuda, cuda:N or cuda:all")
    cpu, *gpus = there or devices()
    if spec == "cpu" or (spec == "auto" and not gpus):
        return cpu
    if not gpus:
        why = (
            "no node of the cluster has one"
            if there
            else "the installed PyTorch is a build for CPUs only"
            if _torch_is_cpu_only()
            else "nvidia-smi shows no NVIDIA GPU that this process may use"
        )
        raise BadInput(
            f"no GPU: {why}",
            where=spec,
            fix="use the CPU, or auto, which takes a GPU where there is one",
            shell="--device cpu",
        )
    if ":" not in spec:
        return max(gpus, key=lambda gpu: gpu.free)
    if spec == "cuda:all":
        return gpus[0] if len(gpus) == 1 else together(gpus)
    index = int(spec.partition(":")[2])
    for gpu in gpus:
        if gpu.index == index:
            return gpu
    offered = ", ".join(gpu.spec for gpu in gpus)
    raise BadInput("no such GPU", where=spec, fix=f"there is {offered}")


def together(gpus: Sequence[Device]) -> Device:
    """Several GPUs as one device; each further one has a start of its own, and layers do not fill it to the brim."""
    spare = _FURTHER_GPU * (len(gpus) - 1)
    names = sorted({gpu.name for gpu in gpus})
    return Device(
        "cuda", -1, f"{len(gpus)} GPUs: {', '.join(names)}", sum(gpu.total for gpu in gpus),
        max(0, sum(gpu.free for gpu in gpus) - spare), len(gpus),
    )  # fmt: skip


def free_memory() -> tuple[int, int]:
    """Bytes of main memory (total, free for a new process), within the limits of the control group we run in."""
    import psutil

    memory = psutil.virtual_memory()
    total, free = memory.total, memory.available
    for limit, used in _cgroup_limits():
        total, free = min(total, limit), min(free, max(0, limit - used))
    return total, free


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _torch_is_cpu_only() -> bool:
    """By the local part of its version, which the builds for CPUs carry."""
    try:
        return importlib.metadata.version("torch").endswith("+cpu")
    except importlib.metadata.PackageNotFoundError:
        return False


def _gpus(cpu: Device) -> list[Device]:
    try:
        answer = subprocess.run(
            _QUERY,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    reported: list[tuple[str, str, Device]] = []
    for line in answer.stdout.splitlines():
        fields = [field.strip() for field in line.split(",", 4)]
        if len(fields) == 5 and fields[0].isdecimal():
            index, uuid, total, free, name = fields
            # A GPU that shares the CPU's memory has none of its own to report.
            separate = total.isdecimal() and free.isdecimal()
            size = (int(total) << 20, int(free) << 20) if separate else (cpu.total, cpu.free)
            reported.append((index, uuid, Device("cuda", int(index), shown(name), *size)))
    return _visible(reported)


def _visible(reported: list[tuple[str, str, Device]]) -> list[Device]:
    """What CUDA_VISIBLE_DEVICES leaves, renumbered as CUDA does: the list ends at the first entry that is not there."""
    listed = os.environ.get("CUDA_VISIBLE_DEVICES")
    chosen = [device for _, _, device in reported]
    if listed is not None:
        chosen = []
        for entry in filter(None, (part.strip() for part in listed.split(","))):
            match = [d for index, uuid, d in reported if entry == index or (len(entry) > 4 and uuid.startswith(entry))]
            if not match or match[0] in chosen:
                break
            chosen.append(match[0])
    return [Device("cuda", n, gpu.name, gpu.total, gpu.free) for n, gpu in enumerate(chosen)]


def _cgroup_limits(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> list[tuple[int, int]]:
    """(limit, bytes used and not reclaimable) of our control group and of each above it; versions 2 and 1."""
    try:
        lines = own.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    limits = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers == "":
            top, names = root, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top, names = root / "memory", ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        group = top / path.strip("/")
        # Inside a container the path may be the host's, which is not there: the top is then our own group.
        for folder in (group, *group.parents):
            limit, used = _number(folder / names[0]), _number(folder / names[1])
            if limit is not None and used is not None:
                limits.append((limit, max(0, used - _statistic(folder / "memory.stat", names[2]))))
            if folder == top:
                break
    return limits


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return int(text) if text.isdecimal() else None


def _statistic(path: Path, name: str) -> int:
    """One figure of memory.stat; page cache that can be dropped counts as free."""
    try:
        for line in path.read_text(encoding="ascii").splitlines():
            key, _, value = line.partition(" ")
            if key == name and value.isdecimal():
                return int(value)
    except (OSError, ValueError):
        pass
    return 0
