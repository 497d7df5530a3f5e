"""The model that a message names, loaded into this process and held against what was hashed when it was planned."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.candidates.hashing import assert_unchanged, faults_in
from engine.machine.paths import digest_dir
from engine.scoring.load import LoadedModel, load_model

__all__ = ["load_checked"]


def load_checked(message: Mapping[str, Any]) -> LoadedModel:
    """Load it; what its files are known to lack is among its notes.

    Raises:
        CandidateError: it cannot be loaded, or is not what was hashed any more.
    """
    folder = Path(message["model"])
    loaded = load_model(
        folder, message["precision"], message["device"], attention=message["attention"],
        threads=message.get("threads"), trust_remote_code=message["trust_remote_code"],
    )  # fmt: skip
    # What has been read is what was hashed, if it still is that now.
    assert_unchanged(folder, message["hashes"], remembered=digest_dir())
    if note := faults_in(folder, remembered=digest_dir()).note:
        loaded.notes += (note,)
    return loaded
