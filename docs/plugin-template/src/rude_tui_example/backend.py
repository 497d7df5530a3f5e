"""A backend: what turns requests of token ids into log-likelihoods instead of transformers.

This one reads no weights: every token costs it one bit, so that it prefers whatever has fewer tokens.
"""

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.scoring.backend import Stats
from rude_tui.plugins import Request, Score


class Shortest:
    """Scores every token alike."""

    def __init__(self) -> None:
        self.stats = Stats(notes=["scored by length alone"])

    def score(self, requests: Sequence[Request], token_scores: bool = False) -> Iterator[tuple[int, Score]]:
        """Index and score of every request, each once."""
        started = time.perf_counter()
        for index, request in enumerate(requests):
            self.stats.tokens += len(request.ids)
            self.stats.distinct_tokens += len(request.ids)
            self.stats.seconds, started = self.stats.seconds + time.perf_counter() - started, time.perf_counter()
            if request.scored is None:
                yield index, Score(0.0)  # two labels of one token each
            else:
                begin, end = request.scored
                yield index, Score(-(end - begin) * math.log(2))


def open_shortest(
    folder: Path, *, precision: str, device: str, threads: int | None, trust_remote_code: bool
) -> Shortest:  # fmt: skip
    """Called in the worker with the candidate's folder; everything about tokens is done by then."""
    return Shortest()
