"""What work is kept under: a hash of everything that produces its numbers. With less, one would answer for another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from engine.machine.kernels import SERVED
from rubrics.errors import BadInput

if TYPE_CHECKING:
    from engine.candidates.candidate import Candidate, Served
    from engine.candidates.hashing import Progress as HashProgress
    from engine.machine.devices import Device

__all__ = ["LIBRARIES", "backend_causes", "file_hashes", "key_hash", "library_versions", "model_causes"]

LIBRARIES: Final = ("torch", "transformers", "tokenizers", "bitsandbytes", "flash-attn")
"""Those whose version decides a model's numbers."""


def key_hash(causes: object, lines: Iterable[str] = (), *, digits: int = 24) -> str:
    """Hexadecimal digits of the SHA-256 over all causes.

    Args:
        causes: plain JSON values; the order of keys does not count.
        lines: further causes that are long, each without a line break; their order counts.
    """
    total = hashlib.sha256(json.dumps(causes, sort_keys=True).encode())
    for line in lines:
        total.update(line.encode() + b"\n")
    return total.hexdigest()[:digits]


def model_causes(
    candidate: Candidate, precision: str, device: Device, attention: str, progress: HashProgress | None = None
) -> dict[str, Any]:
    """What decides a candidate's numbers, whatever is asked of it. The first call for a candidate reads all weights.

    Args:
        attention: as asked for; one of `engine.machine.kernels.ATTENTIONS`.
        progress: called with bytes hashed and bytes in all.

    Raises:
        CandidateError: a file of it cannot be read.
        BadInput: that attention cannot be had.
    """
    if candidate.served is not None:
        return _served_causes(candidate, candidate.served)
    from engine.candidates.hashing import config_hash, tokenizer_hash, weights_hash
    from engine.candidates.vocabulary import was_taken_as_written
    from engine.machine.kernels import attention_for, matmul_for
    from engine.machine.paths import digest_dir

    tokens = {} if was_taken_as_written(candidate.path, candidate.model_type) else {"tokens": "tokenizer.json"}
    # What is scored is what the stored weights are dequantised to, by this library.
    stored = {"stored": candidate.stored, "gguf": _version("gguf")} if candidate.stored else {}
    return {
        **tokens, **stored,
        "weights_hash": weights_hash(candidate.path, progress, remembered=digest_dir()),
        "tokenizer_hash": tokenizer_hash(candidate.path), "config_hash": config_hash(candidate.path),
        "precision": precision, "device": device.kind, "attention": attention_for(attention),
        "matmul": matmul_for(device.kind, precision),
        "versions": library_versions(),
    }  # fmt: skip


def backend_causes(name: str) -> dict[str, Any]:
    """What a plugin that scores adds to a key: its name, package and version; nothing where transformers scores.

    Raises:
        BadInput: no package has a backend of that name.
    """
    if not name:
        return {}
    from rubrics.plugins import named, of_group

    if (plugin := named("backends", name)) is None:
        there = ", ".join(str(plugin) for plugin in of_group("backends")) or "none is installed"
        raise BadInput(f"no backend {name!r}", fix=f"backends of plugins: {there}")
    return {"backend": plugin.cause}


def _served_causes(candidate: Candidate, served: Served) -> dict[str, Any]:
    """The server decides the rest, and its version and the fingerprint stand for that."""
    from engine.candidates.hashing import tokenizer_hash

    assert served.fingerprint, f"{served.address} was not tried"
    return {
        "served": served.identity, "weights_hash": key_hash(served.identity, digits=64),
        "tokenizer_hash": tokenizer_hash(candidate.path), "config_hash": "", "precision": SERVED, "device": "server",
        "attention": SERVED, "versions": {},
    }  # fmt: skip


def file_hashes(causes: Mapping[str, Any]) -> dict[str, str]:
    """Those among a candidate's causes that are hashes of its files; a worker holds what it has loaded against them."""
    names = ("tokenizer_hash",) if "served" in causes else ("weights_hash", "tokenizer_hash", "config_hash")
    return {name: causes[name] for name in names if name in causes}


def library_versions() -> dict[str, str]:
    """Of the installed ones among `LIBRARIES`."""
    return {name: version for name in LIBRARIES if (version := _version(name))}


def _version(library: str) -> str:
    try:
        return metadata.version(library)
    except metadata.PackageNotFoundError:
        return ""
