"""What is written for a person: whole or not at all, through links and devices, never over what may not go."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from rubrics.errors import RudeError
from rubrics.targets import is_stream, whole, write_whole


def write(path: Path, text: str = "new") -> None:
    with write_whole(path) as out:
        out.write(text)


def test_a_file_is_replaced_and_keeps_its_rights(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    path.chmod(0o640)
    write(path)
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.csv"]


def test_what_breaks_off_leaves_no_trace(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")

    def write_half() -> None:
        with whole(path) as scratch:
            scratch.write_text("half")
            raise KeyError

    with pytest.raises(KeyError):
        write_half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_its_target_is_written(tmp_path: Path, there: bool) -> None:
    kept, link = tmp_path / "kept", tmp_path / "link.csv"
    kept.mkdir()
    if there:
        (kept / "target.csv").write_text("old")
    link.symlink_to("kept/target.csv")
    write(link)
    assert os.readlink(link) == "kept/target.csv"
    assert (kept / "target.csv").read_text() == "new"
    assert os.listdir(kept) == ["target.csv"]


def test_what_is_read_only_is_left_alone_even_by_root(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    path.chmod(0o444)
    with pytest.raises(RudeError, match="read-only"):
        write(path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.csv"]


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    with pytest.raises(RudeError, match="nobody reads"):
        write(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as source:
        write(pipe)
        assert source.read() == b"new"
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert is_stream(pipe)


def test_a_device_stays_one() -> None:
    before = os.stat(os.devnull)
    write(Path(os.devnull))
    after = os.stat(os.devnull)
    assert (after.st_ino, after.st_rdev) == (before.st_ino, before.st_rdev)
    assert is_stream(Path(os.devnull))


def test_an_open_file_by_number_is_added_to(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out:
        inode = os.fstat(out.fileno()).st_ino
        write(Path(f"/dev/fd/{out.fileno()}"))
    assert (tmp_path / "out").read_text() == "new"
    assert (tmp_path / "out").stat().st_ino == inode


@pytest.mark.parametrize("name", ["", "n" * 300, "missing/a.csv", "loop"])
def test_where_nothing_can_be_written_is_one_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(RudeError, match="cannot be written"):
        write(tmp_path / name)
    assert os.listdir(tmp_path) == ["loop"]


def test_a_name_may_be_as_long_as_the_system_lets_it(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    write(path)
    assert path.read_text() == "new"
