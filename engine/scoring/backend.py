"""The seam of scoring: requests in, scores out. `LocalBackend` does it with transformers, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch

from engine.jobs.child import is_out_of_memory
from engine.layout.requests import Request, Score
from engine.machine.budgets import BUDGET_TOKENS
from engine.scoring import attention, causal, check, memory
from engine.scoring.load import LoadedModel
from engine.scoring.model import Halves
from engine.scoring.plain import score_plainly
from engine.scoring.shared import SharedScorer
from engine.scoring.targets import Ledger, input_ids
from rubrics.errors import CandidateError

__all__ = ["Backend", "LocalBackend", "Stats"]


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

    Whether that gives this model's own numbers is tried out at the start. Where it does not, requests go through the
    model one at a time, and `stats.notes` says why.

    Args:
        token_budget: tokens in one forward pass; None for `BUDGET_TOKENS`.

    Raises:
        CandidateError: it is no causal model.
    """

    def __init__(self, loaded: LoadedModel, token_budget: int | None = None) -> None:
        self._loaded = loaded
        self._model = loaded.model
        self._stats = Stats(notes=list(loaded.notes))
        halves = Halves(loaded.model)
        self._device = halves.device
        self._shared = SharedScorer(halves, token_budget or BUDGET_TOKENS[halves.device.type])
        self._longest_shared = _longest_shared(loaded.model.config)
        self._assert_causal()
        attention.register()
        why_not = self._try_sharing()
        if why_not:
            self._longest_shared = 0
            self._stats.notes.append(f"prefixes are not shared: {why_not}")
        loaded.facts["sharing"] = "none" if why_not else "prefix tree"

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
        together = [i for i, request in enumerate(requests) if len(request.ids) <= self._longest_shared]
        alone = [i for i, request in enumerate(requests) if len(request.ids) > self._longest_shared]
        yield from self._timed(self._score_shared(requests, together, ledger, token_scores))
        yield from self._timed(self._score_plainly(requests, alone, ledger, token_scores))
        ledger.assert_complete()

    def _score_shared(
        self, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger, details: bool
    ) -> Iterator[tuple[int, Score]]:
        if not chosen:
            return
        self._use(attention.NAME)
        before, noted = self._shared.computed, len(self._shared.notes)
        for index, score in self._shared.score(requests, chosen, ledger, details):
            self._stats.tokens += len(requests[index].ids)
            self._stats.distinct_tokens += self._shared.computed - before
            before = self._shared.computed
            self._stats.notes += self._shared.notes[noted:]
            noted = len(self._shared.notes)
            yield index, score

    def _score_plainly(
        self, requests: Sequence[Request], chosen: Sequence[int], ledger: Ledger, details: bool
    ) -> Iterator[tuple[int, Score]]:
        if not chosen:
            return
        self._use(self._loaded.attention)
        for index, score in score_plainly(self._model, requests, chosen, ledger, details):
            self._stats.tokens += len(requests[index].ids)
            self._stats.distinct_tokens += len(input_ids(requests[index]))
            yield index, score

    def _timed(self, results: Iterator[tuple[int, Score]]) -> Iterator[tuple[int, Score]]:
        # The clock stands still, and gradients are on again, while the caller has a result in hand.
        while True:
            started = time.perf_counter()
            with torch.inference_mode():
                result = next(results, None)
            self._stats.seconds += time.perf_counter() - started
            self._stats.peak_bytes = max(self._stats.peak_bytes, memory.peak_bytes(self._device))
            if result is None:
                return
            yield result

    def _use(self, name: str) -> None:
        if self._model.config.get_text_config()._attn_implementation != name:
            self._model.set_attn_implementation(name)

    # ------------------------------------------------------------------ is it causal, and is sharing exact?

    def _assert_causal(self) -> None:
        self._use(self._loaded.attention)
        config = self._model.config.get_text_config()
        try:
            changes = causal.leak(self._model, int(config.vocab_size), getattr(config, "max_position_embeddings", None))
        except (TypeError, ValueError, AttributeError, LookupError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            raise CandidateError(
                f"it cannot be run at {self._loaded.precision} ({_in_short(error)})", fix="choose another precision"
            ) from error
        if causal.reads_ahead(changes, self._loaded.precision):
            raise causal.not_causal(changes)

    def _try_sharing(self) -> str:
        """Why prefixes cannot be shared with this model; empty where they can."""
        config = self._model.config.get_text_config()
        context = getattr(config, "max_position_embeddings", None)
        requests = check.sample(int(config.vocab_size), context)
        everything = range(len(requests))
        budget, self._shared.budget = self._shared.budget, check.BUDGET
        try:
            with torch.inference_mode():
                self._use(attention.NAME)
                ledger = Ledger(requests, True)
                shared = dict(self._shared.score(requests, everything, ledger, True))
                odd = _odd_windows(config, self._shared.windows)
                self._use(self._loaded.attention)
                plain = dict(score_plainly(self._model, requests, everything, Ledger(requests, True), True))
        except (attention.Unsupported, TypeError, ValueError, AttributeError, LookupError, RuntimeError) as error:
            if is_out_of_memory(error):
                raise
            return _in_short(error)
        finally:
            self._shared.budget = budget
            self._shared.computed = 0
        if odd:
            return odd
        apart = check.disagreement([shared[i] for i in everything], [plain[i] for i in everything])
        self._loaded.facts["sharing_error_nats"] = apart
        allowed = check.TOLERANCE[self._loaded.precision]
        return "" if apart <= allowed else f"numbers differ by {apart:.2g} nats from the model's own"


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


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


def _odd_windows(config: Any, windows: dict[int, int | None]) -> str:
    """Whether the sliding windows that the attention was told of are those of the configuration."""
    kinds = getattr(config, "layer_types", None)
    window = getattr(config, "sliding_window", None)
    if kinds is None:
        handed = set(windows.values())
        return "" if window is None or handed == {window} else "its sliding window is not handed to the attention"
    expected = {"full_attention": None, "sliding_attention": window}
    for layer, kind in enumerate(kinds):
        if kind not in expected:
            return f"it has layers of kind {kind}"
        if windows.get(layer) != expected[kind]:
            return "its sliding window is not handed to the attention"
    return ""
