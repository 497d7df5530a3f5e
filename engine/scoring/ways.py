"""How requests share their prefixes: in the way that shares most, of those that give a model's own numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import torch

from engine.jobs.child import is_out_of_memory
from engine.layout.requests import Request, Score
from engine.scoring import attention, check
from engine.scoring.load import LoadedModel
from engine.scoring.model import Halves
from engine.scoring.own_cache import OwnCacheScorer
from engine.scoring.plain import score_plainly
from engine.scoring.shared import SharedScorer
from engine.scoring.targets import Ledger
from engine.scoring.wide import in_fp32

__all__ = ["SharingScorer", "attend_by", "in_short", "sharing"]

_FAILURES = (attention.Unsupported, TypeError, ValueError, AttributeError, LookupError, RuntimeError)
"""What models raise that are run in a way which is not theirs."""


class SharingScorer(Protocol):
    """Scores with prefixes shared."""

    attention: str
    """What the model has to attend by; empty: as it came."""
    budget: int
    """Tokens in one forward pass."""
    computed: int
    """Tokens that went through the model so far."""
    notes: list[str]

    def score(
        self, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger, details: bool
    ) -> Iterator[tuple[int, Score]]:
        """Fill in the requests at the indices `chosen`; each comes out when it is complete."""
        ...

    def odd(self) -> str:
        """What the model did that shows it is not carried; empty: nothing."""
        ...

    def forget(self) -> None:
        """Keep nothing of earlier calls."""
        ...


def attend_by(model: Any, name: str) -> None:
    """Have a model attend by an implementation, as transformers names it."""
    if model.config.get_text_config()._attn_implementation != name:
        model.set_attn_implementation(name)


def sharing(
    loaded: LoadedModel, halves: Halves, budget: int, kept_bytes: int
) -> tuple[SharingScorer | None, list[str]]:
    """The first way that gives a model's own numbers, and what a reader should know where it is not the usual one; what
    was found goes into the model's facts."""
    model = loaded.model
    ways: dict[str, Callable[[], SharingScorer]] = {
        "prefix tree": lambda: SharedScorer(halves, budget, kept_bytes),
        "the model's own cache": lambda: OwnCacheScorer(model, budget),
    }
    reasons: list[str] = []
    with torch.inference_mode():
        asked = _Sample(loaded)
        for name, make in ways.items():
            tried = _tried(make, asked)
            if not isinstance(tried, str):
                loaded.facts["sharing"] = name
                by = f"prefixes are shared by {name} alone, one request at a time: "
                return tried, [by + reason for reason in reasons[:1]]
            reasons.append(tried)
    loaded.facts["sharing"] = "none"
    return None, [f"prefixes are not shared: {'; by its own cache: '.join(reasons)}"]


def _tried(make: Callable[[], SharingScorer], asked: _Sample) -> SharingScorer | str:
    """A way, if it gives the model's own numbers; else why not."""
    try:
        way = make()
        found = asked.found(way)
        if why_not := way.odd() or (f"it would be {found.text}" if found.wrong else ""):
            return why_not
    except _FAILURES as error:
        if is_out_of_memory(error):
            raise
        return in_short(error)
    asked.loaded.facts["sharing_error"] = found.text
    asked.loaded.facts["sharing_error_nats"] = found.worst
    return way


class _Sample:
    """The requests of the check, and what the model says of them by itself."""

    def __init__(self, loaded: LoadedModel) -> None:
        self.loaded = loaded
        config = loaded.model.config.get_text_config()
        self._requests = check.sample(int(config.vocab_size), getattr(config, "max_position_embeddings", None))
        attend_by(loaded.model, loaded.attention)
        self._plain = self._plainly()
        self._exact = None if loaded.precision == "fp32" else self._in_fp32()

    def found(self, way: SharingScorer) -> check.Found:
        """How far a way is off; it goes on as it was."""
        attend_by(self.loaded.model, way.attention or self.loaded.attention)
        ledger = Ledger(self._requests, True)
        budget, way.budget = way.budget, check.BUDGET
        try:
            scores = dict(pair for call in check.CALLS for pair in way.score(self._requests, call, ledger, True))
        finally:
            way.budget, way.computed = budget, 0
            way.forget()
        shared = [scores[index] for index in range(len(self._requests))]
        return check.compared(shared, self._plain, self._exact, self.loaded.precision)

    def _plainly(self) -> list[Score]:
        everything = range(len(self._requests))
        ledger = Ledger(self._requests, True)
        scores = dict(score_plainly(self.loaded.model, self._requests, everything, ledger, True))
        return [scores[index] for index in everything]

    def _in_fp32(self) -> list[Score] | None:
        """The same in fp32; None where some part of the model cannot be computed so."""
        try:
            with in_fp32(self.loaded.model):
                return self._plainly()
        except _FAILURES as error:
            if is_out_of_memory(error):
                raise
            return None


def in_short(error: Exception) -> str:
    """An error in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
