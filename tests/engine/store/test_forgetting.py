"""What is forgotten is gone everywhere, and comes back as it was; nothing is lost or doubled on the way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from everything import (
    fill_everything,
    key_of,
    run_id_of,
    save,
    score,
    suite_of,
    tables,
    weights_of,
)

import engine.store.migrations as migrations
from engine.store.connection import Store
from engine.store.decisions import stored_decisions
from engine.store.forgetting import bring_back, forget, forgotten, would_go
from engine.store.kept_aside import PARTS, STAY
from engine.store.owners import take
from engine.store.posttrain import stored_posttrain
from engine.store.runs import Status, open_run, stored_runs
from engine.store.subjects import Subject, find_model, find_run, find_suite
from engine.store.suites import add_suite
from engine.store.verdicts import done_pairs
from rubrics.errors import BadInput, Busy, Exit

KILLS = int(os.environ.get("RUDE_TUI_KILLS", "3"))

ASH = Subject("model", weights_of("ash"), "ash")
GARDEN = Subject("suite", suite_of("garden").hash, "garden")
RUN = Subject("run", run_id_of("ash", "garden"), "ash on garden")
SUBJECTS = {
    "model": ASH, "suite": GARDEN, "run": RUN, "traces": Subject("run", "ash-traces-run", "t"),
    "assay": Subject("run", "ash-assay-run", "a"),
    "training": Subject("run", "ash-training-0", "t"), "construction": Subject("run", "first-construction", "c"),
}  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "rude.duckdb"
    fill_everything(Store(path))
    return path


@pytest.fixture
def store(filled: Path, tmp_path: Path) -> Store:
    path = tmp_path / "rude.duckdb"
    path.write_bytes(filled.read_bytes())
    return Store(path)


def test_it_is_known_of_every_table_what_becomes_of_it(store: Store) -> None:
    with store.reading() as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where database_name = current_database()"
        ).fetchall()
    assert {name for (name,) in names} == {part.table for part in PARTS} | STAY
    assert all(rows for rows in tables(store).values()), "a table without rows shows nothing below"


@pytest.mark.long
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_it_comes_back_to_the_bit(store: Store, subject: Subject) -> None:
    before = tables(store)
    going = would_go(store, subject)
    assert tables(store) == before
    done = forget(store, subject)
    assert done.counts == going.counts
    after = tables(store)
    assert {table: len(before[table]) - len(after[table]) for table in going.counts} == going.counts
    assert {table for table in before if before[table] != after[table]} == set(going.counts)
    assert bring_back(store).counts == going.counts
    assert tables(store) == before
    assert forgotten(store) == []


@pytest.mark.long
def test_a_model_forgotten_was_never_there(store: Store, tmp_path: Path) -> None:
    forget(store, ASH)
    without = Store(tmp_path / "without.duckdb")
    fill_everything(without, models=("elm",))
    left, never = tables(store, times=False), tables(without, times=False)
    # Its races were its rival's too; and what a person brought along stays.
    assert left.pop("decisions") == []
    assert len(never.pop("decisions")) == 2
    for table in ("outcomes", "predictors"):
        (added,) = set(left.pop(table)) - set(never.pop(table))
        assert "'ash', 'm" in added
    assert left == never


@pytest.mark.long
def test_a_suite_forgotten_was_never_there(store: Store, tmp_path: Path) -> None:
    forget(store, GARDEN)
    without = Store(tmp_path / "without.duckdb")
    fill_everything(without, suites=("harbour",))
    assert tables(store, times=False) == tables(without, times=False)


def test_a_construction_leaves_the_answers_that_another_rests_on(store: Store) -> None:
    forget(store, SUBJECTS["construction"])
    calls = " ".join(tables(store)["construct_calls"])
    assert "'first-shared'" in calls
    assert "'first-own'" not in calls


@pytest.mark.long
def test_one_seed_of_post_training_takes_the_outcomes_of_all_along(store: Store) -> None:
    forget(store, SUBJECTS["training"])
    assert [run.run_id for run in stored_posttrain(store) if run.candidate == "ash"] == ["ash-training-1"]
    rows = " ".join(tables(store)["outcomes"])
    assert rows.count("sft_met") == 1
    assert rows.count("mmlu") == 2


@pytest.mark.long
def test_what_was_scored_anew_stays_and_the_rest_comes_back(store: Store) -> None:
    before = tables(store)
    suite = suite_of("garden")
    forget(store, RUN)
    score(store, "ash", suite, range(3, 6), Status.CANCELLED)
    anew = tables(store)["verdicts_raw"]
    back = bring_back(store)
    assert done_pairs(store, RUN.key, with_tokens=True) == {pair.id for pair in suite.scored}
    # Pairs 1 and 2 are the old ones; 3 and 4 were in both and are the same; 5, once too long, has been scored.
    assert back.counts == {"verdicts_raw": 2, "token_scores": 2, "decisions": 1, "skips": 1}
    assert set(tables(store)["verdicts_raw"]) == set(before["verdicts_raw"]) | set(anew)
    run = next(run for run in stored_runs(store) if run.run_id == RUN.key)
    assert (run.n_scored, run.n_skipped, run.n_wanted) == (5, 0, 5)
    assert run.status is Status.DONE, "the forgotten one had been asked for as many, and was done"


@pytest.mark.long
@pytest.mark.parametrize(
    ("old", "asked_old", "new", "asked_new", "then"),
    [
        (Status.DONE, 5, Status.CANCELLED, 5, Status.DONE),
        (Status.CANCELLED, 5, Status.DONE, 5, Status.DONE),
        (Status.CANCELLED, 5, Status.DONE, 2, Status.CANCELLED),
        (Status.DONE, 2, Status.FAILED, 5, Status.FAILED),
        (Status.FAILED, 5, Status.CANCELLED, 5, Status.CANCELLED),
    ],
)
def test_a_run_in_both_is_done_if_the_one_asked_for_more_was(
    tmp_path: Path, old: Status, asked_old: int, new: Status, asked_new: int, then: Status
) -> None:
    store, suite = Store(tmp_path / "rude.duckdb"), suite_of("garden")
    score(store, "ash", suite, range(1, 2), old, asked_old)
    forget(store, RUN)
    score(store, "ash", suite, range(2, 3), new, asked_new)
    bring_back(store)
    (run,) = stored_runs(store)
    assert (run.status, run.n_wanted, run.n_scored) == (then, max(asked_old, asked_new), 2)


@pytest.mark.long
def test_forgotten_twice_nothing_is_doubled(store: Store) -> None:
    before = tables(store)
    first = forget(store, RUN)
    score(store, "ash", suite_of("garden"), range(1, 5), Status.DONE)
    second = forget(store, RUN)
    bring_back(store, first.number)
    bring_back(store, second.number)
    after = tables(store)
    assert {name for name in before if before[name] != after[name]} <= {"candidates"}  # looked at once more


@pytest.mark.long
def test_what_rests_on_something_else_that_was_forgotten_waits_for_it(store: Store) -> None:
    before = tables(store)
    run, suite, model = forget(store, RUN), forget(store, GARDEN), forget(store, ASH)
    for number, first in ((run.number, suite), (run.number, model)):
        with pytest.raises(BadInput, match="forgotten as well") as caught:
            bring_back(store, number)
        assert str(first.number) in caught.value.fix
        bring_back(store, first.number)
    bring_back(store, run.number)
    assert tables(store) == before


@pytest.mark.long
def test_a_decision_counts_while_all_of_its_runs_are_there(store: Store) -> None:
    ours = [decision.suite for decision in stored_decisions(store)]
    first = forget(store, RUN)
    second = forget(store, Subject("run", run_id_of("elm", "garden"), "elm"))
    assert [decision.suite for decision in stored_decisions(store)] == ["harbour"]
    bring_back(store, first.number)
    assert [decision.suite for decision in stored_decisions(store)] == ["harbour"]
    bring_back(store, second.number)
    assert sorted(decision.suite for decision in stored_decisions(store)) == sorted(ours) == ["garden", "harbour"]


@pytest.mark.long
@pytest.mark.parametrize("table", ["runs", "trace_runs", "assay_runs", "posttrain_runs", "construct_runs"])
def test_what_a_living_process_works_on_is_left_alone(store: Store, table: str) -> None:
    with store.writing() as connection:
        run_id = connection.execute(f"select min(run_id) from {table}").fetchone()[0]
        take(connection, table, run_id)
    before = tables(store)
    with pytest.raises(Busy, match=f"process {os.getpid()} is at work") as caught:
        forget(store, Subject("run", run_id, "it"))
    assert caught.value.exit_code is Exit.SOME_SKIPPED
    assert tables(store) == before
    with store.writing() as connection:
        # A process that died at it does not keep it.
        connection.execute(f"update {table} set owner_started = owner_started - 9")
    forget(store, Subject("run", run_id, "it"))


@pytest.mark.long
def test_nothing_comes_back_into_a_run_that_is_going_on(store: Store) -> None:
    forget(store, RUN)
    open_run(store, RUN.key, key_of("ash", suite_of("garden")), n_wanted=5)
    before = tables(store)
    with pytest.raises(Busy):
        bring_back(store)
    assert tables(store) == before


@pytest.mark.long
def test_after_seven_days_it_goes_at_the_next_writing(store: Store) -> None:
    forget(store, ASH)
    forget(store, GARDEN)
    with store.writing() as connection:
        connection.execute("update forgettings set forgotten_at = now() - interval '6 days 23 hours' where number = 1")
        connection.execute("update forgettings set forgotten_at = now() - interval '7 days 1 minute' where number = 2")
    assert [item.number for item in forgotten(store)] == [1]
    with pytest.raises(BadInput):
        bring_back(store, 2)
    add_suite(Store(store.path), suite_of("meadow"))
    with store.reading() as connection:
        kept = connection.execute(
            "select table_name from duckdb_tables() where database_name = current_database() "
            "and schema_name = 'forgotten'"
        ).fetchall()
        numbers = {
            number
            for (table,) in kept
            for (number,) in connection.execute(f"select distinct forgetting from forgotten.{table}").fetchall()
        }
    assert numbers == {1}
    bring_back(store, 1)


@pytest.mark.long
def test_a_store_that_stays_open_looks_again_when_something_is_due(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(store, ASH)
    later = time.time() + 8 * 86_400
    with store.writing() as connection:
        connection.execute("update forgettings set forgotten_at = now() - interval 8 days")
    monkeypatch.setattr("engine.store.connection.time.time", lambda: later)
    add_suite(store, suite_of("meadow"))
    with store.reading() as connection:
        assert connection.execute("select count(*) from forgettings").fetchone() == (0,)


@pytest.mark.long
def test_a_column_that_a_table_gets_later_is_no_obstacle(store: Store) -> None:
    forget(store, ASH)
    with store.writing() as connection:
        connection.execute("alter table runs add column colour varchar default 'green'")
    forget(store, GARDEN)
    bring_back(store)
    bring_back(store)
    with store.reading() as connection:
        assert connection.execute("select distinct colour from runs").fetchall() == [("green",)]


def test_names_paths_and_beginnings_of_hashes_are_told_apart(store: Store) -> None:
    assert find_model(store, "ash") == find_model(store, "/models/ash") == find_model(store, "ash-we") == ASH
    assert find_suite(store, "garden") == find_suite(store, "/suites/garden.jsonl") == GARDEN
    assert find_suite(store, GARDEN.key[:8]) == GARDEN
    assert find_run(store, "ash-garden-run").key == find_run(store, "ash-ga").key == RUN.key
    assert find_run(store, "first-c").key == "first-construction"
    finders: tuple[Callable[[Store, str], Subject], ...] = (find_model, find_suite, find_run)
    for find in finders:
        for text in ("", "oak", "as", "'; drop table runs; --"):
            with pytest.raises(BadInput, match="no such") as caught:
                find(store, text)
            assert "stored are" in caught.value.fix
    with pytest.raises(BadInput, match="several") as caught:
        find_run(store, "ash-tra")
    assert {"ash-training-0"[:12], "ash-traces-run"[:12]} <= set(caught.value.what.split())


def test_of_two_models_of_one_name_the_hash_tells(store: Store) -> None:
    save(store, "oak")
    with store.writing() as connection:
        connection.execute("update candidates set name = 'ash', path = '/other' where name = 'oak'")
    with pytest.raises(BadInput, match="several") as caught:
        find_model(store, "ash")
    assert "/other" in caught.value.what
    assert "/models/ash" in caught.value.what
    assert find_model(store, "oak-weights").key == "oak-weights"
    assert find_model(store, "/other").key == "oak-weights"


@pytest.mark.long
def test_traces_of_an_older_database_are_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as connection, monkeypatch.context() as patch:
        patch.setattr(migrations, "LATEST", 9)
        migrations.migrate(connection)
        connection.execute(
            "insert into trace_runs (run_id, traces_hash, weights_hash, candidate, precision, run_key) "
            "values ('t', 'h', 'w', 'ash', 'fp32', '{}')"
        )
    store = Store(path)
    with store.reading() as connection:
        assert connection.execute("select status, owner_pid, facts from trace_runs").fetchall() == [
            ("done", None, "{}")
        ]
    forget(store, Subject("run", "t", "t"))
    bring_back(store)


@pytest.mark.long
def test_of_two_that_forget_at_once_one_does(store: Store) -> None:
    before = tables(store)
    ends: list[object] = []

    def work() -> None:
        try:
            ends.append(forget(Store(store.path), ASH))
        except BadInput as error:
            ends.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(type(end).__name__ for end in ends) == ["BadInput"] * 3 + ["Forgotten"]
    bring_back(store)
    assert tables(store) == before


_BACK_AND_FORTH = """
import sys
from pathlib import Path
from engine.store.connection import Store
from engine.store.forgetting import bring_back, forget
from engine.store.subjects import Subject
store, key = Store(Path(sys.argv[1]), retry_seconds=60), sys.argv[2]
print("go", flush=True)
while True:
    forget(store, Subject("model", key, "ash"))
    bring_back(store)
"""


@pytest.mark.long
@pytest.mark.parametrize("moment", range(KILLS))
def test_killed_in_the_middle_all_is_there_or_kept(store: Store, moment: int) -> None:
    before = tables(store)
    wait = random.Random(moment).random()
    with subprocess.Popen(
        [sys.executable, "-c", _BACK_AND_FORTH, str(store.path), ASH.key], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
    after = Store(store.path)
    for _ in forgotten(after):
        bring_back(after)
    assert tables(after) == before


@pytest.mark.long
def test_an_owner_out_of_sight_keeps_it_too(store: Store) -> None:
    with store.writing() as connection:
        connection.execute(
            "update runs set status = 'started', owner_pid = 1, owner_started = 1, owner_host = 'gone', "
            "owner_boot = 'other/1' where run_id = ?",
            [RUN.key],
        )
    with pytest.raises(Busy, match="on gone") as caught:
        forget(store, ASH)
    assert "taken over" in caught.value.fix
    assert caught.value.shell == "--take-over"
    (machine,) = would_go(store, ASH).left
    assert (machine.host, machine.runs) == ("gone", 1)
    forget(store, ASH, take_over=True)
    bring_back(store)
    with store.writing() as connection:
        take(connection, "runs", RUN.key)
    with pytest.raises(Busy):
        forget(store, ASH, take_over=True)
