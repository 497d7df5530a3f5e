"""What travels to a node with a worker's message, and what that node says of it before anything is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.bundled import bundled_models
from engine.candidates.hashing import assert_unchanged
from engine.candidates.hub import cached, snapshot_of
from engine.jobs.keys import backend_causes, library_versions
from engine.machine.devices import devices
from engine.machine.kernels import matmul_for
from engine.machine.sizes import human_bytes
from rubrics.errors import RudeError

if TYPE_CHECKING:
    from engine.jobs.runs import PlannedRun

__all__ = ["needs_of", "packed", "reason_against", "unpacked"]


def needs_of(run: PlannedRun) -> dict[str, Any]:
    """What a worker elsewhere has to know of a run beside its work: what it takes, what there must be as it was when
    the run was planned, and under which names its model may be found."""
    path = run.candidate.path
    snapshot = snapshot_of(path) or snapshot_of(path.parent)
    return {
        "bytes": run.needed_bytes, "gpus": run.gpus, "bundled": path.name if path in bundled_models() else "",
        "hub": f"{snapshot.repo}@{snapshot.revision}" if snapshot else "",
        "file": path.name if snapshot and snapshot.path != path else "",
        "versions": {**run.key.get("versions", {}), **_own_version()}, "matmul": run.key.get("matmul"),
        "backend": run.key.get("backend"),
    }  # fmt: skip


def packed(message: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, bytes]]:
    """A message that names no file of suites, and the suites themselves by the names it has for them."""
    files = dict.fromkeys(task["suite_file"] for task in message["tasks"])
    names = {file: f"{number}.jsonl" for number, file in enumerate(files)}
    tasks = [{**task, "suite_file": names[task["suite_file"]]} for task in message["tasks"]]
    return {**message, "tasks": tasks}, {name: Path(file).read_bytes() for file, name in names.items()}


def unpacked(message: Mapping[str, Any], suites: Mapping[str, bytes], folder: Path) -> dict[str, Any]:
    """The message as a worker of this machine is told it: the suites stand in a folder, the model is where it is here,
    and what GPUs there are count from 0.

    Raises:
        LookupError: the model is not here.
    """
    for name, content in suites.items():
        (folder / name).write_bytes(content)
    tasks = [{**task, "suite_file": str(folder / task["suite_file"])} for task in message["tasks"]]
    device = "cuda:0" if message["needs"]["gpus"] == 1 else message["device"]
    return {**message, "tasks": tasks, "device": device, "model": str(_model_here(message))}


def reason_against(message: Mapping[str, Any]) -> str:
    """Why this machine cannot do what a message asks for as it was planned; empty where it can."""
    needs = message["needs"]
    try:
        model = _model_here(message)
        # The weights take long to read, and are held against their hash by whoever loads them.
        assert_unchanged(model, {name: value for name, value in message["hashes"].items() if name != "weights_hash"})
    except LookupError as error:
        return str(error)
    except RudeError as error:
        return f"what it sees of the model is not what was hashed: {error.what}"
    here = {**library_versions(), **_own_version()}
    for name in sorted({*here, *needs["versions"]}):
        theirs, ours = needs["versions"].get(name, "none"), here.get(name, "none")
        if theirs != ours:
            return f"it has {name} {ours}, and the run was planned with {theirs}"
    kind = message["device"].partition(":")[0]
    if needs["matmul"] is not None and (matmul := matmul_for(kind, message["precision"])) != needs["matmul"]:
        return f"its processor multiplies by {matmul!r}, and the run was planned with {needs['matmul']!r}"
    try:
        if backend_causes(message["backend"]).get("backend") != needs["backend"]:
            return f"its backend {message['backend']!r} is another one than the run was planned with"
    except RudeError as error:
        return error.what
    free = sum(device.free for device in devices() if device.kind == kind)
    if needs["bytes"] > free:
        return f"it has {human_bytes(free)} of memory free, and {human_bytes(needs['bytes'])} are needed"
    return ""


def _model_here(message: Mapping[str, Any]) -> Path:
    needs: Mapping[str, str] = message["needs"]
    told = Path(message["model"])
    if needs["bundled"]:
        return next(path for path in bundled_models() if path.name == needs["bundled"])
    if told.is_file() or (told / "config.json").exists():
        return told
    if needs["hub"] and (found := cached(needs["hub"])) is not None and (found / needs["file"]).exists():
        return found / needs["file"]
    where = f", nor {needs['hub']} in its Hugging Face cache" if needs["hub"] else ""
    raise LookupError(f"it cannot see {told}{where}")


def _own_version() -> dict[str, str]:
    try:
        return {"rude-tui": metadata.version("rude-tui")}
    except metadata.PackageNotFoundError:
        return {}
