"""Folders for work in progress: gone at the end, and gone after a kill as soon as somebody works there again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from rubrics.scratch import scratch_folder
from rubrics.targets import write_whole

HOLD = """
import sys
from pathlib import Path
from rubrics.targets import write_whole
with write_whole(Path(sys.argv[1])) as out:
    out.write("half")
    out.flush()
    print("at it", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks on folders")
def test_what_a_killed_process_leaves_goes_with_the_next_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old")
    writers = [
        subprocess.Popen([sys.executable, "-c", HOLD, target], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"at it\n"
    assert len(list(tmp_path.glob(".*.part/whole"))) == 2
    writers[0].kill()
    writers[0].communicate()
    with write_whole(tmp_path / "b.csv") as out:
        out.write("another")
    assert len(list(tmp_path.glob(".*.part"))) == 1, "the killed one's is gone, the living one's is not"
    assert target.read_text() == "old"
    writers[1].communicate()
    assert target.read_text() == "half", "it was not disturbed"
    assert {path.name for path in tmp_path.iterdir()} == {"a.csv", "b.csv"}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks on folders")
def test_a_folder_that_is_tidied_away_before_it_is_locked_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    made: list[Path] = []
    held: list[int] = []
    mkdtemp = tempfile.mkdtemp

    def tidied(**where: str) -> str:
        made.append(Path(mkdtemp(**where)))
        if len(made) == 1:  # who tidies has it, and is about to remove it
            held.append(os.open(made[0], os.O_RDONLY))
            fcntl.flock(held[0], fcntl.LOCK_EX)
        elif len(made) == 2:  # who tidies is done with it
            made[1].rmdir()
        return str(made[-1])

    monkeypatch.setattr(tempfile, "mkdtemp", tidied)
    with scratch_folder(tmp_path) as folder:
        assert folder == made[2]
        (folder / "x").write_text("x")
    os.close(held[0])


def test_it_is_gone_at_the_end_however_that_comes(tmp_path: Path) -> None:
    def break_off() -> None:
        with scratch_folder(tmp_path) as folder:
            (folder / "x").write_text("x")
            raise KeyError

    with pytest.raises(KeyError):
        break_off()
    assert list(tmp_path.iterdir()) == []
