"""Stored runs held against what is known of their candidates now: what was scored once may be refused today."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from engine.candidates.find import Candidate
from engine.candidates.hashing import config_hash, tokenizer_hash, weights_hash
from engine.candidates.vocabulary import was_taken_as_written
from engine.machine.paths import digest_dir
from engine.store.connection import Store
from engine.store.doubts import DoubtfulRun, runs_of_folders, set_doubt
from rubrics.errors import CandidateError

__all__ = ["keep_doubts"]


def keep_doubts(store: Store, candidates: Sequence[Candidate]) -> None:
    """Write beside the stored runs of these candidates what speaks against them; take back what no longer does.

    Args:
        candidates: as `looked_at` gives them.
    """
    by_folder = {candidate.path: candidate for candidate in candidates if candidate.served is None}
    for folder, runs in groupby(runs_of_folders(store, by_folder), key=lambda run: run.folder):
        candidate = by_folder[folder]
        try:
            now = {
                "weights_hash": weights_hash(folder, remembered=digest_dir()),
                "tokenizer_hash": tokenizer_hash(folder), "config_hash": config_hash(folder),
            }  # fmt: skip
        except CandidateError:
            # What lies there now says nothing of what was scored.
            continue
        for run in runs:
            if all(run.key.get(name, digest) == digest for name, digest in now.items()):
                doubt = _doubt(candidate, run)
                if doubt != run.doubt:
                    set_doubt(store, run.run_id, doubt)


def _doubt(candidate: Candidate, run: DoubtfulRun) -> str:
    if refused := next((problem.what for problem in candidate.problems if problem.refused), ""):
        return f"it would be refused now: {refused}"
    cut_otherwise = any(problem.code == "tokens" for problem in candidate.problems)
    if cut_otherwise and "tokens" not in run.key and not was_taken_as_written(candidate.path, candidate.model_type):
        return "its tokens were those that transformers makes of the folder, not its tokenizer.json's; score it again"
    return ""
