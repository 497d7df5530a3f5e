"""A GGUF file as a candidate: what its header says, and what is wrong with it, each as a named problem."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from engine.candidates.gguf_header import read_gguf
from engine.candidates.gguf_model import describe
from engine.candidates.gguf_tokenizer import assert_tokenizer_known, tokens_of
from engine.candidates.headers import HeaderFault, Tensor
from engine.candidates.problems import Problem
from rubrics.counted import count

__all__ = ["GgufFile", "read_file"]


class GgufFile(NamedTuple):
    """What a file says of the model in it; empty where it cannot be read."""

    config: dict[str, Any]
    tokenizer: str
    tensors: tuple[Tensor, ...]
    stored: str
    problems: list[Problem]


def read_file(path: Path) -> GgufFile:
    """Read the header of a GGUF file; nothing is loaded."""
    try:
        model = describe(path)
        metadata, _ = read_gguf(path)
    except HeaderFault as error:
        return GgufFile({}, "", (), "", [_problem(error)])
    problems = []
    try:
        tokenizer = assert_tokenizer_known(metadata)
    except HeaderFault as error:
        tokenizer = ""
        problems.append(_problem(error))
    rows, tokens = model.config["vocab_size"], tokens_of(metadata)
    if tokens > rows:
        what = f"its tokenizer knows {count(tokens - rows, 'token')} beyond the {rows:,} rows of its embedding"
        problems.append(Problem("vocabulary", False, what, "pairs that need one are skipped; see where it comes from"))
    if metadata.get("tokenizer.chat_template"):
        what = "has a chat template: it may have been post-trained, not be a base model"
        problems.append(Problem("chat_template", False, what, "check its model card"))
    return GgufFile(model.config, tokenizer, model.listed, model.stored, problems)


def _problem(error: HeaderFault) -> Problem:
    return Problem(error.code, True, str(error), error.fix or "fetch the file again")
