"""Stored runs held against what is known of their candidates now: what was scored once may be refused today."""

from __future__ import annotations

from collections.abc import Sequence

from engine.candidates.find import Candidate
from engine.candidates.hashing import config_hash, tokenizer_hash, weights_hash
from engine.candidates.vocabulary import was_taken_as_written
from engine.machine.paths import digest_dir
from engine.store.connection import Store
from engine.store.doubts import runs_of_folder, set_doubt
from rubrics.errors import CandidateError

__all__ = ["keep_doubts"]


def keep_doubts(store: Store, candidates: Sequence[Candidate]) -> None:
    """Write beside the stored runs of these candidates what speaks against them; take back what no longer does.

    Args:
        candidates: as `looked_at` gives them.
    """
    for candidate in candidates:
        runs = runs_of_folder(store, candidate.path)
        if not runs:
            continue
        try:
            now = {
                "weights_hash": weights_hash(candidate.path, remembered=digest_dir()),
                "tokenizer_hash": tokenizer_hash(candidate.path), "config_hash": config_hash(candidate.path),
            }  # fmt: skip
        except CandidateError:
            # What lies there now says nothing of what was scored.
            continue
        refused = next((problem.what for problem in candidate.problems if problem.refused), "")
        other_tokens = any(problem.code == "tokens" for problem in candidate.problems)
        for run in runs:
            if any(run.key.get(name, digest) != digest for name, digest in now.items()):
                continue
            doubt = ""
            if refused:
                doubt = f"it would be refused now: {refused}"
            elif (
                other_tokens
                and "tokens" not in run.key
                and not was_taken_as_written(candidate.path, candidate.model_type)
            ):
                doubt = "its tokens were those that transformers makes of the folder, not those of its "
                doubt += "tokenizer.json; score it again"
            if doubt != run.doubt:
                set_doubt(store, run.run_id, doubt)
