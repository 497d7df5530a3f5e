"""The database file is held for milliseconds, shared between processes, and every fault is one clear line."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from engine.results.board import Question, load_board
from engine.store import instance
from engine.store.connection import Store, default_path
from engine.store.integrity import damage
from engine.store.migrations import LATEST
from engine.store.outcomes import stored_outcomes
from engine.store.runs import stored_runs
from engine.store.status import Status
from rubrics.errors import BadInput, RudeError, StoreError

HOLD = """
import duckdb, sys
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def test_default_path_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RUDE_TUI_DB", str(tmp_path / "x.duckdb"))
    assert default_path() == tmp_path / "x.duckdb"
    monkeypatch.delenv("RUDE_TUI_DB")
    assert default_path().name == "rude.duckdb"


def test_a_new_file_gets_schema_and_folders(tmp_path: Path) -> None:
    store = Store(tmp_path / "deep" / "er" / "rude.duckdb")
    with store.reading() as connection:
        assert connection.execute("select max(version) from schema_version").fetchone() == (LATEST,)
        views = {
            row[0] for row in connection.execute("select view_name from duckdb_views() where not internal").fetchall()
        }
    assert {"verdicts", "leaderboard", "failures", "correlations"} <= views


def test_nothing_of_a_broken_write_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path / "rude.duckdb")

    def write_and_break() -> None:
        with store.writing() as connection:
            connection.execute("insert into outcomes (candidate, outcome, score) values ('a', 'o', 1)")
            raise KeyError

    with pytest.raises(KeyError):
        write_and_break()
    with store.reading() as connection:
        assert connection.execute("select count(*) from outcomes").fetchone() == (0,)


def test_a_snapshot_gives_no_connection_away(tmp_path: Path) -> None:
    store = Store(tmp_path / "rude.duckdb")
    with store.snapshot() as nothing, store.reading() as connection:
        assert nothing is None
        assert connection.execute("select count(*) from runs").fetchone() == (0,)


def test_what_is_asked_within_a_snapshot_is_asked_of_the_same_open_file(tmp_path: Path) -> None:
    path = tmp_path / "rude.duckdb"
    with Store(path).writing():
        pass
    often = "select count(*) from duckdb_databases() where path = ?"
    with Store(path).snapshot():
        for _ in range(2):
            with Store(path).reading() as connection:
                assert connection.execute(often, [str(path)]).fetchone() == (1,)
    with Store(path).writing() as connection:
        connection.execute("insert into outcomes (candidate, outcome, score) values ('a', 'o', 1)")


def test_a_foreign_holder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rude.duckdb"
    with Store(path).writing():
        pass
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreError) as caught, Store(path, retry_seconds=0.05).reading():
            pass
        assert f"process {holder.pid}" in caught.value.what
        assert "--db" in caught.value.shell
        holder.stdin.close()
    with Store(path).reading() as connection:
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.long
def test_waits_for_a_holder_that_lets_go(tmp_path: Path) -> None:
    path = tmp_path / "rude.duckdb"
    with Store(path).writing():
        pass
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == "held\n"
        timer = threading.Timer(0.2, holder.stdin.close)
        timer.start()
        with Store(path, retry_seconds=30).reading() as connection:
            assert connection.execute("select 1").fetchone() == (1,)
        timer.join()


@pytest.mark.long
def test_threads_of_one_process_take_turns(tmp_path: Path) -> None:
    path = tmp_path / "rude.duckdb"
    errors: list[Exception] = []

    def work(number: int) -> None:
        try:
            for i in range(5):
                with Store(path).writing() as connection:
                    connection.execute(
                        "insert into outcomes (candidate, outcome, score) values (?, ?, 0)", [f"c{number}", f"o{i}"]
                    )
                with Store(path).reading() as connection:
                    connection.execute("select count(*) from outcomes").fetchone()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    with Store(path).reading() as connection:
        assert connection.execute("select count(*) from outcomes").fetchone() == (30,)


@pytest.mark.parametrize("content", [b"this is not a database" * 300, b"\x00" * 5000])
def test_another_kind_of_file_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "rude.duckdb"
    path.write_bytes(content)
    with pytest.raises(StoreError) as caught, Store(path).reading():
        pass
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


@pytest.mark.long
def test_a_fault_in_one_file_leaves_the_others_open(tmp_path: Path) -> None:
    whole, broken = Store(tmp_path / "it's whole.duckdb"), Store(tmp_path / "broken.duckdb")
    for store in (whole, broken):
        with store.writing() as connection:
            connection.execute(
                "insert into outcomes (candidate, outcome, score) select 'c' || range, 'o', range from range(3000)"
            )
    broken.path.write_bytes(
        bytes(byte ^ 255 if place > 12_288 else byte for place, byte in enumerate(broken.path.read_bytes()))
    )
    with whole.reading() as outer:
        with pytest.raises(StoreError) as caught, broken.reading() as connection:
            connection.execute("select sum(score) from outcomes").fetchall()
        assert str(broken.path) in str(caught.value)
        assert outer.execute("select count(*) from outcomes").fetchone() == (3000,)
    with whole.writing() as connection:
        assert connection.execute("select count(*) from outcomes").fetchone() == (3000,)


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rude.duckdb"
    with Store(path).writing() as connection:
        connection.execute("insert into schema_version (version) values (?)", [LATEST + 1])
    with pytest.raises(StoreError, match="newer rude-tui"), Store(path).reading():
        pass


@pytest.mark.long
def test_every_older_schema_can_be_brought_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import engine.store.migrations as migrations

    for version in range(LATEST):
        path = tmp_path / f"{version}.duckdb"
        connection = duckdb.connect(str(path))
        with monkeypatch.context() as patch:
            patch.setattr(migrations, "LATEST", version)
            migrations.migrate(connection)
        connection.close()
        with Store(path).reading() as connection:
            assert migrations.version_of(connection) == LATEST


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="folder cannot be made"), Store(tmp_path / "file" / "x.duckdb").writing():
        pass


@pytest.mark.parametrize(
    "made",
    [
        ["create table runs (id integer, note varchar)"],
        ["create table sales (day date)"],
        ["create table schema_version (version integer, applied_at timestamp)", "create table runs (run_id varchar)"],
        ["create table schema_version (version varchar)", "insert into schema_version values ('two')"],
        ["create schema other", "create table other.schema_version (version integer, applied_at timestamp)"],
        ["create view sums as select 1 as one"],
        ["create sequence numbers"],
        ["create macro twice(x) as 2 * x"],
    ],
)
def test_a_database_of_another_program_is_left_as_it_is(tmp_path: Path, made: list[str]) -> None:
    path = tmp_path / "theirs.duckdb"
    with duckdb.connect(str(path)) as connection:
        for statement in made:
            connection.execute(statement)
    before = path.read_bytes()
    for door in (Store(path).reading, Store(path).writing):
        with pytest.raises(BadInput) as caught, door():
            pass
        assert "another program's" in caught.value.what
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_start_that_was_cut_short_is_taken_up(tmp_path: Path) -> None:
    path = tmp_path / "rude.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table schema_version (version integer primary key, applied_at timestamptz)")
    with Store(path).writing() as connection:
        assert connection.execute("select count(*) from runs").fetchone() == (0,)


def test_asking_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "rude.duckdb"
    for _ in range(2):
        with Store(path).reading() as connection:
            assert connection.execute("select count(*) from leaderboard").fetchone() == (0,)
    with pytest.raises(BadInput, match="no such database"), Store(path, must_exist=True).reading():
        pass
    with pytest.raises(BadInput, match="no such database"), Store(path, must_exist=True).writing():
        pass
    assert not path.parent.exists()


@pytest.mark.parametrize("name", ["n" * 300, "caf\udce9.duckdb"])
def test_a_name_that_cannot_be_one_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(RudeError), Store(tmp_path / name).reading():
        pass


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    for use in (Store(tmp_path).reading, Store(tmp_path).writing):
        with pytest.raises(BadInput, match="is a folder, not a database"), use():
            pass
    assert list(tmp_path.iterdir()) == []


def test_half_a_character_is_refused_and_nothing_stored(tmp_path: Path) -> None:
    store = Store(tmp_path / "rude.duckdb")
    with pytest.raises(BadInput, match="half of a character"), store.writing() as connection:
        connection.execute("insert into outcomes (candidate, outcome, score) values (?, 'o', 1)", ["gull\ud800"])
    with store.reading() as connection:
        assert connection.execute("select count(*) from outcomes").fetchone() == (0,)


@pytest.mark.long
@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ("alter table runs drop column facts", "its table runs has no column facts"),
        ("drop table outcomes cascade", "it has no table outcomes"),
        ("update runs set status = 'banana'", "runs.status holds 'banana'"),
        ("update runs set facts = '[1'", "runs.facts holds"),
        ("delete from schema_version where version > 3", "its tables are not those of its schema"),
        ("delete from pairs", "holds"),
    ],
)
def test_a_database_that_somebody_has_changed_is_called_damaged(
    store: Store, add_run: Callable[..., object], changed: str, said: str
) -> None:
    add_run("base")
    with duckdb.connect(str(store.path)) as connection:
        connection.execute(changed)
    before = store.path.read_bytes()

    def ask(again: Store) -> None:
        with again.snapshot():
            stored_runs(again)
            stored_outcomes(again)
            load_board(again, Question())

    with pytest.raises(StoreError, match="is damaged") as caught:
        ask(Store(store.path))
    assert said in caught.value.what
    assert store.path.read_bytes() == before


@pytest.mark.parametrize("table", ["verdicts_raw", "pairs", "criteria", "runs"])
def test_a_column_that_somebody_added_is_named_and_nothing_is_stored(
    store: Store, add_run: Callable[..., object], table: str
) -> None:
    add_run("base")
    with duckdb.connect(str(store.path)) as connection:
        connection.execute(f"alter table {table} add column mine int")
    before = store.path.read_bytes()
    said = f"its table {table} has a column mine that this program did not make"
    with pytest.raises(StoreError, match=said), Store(store.path).writing() as connection:
        connection.execute(f"insert into {table} select 1")
    assert store.path.read_bytes() == before


def test_a_table_of_ones_own_beside_ours_is_no_damage(store: Store, add_run: Callable[..., object]) -> None:
    add_run("base")
    with store.writing() as connection:
        connection.execute("create table mine (a int)")
    with store.reading() as connection, instance.nothing_stored() as blank:
        assert damage(connection, blank) == ""


def test_every_status_that_is_stored_is_one(store: Store, add_run: Callable[..., object]) -> None:
    add_run("base")
    for status in set(Status) - {Status.CRASHED}:
        with store.writing() as connection:
            connection.execute("update runs set status = ?", [str(status)])
            assert damage(connection, connection) == ""


def test_a_mistake_of_our_own_is_not_put_down_to_the_file(store: Store) -> None:
    with pytest.raises(duckdb.ProgrammingError), store.reading() as connection:
        connection.execute("select nonsense from runs")
    with pytest.raises(KeyError), store.snapshot():
        raise KeyError


def test_duckdb_is_started_anew_when_it_is_worn_and_nothing_is_lost(
    store: Store, add_run: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "_WORN", 3)
    started = [instance.instance()]
    for number in range(4):
        add_run(f"base-{number}")
        with store.reading() as connection:
            # Within a reading the file stays where it is.
            for _ in range(5):
                assert len(stored_runs(store)) == number + 1
            assert connection.execute("select count(*) from runs").fetchone() == (number + 1,)
        started.append(instance.instance())
    assert len(set(map(id, started))) > 2


SPILL = """
import sys
from pathlib import Path
from engine.store import instance
instance.instance()
place = Path(instance._spill())
place.mkdir()
(place / "duckdb_temp_storage-0.tmp").write_bytes(b"x")
print("spilt", flush=True)
sys.stdin.read()
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="there are no locks on folders")
def test_what_did_not_fit_into_memory_goes_with_the_process_or_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    for killed in (True, False):
        child = subprocess.Popen([sys.executable, "-c", SPILL], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert child.stdout is not None
        assert child.stdout.readline() == b"spilt\n"
        # The second finds what the first one left, and takes it along.
        assert len(list(tmp_path.rglob("*.tmp"))) == 1
        if killed:
            child.kill()
        child.communicate()
    assert list(tmp_path.iterdir()) == []
