"""Headers of safetensors files: what is read, and that no bytes whatever bring more than a named fault."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from engine.candidates.headers import (
    INDEX,
    SINGLE,
    HeaderFault,
    equal_contents,
    read_header,
    read_weights,
    weight_files,
)

GOOD = save({"a.weight": np.zeros((3, 4), np.float32), "b": np.zeros(5, np.float16)})


def header(text: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text)) + text + data


def fault_of(path: Path) -> HeaderFault:
    with pytest.raises(HeaderFault) as caught:
        read_header(path)
    return caught.value


def test_tensors_sizes_and_bytes(tmp_path: Path) -> None:
    file = tmp_path / SINGLE
    file.write_bytes(GOOD)
    found = {tensor.name: tensor for tensor in read_header(file)}
    assert found["a.weight"].shape == (3, 4)
    assert (found["a.weight"].dtype, found["a.weight"].size, found["a.weight"].nbytes) == ("F32", 12, 48)
    assert (found["b"].dtype, found["b"].nbytes) == ("F16", 10)


@pytest.mark.parametrize("dtype, size", [("BF16", 4), ("F8_E4M3", 2), ("BOOL", 2), ("I64", 16), ("F4", 1)])
def test_bytes_of_every_kind_of_element(tmp_path: Path, dtype: str, size: int) -> None:
    entry = {"t": {"dtype": dtype, "shape": [2], "data_offsets": [0, size]}}
    file = tmp_path / SINGLE
    file.write_bytes(header(json.dumps(entry).encode(), bytes(size)))
    assert read_header(file)[0].nbytes == size


@pytest.mark.parametrize("length", [2**63, 2**64 - 1, 10**12])
def test_a_header_length_beyond_reason_is_refused_before_it_is_believed(tmp_path: Path, length: int) -> None:
    file = tmp_path / SINGLE
    file.write_bytes(struct.pack("<Q", length) + b"{}")
    assert fault_of(file).code == "unsafe_header"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"abc",
        GOOD[:-1],
        GOOD[:40],
        GOOD + b"more",
        header(b"nope"),
        header(b"[" * 100_000),
        header(b'{"\xff":1}'),
        header(b"[]"),
        header(b'{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', bytes(4)),
        header(b'{"a":{"dtype":"F32","shape":[4611686018427387904,8],"data_offsets":[0,4]}}', bytes(4)),
        header(b'{"a":{"dtype":"XX","shape":[1],"data_offsets":[0,4]}}', bytes(4)),
        header(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', bytes(8)),
    ],
)
def test_damaged_files_are_faults(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / SINGLE
    file.write_bytes(content)
    assert fault_of(file).code == "truncated"


@given(st.binary(max_size=400) | st.binary(max_size=200).map(header))
def test_random_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "random.safetensors"
    file.write_bytes(content)
    try:
        read_header(file)
    except HeaderFault as fault:
        assert fault.code in ("truncated", "unsafe_header")
        assert str(fault).isprintable()


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_changed_byte_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, place: int, byte: int) -> None:
    file = tmp_path_factory.getbasetemp() / "changed.safetensors"
    file.write_bytes(GOOD[:place] + bytes([byte]) + GOOD[place + 1 :])
    try:
        for tensor in read_header(file):
            assert tensor.nbytes <= len(GOOD)
    except HeaderFault as fault:
        assert str(fault).isprintable()


def test_files_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "loop.safetensors").symlink_to("loop.safetensors")
    (tmp_path / "broken.safetensors").symlink_to("nowhere")
    (tmp_path / "folder.safetensors").mkdir()
    os.mkfifo(tmp_path / "pipe.safetensors")
    for name in ("loop", "broken", "folder", "pipe", "absent"):
        assert fault_of(tmp_path / f"{name}.safetensors").code == "truncated"


def test_only_what_a_loader_would_read_counts(tmp_path: Path) -> None:
    for name in (SINGLE, "consolidated.safetensors", "adapter_model.safetensors"):
        save_file({name: np.zeros(2, np.float32)}, tmp_path / name)
    assert weight_files(tmp_path) == (tmp_path / SINGLE,)
    assert [tensor.name for tensor in read_weights(tmp_path)] == [SINGLE]


def sharded(folder: Path, weight_map: object) -> Path:
    for n in (1, 2):
        save_file({f"t{n}": np.zeros(n, np.float32)}, folder / f"model-0000{n}-of-00002.safetensors")
    (folder / INDEX).write_text(json.dumps({"weight_map": weight_map}))
    return folder


def test_shards_by_their_index(tmp_path: Path) -> None:
    places = {f"t{n}": f"model-0000{n}-of-00002.safetensors" for n in (1, 2)}
    assert {tensor.name for tensor in read_weights(sharded(tmp_path, places))} == {"t1", "t2"}


@pytest.mark.parametrize(
    "weight_map, code",
    [
        ({"t1": "model-00003-of-00002.safetensors"}, "truncated"),
        ({"t2": "model-00001-of-00002.safetensors"}, "truncated"),
        ({"t1": "../model.safetensors"}, "unsafe_header"),
        ({"t1": "/etc/passwd"}, "unsafe_header"),
        ({"t1": 7}, "unsafe_header"),
        ({"t1": ["x"]}, "unsafe_header"),
        ({"t1": "\x1b[31m.bin"}, "unsafe_header"),
        ({"t1": "half\ud800.safetensors"}, "truncated"),
        ({}, "truncated"),
        ([], "truncated"),
        (None, "truncated"),
    ],
)
def test_an_index_that_is_wrong(tmp_path: Path, weight_map: object, code: str) -> None:
    with pytest.raises(HeaderFault) as caught:
        read_weights(sharded(tmp_path, weight_map))
    assert caught.value.code == code
    assert str(caught.value).isprintable()


def test_shards_without_their_index(tmp_path: Path) -> None:
    (sharded(tmp_path, {}) / INDEX).unlink()
    with pytest.raises(HeaderFault, match="index"):
        weight_files(tmp_path)


def test_a_file_without_tensors(tmp_path: Path) -> None:
    (tmp_path / SINGLE).write_bytes(header(b"{}"))
    with pytest.raises(HeaderFault, match="no tensors"):
        read_weights(tmp_path)


def write(folder: Path, files: dict[str, dict[str, np.ndarray]], index: dict[str, str] | None = None) -> Path:
    for name, tensors in files.items():
        save_file(tensors, folder / name)
    if index is not None:
        (folder / INDEX).write_text(json.dumps({"weight_map": index}))
    return folder


ONE, OTHER = np.zeros(3, np.float32), np.ones(3, np.float32)


def ambiguity(folder: Path) -> str:
    with pytest.raises(HeaderFault) as caught:
        read_weights(folder)
    assert caught.value.code == "ambiguous"
    assert caught.value.fix
    return str(caught.value)


def test_a_tensor_in_two_shards_is_named_with_both(tmp_path: Path) -> None:
    files = {"a.safetensors": {"x": ONE, "y": ONE}, "b.safetensors": {"x": OTHER}}
    folder = write(tmp_path, files, {"y": "a.safetensors", "x": "b.safetensors"})
    what = ambiguity(folder)
    assert all(part in what for part in ("x lies in", "a.safetensors", "b.safetensors"))


def test_one_file_beside_the_shards_of_an_index(tmp_path: Path) -> None:
    folder = write(tmp_path, {SINGLE: {"x": ONE}, "a.safetensors": {"x": OTHER}}, {"x": "a.safetensors"})
    assert SINGLE in ambiguity(folder)
    (folder / "a.safetensors").unlink()
    # An index of shards that are gone says nothing.
    assert weight_files(folder) == (folder / SINGLE,)


def test_a_git_lfs_pointer_is_called_that(tmp_path: Path) -> None:
    file = tmp_path / SINGLE
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4943162336\n")
    fault = fault_of(file)
    assert "Git LFS pointer" in str(fault)
    assert "git lfs pull" in fault.fix


@pytest.mark.parametrize("at", [0, 500, -1])
def test_contents_are_compared_from_end_to_end(tmp_path: Path, at: int) -> None:
    first = np.arange(1000, dtype=np.float32)
    second = first.copy()
    assert equal_contents(write(tmp_path, {SINGLE: {"a": first, "b": second}}), "a", "b")
    second[at] += 1
    assert not equal_contents(write(tmp_path, {SINGLE: {"a": first, "b": second}}), "a", "b")
