"""Which ids a tokenizer can write, from its files alone, and whether the model's embedding has a row for each."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from engine.candidates.untrusted import Unreadable, read_object

__all__ = ["beyond", "was_taken_as_written"]

_BYTES: Final = 256_000_000
"""Several times the largest tokenizer.json there is."""

_TAKEN: Final = ("PreTrainedTokenizerFast", "TokenizersBackend")
_REBUILT: Final = ("qwen2", "qwen3_5", "qwen4", "hyperclovax")
"""What model types begin with for which transformers heeds neither of these two."""


def was_taken_as_written(folder: Path, model_type: str) -> bool:
    """Whether a folder's tokenizer has always been read as it is now; else earlier numbers may be of other tokens.

    A tokenizer.json was once left to transformers, which puts parts of its own into many.
    """
    if not (folder / "tokenizer.json").exists():
        return True
    try:
        settings = read_object(folder / "tokenizer_config.json", _BYTES)
    except Unreadable:
        return False
    return settings.get("tokenizer_class") in _TAKEN and not model_type.startswith(_REBUILT)


def beyond(folder: Path, names: Collection[str], rows: int) -> list[str]:
    """Names of the tokens whose ids an embedding of so many rows lacks, in order of their ids.

    What stands in a SentencePiece file is not read; whether a pair needs such a token is seen when it is laid out.

    Raises:
        Unreadable: a file of the tokenizer is damaged; the phrase names it.
    """
    whole = ["tokenizer.json"] if "tokenizer.json" in names else [name for name in _READERS if name in names]
    return [token for name in whole for token in _beyond(folder / name, rows, *_state(folder / name))]


def _state(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read ({error.strerror})") from None
    return status.st_size, status.st_mtime_ns


@lru_cache(maxsize=512)
def _beyond(path: Path, rows: int, size: int, changed: int) -> tuple[str, ...]:
    """The same of one file in this state: to read a large one takes tenths of a second, and it is listed again."""
    try:
        ids = _READERS[path.name](read_object(path, _BYTES))
        return tuple(sorted((name for name, number in ids.items() if number >= rows), key=ids.__getitem__))
    except Unreadable as error:
        raise Unreadable(f"{path.name} {error}") from None
    except (ValueError, TypeError, LookupError, AttributeError):
        raise Unreadable(f"{path.name} holds no vocabulary") from None


def _whole(content: Mapping[str, Any]) -> dict[str, int]:
    """Ids in a tokenizer.json; an added token that its model lacks gets the next free id, whatever stands beside it."""
    vocabulary = content["model"]["vocab"]
    ids = dict(vocabulary) if isinstance(vocabulary, dict) else {piece: at for at, (piece, _) in enumerate(vocabulary)}
    free = len(vocabulary)
    for token in content.get("added_tokens") or ():
        free = max(free, 1 + ids.setdefault(token["content"], free))
    return ids


def _flat(content: Mapping[str, Any]) -> dict[str, int]:
    return dict(content)


def _added(content: Mapping[str, Any]) -> dict[str, int]:
    return {token["content"]: int(number) for number, token in (content.get("added_tokens_decoder") or {}).items()}


_READERS: Final[dict[str, Callable[[Mapping[str, Any]], dict[str, int]]]] = {
    "tokenizer.json": _whole,
    "vocab.json": _flat,
    "added_tokens.json": _flat,
    "tokenizer_config.json": _added,
}
