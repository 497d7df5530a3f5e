"""Files that a person names are read within bounds, and nothing is waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rubrics.errors import OutcomeError, SuiteError
from rubrics.jsonl import open_lines
from rubrics.reading import read_suite
from rubrics.sources import LIMIT, read_bytes, read_text, regular


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    for read in (lambda: regular(pipe, SuiteError), lambda: read_bytes(pipe, SuiteError), lambda: read_suite(pipe)):
        with pytest.raises(SuiteError, match="is a pipe, not a file"):
            read()


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null"])
def test_a_device_has_no_end(path: str) -> None:
    with pytest.raises(OutcomeError, match="is a device"):
        read_bytes(Path(path), OutcomeError)


@pytest.mark.parametrize("name", ["", "nothing", "n" * 300, "a\0b"])
def test_what_cannot_be_read_is_one_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(SuiteError, match=r"cannot be read|is a folder"):
        read_text(tmp_path / name, SuiteError)


def test_a_file_of_holes_is_too_long(tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as out:
        out.truncate(1 << 40)
    with pytest.raises(SuiteError, match="is longer than"), open_lines(tmp_path / "holes", SuiteError):
        pass
    with pytest.raises(SuiteError, match="is longer than"):
        read_bytes(tmp_path / "holes", SuiteError)


def test_the_limit_is_the_persons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "five").write_bytes(b"a\nb\nc")
    monkeypatch.setenv(LIMIT, "4")
    with pytest.raises(SuiteError, match="longer than the 4 bytes"):
        read_bytes(tmp_path / "five", SuiteError)
    monkeypatch.setenv(LIMIT, "5")
    assert read_bytes(tmp_path / "five", SuiteError) == b"a\nb\nc"
    with open_lines(tmp_path / "five", SuiteError) as lines:
        assert list(lines) == [b"a\n", b"b\n", b"c"]


def test_what_the_shell_hands_over_is_read_to_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    def through(text: bytes) -> bytes:
        reading, writing = os.pipe()
        os.write(writing, text)
        os.close(writing)
        try:
            with open_lines(Path(f"/dev/fd/{reading}"), SuiteError) as lines:
                return b"".join(lines)
        finally:
            os.close(reading)

    monkeypatch.setenv(LIMIT, "6")
    assert through(b"ab\ncd\n") == b"ab\ncd\n"
    with pytest.raises(SuiteError, match="is longer than"):
        through(b"no end of a line")


def test_another_encoding_is_named_by_line(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes("so\nweit, schön".encode("latin-1"))
    with pytest.raises(OutcomeError, match="line 2 is not UTF-8"):
        read_text(tmp_path / "latin", OutcomeError)
