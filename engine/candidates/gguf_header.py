"""What a GGUF file says of itself: metadata, and where each tensor lies; none is loaded.

The file is one that nobody vouches for: every count and length is held against the size of the file before anything is
made of it, and what contradicts itself is a fault. The layout is the one documented beside ggml (docs/gguf.md).
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

from engine.candidates.headers import HeaderFault
from engine.candidates.untrusted import POINTED, Unreadable, is_pointer, regular_size, shown
from rubrics.counted import count

__all__ = ["BLOCKS", "SUFFIX", "Gguf", "Long", "Packed", "gguf_files", "is_first_part", "read_gguf", "stem"]

SUFFIX: Final = ".gguf"

BLOCKS: Final[dict[str, tuple[int, int]]] = {
    "F32": (1, 4), "F16": (1, 2), "BF16": (1, 2), "F64": (1, 8),
    "Q4_0": (32, 18), "Q4_1": (32, 20), "Q5_0": (32, 22), "Q5_1": (32, 24), "Q8_0": (32, 34), "IQ4_NL": (32, 18),
    "MXFP4": (32, 17), "Q2_K": (256, 84), "Q3_K": (256, 110), "Q4_K": (256, 144), "Q5_K": (256, 176),
    "Q6_K": (256, 210), "IQ1_S": (256, 50), "IQ1_M": (256, 56), "IQ2_XXS": (256, 66), "IQ2_XS": (256, 74),
    "IQ2_S": (256, 82), "IQ3_XXS": (256, 98), "IQ3_S": (256, 110), "IQ4_XS": (256, 136), "TQ1_0": (256, 54),
    "TQ2_0": (256, 66),
}  # fmt: skip
"""How weights are stored: numbers in one block, and bytes of it."""

_KINDS: Final = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 10: "Q2_K", 11: "Q3_K", 12: "Q4_K",
    13: "Q5_K", 14: "Q6_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S",
    22: "IQ2_S", 23: "IQ4_XS", 28: "F64", 29: "IQ1_M", 30: "BF16", 34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
}  # fmt: skip
_NUMBERS: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9

_LEAST_BYTES: Final = 24
_MOST_BYTES: Final = 256_000_000
"""Of metadata and table: the largest vocabularies with their merges take some 20 MB."""
_MOST_ITEMS: Final = 1_000
"""Longer lists than this are told by their length alone, unless they are asked for."""
_SIDES: Final = 4
_LARGEST: Final = 2**48
_PARTS: Final = 1_000
_CHUNK: Final = 1 << 20

_AGAIN: Final = "fetch the file again; the one on this machine is damaged or incomplete"
_PART: Final = re.compile(r"(.+)-(\d{5})-of-(\d{5})\.gguf")


class Long(NamedTuple):
    """A list of the metadata that was passed over."""

    length: int


class Packed(NamedTuple):
    """A tensor as a GGUF file stores it."""

    name: str
    kind: str
    """A key of `BLOCKS`."""
    shape: tuple[int, ...]
    """Slowest side first, as in safetensors."""
    file: Path
    start: int
    """Where in the file its bytes begin."""

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes in the file."""
        numbers, bytes_of_block = BLOCKS[self.kind]
        return self.size // numbers * bytes_of_block


class Gguf(NamedTuple):
    """What the files of one model say, however many they are."""

    metadata: Mapping[str, Any]
    """That of the first part; plain values, lists, and `Long` for a list that was passed over."""
    tensors: tuple[Packed, ...]


def stem(path: Path) -> str:
    """What a GGUF file is called: its name, without what numbers the parts of a model that is split."""
    part = _PART.fullmatch(path.name)
    return part[1] if part else path.name.removesuffix(SUFFIX)


def is_first_part(name: str) -> bool:
    """Whether a file of this name stands for a model: the first of its parts, or whole by itself."""
    part = _PART.fullmatch(name)
    return name.endswith(SUFFIX) and (part is None or int(part[2]) == 1)


def gguf_files(path: Path) -> tuple[Path, ...]:
    """All files of the model of which this is the first, in order.

    Raises:
        HeaderFault: it is another part than the first, or one of them is missing.
    """
    part = _PART.fullmatch(path.name)
    if part is None:
        return (path,)
    name, number, count = part[1], int(part[2]), int(part[3])
    if number != 1:
        first = shown(f"{name}-00001-of-{part[3]}{SUFFIX}")
        raise HeaderFault("ambiguous", f"is part {number} of {count} of a model", f"name the first part, {first}")
    if not 1 <= count <= _PARTS:
        raise HeaderFault("unsafe_header", f"its name says that it is one of {count:,} parts", "rename it")
    files = tuple(path.with_name(f"{name}-{i:05d}-of-{part[3]}{SUFFIX}") for i in range(1, count + 1))
    for number, file in enumerate(files, start=1):
        if not file.exists():
            what = f"part {number} of {count} is missing: {shown(file.name)}"
            raise HeaderFault("truncated", what, "fetch that file too, into the same folder")
    return files


def read_gguf(path: Path, keep: Collection[str] = ()) -> Gguf:
    """Metadata and table of a model in one GGUF file, or in several of which this is the first.

    Args:
        keep: names of lists that are wanted whole, however long.

    Raises:
        HeaderFault: a file is missing, cut short, malformed, or of a kind that is not read here.
    """
    parts = []
    for file in gguf_files(path):
        try:
            size, changed = regular_size(file), file.stat().st_mtime_ns
        except (Unreadable, OSError) as error:
            fault = error if isinstance(error, Unreadable) else Unreadable.of(error)
            raise HeaderFault("truncated", f"{shown(file.name)} {fault}", fault.fix) from None
        # To read a large one takes tenths of a second, and it is asked about again.
        parts.append(_read(file, frozenset(keep), size) if keep else _recalled(file, size, changed))
    tensors = tuple(tensor for part in parts for tensor in part.tensors)
    _assert_parts(parts, len(tensors))
    names: set[str] = set()
    for tensor in tensors:
        if tensor.name in names:
            raise HeaderFault("ambiguous", f"holds {shown(tensor.name)} twice", _AGAIN)
        names.add(tensor.name)
    return Gguf(parts[0].metadata, tensors)


def _assert_parts(parts: list[Gguf], tensors: int) -> None:
    said = parts[0].metadata.get("split.count", 0)
    if said not in (0, 1, len(parts)) or (said == 1 and len(parts) > 1):
        what = f"says that it is one of {said} parts, and {len(parts)} belong together by their names"
        raise HeaderFault("truncated", what, "give the parts back the names that they were made with")
    expected = parts[0].metadata.get("split.tensors.count", tensors)
    if len(parts) > 1 and expected != tensors:
        raise HeaderFault("truncated", f"its parts hold {count(tensors, 'tensor')}, and it says {expected}", _AGAIN)


@lru_cache(maxsize=128)
def _recalled(path: Path, size: int, changed: int) -> Gguf:
    """The same file in this state; vocabularies are not kept."""
    return _read(path, frozenset(), size)


def _read(path: Path, keep: Collection[str], size: int) -> Gguf:
    try:
        with path.open("rb") as source:
            return _parsed(_Reader(source, size), path, keep)
    except HeaderFault as error:
        raise HeaderFault(error.code, f"{shown(path.name)} {error}", error.fix or _AGAIN) from None
    except OSError as error:
        fault = Unreadable.of(error)
        raise HeaderFault("truncated", f"{shown(path.name)} {fault}", fault.fix) from None


class _Reader:
    """Takes numbers and strings from the beginning of a file, never more than there is."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source, self.size = source, size
        self._read = bytearray()
        self.at = 0

    def take(self, count: int) -> int:
        """Where the next bytes begin in what was read."""
        end = self.at + count
        if end > self.size:
            raise HeaderFault("truncated", "is cut short: its header leads beyond its end")
        if end > _MOST_BYTES:
            raise HeaderFault("unsafe_header", f"claims a header of more than {_MOST_BYTES:,} bytes")
        while len(self._read) < end:
            more = self._source.read(max(_CHUNK, end - len(self._read)))
            if not more:
                raise HeaderFault("truncated", "is cut short")
            self._read += more
        start, self.at = self.at, end
        return start

    def bytes(self, count: int) -> bytes:
        start = self.take(count)
        return bytes(self._read[start : start + count])

    def number(self, form: str) -> Any:
        return struct.unpack_from(form, self._read, self.take(struct.calcsize(form)))[0]

    def numbers(self, form: str, count: int) -> list[Any]:
        size = struct.calcsize(form)
        return list(struct.unpack_from(f"<{count}{form[1]}", self._read, self.take(count * size)))

    def count(self, least: int) -> int:
        """A number of things that take at least so many bytes each."""
        number: int = self.number("<Q")
        if number * least > self.size - self.at:
            raise HeaderFault("truncated", f"claims {number:,} entries, more than there is room for")
        return number

    def string(self) -> str:
        return self.bytes(self.count(1)).decode(errors="replace")


def _parsed(reader: _Reader, path: Path, keep: Collection[str]) -> Gguf:
    if reader.size < _LEAST_BYTES:
        raise HeaderFault("truncated", f"is cut short: it has {reader.size:,} bytes")
    magic = reader.bytes(min(64, reader.size))
    if is_pointer(magic):
        raise HeaderFault("truncated", *POINTED)
    if magic[:4] != b"GGUF":
        raise HeaderFault("unsafe_header", "is no GGUF file: it does not begin with that word")
    reader.at = 4
    version = reader.number("<I")
    if version not in (2, 3):
        order = "big-endian byte order" if version and version & 0xFFFF == 0 else f"version {version} of the format"
        raise HeaderFault("unsafe_header", f"is of {order}, which is not read here", "convert the model again")
    tensors = reader.count(24)
    metadata = dict(_metadata(reader, reader.count(13), keep))
    alignment = metadata.get("general.alignment", 32)
    if type(alignment) is not int or not 0 < alignment <= _CHUNK or alignment & (alignment - 1):
        raise HeaderFault("unsafe_header", f"has an alignment of {shown(alignment, 30)}")
    table = list(_table(reader, tensors))
    # Tensors begin at the next multiple after the table.
    begin = -(-reader.at // alignment) * alignment
    placed = []
    for name, kind, shape, offset in table:
        if offset % alignment:
            raise HeaderFault("unsafe_header", f"places {shown(name, 80)} across its alignment")
        placed.append(Packed(name, kind, shape, path, begin + offset))
    for first, second in pairwise(sorted(placed, key=lambda tensor: tensor.start)):
        if first.start + first.nbytes > second.start:
            raise HeaderFault("unsafe_header", f"places {shown(first.name, 80)} over {shown(second.name, 80)}")
    if placed and (last := max(tensor.start + tensor.nbytes for tensor in placed)) > reader.size:
        raise HeaderFault("truncated", f"is cut short: it has {reader.size:,} bytes of {last:,}")
    return Gguf(metadata, tuple(placed))


def _metadata(reader: _Reader, count: int, keep: Collection[str]) -> Iterator[tuple[str, Any]]:
    seen = set()
    for _ in range(count):
        name = reader.string()
        if name in seen:
            raise HeaderFault("ambiguous", f"says {shown(name, 80)} twice")
        seen.add(name)
        yield name, _value(reader, reader.number("<I"), name, keep)


def _value(reader: _Reader, kind: int, name: str, keep: Collection[str]) -> Any:
    if kind in _NUMBERS:
        return reader.number(_NUMBERS[kind])
    if kind == _STRING:
        return reader.string()
    if kind != _ARRAY:
        raise HeaderFault("unsafe_header", f"has a value of an unknown kind ({kind}) for {shown(name, 80)}")
    inner = reader.number("<I")
    if inner in _NUMBERS:
        size = struct.calcsize(_NUMBERS[inner])
        count = reader.count(size)
        if count <= _MOST_ITEMS or name in keep:
            return reader.numbers(_NUMBERS[inner], count)
        reader.take(count * size)
        return Long(count)
    if inner != _STRING:
        raise HeaderFault("unsafe_header", f"has a list of an unknown kind ({inner}) for {shown(name, 80)}")
    count = reader.count(8)
    if count <= _MOST_ITEMS or name in keep:
        return [reader.string() for _ in range(count)]
    for _ in range(count):
        reader.take(reader.count(1))
    return Long(count)


def _table(reader: _Reader, count: int) -> Iterator[tuple[str, str, tuple[int, ...], int]]:
    for _ in range(count):
        name = reader.string()
        sides = reader.number("<I")
        if not 1 <= sides <= _SIDES:
            raise HeaderFault("unsafe_header", f"gives {shown(name, 80)} {sides:,} sides")
        shape = tuple(reversed(reader.numbers("<Q", sides)))
        kind, offset = reader.number("<I"), reader.number("<Q")
        if kind not in _KINDS:
            what = f"stores {shown(name, 80)} in a way that is not read here (type {kind})"
            raise HeaderFault("unsafe_header", what, "get the model in another quantisation")
        size = 1
        for side in shape:
            size *= side
        if not 0 < size < _LARGEST or shape[-1] % BLOCKS[_KINDS[kind]][0]:
            raise HeaderFault("unsafe_header", f"gives {shown(name, 80)} an impossible shape")
        yield name, _KINDS[kind], shape, offset
