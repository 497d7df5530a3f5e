"""A chat model on this machine as a process: questions in on standard input, answers out, one at a time.

Started as `python -m engine.scoring.chat`. The first line names the model, every further one is a question; all are
JSON. One at a time, because an answer must not depend on what it is batched with; who wants speed runs a server.
"""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from engine.jobs.child import EventLines, be_polite, in_words
from engine.scoring.load import load_model
from rubrics.errors import CandidateError, RudeError

__all__ = ["ChatSession", "main"]


class ChatSession:
    """A loaded model and its chat template."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer, PreTrainedTokenizerFast

        # A tokenizer.json is taken as it is; AutoTokenizer puts parts of its own into those of some kinds of model.
        kind = PreTrainedTokenizerFast if (folder / "tokenizer.json").exists() else AutoTokenizer
        self._tokenizer = kind.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        if not self._tokenizer.chat_template:
            raise CandidateError(
                "has no chat template, so it is no model to ask", where=str(folder), fix="name an instruction-tuned one"
            )
        device = "cuda" if torch.cuda.is_available() else "cpu"
        self._model = load_model(folder, "bf16" if device == "cuda" else "fp32", device).model
        self._context = int(getattr(self._model.config, "max_position_embeddings", 0) or 1 << 30)

    def answer(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Text, why it stopped, and tokens, for a question with messages, temperature, max_tokens and vote.

        Raises:
            ValueError: the question leaves no room for an answer, or the model cannot read it.
        """
        ids = self._encode(question["messages"])
        room = min(int(question["max_tokens"]), self._context - ids.shape[1])
        if room < 1:
            raise ValueError(f"{ids.shape[1]} tokens fill the context of {self._context}")
        if int(ids.max()) >= self._model.get_input_embeddings().weight.shape[0]:
            raise ValueError("the question needs tokens that the model's embedding has no row for")
        torch.manual_seed(int(question["vote"]))
        sampled = question["temperature"] > 0
        options = {"temperature": float(question["temperature"]), "top_p": 1.0, "top_k": 0} if sampled else {}
        with torch.inference_mode():
            out = self._model.generate(
                ids,
                attention_mask=torch.ones_like(ids),
                max_new_tokens=room,
                do_sample=sampled,
                pad_token_id=self._tokenizer.pad_token_id or self._tokenizer.eos_token_id,
                **options,
            )
        new = out[0, ids.shape[1] :]
        ended = len(new) < room or int(new[-1]) in self._ends()
        return {
            "text": self._tokenizer.decode(new, skip_special_tokens=True),
            "finish": "stop" if ended else "length",
            "prompt_tokens": int(ids.shape[1]),
            "completion_tokens": len(new),
        }

    def _ends(self) -> set[int]:
        ends = self._model.generation_config.eos_token_id
        return set(ends) if isinstance(ends, list) else {ends}

    def _encode(self, messages: Sequence[Mapping[str, str]]) -> torch.Tensor:
        from jinja2.exceptions import TemplateError

        turns = [dict(message) for message in messages]
        try:
            ids = self._templated(turns)
        except TemplateError:
            # Some templates know no system turn; what it says then stands before the first question.
            first, second, *rest = turns
            ids = self._templated([{"role": "user", "content": f"{first['content']}\n\n{second['content']}"}, *rest])
        return ids.to(self._model.device)

    def _templated(self, turns: list[dict[str, str]]) -> torch.Tensor:
        encoded = self._tokenizer.apply_chat_template(
            turns, add_generation_prompt=True, tokenize=True, return_tensors="pt", return_dict=True
        )
        ids: torch.Tensor = encoded["input_ids"]
        return ids


def main() -> int:
    """Answer until standard input closes."""
    # Native code prints where it likes; only events may reach the parent.
    events = EventLines(os.fdopen(os.dup(1), "w", encoding="utf-8"))
    os.dup2(2, 1)
    folder = Path(json.loads(sys.stdin.readline())["model"])
    questions: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(questions,), daemon=True).start()
    be_polite(None)
    try:
        session = ChatSession(folder)
        events.send("ready")
        while True:
            question = questions.get()
            begun = time.monotonic()
            try:
                answer = session.answer(question)
            except (ValueError, torch.OutOfMemoryError) as error:
                events.send("failed", id=question["id"], what=in_words(error))
            else:
                events.send("answer", id=question["id"], seconds=time.monotonic() - begun, **answer)
    except RudeError as error:
        events.send("fatal", **error.to_json())
    except Exception as error:  # noqa: BLE001 - the parent reports it
        traceback.print_exc()
        fix = "see whether transformers can load it"
        events.send("fatal", what=in_words(error), where=str(folder), fix=fix, code=1)
    return 1


def _listen(questions: queue.SimpleQueue[dict[str, Any]]) -> None:
    for line in sys.stdin:
        questions.put(json.loads(line))
    os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main())
