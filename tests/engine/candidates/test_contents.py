"""Numbers that are none, and matrices of zeros, are seen while weights are hashed, wherever the pieces are cut."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from engine.candidates import hashing
from engine.candidates.contents import Contents, Faults
from engine.machine.paths import digest_dir
from rubrics.errors import CandidateError


def write(file: Path, *tensors: tuple[str, str, list[int], bytes], pad: int = 0) -> Path:
    """A safetensors file by the format's own page; `pad` shifts where its numbers begin."""
    header: dict[str, object] = {}
    at = 0
    for name, dtype, shape, data in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    raw = json.dumps(header).encode() + b" " * pad
    file.write_bytes(struct.pack("<Q", len(raw)) + raw + b"".join(data for *_, data in tensors))
    return file


def seen(file: Path, step: int = 1 << 20) -> Faults:
    contents, whole = Contents(file), memoryview(file.read_bytes())
    for at in range(0, len(whole), step):
        contents.take(whole[at : at + step])
    return contents.faults


def _finite(dtype: str, pattern: int) -> bool:
    """By numpy; it has no type for the shorter ones, which are the upper halves of longer ones."""
    if dtype == "F8_E4M3":
        return pattern & 0x7F != 0x7F  # it has no infinities (Micikevicius et al. 2022)
    if dtype == "BF16":
        return bool(np.isfinite(np.uint32(pattern << 16).view(np.float32)))
    return bool(np.isfinite(np.uint16(pattern << 8 if dtype == "F8_E5M2" else pattern).view(np.float16)))


@pytest.mark.parametrize(("dtype", "size"), [("F16", 2), ("BF16", 2), ("F8_E5M2", 1), ("F8_E4M3", 1)])
def test_every_pattern_of_the_short_types(dtype: str, size: int, tmp_path: Path) -> None:
    every = range(256) if size == 1 else [*range(0x7B00, 0x8000), *range(0xFB00, 0x10000), 0, 1, 0x8000]
    tensors = [(hex(pattern), dtype, [1], pattern.to_bytes(size, "little")) for pattern in every]
    broken = {hex(pattern) for pattern in every if not _finite(dtype, pattern)}
    assert broken
    assert set(seen(write(tmp_path / "x.safetensors", *tensors)).not_finite) == broken


@pytest.mark.parametrize("dtype", ["<f4", "<f8"])
@pytest.mark.parametrize("bad", [np.nan, -np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("step", [1, 3, 7, 64, 1 << 20])
@pytest.mark.parametrize("pad", [0, 1])
def test_one_bad_number_wherever_the_pieces_are_cut(
    dtype: str, bad: float, step: int, pad: int, tmp_path: Path
) -> None:
    good = np.array([[1e30, -1e30], [np.finfo(dtype).max, np.finfo(dtype).tiny]], dtype)
    worse = good.copy()
    worse[1, 0] = bad
    kind = {"<f4": "F32", "<f8": "F64"}[dtype]
    tensors = [
        (name, kind, [2, 2], part.tobytes()) for name, part in (("a", good), ("b", worse), ("c", good), ("d", worse))
    ]
    assert seen(write(tmp_path / "x.safetensors", *tensors, pad=pad), step) == Faults(("b", "d"), ())


def test_matrices_of_zeros_are_named_and_vectors_are_not(tmp_path: Path) -> None:
    file = write(
        tmp_path / "x.safetensors", ("bias", "F32", [4], bytes(16)), ("zero", "BF16", [2, 2], bytes(8)),
        ("signed", "BF16", [2, 2], b"\0\x80" * 4), ("one", "BF16", [2, 2], b"\1\0" + bytes(6)),
        ("single", "F32", [1, 1], bytes(4)), ("ids", "I64", [2, 2], bytes(32)),
    )  # fmt: skip
    assert seen(file) == Faults((), ("zero", "signed"))


def test_what_no_text_passes_may_hold_anything(tmp_path: Path) -> None:
    nan = struct.pack("<f", float("nan"))
    names = ("visual.blocks.0.w", "model.layers.0.self_attn.rotary_emb.inv_freq", "mtp.w")
    file = write(tmp_path / "x.safetensors", *((name, "F32", [1], nan) for name in names))
    assert seen(file) == Faults()


@pytest.mark.parametrize(
    "content", [b"", b"one", bytes(100), struct.pack("<Q", 2**63) + b"{}", b"\x02" + bytes(7) + b"[]"]
)
def test_of_what_is_no_weights_file_nothing_is_said(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    assert seen(tmp_path / "x.safetensors") == Faults()


def test_refused_when_hashed_and_remembered_without_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_SETTLED", -1)
    write(tmp_path / "model.safetensors", ("model.norm.weight", "F32", [1], struct.pack("<f", float("nan"))))
    assert hashing.known_faults(tmp_path, digest_dir()) == Faults()
    for _ in range(2):
        with pytest.raises(CandidateError, match=r"1 of its tensors holds what is no number.*model\.norm\.weight"):
            hashing.weights_hash(tmp_path, remembered=digest_dir())
        monkeypatch.setattr(hashing, "_digest", lambda *_: pytest.fail("read again"))
    assert hashing.known_faults(tmp_path, digest_dir()).not_finite == ("model.norm.weight",)
