"""Whether this machine has what the program needs: one check a line, each with a way out where it fails."""

from __future__ import annotations

import importlib.metadata
import locale
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from engine.candidates.hub import cache_folder, snapshots
from engine.candidates.untrusted import shown
from engine.machine.devices import devices, free_memory
from engine.machine.sizes import human_bytes
from rubrics.counted import count

__all__ = ["MachineCheck", "report"]

_NEEDED = ("torch", "transformers", "safetensors", "tokenizers", "duckdb", "textual")
_OLDEST_RAY, _TOO_NEW_RAY = [2, 51], [3]
_LEAST_DISK = 1 << 30
_LEAST_MEMORY = 2 << 30


class MachineCheck(NamedTuple):
    name: str
    ok: bool
    detail: str
    """What was found."""
    fix: str = ""
    """What to do; empty where all is well."""
    shell: str = ""
    """The same as it is typed."""

    @property
    def remedy(self) -> str:
        """What to do, for someone who types commands."""
        return f"{self.fix}: {self.shell}" if self.shell else self.fix


def report(data_folder: Path | None = None) -> list[MachineCheck]:
    """Look at everything. Imports no model library; asks nvidia-smi, writes one empty file that is gone at once.

    Args:
        data_folder: where the database lives; the user's data folder by default.
    """
    if data_folder is None:
        import platformdirs

        data_folder = platformdirs.user_data_path("rude-tui", appauthor=False)
    return [
        MachineCheck("python", True, f"{platform.python_version()} at {sys.executable}"),
        *(_package(name) for name in _NEEDED),
        _bitsandbytes(),
        _ray(),
        *_devices(),
        _memory(),
        _writable("data folder", data_folder),
        _disk("disk for data", data_folder),
        *_hub(),
        _locale(),
        _colours(),
        *_plugins(),
    ]


def _plugins() -> list[MachineCheck]:
    """What other packages add, and whether each can be imported."""
    from rubrics.plugins import fault_of, offered

    checks = []
    for plugin in offered():
        why = fault_of(plugin)
        detail = f"{plugin.package} {plugin.version}, {plugin.group.replace('_', ' ')}"
        told = f"{detail}: {why}" if why else detail
        fix = "mend or remove that package; until then it is passed over" if why else ""
        checks.append(MachineCheck(f"plugin {plugin.name}", not why, told, fix))
    return checks


def _package(name: str) -> MachineCheck:
    try:
        return MachineCheck(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return MachineCheck(name, False, "not installed", "install the program again", "uv tool install rude-tui")


def _bitsandbytes() -> MachineCheck:
    try:
        return MachineCheck(
            "bitsandbytes", True, f"{importlib.metadata.version('bitsandbytes')}: int8 and nf4 can be used"
        )
    except importlib.metadata.PackageNotFoundError:
        return MachineCheck(
            "bitsandbytes", False, "not installed: no int8, no nf4", "install bitsandbytes beside the program"
        )


def _ray() -> MachineCheck:
    """Whether work can go to a cluster; which one answers is not looked for here, since that starts processes there."""
    try:
        version = importlib.metadata.version("ray")
    except importlib.metadata.PackageNotFoundError:
        return MachineCheck("ray", True, "not installed: no runs on several machines (the extra `ray` brings it)")
    parts = [int(part) for part in version.split(".")[:2] if part.isdecimal()]
    if not _OLDEST_RAY <= parts < _TOO_NEW_RAY:
        wanted = f"{'.'.join(map(str, _OLDEST_RAY))} or newer, below {_TOO_NEW_RAY[0]}"
        what = f"{shown(version)}, which runs on several machines cannot use ({wanted} is needed)"
        return MachineCheck("ray", False, what, "install the extra `ray`", "pip install 'rude-tui[ray]'")
    return MachineCheck("ray", True, f"{shown(version)}: `doctor --ray ADDRESS` asks a cluster's nodes what they have")


def _devices() -> list[MachineCheck]:
    cpu, *gpus = devices()
    checks = [MachineCheck("cpu", True, cpu.name)]
    for gpu in gpus:
        detail = f"{gpu.name}: {human_bytes(gpu.free)} free of {human_bytes(gpu.total)}"
        checks.append(MachineCheck(gpu.spec, True, detail))
    return checks if gpus else [*checks, MachineCheck("gpu", True, "none that can be used; the CPU does the work")]


def _memory() -> MachineCheck:
    total, free = free_memory()
    detail = f"{human_bytes(free)} free of {human_bytes(total)}"
    if free >= _LEAST_MEMORY:
        return MachineCheck("memory", True, detail)
    return MachineCheck("memory", False, detail, "close other programs; even a small model needs some 2 GB")


def _writable(name: str, folder: Path) -> MachineCheck:
    try:
        with tempfile.TemporaryFile(dir=_nearest(folder)):
            pass
    except OSError as error:
        fix = "make it writable, or keep the database elsewhere"
        return MachineCheck(name, False, f"{shown(folder)} cannot be written to ({error.strerror})", fix, "--db FILE")
    return MachineCheck(name, True, shown(folder))


def _nearest(folder: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))


def _disk(name: str, folder: Path) -> MachineCheck:
    place = _nearest(folder)
    free = shutil.disk_usage(place).free
    detail = f"{human_bytes(free)} free at {shown(place)}"
    return (
        MachineCheck(name, True, detail)
        if free >= _LEAST_DISK
        else MachineCheck(name, False, detail, "free some space")
    )


def _hub() -> list[MachineCheck]:
    folder = cache_folder()
    models = count(len({snapshot.repo for snapshot in snapshots()}), "model")
    if not folder.is_dir():
        return [MachineCheck("Hugging Face cache", True, f"{shown(folder)}: not there yet")]
    return [MachineCheck("Hugging Face cache", True, f"{shown(folder)}: {models}"), _disk("disk for models", folder)]


def _locale() -> MachineCheck:
    encoding = locale.getencoding()
    if encoding.replace("-", "").lower() == "utf8":
        return MachineCheck("locale", True, encoding)
    return MachineCheck("locale", False, f"{shown(encoding)}, not UTF-8", "export LC_ALL=C.UTF-8")


def _colours() -> MachineCheck:
    """By what the terminal says of itself: COLORTERM, TERM and NO_COLOR (no-color.org)."""
    term, more = os.environ.get("TERM", ""), os.environ.get("COLORTERM", "").lower()
    if os.environ.get("NO_COLOR"):
        return MachineCheck("terminal", True, "NO_COLOR is set: marks instead of colours")
    if more in ("truecolor", "24bit"):
        return MachineCheck("terminal", True, f"{shown(term)}: 16 million colours")
    if "256" in term:
        return MachineCheck("terminal", True, f"{shown(term)}: 256 colours")
    if sys.platform == "win32":
        return MachineCheck("terminal", True, "Windows")
    fix = "export TERM=xterm-256color, if the terminal can do that; in tmux: set -g default-terminal tmux-256color"
    return MachineCheck("terminal", False, f"TERM is {shown(term) or 'not set'}: few colours or none", fix)
