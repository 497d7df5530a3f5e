"""What of a model's files tells whose kin it is: kind, sizes, vocabulary, and a thin sample of its weights.

Models that were trained on from the same weights keep them in direction: continued pre-training, fine-tuning and
distillation into an existing model leave a cosine near 1 between parameters at the same places, while independently
trained models have one near 0 (Zeng et al. 2024, HuRef, arXiv 2312.04828, section 3.1). A thousand values of each of
a few dozen matrices are enough to tell, so a sample takes kilobytes to keep and milliseconds to read.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.candidates.candidate import Candidate
from engine.candidates.gguf_tokenizer import tokenizer_json
from engine.candidates.headers import HeaderFault, Tensor, places_in, weight_files
from engine.candidates.parts import is_beside, is_buffer
from engine.candidates.shape import Shape
from engine.candidates.untrusted import Unreadable, read_object

__all__ = ["PER_TENSOR", "Kin", "Sample", "kin_of"]

PER_TENSOR: Final = 1024
"""Values taken of a matrix: the cosine of two unrelated ones is then 0 ± 1/√1024 = 0.03."""
_RUNS: Final = 16
"""Places in a matrix from which these are read, each time so many values in a row."""
_MOST: Final = 64
"""Matrices sampled."""
_LEAST: Final = 2048
"""Elements below which a matrix is not sampled."""
_LAYERS: Final = frozenset({0, *(2**power for power in range(12))})
"""Layers sampled: the same ones of a shallow and of a deep relative."""
_READABLE: Final = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_TOKENIZER_BYTES: Final = 256_000_000
_WRAPPED: Final = re.compile(r"^(model\.|transformer\.|language_model\.|gpt_neox\.|base_model\.)+")


class Sample(NamedTuple):
    """Values at fixed places of one matrix."""

    name: str
    """Of the tensor, without what wraps the decoder."""
    shape: tuple[int, ...]
    values: npt.NDArray[np.float16]
    """(at most PER_TENSOR,), scaled to a root mean square of 1; all 0 where the matrix is."""


class Kin(NamedTuple):
    """What tells a model's kin; what is not known is empty or 0."""

    model_type: str
    layers: int
    hidden: int
    heads: int
    vocabulary: str
    """SHA-256 (64 hex digits) of the tokenizer's ordinary tokens and their ids: special tokens and templates, which
    every release changes, are left out."""
    samples: tuple[Sample, ...] = ()
    """None of GGUF files, whose rows are in another order, and of what a server holds."""


def kin_of(candidate: Candidate) -> Kin:
    """Read a candidate's kin from its files. What cannot be read is left empty: it decides no number."""
    shape: Shape = candidate.shape
    about = candidate.model_type, shape.layers, shape.hidden, shape.heads
    samples: tuple[Sample, ...] = ()
    if candidate.served is None:
        try:
            if not candidate.path.is_file():
                samples = tuple(_samples(candidate.path, shape.layers))
        except (HeaderFault, OSError, ValueError, LookupError, TypeError):
            samples = ()
    return Kin(*about, _vocabulary(candidate.path), samples)


def _samples(folder: Path, layers: int) -> Iterator[Sample]:
    """Of the matrices that stand at the same place in every relative, by name."""
    found: list[tuple[str, Tensor, Path, int, int]] = []
    for file in weight_files(folder):
        for tensor, start, end in places_in(file):
            if _is_sampled(tensor, layers):
                found.append((_WRAPPED.sub("", tensor.name), tensor, file, start, end))
    found.sort(key=lambda place: (_numbers(place[0]), place[0]))
    for name, tensor, file, start, end in found[:_MOST]:
        values = _values(file, tensor.dtype, start, (end - start) // tensor.size, tensor.size)
        if np.isfinite(values).all():
            size = float(np.sqrt(np.mean(values**2)))
            yield Sample(name, tensor.shape, (values / size if size > 0 else values).astype(np.float16))


def _is_sampled(tensor: Tensor, layers: int) -> bool:
    if len(tensor.shape) < 2 or tensor.size < _LEAST or tensor.dtype not in _READABLE:
        return False
    if is_buffer(tensor) or is_beside(tensor.name, layers or None):
        return False
    layer, *experts = _numbers(tensor.name) or (0,)
    return layer in _LAYERS and not any(experts)


def _numbers(name: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"(?:^|\.)(\d+)(?=\.|$)", name))


def _values(file: Path, dtype: str, start: int, width: int, size: int) -> npt.NDArray[np.float64]:
    """Values of a tensor, evenly spread over it: the same places wherever the sizes are the same."""
    run = min(PER_TENSOR, size) // _RUNS
    pieces = []
    with file.open("rb") as source:
        for number in range(_RUNS):
            source.seek(start + width * (number * (size - run) // (_RUNS - 1)))
            pieces.append(source.read(run * width))
    raw = np.frombuffer(b"".join(pieces), _READABLE[dtype])
    if dtype == "BF16":
        # bfloat16 is the upper half of a float32.
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float64)


def _vocabulary(path: Path) -> str:
    """The hash of the ordinary tokens of a tokenizer, or of the one file that holds them in another form."""
    try:
        if path.is_file():
            return _hashed(_ordinary(json.loads(tokenizer_json(path))))
        for name in ("tokenizer.json", "vocab.json", "tokenizer.model"):
            file = path / name
            if file.exists():
                status = file.stat()
                return _vocabulary_in(file, status.st_size, status.st_mtime_ns)
    except (Unreadable, HeaderFault, OSError, ValueError, LookupError, TypeError, AttributeError):
        return ""
    return ""


@lru_cache(maxsize=256)
def _vocabulary_in(file: Path, size: int, changed: int) -> str:
    """Of a file in this state: a large one takes half a second."""
    if file.suffix != ".json":
        return hashlib.sha256(b"sentencepiece\0" + file.read_bytes()).hexdigest()
    content = read_object(file, _TOKENIZER_BYTES)
    return _hashed(_ordinary(content) if file.name == "tokenizer.json" else content)


def _ordinary(content: Mapping[str, Any]) -> dict[str, int]:
    """Ids of the tokens in a tokenizer.json that are not added ones."""
    vocabulary = content["model"]["vocab"]
    added = {token["content"] for token in content.get("added_tokens") or ()}
    if isinstance(vocabulary, Mapping):
        return {piece: number for piece, number in vocabulary.items() if piece not in added}
    # Unigram: pieces with their scores, in the order of their ids.
    return {piece: number for number, (piece, *_) in enumerate(vocabulary) if piece not in added}


def _hashed(ids: Mapping[str, int]) -> str:
    total = hashlib.sha256()
    for piece, number in sorted(ids.items(), key=lambda item: (item[1], item[0])):
        total.update(f"{number}\0{piece}\n".encode(errors="surrogatepass"))
    return total.hexdigest() if ids else ""
