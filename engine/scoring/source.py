"""Where a model is loaded from: a folder with safetensors weights, or a GGUF file shown to transformers as one.

transformers reads GGUF by itself, but leaves out tensors and entries without a word, and knows no split files. Shown as
a folder, a file goes the way of every other candidate: what is used is held against what is there, tensor by tensor,
and contents are read one tensor at a time.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from engine.candidates.gguf_model import describe
from engine.candidates.headers import SINGLE, HeaderFault, Tensor, read_weights
from engine.candidates.parts import oddities
from engine.scoring.gguf_values import Values
from rubrics.errors import CandidateError

__all__ = ["Source", "StoredTensor", "found_in_files", "source_of"]


class StoredTensor(Protocol):
    """A tensor in a file, as transformers asks for it."""

    def get_shape(self) -> list[int]: ...

    def get_dtype(self) -> str: ...

    def __getitem__(self, part: Any) -> Any:
        """Its contents; the whole is asked for."""


class Source(NamedTuple):
    """What is loaded."""

    where: str
    """Its path, as errors name it."""
    folder: Path
    """What transformers is given: it holds config.json and names the weight files."""
    stored: tuple[Tensor, ...]
    opened: Callable[[bool], AbstractContextManager[None]]
    """Within it transformers finds the tensors in those files; told whether they go to the CPU."""
    config: str = "config.json"
    """What describes the model, in words."""
    fix: str = ""
    """What to do where that and the tensors do not go together, if it is not what is to be done about a folder."""
    notes: tuple[str, ...] = ()
    """What a reader of its numbers should know."""


@contextlib.contextmanager
def source_of(path: Path) -> Iterator[Source]:
    """What lies at a path, for as long as it is needed.

    Raises:
        CandidateError: its weights cannot be read, or are none as they stand.
    """
    if not path.is_file():
        yield Source(str(path), path, _stored(path), _read_by_tensor)
        return
    try:
        model = describe(path)
    except HeaderFault as error:
        raise CandidateError(str(error), where=str(path), fix=error.fix or "fetch the file again") from None
    with tempfile.TemporaryDirectory(prefix="rude-tui-") as made:
        folder = Path(made)
        (folder / "config.json").write_text(json.dumps(model.config), encoding="utf-8")
        # Only its name is wanted; opened by anything else, it is an error.
        (folder / SINGLE).touch()
        slices = {
            name: Values(held, model.turns.get(name, ""), model.config, str(path))
            for name, held in model.tensors.items()
        }
        yield Source(
            where=str(path), folder=folder, stored=model.listed, opened=lambda on_cpu: found_in_files(slices),
            config="its metadata", fix="get the file anew, or give the model as a folder with safetensors weights",
            notes=(f"GGUF: its weights, stored as {model.stored}, are scored dequantised",),
        )  # fmt: skip


def _stored(folder: Path) -> tuple[Tensor, ...]:
    try:
        stored = read_weights(folder)
    except HeaderFault as error:
        what = str(error) if error.fix else f"its weights are damaged ({error})"
        fix = error.fix or "download the .safetensors files again"
        raise CandidateError(what, where=str(folder), fix=fix) from None
    for odd in oddities(stored):
        raise CandidateError(odd.what, where=str(folder), fix=odd.fix)
    return stored


@contextlib.contextmanager
def found_in_files(slices: Mapping[str, StoredTensor]) -> Iterator[None]:
    """Within it, transformers finds the same tensors in whatever file it opens, and reads none itself."""
    from transformers import modeling_utils

    class Headers:
        def __init__(self, *_: object, **__: object) -> None:
            pass

        def __enter__(self) -> Headers:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def metadata(self) -> dict[str, str]:
            return {"format": "pt"}

        def keys(self) -> list[str]:
            return list(slices)

        def get_slice(self, name: str) -> StoredTensor:
            return slices[name]

    opened = modeling_utils.safe_open
    modeling_utils.safe_open = Headers
    try:
        yield
    finally:
        modeling_utils.safe_open = opened


@contextlib.contextmanager
def _read_by_tensor(on_cpu: bool) -> Iterator[None]:
    """On a CPU, weights files are read tensor by tensor, not mapped.

    The pages of a mapped file stay in memory beside what was made of them: with nf4, five times the weights.
    """
    from transformers import modeling_utils

    opened = modeling_utils.safe_open
    if on_cpu:
        modeling_utils.safe_open = lambda *given, **options: opened(*given, **{**options, "backend": "pread"})
    try:
        yield
    finally:
        modeling_utils.safe_open = opened
