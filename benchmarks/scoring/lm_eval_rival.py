"""The same requests through lm-evaluation-harness's own Hugging Face backend, where it is installed.

It gets the token ids that everybody gets, the model that is already loaded, and its default settings, its cache for
one-token continuations included; only the batch size is chosen for it, as the fastest of several on a sample.
"""

from __future__ import annotations

import contextlib
import io
import logging
import time
from collections.abc import Sequence
from importlib import metadata
from typing import Any

from engine.layout.requests import Request

__all__ = ["BATCHES", "LmEval", "version"]

BATCHES = (1, 2, 4, 8, 16, 32)


def version() -> str:
    """Of the installed package; empty where there is none."""
    try:
        return metadata.version("lm-eval")
    except metadata.PackageNotFoundError:
        return ""


class LmEval:
    """lm-evaluation-harness around a model in memory."""

    def __init__(self, model: Any, device: str, longest: int, batch: int = 1) -> None:
        from lm_eval.models.huggingface import HFLM
        from tokenizers import Tokenizer, models
        from transformers import PreTrainedTokenizerFast

        logging.getLogger("lm_eval").setLevel(logging.ERROR)
        # It insists on a tokenizer but is given ids.
        words = Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1}, unk_token="<s>"))
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, eos_token="</s>", bos_token="<s>", pad_token="</s>")
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            self._lm = HFLM(
                pretrained=model, tokenizer=tokenizer, backend="causal", device=device, batch_size=batch,
                max_length=longest,
            )  # fmt: skip

    def find_batch(self, requests: Sequence[Request]) -> int:
        """The fastest of `BATCHES` on these requests, tried from the smallest until it has slowed down twice."""
        seconds: dict[int, float] = {}
        for batch in BATCHES:
            self._lm.batch_size_per_gpu = batch
            began = time.perf_counter()
            try:
                self.score(requests[: max(batch, 4)])
            except RuntimeError:
                break
            seconds[batch] = (time.perf_counter() - began) / max(batch, 4)
            if len(seconds) > 2 and min(seconds.values()) < min(list(seconds.values())[-2:]):
                break  # slower twice running
        best = min(seconds, key=lambda batch: seconds[batch])
        self.use_batch(best)
        return best

    def use_batch(self, batch: int) -> None:
        """From now on, so many requests at once."""
        self._lm.batch_size_per_gpu = batch

    def score(self, requests: Sequence[Request]) -> list[float]:
        """Label log-odds, or sums over the response, in nats."""
        asked = []
        for request in requests:
            ids = list(request.ids)
            if request.labels is not None:
                asked += [(("", ""), ids, [label]) for label in request.labels]
            else:
                start, stop = request.scored
                asked.append((("", ""), ids[:start], ids[start:stop]))
        found = [value for value, _ in self._lm._loglikelihood_tokens(asked, disable_tqdm=True)]
        if requests and requests[0].labels is not None:
            return [first - second for first, second in zip(found[::2], found[1::2], strict=True)]
        return found
