"""Hashes that say which weights and which tokenizer a number came from.

Weights take long to read, so the digest of each shard can be remembered, with what was seen of its numbers on the way:
one small file per (real path, size, mtime, ctime, inode) in a folder that the caller names, written whole or not at
all. Nothing is ever locked: two processes that hash the same shard write the same bytes. A file name of the Hugging
Face cache that looks like a digest is not believed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from engine.candidates.contents import Contents, Faults
from engine.candidates.gguf_header import gguf_files
from engine.candidates.gguf_model import describe
from engine.candidates.gguf_tokenizer import tokenizer_json
from engine.candidates.headers import HeaderFault, weight_files
from engine.candidates.untrusted import Unreadable, regular_size, shown
from rubrics.errors import CandidateError, RudeError

__all__ = [
    "NO_NUMBERS", "TOKENIZER_FILES", "assert_unchanged", "config_hash", "faults_in", "known_faults", "stamp",
    "tokenizer_hash", "weights_hash",
]  # fmt: skip

TOKENIZER_FILES = (
    "added_tokens.json",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer.model",
    "tokenizer_config.json",
    "vocab.json",
)
"""Files that decide how text becomes ids, sorted."""

NO_NUMBERS = "fetch its weights again; if they are so at their source, they cannot be scored"
"""What to do about weights that hold what is no number."""

_CHUNK = 8 << 20
_SEEN = "numbers looked at"
"""What is remembered of a shard; notes that say less were made by earlier versions."""
_SETTLED = 2_000_000_000
"""Nanoseconds: a file changed more lately may change again without its times showing it, so it is not remembered."""

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all; never from two threads at once."""


def weights_hash(path: Path, progress: Progress | None = None, *, remembered: Path | None = None) -> str:
    """SHA-256 (64 hex digits) over the names and the SHA-256 of the contents of a model's weight files, by name: the
    safetensors files of a folder, or the parts of a GGUF file.

    Shards are read in parallel. The first call reads every byte; later ones only look at the files' times.

    Args:
        remembered: the folder of digests known from earlier (`engine.machine.paths.digest_dir`); None: every byte is
            read.

    Raises:
        CandidateError: no weights here, a shard that cannot be read, one that changed while it was read, or one that
            holds numbers that are none.
    """
    digests, faults = _read(path, progress, remembered)
    if faults.refusal:
        raise CandidateError(faults.refusal, where=shown(path), fix=NO_NUMBERS)
    return _combined(digests)


def faults_in(path: Path, *, remembered: Path | None = None) -> Faults:
    """What is wrong with the numbers of a model's weights, read if they are not remembered.

    Args:
        remembered: as in `weights_hash`.

    Raises:
        CandidateError: as in `weights_hash`, but for numbers.
    """
    return _read(path, None, remembered)[1]


def known_faults(path: Path, remembered: Path) -> Faults:
    """The same as far as it is remembered; nothing is read.

    Raises:
        CandidateError: a file cannot be read.
        HeaderFault: it is unclear which they are.
    """
    return _all_of(found[1] for file in _files(path) if (found := _recall(_note(_state(file), remembered))))


def _read(path: Path, progress: Progress | None, remembered: Path | None) -> tuple[list[tuple[str, str]], Faults]:
    """Name and digest of every shard, and what is wrong with their numbers."""
    try:
        files = _files(path)
        sizes = [regular_size(file) for file in files]
    except (HeaderFault, Unreadable, OSError) as error:
        raise CandidateError(f"weights cannot be hashed: {error}", where=shown(path), fix="fetch them again") from None
    if not files:
        raise CandidateError("holds no safetensors weights", where=shown(path), fix="give a folder that does")
    meter = _Meter(progress, sum(sizes))
    with ThreadPoolExecutor(max_workers=min(len(files), os.cpu_count() or 1, 8)) as pool:
        shards = list(pool.map(lambda file: _shard(file, meter, remembered), files))
    # What a GGUF file is called is its owner's affair.
    names = [str(number) for number in range(len(files))] if path.is_file() else [file.name for file in files]
    digests = [(name, digest) for name, (digest, _) in zip(names, shards, strict=True)]
    return digests, _all_of(faults for _, faults in shards)


def _all_of(faults: Iterable[Faults]) -> Faults:
    by_kind = list(zip(*faults, strict=True)) or [(), ()]
    return Faults(*(tuple(name for names in kind for name in names) for kind in by_kind))


def stamp(path: Path) -> str:
    """SHA-256 over the places, sizes and times of the weight files: another one where they may have changed.

    Raises:
        CandidateError: one of them cannot be read.
        HeaderFault: it is unclear which they are.
    """
    return _combined((file.name, repr(_state(file))) for file in _files(path))


def _files(path: Path) -> tuple[Path, ...]:
    return gguf_files(path) if path.is_file() else weight_files(path)


def tokenizer_hash(path: Path) -> str:
    """SHA-256 (64 hex digits) over the names and contents of the tokenizer files in a folder; of a GGUF file, of the
    tokenizer.json that it stands for.

    Raises:
        CandidateError: one of them cannot be read.
    """
    if path.is_file():
        return _gguf_tokenizer(path, _state(path))
    return _combined(
        (name, _as_named(path / name, _digest(path / name))) for name in TOKENIZER_FILES if os.path.lexists(path / name)
    )


def config_hash(path: Path) -> str:
    """SHA-256 (64 hex digits) of config.json, or of what a GGUF file says in its place: the same weights under another
    config are another model.

    Raises:
        CandidateError: it cannot be read.
    """
    if path.is_file():
        return _digest_of(path, lambda: json.dumps(describe(path).config, sort_keys=True))
    return _as_named(path / "config.json", _digest(path / "config.json"))


@lru_cache(maxsize=256)
def _gguf_tokenizer(path: Path, state: object) -> str:
    """Of a file in this state: to put a large vocabulary together takes a second, and it is asked about again."""
    return _digest_of(path, lambda: tokenizer_json(path))


def _digest_of(path: Path, text: Callable[[], str]) -> str:
    """SHA-256 of what is read out of a GGUF file."""
    try:
        return hashlib.sha256(text().encode(errors="surrogatepass")).hexdigest()
    except HeaderFault as error:
        raise CandidateError(str(error), where=shown(path), fix=error.fix or "fetch the file again") from None


def assert_unchanged(path: Path, hashes: Mapping[str, str], *, remembered: Path | None = None) -> None:
    """Stop where a folder is no longer what was hashed: its numbers would stand under another model's hash.

    Args:
        hashes: what was hashed, by `weights_hash`, `tokenizer_hash` and `config_hash`, as far as they are known.
        remembered: as in `weights_hash`.

    Raises:
        RudeError: the folder is gone, or something in it has changed: it was good when it was given.
    """
    if not path.exists():
        raise RudeError("its folder is gone", where=shown(path), fix="put it back, or name the model where it is now")
    again: dict[str, tuple[str, Callable[[], str]]] = {
        "weights_hash": ("weights", lambda: weights_hash(path, remembered=remembered)),
        "tokenizer_hash": ("tokenizer", lambda: tokenizer_hash(path)),
        "config_hash": ("config.json", lambda: config_hash(path)),
    }
    changed = [what for name, (what, now) in again.items() if name in hashes and now() != hashes[name]]
    if changed:
        raise RudeError(
            f"its {' and '.join(changed)} changed since it was hashed; the numbers would stand under the old hash",
            where=shown(path),
            fix="wait until the model is fully written, and score it again",
        )


def _combined(parts: Iterable[tuple[str, str]]) -> str:
    total = hashlib.sha256()
    for name, digest in parts:
        total.update(f"{name}\0{digest}\n".encode(errors="surrogateescape"))
    return total.hexdigest()


class _Meter:
    """Adds up what several threads have read."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done, self._lock = progress, total, 0, threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._done += count
            if self._progress is not None:
                self._progress(self._done, self._total)


def _shard(path: Path, meter: _Meter, remembered: Path | None) -> tuple[str, Faults]:
    """The digest of one shard and what is wrong with its numbers, remembered or read.

    The key holds ctime beside mtime: a tool may set back the one, not the other.
    """
    before = _state(path)
    note = remembered and _note(before, remembered)
    if note and (recalled := _recall(note)) is not None:
        meter.add(before[1])
        _as_named(path, recalled[0])
        return recalled
    contents = Contents(path)
    digest = _digest(path, meter, contents)
    if _state(path) != before:
        raise CandidateError(
            "changed while it was being hashed", where=shown(path), fix="wait until the model is fully written"
        )
    if note and time.time_ns() - max(before[2], before[3]) > _SETTLED:
        _remember(note, digest, contents.faults)
    return _as_named(path, digest), contents.faults


def _note(state: tuple[str, int, int, int, int], remembered: Path) -> Path:
    """Where is remembered what was seen of a shard in this state."""
    key = "|".join(map(str, (_SEEN, *state)))
    return remembered / hashlib.sha256(key.encode(errors="surrogateescape")).hexdigest()


def _as_named(path: Path, digest: str) -> str:
    """The digest, if the file is not one of the Hugging Face cache that is named by another: a blob is named by its
    content, and one that does not hold it was written in part, or has gone bad."""
    real = Path(os.path.realpath(path))
    is_blob = real.parent.name == "blobs" and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", real.name)
    # Large files are named by their SHA-256, small ones as git names them.
    if is_blob and real.name != (digest if len(real.name) == 64 else _git_name(real)):
        raise CandidateError(
            "is damaged: its content is not the one that its name in the Hugging Face cache stands for",
            where=shown(path),
            fix=f"delete {shown(real, 400)} and fetch the model again",
        )
    return digest


def _git_name(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CandidateError(f"cannot be read ({error.strerror})", where=shown(path), fix="check the file") from None
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _state(path: Path) -> tuple[str, int, int, int, int]:
    try:
        status = path.stat()
    except OSError as error:
        raise CandidateError(f"cannot be read ({error.strerror})", where=shown(path), fix="check the file") from None
    return os.path.realpath(path), status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _digest(path: Path, meter: _Meter | None = None, contents: Contents | None = None) -> str:
    total = hashlib.sha256()
    try:
        regular_size(path)
        with path.open("rb", buffering=0) as source:
            buffer = bytearray(_CHUNK)
            view = memoryview(buffer)
            while count := source.readinto(buffer):
                total.update(view[:count])
                if contents is not None:
                    contents.take(view[:count])
                if meter is not None:
                    meter.add(count)
    except Unreadable as error:
        raise CandidateError(str(error), where=shown(path), fix="check the file") from None
    except OSError as error:
        raise CandidateError(f"cannot be read ({error.strerror})", where=shown(path), fix="check the file") from None
    return total.hexdigest()


def _recall(note: Path) -> tuple[str, Faults] | None:
    try:
        digest, _, faults = note.read_text(encoding="ascii").partition("\n")
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            return None
        not_finite, zero = json.loads(faults) if faults else ((), ())
        return digest, Faults(tuple(map(str, not_finite)), tuple(map(str, zero)))
    except (OSError, ValueError, TypeError):
        return None


def _remember(note: Path, digest: str, faults: Faults) -> None:
    """Without a cache everything works, only slower: a full or read-only disk is no error here."""
    scratch = note.with_name(f"{note.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        scratch.write_text(digest + f"\n{json.dumps(faults)}" * any(faults), encoding="ascii")
        os.replace(scratch, note)
    except OSError:
        with suppress(OSError):
            scratch.unlink()
