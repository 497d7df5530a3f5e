"""A process that is killed in the middle of a checkpoint takes nothing along."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.store.connection import Store
from rubrics.errors import StoreError

PAGE = 4096
HEADERS = 3 * PAGE
BLOCK = 1 << 18

HOLD = """
import sys
from pathlib import Path
from engine.store.connection import Store
with Store(Path(sys.argv[1])).writing() as connection:
    connection.execute("insert into outcomes (candidate, outcome, score) values ('held', 'o', 1)")
    print("written", flush=True)
    sys.stdin.read()
"""

FULL = """
import resource, signal, sys
from pathlib import Path
from engine.store.connection import Store
from rubrics.errors import StoreError
path = Path(sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = path.stat().st_size + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    with Store(path).writing() as connection:
        connection.execute(
            "insert into outcomes (candidate, outcome, score) select md5(range::varchar), 'o', range from range(50000)"
        )
except StoreError as error:
    print(error)
"""


def add(store: Store, candidate: str) -> None:
    with store.writing() as connection:
        connection.execute("insert into outcomes (candidate, outcome, score) values (?, 'o', 1)", [candidate])


def names(path: Path) -> list[str]:
    with Store(path).reading() as connection:
        rows = connection.execute("select candidate from outcomes order by candidate").fetchall()
    return [candidate for (candidate,) in rows]


def parts(path: Path) -> list[Path]:
    return [path, path.with_name(path.name + ".wal"), path.with_name(path.name + ".rollback")]


def killed(folder: Path) -> tuple[Path, bytes]:
    """A database whose writer was killed after its commit, just before its checkpoint; and the file after one."""
    path = folder / "rude.duckdb"
    for candidate in "ab":
        add(Store(path), candidate)
    kept = folder / "kept"
    kept.mkdir()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "written\n"
        for part in parts(path):
            if part.exists():
                shutil.copy(part, kept)
        holder.communicate("")
    # The same commit as a log: what a kill between the two leaves.
    log = folder / "log"
    log.mkdir()
    code = (
        'import duckdb, os, sys; c = duckdb.connect(sys.argv[1]); c.execute("insert into outcomes (candidate, outcome, '
        "score) values ('held', 'o', 1)\"); os._exit(0)"
    )
    shutil.copy(kept / path.name, log)
    subprocess.run([sys.executable, "-c", code, str(log / path.name)], check=True)
    shutil.copy(log / (path.name + ".wal"), kept)
    return kept / path.name, path.read_bytes()


@pytest.fixture(scope="module")
def before_and_after(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    return killed(tmp_path_factory.mktemp("killed"))


@pytest.fixture
def torn(before_and_after: tuple[Path, bytes], tmp_path: Path) -> list[tuple[Path, int]]:
    """The database at every page at which the kill can have come, in folders of their own."""
    source, after = before_and_after
    before = source.read_bytes()
    pages = [
        at
        for at in range(HEADERS, min(len(before), len(after)), PAGE)
        if before[at : at + PAGE] != after[at : at + PAGE]
    ]
    states = []
    for upto in pages:
        folder = tmp_path / str(upto)
        folder.mkdir()
        for part in parts(source):
            shutil.copy(part, folder)
        content = bytearray(before)
        for at in pages[: pages.index(upto) + 1]:
            content[at : at + PAGE] = after[at : at + PAGE]
        (folder / source.name).write_bytes(content + after[len(before) :])
        states.append((folder / source.name, upto))
    return states


@pytest.mark.parametrize("which", [slice(0, None, 2), pytest.param(slice(1, None, 2), marks=pytest.mark.long)])
def test_every_page_at_which_a_kill_can_come(torn: list[tuple[Path, int]], which: slice) -> None:
    assert torn[which]
    for path, _ in torn[which]:
        assert names(path) == ["a", "b", "held"]
        assert not parts(path)[2].exists()
        add(Store(path), "later")
        assert names(path) == ["a", "b", "held", "later"]


def test_without_what_was_kept_it_is_lost_and_called_damaged(torn: list[tuple[Path, int]]) -> None:
    path, _ = torn[0]
    parts(path)[2].unlink()
    with pytest.raises(StoreError, match=r"is damaged: .*checksum.*\n.*put back a copy"):
        names(path)


def test_a_checkpoint_that_was_done_stays(before_and_after: tuple[Path, bytes], tmp_path: Path) -> None:
    source, after = before_and_after
    path = tmp_path / source.name
    path.write_bytes(after)
    shutil.copy(parts(source)[2], tmp_path)
    assert names(path) == ["a", "b", "held"]
    assert path.read_bytes() == after


@pytest.mark.parametrize("length", [0, 10, 5000, -1])
def test_what_was_cut_short_or_is_not_ours_is_put_nowhere(
    before_and_after: tuple[Path, bytes], tmp_path: Path, length: int
) -> None:
    source, _ = before_and_after
    path = tmp_path / source.name
    shutil.copy(source, path)
    parts(path)[2].write_bytes(parts(source)[2].read_bytes()[:length] + (b"" if length >= 0 else b"?"))
    content = path.read_bytes()
    assert names(path) == ["a", "b"]
    assert path.read_bytes() == content


def test_another_copy_of_the_file_is_not_written_over(torn: list[tuple[Path, int]], tmp_path: Path) -> None:
    path, _ = torn[0]
    other = tmp_path / "other.duckdb"
    for candidate in "xyz":
        add(Store(other), candidate)
    shutil.copy(other, path)
    parts(path)[1].unlink()
    assert names(path) == ["x", "y", "z"]


def test_a_writer_at_work_is_waited_for_and_its_copy_left(tmp_path: Path) -> None:
    path = tmp_path / "rude.duckdb"
    add(Store(path), "a")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "written\n"
        with pytest.raises(StoreError, match="held by"):
            add(Store(path, retry_seconds=0.05), "b")
        with pytest.raises(StoreError, match="held by"), Store(path, retry_seconds=0.05).reading():
            pass
        assert parts(path)[2].exists()
        holder.communicate("")
    assert names(path) == ["a", "held"]
    assert not parts(path)[2].exists()


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("room", [300_000, *(pytest.param(room, marks=pytest.mark.long) for room in (0, 900_000))])
def test_a_full_disk_costs_only_what_did_not_fit(tmp_path: Path, room: int) -> None:
    path = tmp_path / "rude.duckdb"
    add(Store(path), "a")
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(room)], capture_output=True, text=True, check=True
    )
    assert "could not be written" in done.stdout
    assert names(path) == ["a"]
    add(Store(path), "b")
    assert names(path) == ["a", "b"]


def test_a_mistake_in_a_write_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "rude.duckdb"
    add(Store(path), "a")

    def write_and_break() -> None:
        with Store(path).writing():
            raise KeyError

    with pytest.raises(KeyError):
        write_and_break()
    assert [part.exists() for part in parts(path)] == [True, False, False]


def test_a_link_and_its_file_are_one_database(tmp_path: Path) -> None:
    path, link = tmp_path / "rude.duckdb", tmp_path / "elsewhere" / "link.duckdb"
    add(Store(path), "a")
    link.parent.mkdir()
    link.symlink_to(path)
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(link)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "written\n"
        assert [part.exists() for part in (*parts(path), *parts(link))] == [True, False, True, True, False, False]
        holder.communicate("")
    add(Store(link), "b")
    assert names(path) == ["a", "b", "held"]


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_file_cut_short_is_called_damaged(tmp_path: Path, share: float) -> None:
    path = tmp_path / "rude.duckdb"
    add(Store(path), "a")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(StoreError, match=r"(?s)is damaged: .*put back a copy"):
        names(path)
