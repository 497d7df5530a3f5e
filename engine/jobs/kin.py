"""Reading whose kin candidates are that were stored before that was looked at, wherever they still lie."""

from __future__ import annotations

import os

from engine.candidates.find import find
from engine.candidates.hashing import weights_hash
from engine.machine.paths import digest_dir
from engine.store.connection import Store
from engine.store.kin import remember_kin, without_kin
from rubrics.errors import RudeError

__all__ = ["read_kin"]


def read_kin(store: Store) -> list[str]:
    """Read what is not known yet; the names of those whose folder is gone or holds other weights by now.

    Takes milliseconds a candidate; where weights were never hashed on this machine, as long as reading them does.
    """
    left = []
    for model in without_kin(store):
        try:
            if not os.path.exists(model.path):
                raise FileNotFoundError
            (candidate,) = find([model.path])
            if weights_hash(candidate.path, remembered=digest_dir()) != model.weights_hash:
                raise FileNotFoundError
        except (OSError, ValueError, RudeError):
            left.append(model.name)
            continue
        remember_kin(store, candidate, model.weights_hash)
    return left
