"""What is read from a base model before any training: every predictor and rival, pair by pair and text by text.

Numbers come through the same layout and backend as those of any candidate, in fp32 on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.export.parquet import Columns
from engine.layout.lay_out import lay_out, token_lengths
from engine.layout.requests import Request, Score, TokenScores
from engine.posttrain.ladder2.regimen import Common
from engine.posttrain.ladder2.worlds import WORLD_A, World
from engine.predictors.rbridge import Trace, rbridge, token_weights
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
from engine.scoring.tokenizer import HubTokenizer, open_tokenizer
from engine.scoring.traces import lay_trace
from rubrics.schema import Suite

__all__ = ["BaseModel", "frontier_traces"]


class BaseModel:
    """A base model that is read, and the processor's seconds that each reading took."""

    def __init__(self, folder: Path, world: World = WORLD_A) -> None:
        self._world = world
        self.seconds: dict[str, float] = {}
        self._encoder: HubTokenizer = open_tokenizer(folder)
        self._backend = LocalBackend(load_model(folder, "fp32", "cpu", threads=1))

    def pairs(self, suite: Suite) -> Columns:
        """Every pair of a suite under the world's protocols, and the chosen response's mean wrong-confidence.

        Columns: `ll_chosen`, `ll_rejected` (nats), `tokens_chosen`, `tokens_rejected`, `wrong_confidence`, and of
        `choice` `log_odds_chosen_first`, `log_odds_rejected_first`; rows in suite order.
        """
        row = {pair.id: n for n, pair in enumerate(suite.scored)}
        columns: dict[str, npt.NDArray[Any]] = {}
        for options in self._world.layouts:
            began, protocol = time.process_time(), options.protocol
            laid = lay_out(suite, self._encoder, options)
            assert not laid.skipped, laid.skipped[0]
            requests = [request for both in laid.requests.values() for request in both]
            for index, score in self._backend.score(requests, token_scores=protocol == "likelihood"):
                request, at = requests[index], row[requests[index].pair_id]
                for name, value in _numbers(request, score).items():
                    kind = np.int16 if name.startswith("tokens") else np.float32
                    columns.setdefault(name, np.zeros(len(row), kind))[at] = value
            self.seconds[protocol] = time.process_time() - began
        return columns

    def texts(self, shared: Common) -> Columns:
        """Bits of every clean text that all models read.

        Columns: `kind` (`plain`, `request`, `response`: the two parts of a dialogue), `text`, `bits`, `bytes`. The
        first word of a plain document, and the word that every dialogue begins with, are given and do not count.
        """
        began = time.process_time()
        begin, _, answers = self._world.frame.partition("{prompt}")
        parts = [("plain", n, *_first_word(text)) for n, text in enumerate(shared.plain)]
        parts += [("dialogue", n, begin, text.removeprefix(begin)) for n, text in enumerate(shared.dialogues)]
        rows: list[tuple[str, int, float, int]] = []
        for (kind, n, _, text), (logprob, lengths) in zip(
            parts, self._read([(g, t) for *_, g, t in parts]), strict=True
        ):
            bits, ends = -logprob.astype(np.float64) / np.log(2), np.cumsum(lengths)
            if kind == "plain":
                rows.append((kind, n, float(bits.sum()), int(ends[-1])))
                continue
            asked = ends <= len((text.partition(answers)[0] + answers).encode())
            rows.append(("request", n, float(bits[asked].sum()), int(lengths[asked].sum())))
            rows.append(("response", n, float(bits[~asked].sum()), int(lengths[~asked].sum())))
        self.seconds["texts"] = time.process_time() - began
        kinds, numbers, bits, sizes = zip(*rows, strict=True)
        return {
            "kind": np.array(kinds), "text": np.array(numbers, np.int16), "bits": np.array(bits, np.float32),
            "bytes": np.array(sizes, np.int32),
        }  # fmt: skip

    def traces(self, traces: Sequence[tuple[str, Trace]]) -> Columns:
        """rBridge of every trace (arXiv 2509.21013): columns `trace` and `rbridge`, nats."""
        began = time.process_time()
        read = self._read([(prompt, trace.text) for prompt, trace in traces])
        weights = [token_weights(trace, lengths) for (_, trace), (_, lengths) in zip(traces, read, strict=True)]
        values = rbridge(weights, [-logprob.astype(np.float64) for logprob, _ in read])
        self.seconds["traces"] = time.process_time() - began
        return {"trace": np.arange(len(traces), dtype=np.int16), "rbridge": values.astype(np.float32)}

    def as_frontier(self, answers: Sequence[tuple[str, str]]) -> list[tuple[str, Trace]]:
        """Its own answers as traces with its own probabilities; empty answers are left out."""
        told = [(prompt, answer) for prompt, answer in answers if answer]
        return [
            (prompt, Trace(answer, lengths, np.minimum(logprob.astype(np.float64), 0.0)))
            for (prompt, answer), (logprob, lengths) in zip(told, self._read(told), strict=True)
        ]

    def _read(self, texts: Sequence[tuple[str, str]]) -> list[tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]]:
        """Log-probabilities and byte lengths of the tokens of each text, given what stands before it."""
        requests = [lay_trace(self._encoder, str(n), *text) for n, text in enumerate(texts)]
        scores: dict[int, TokenScores] = {}
        for index, score in self._backend.score(requests, token_scores=True):
            assert score.tokens is not None
            scores[index] = score.tokens
        return [
            (scores[n].logprob, np.array(token_lengths(self._encoder, text), np.int64))
            for n, (_, text) in enumerate(texts)
        ]


def frontier_traces(folder: Path, answers: Sequence[tuple[str, str]]) -> list[tuple[str, Trace]]:
    """Answers of the frontier model, with its own probabilities.

    Args:
        answers: prompts as it saw them, and what it wrote.
    """
    return BaseModel(folder).as_frontier(answers)


def _numbers(request: Request, score: Score) -> dict[str, float]:
    if request.scored is None:
        return {f"log_odds_{request.view}": score.value}
    numbers = {f"ll_{request.view}": score.value, f"tokens_{request.view}": request.scored[1] - request.scored[0]}
    if request.view == "chosen":
        assert score.tokens is not None
        numbers["wrong_confidence"] = _wrong_confidence(score.tokens)
    return numbers


def _wrong_confidence(tokens: TokenScores) -> float:
    """The proxy metric of that name, weighing tokens alike: `engine.predictors.proxy`."""
    wrong = np.where(tokens.rank > 1, tokens.margin + np.exp(tokens.logprob), 0.0)
    return float(wrong.mean())


def _first_word(text: str) -> tuple[str, str]:
    first = text.split(" ", 1)[0]
    return first, text[len(first) :]
