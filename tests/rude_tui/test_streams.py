"""Standard streams that are closed, full, left or of another encoding end no command in a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import pytest
from command import rude

from rude_tui.output import print_json, print_table
from rude_tui.streams import _guarded

_C1 = "wind\x9b31m\x1b]0;taken\x07\u202evane"


class _At:
    encoding = "latin-1"

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number


def test_a_reader_who_leaves_ends_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    out = _guarded(_At(writing), heeded=True)
    for _ in range(3):
        out.write("a line\n")
        out.flush()
    os.close(writing)


def test_a_pipe_that_broke_elsewhere_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("rude_tui.commands.doctor.doctor.callback", broken)
    done = rude("doctor")
    assert done.returncode == 1
    assert "another process has ended" in done.stderr


def test_what_an_encoding_lacks_is_a_question_mark() -> None:
    reading, writing = os.pipe()
    out = _guarded(_At(writing), heeded=True)
    out.write("ü → \ud800")
    out.flush()
    assert os.read(reading, 99) == b"\xfc ? ?"
    os.close(reading)
    os.close(writing)


def test_a_full_device_is_heeded_on_one_stream_only() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    said = _guarded(_At(full), heeded=False)
    said.write("narration\n")
    said.flush()
    os.close(full)
    full = os.open("/dev/full", os.O_WRONLY)
    out = _guarded(_At(full), heeded=True)
    out.write("a table\n")
    with pytest.raises(OSError, match="No space"):
        out.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), full)
    out.close()


@pytest.mark.parametrize(("redirected", "code"), [(">&-", 1), ("2>&-", 0), ("<&-", 0), (">/dev/full", 1), ("", 0)])
def test_closed_and_full_streams(redirected: str, code: int) -> None:
    line = f'COLUMNS=0 PYTHONIOENCODING=ascii "$0" -m rude_tui outcomes list {redirected}'
    done = subprocess.run(["bash", "-c", line, sys.executable], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert ("cannot write" in done.stderr) == (code == 1)


def test_json_obeys_nobody_and_keeps_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding in ("utf-8", "latin-1"):
        out = io.TextIOWrapper(io.BytesIO(), encoding)
        monkeypatch.setattr(sys, "stdout", out)
        print_json({_C1: "日本\ud800"})
        out.flush()
        text = out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
        assert not any((ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 for c in text)
        assert "\u202e" not in text
        assert json.loads(text) == {_C1: "日本\ud800"}


def test_headers_are_data_too(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["candidate", _C1, "[bold]:smile:"], [["a", "1", "2"]], right=[_C1])
    head = capsys.readouterr().out.splitlines()[0]
    assert head.split() == ["candidate", "windvane", "[bold]:smile:"]
