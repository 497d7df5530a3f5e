"""The seam of scoring: requests in, scores out. `LocalBackend` does it with transformers, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import torch

from engine.jobs.child import is_out_of_memory
from engine.layout.requests import Request, Score
from engine.machine.budgets import BUDGET_TOKENS, KEPT_BYTES
from engine.scoring import attention, causal, memory
from engine.scoring.load import LoadedModel
from engine.scoring.model import Halves
from engine.scoring.plain import score_plainly
from engine.scoring.shared import SharedScorer, least_split
from engine.scoring.targets import Ledger, input_ids
from engine.scoring.tree import plant
from engine.scoring.ways import attend_by, in_short, sharing
from rubrics.errors import CandidateError

__all__ = ["Backend", "LocalBackend", "Stats"]

_ASK_SECONDS: Final = 0.25
"""How often somebody who looks on is told how much memory is in use."""


@dataclass
class Stats:
    """What scoring has cost so far."""

    tokens: int = 0
    """Tokens in the requests that were scored."""
    distinct_tokens: int = 0
    """Tokens that went through the model."""
    seconds: float = 0.0
    peak_bytes: int = 0
    """Most memory in use at once: the device's where it has its own, else this process's."""
    tree_tokens: int = 0
    """Tokens that would have, with every prefix shared within a call."""
    notes: list[str] = field(default_factory=list)
    """What a reader of the numbers should know: why nothing is shared, budgets halved."""
    waiting: dict[str, str] = field(default_factory=dict)
    """Why, by id, of pairs that nobody answered: they come without a score, and wait for another time. Whoever reports
    them takes them out."""


class Backend(Protocol):
    """Anything that scores requests."""

    @property
    def stats(self) -> Stats:
        """Costs so far."""
        ...

    def score(self, requests: Sequence[Request], token_scores: bool = False) -> Iterator[tuple[int, Score]]:
        """Index and score of every request, each once, as they are ready; none of those in `stats.waiting`."""
        ...


class LocalBackend:
    """Scores with a model in this process; every distinct prefix of a call's requests is computed once.

    Whether that gives this model's own numbers is tried out at the start. Where it does not, less is shared, if that
    does, and nothing otherwise; `stats.notes` says why.

    Args:
        token_budget: tokens in one forward pass; None for `BUDGET_TOKENS`.
        kept_bytes: of keys and values that outlast a call; None for `KEPT_BYTES`, or a quarter of what is free once the
            model is loaded, if that is less.

    Raises:
        CandidateError: it is no causal model.
    """

    def __init__(self, loaded: LoadedModel, token_budget: int | None = None, kept_bytes: int | None = None) -> None:
        self._loaded = loaded
        self._model = loaded.model
        self._stats = Stats(notes=list(loaded.notes))
        self._halves = Halves(loaded.model)
        self._device = self._halves.device
        self._least_split = least_split(self._device.type)
        self._longest_shared = _longest_shared(loaded.model.config)
        self._assert_causal()
        attention.register()
        budget = token_budget or BUDGET_TOKENS[self._device.type]
        if kept_bytes is None:
            kept_bytes = min(KEPT_BYTES[self._device.type], memory.free_bytes(self._device) // 4)
        self._way, why_not = sharing(loaded, self._halves, budget, kept_bytes)
        self._stats.notes += why_not
        self._asked = -math.inf
        """When the memory was asked for last."""

    @property
    def stats(self) -> Stats:
        """Costs so far."""
        return self._stats

    def score(self, requests: Sequence[Request], token_scores: bool = False) -> Iterator[tuple[int, Score]]:
        """Index and score of every request, each once, as they are ready.

        Raises:
            CandidateError: the model's numbers are not finite.
            torch.OutOfMemoryError, MemoryError: not even a small piece of work fits.
        """
        ledger = Ledger(requests, token_scores)
        limit = self._longest_shared if self._way else 0
        together = [i for i, request in enumerate(requests) if len(request.ids) <= limit]
        alone = [i for i, request in enumerate(requests) if len(request.ids) > limit]
        if alone or not isinstance(self._way, SharedScorer):
            self._stats.tree_tokens += len(plant([input_ids(r) for r in requests], self._least_split).tokens)
        yield from self._timed(self._score_shared(requests, together, ledger, token_scores))
        yield from self._timed(self._score_plainly(requests, alone, ledger, token_scores))
        ledger.assert_complete()

    def forget(self) -> None:
        """Keep nothing of earlier calls; the next does all of its work."""
        if self._way is not None:
            self._way.forget()

    def _score_shared(
        self, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger, details: bool
    ) -> Iterator[tuple[int, Score]]:
        way = self._way
        if not chosen or way is None:
            return
        attend_by(self._model, way.attention or self._loaded.attention)
        before, noted = way.computed, len(way.notes)
        for index, score in way.score(requests, chosen, ledger, details):
            self._stats.tokens += len(requests[index].ids)
            self._stats.distinct_tokens += way.computed - before
            before = way.computed
            self._stats.notes += way.notes[noted:]
            noted = len(way.notes)
            yield index, score

    def _score_plainly(
        self, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger, details: bool
    ) -> Iterator[tuple[int, Score]]:
        if not chosen:
            return
        attend_by(self._model, self._loaded.attention)
        for index, score in score_plainly(self._model, requests, chosen, ledger, details):
            self._stats.tokens += len(requests[index].ids)
            self._stats.distinct_tokens += len(input_ids(requests[index]))
            yield index, score

    def _timed(self, results: Iterator[tuple[int, Score]]) -> Iterator[tuple[int, Score]]:
        # The clock stands still, and gradients are on again, while the caller has a result in hand.
        try:
            while True:
                started = time.perf_counter()
                with torch.inference_mode():
                    result = next(results, None)
                stopped = time.perf_counter()
                self._stats.seconds += stopped - started
                if stopped - self._asked > _ASK_SECONDS:
                    self._ask_memory()
                if result is None:
                    return
                yield result
        finally:
            self._ask_memory()

    def _ask_memory(self) -> None:
        # Only ever more, and not for nothing: every GPU is asked.
        self._asked = time.perf_counter()
        self._stats.peak_bytes = max(self._stats.peak_bytes, memory.peak_bytes(self._device))

    # ------------------------------------------------------------------ is it causal?

    def _assert_causal(self) -> None:
        attend_by(self._model, self._loaded.attention)
        config = self._model.config.get_text_config()
        try:
            changes = causal.leak(self._model, int(config.vocab_size), getattr(config, "max_position_embeddings", None))
        except (TypeError, ValueError, AttributeError, LookupError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            raise CandidateError(
                f"it cannot be run at {self._loaded.precision} ({in_short(error)})", fix="choose another precision"
            ) from error
        if causal.reads_ahead(changes, self._loaded.precision):
            raise causal.not_causal(changes)


def _longest_shared(config: Any) -> float:
    """Requests up to this length may share: some rotary schemes give a token another position in a longer text."""
    text = config.get_text_config()
    rope = getattr(text, "rope_parameters", None) or {}
    schemes = [rope, *(value for value in rope.values() if isinstance(value, dict))]
    limits = [
        float(
            scheme.get("original_max_position_embeddings")
            or getattr(text, "original_max_position_embeddings", None)
            or text.max_position_embeddings
        )
        for scheme in schemes
        if scheme.get("rope_type") in ("dynamic", "longrope")
    ]
    return min(limits, default=math.inf)
