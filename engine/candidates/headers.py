"""What a folder's safetensors files say about themselves, read from their headers; no tensor is loaded.

The safetensors library parses the headers, so that what passes here is what the loader will accept: lengths, offsets
and shapes that agree with each other and with the size of the file.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from engine.candidates.untrusted import POINTED, Unreadable, is_pointer, read_object, regular_size, shown

__all__ = [
    "INDEX", "SINGLE", "HeaderFault", "Tensor", "bits", "equal_contents", "places_in", "read_header", "read_weights",
    "unnamed_shards", "weight_files",
]  # fmt: skip

SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"

_INDEX_BYTES = 32_000_000
"""The index of a 1 T parameter mixture of experts has about 15 MB."""

_HEADER_BYTES = 100_000_000
"""The safetensors library reads none that is longer."""

_SHARDS = 5_000
_SHARD = re.compile(r"model-\d+-of-\d+\.safetensors")
_SHARD_NAME = re.compile(r"[^/\\\x00]+\.safetensors")


class Tensor(NamedTuple):
    name: str
    dtype: str
    """As safetensors writes it: F32, BF16, F8_E4M3, …; or as GGUF does: Q8_0, Q4_K, …"""
    shape: tuple[int, ...]
    stored: int | None = None
    """Bytes on disk, where they do not follow from the type."""

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes on disk."""
        return self.size * bits(self.dtype) // 8 if self.stored is None else self.stored


class HeaderFault(Exception):
    """Why weights cannot be used: `code` is one of a `Problem`'s, mostly `truncated`, `unsafe_header` or `ambiguous`;
    the text is fit to be shown. `fix` is what to do, where that is not to fetch them again."""

    def __init__(self, code: str, what: str, fix: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.fix = fix


@cache
def bits(dtype: str) -> int:
    """Bits of one element of a safetensors dtype."""
    if dtype == "BOOL":
        return 8
    match = re.match(r"[A-Z]+(\d+)", dtype)
    return int(match[1]) if match else 0


def weight_files(folder: Path) -> tuple[Path, ...]:
    """The safetensors files that make up the model, sorted by name: those that transformers would load.

    That is `model.safetensors`, else the shards named by its index; other safetensors files in the folder (a second
    copy in another layout, an adapter) are not part of the model. Empty where there are none.

    Raises:
        HeaderFault: an index that cannot be read, shards without an index, or both layouts side by side.
    """
    return _placed(folder)[0]


def _placed(folder: Path) -> tuple[tuple[Path, ...], dict[str, str]]:
    """The weight files, and which tensor the index puts into which; one file alone needs no index."""
    if os.path.lexists(folder / SINGLE):
        _assert_alone(folder)
        return (folder / SINGLE,), {}
    index = _index(folder)
    return tuple(folder / name for name in sorted(set(index.values()))), index


def unnamed_shards(folder: Path) -> list[str]:
    """Shards in a folder that its index does not name: another set's, or what an index has left out. They are not read.

    Raises:
        HeaderFault: see `weight_files`.
    """
    named = {file.name for file in weight_files(folder)}
    return sorted(name for name in os.listdir(folder) if _SHARD.fullmatch(name) and name not in named)


def _assert_alone(folder: Path) -> None:
    """An index that is left over from shards long gone says nothing; one whose shards are there is another model."""
    if not os.path.lexists(folder / INDEX):
        return
    shards = sorted(name for name in set(_index(folder).values()) - {SINGLE} if os.path.lexists(folder / name))
    if shards:
        raise HeaderFault(
            "ambiguous",
            f"holds {SINGLE} beside the shards of {INDEX} ({shown(shards[0], 60)}, …), and they may differ",
            f"move away {SINGLE}, or the index and its shards",
        )


def _index(folder: Path) -> dict[str, str]:
    """Tensor name → shard name, as the index has it; empty where the folder has neither index nor shards."""
    if not os.path.lexists(folder / INDEX):
        if any(map(_SHARD.fullmatch, os.listdir(folder))):
            raise HeaderFault("truncated", f"has shards but not their index {INDEX}")
        return {}
    try:
        mapping = read_object(folder / INDEX, _INDEX_BYTES).get("weight_map")
    except Unreadable as error:
        raise HeaderFault("truncated", f"{INDEX} {error}", error.fix) from None
    if not isinstance(mapping, dict) or not mapping:
        raise HeaderFault("truncated", f"{INDEX} has no weight_map")
    for shard in set(map(str, mapping.values())):
        if not _SHARD_NAME.fullmatch(shard):
            raise HeaderFault("unsafe_header", f"{INDEX} names {shown(shard)!r}, not a safetensors file beside it")
    if len(set(mapping.values())) > _SHARDS:
        raise HeaderFault("unsafe_header", f"{INDEX} names more than {_SHARDS:,} shards")
    return mapping


def read_weights(folder: Path) -> tuple[Tensor, ...]:
    """Every tensor of the model in a folder, from the headers of its weight files; empty where it has none.

    Raises:
        HeaderFault: a file missing, cut short or malformed, a tensor of the index that its shard does not hold, or one
            that several hold: whoever reads the shards one after another would take the last.
    """
    files, index = _placed(folder)
    by_file = {file.name: read_header(file) for file in files}
    held = {name: {tensor.name for tensor in tensors} for name, tensors in by_file.items()}
    for tensor, shard in index.items():
        if tensor not in held[shard]:
            raise HeaderFault("truncated", f"{shown(shard)} lacks {shown(tensor)}, which the index puts there")
    holders: dict[str, str] = {}
    for shard, names in held.items():
        for name in names:
            if (other := holders.setdefault(name, shard)) != shard:
                what = f"{shown(name)} lies in {shown(other)} and in {shown(shard)}; {INDEX} names {index.get(name)}"
                raise HeaderFault("ambiguous", what, "take the copy that is not meant out of its shard")
    tensors = tuple(tensor for part in by_file.values() for tensor in part)
    if files and not tensors:
        raise HeaderFault("truncated", f"{files[0].name} holds no tensors")
    return tensors


def equal_contents(folder: Path, first: str, second: str) -> bool:
    """Whether two tensors of one type and shape hold the same. Of large ones some hundred pieces are compared: a head
    that was trained for itself differs from the embedding in every row."""
    try:
        places = [_place_of(folder, name) for name in (first, second)]
        length = places[0][2]
        count = min(_PIECES, -(-length // _PIECE))
        for number in range(count):
            at = number * (length - min(length, _PIECE)) // max(1, count - 1)
            pieces = []
            for file, start, _ in places:
                with file.open("rb") as source:
                    source.seek(start + at)
                    pieces.append(source.read(min(_PIECE, length)))
            if pieces[0] != pieces[1]:
                return False
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return False
    return True


_PIECE, _PIECES = 1 << 16, 128


def _place_of(folder: Path, name: str) -> tuple[Path, int, int]:
    """The file that holds a tensor, where in it its bytes begin, and how many they are."""
    files, index = _placed(folder)
    file = folder / index[name] if name in index else files[0]
    start, end = next((start, end) for tensor, start, end in places_in(file) if tensor.name == name)
    return file, start, end - start


def places_in(path: Path) -> list[tuple[Tensor, int, int]]:
    """The tensors of one safetensors file, with where the bytes of each begin and end, in that order.

    Raises:
        OSError: it cannot be read.
        ValueError, KeyError, TypeError: its header is malformed.
    """
    with path.open("rb") as source:
        size = int.from_bytes(source.read(8), "little")
        header = json.loads(source.read(min(size, _HEADER_BYTES)))
    places = []
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            places.append((Tensor(name, entry["dtype"], tuple(entry["shape"])), 8 + size + start, 8 + size + end))
    return sorted(places, key=lambda place: place[1:])


def read_header(path: Path) -> tuple[Tensor, ...]:
    """The tensors of one safetensors file, without their contents.

    Raises:
        HeaderFault: the file is missing, cut short or malformed.
    """
    from safetensors import SafetensorError

    name = shown(path.name)
    try:
        regular_size(path)
        # safetensors calls a file it has no right to read missing.
        with path.open("rb") as source:
            if is_pointer(source.read(64)):
                raise Unreadable(*POINTED)
        return tuple(_tensors(path))
    except Unreadable as error:
        raise HeaderFault("truncated", f"{name} {error}", error.fix) from None
    except OSError as error:
        fault = Unreadable.of(error)
        raise HeaderFault("truncated", f"{name} {fault}", fault.fix) from None
    except SafetensorError as error:
        reason = str(error).removeprefix("Error while deserializing header: ")
        if "header too large" in reason:
            raise HeaderFault("unsafe_header", f"{name} claims an impossibly long header") from None
        if "not fully covered" in reason or "header length" in reason or "too small" in reason:
            raise HeaderFault("truncated", f"{name} is cut short or has bytes left over") from None
        raise HeaderFault("truncated", f"{name} has a malformed header ({shown(reason)})") from None


def _tensors(path: Path) -> Iterator[Tensor]:
    from safetensors import safe_open

    with safe_open(path, framework="np") as source:
        for name in source.keys():  # noqa: SIM118 - not a mapping
            part = source.get_slice(name)
            yield Tensor(name, part.get_dtype(), tuple(part.get_shape()))
