"""Databases: damaged on the disk, changed by hand, or another program's."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any, Final

from tests.fuzz import scenes
from tests.fuzz.family import Case, Family
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]

_FOREIGN: Final = (
    "create table t (a int)",
    "create table runs (id int)",
    "create table schema_version (version int)",
    "create schema other",
    "create view v as select 1",
    "create sequence s",
    "create type mood as enum ('a')",
    "create macro m(a) as a + 1",
    "create table suites (suite_hash varchar); create table pairs (pair_id varchar)",
)
_TABLES: Final = (
    "runs",
    "verdicts_raw",
    "pairs",
    "suites",
    "criteria",
    "skips",
    "outcomes",
    "schema_version",
    "candidates",
    "annotations",
)
_CHANGES: Final = (
    "drop table {table} cascade",
    "delete from {table}",
    "alter table {table} rename to {table}_old",
    "alter table {table} add column more int",
    "insert into {table} select * from {table}",
    "update runs set status = {text}",
    "update runs set facts = {text}",
    "update runs set versions = {text}",
    "update runs set run_key = {text}",
    "update runs set protocol = {text}",
    "update runs set suite_hash = {text}",
    "update runs set n_wanted = {number}",
    "update runs set owner_pid = {number}",
    "update runs set status = 'started', owner_pid = 1, owner_host = {text}, owner_started = {number}",
    "update verdicts_raw set ll_chosen = {float}",
    "update verdicts_raw set position = position + {number}",
    "update pairs set position = {number}",
    "update pairs set prompt = {text}",
    "update schema_version set version = {number}",
    "alter table runs drop column facts",
    "alter table runs alter column n_wanted type varchar",
    "alter table verdicts_raw drop column ll_chosen",
    "update suites set name = {text}",
    "update candidates set parameters = {number}",
)


class Stores(Family):
    """What commands and the app ask of a database, and what a run writes into it."""

    name = "stores"
    share = 0.1
    writes = True

    def prepare(self, home: Path) -> None:
        import duckdb

        from engine.store.connection import Store

        self.home = home
        blank = scenes.blank_store(home)
        self.suite = scenes.small_suite()
        whole = scenes.copy(blank, home / "whole.duckdb")
        for name in ("base", "other"):
            scenes.stored_run(Store(whole), self.suite, name)
        self.whole = whole.read_bytes()
        self.board = _asked(Store(whole))
        self.foreign: dict[str, bytes] = {}
        for number, sql in enumerate(_FOREIGN):
            path = home / f"foreign{number}.duckdb"
            with duckdb.connect(str(path)) as connection:
                connection.execute(sql)
            self.foreign[sql] = path.read_bytes()
        self.numbers = itertools.count()

    def make(self, change: Mutator) -> Case:
        way = change.chance.choice(["damaged", "damaged", "changed", "changed", "changed", "foreign"])
        asked: dict[str, Any] = {"way": way, "sql": []}
        if way == "damaged":
            # Where it is damaged is all that is remembered; the database itself has times in it.
            asked["places"] = [change.chance.random() for _ in range(change.chance.choice([1, 1, 3, 50]))]
            asked["how"] = change.chance.choice(["flip", "flip", "zero", "cut", "head", "append"])
        elif way == "changed":
            for _ in range(change.chance.choice([1, 1, 1, 2])):
                text = change.chance.choice(
                    ["null", "''", "'banana'", "'[1'", "'[]'", "'{}'", "'{\"a\": 1e999}'", "'\u202e\x1b[31m'", "'done'"]
                )
                number = change.chance.choice(["0", "-1", "2147483647", "null", "99", "1"])
                real = change.chance.choice(["'nan'::double", "'inf'::double", "1e308", "null", "0"])
                sql = change.chance.choice(_CHANGES).format(
                    table=change.chance.choice(_TABLES), text=text, number=number, float=real
                )
                asked["sql"].append(sql)
        else:
            asked["sql"] = [change.chance.choice(_FOREIGN)]
        return Case({}, asked)

    def enter(self, case: Case, folder: Path) -> Any:
        import duckdb

        from engine.store.connection import Store

        path = folder / "x.duckdb"
        asked = case.asked
        if asked["way"] == "foreign":
            path.write_bytes(self.foreign[asked["sql"][0]])
        else:
            path.write_bytes(_damaged(self.whole, asked) if asked["way"] == "damaged" else self.whole)
        if asked["way"] == "changed":
            try:
                with duckdb.connect(str(path)) as connection:
                    for sql in asked["sql"]:
                        connection.execute(sql)
            except duckdb.Error:
                pass
        before = hashlib.sha256(path.read_bytes()).digest()
        store = Store(path, retry_seconds=0.0)
        found: Any = None
        faults = []
        from rubrics.errors import RudeError

        try:
            found = _asked(store)
        except RudeError as error:
            faults.append(error)
        if hashlib.sha256(path.read_bytes()).digest() != before and asked["way"] != "changed":
            return "reading wrote into it", found
        try:
            scenes.stored_run(store, self.suite, "third")
        except RudeError as error:
            faults.append(error)
        if asked["way"] == "foreign" and hashlib.sha256(path.read_bytes()).digest() != before:
            return "another program's database was written to", found
        for error in faults:
            if faults and found is None:
                raise error
        return "", found

    def judge(self, case: Case, got: Any) -> str:
        fault, found = got
        if fault:
            return fault
        if case.asked["way"] == "foreign":
            return "another program's database was taken"
        if case.asked["way"] == "damaged" and found is not None and found != self.board:
            return f"{found} is not {self.board}"[:1500]
        return ""

    def said(self, got: Any) -> str:
        return ""


def _damaged(raw: bytes, asked: dict[str, Any]) -> bytes:
    spoilt = bytearray(raw)
    for place in asked["places"]:
        at = int(place * len(raw))
        match asked["how"]:
            case "flip":
                spoilt[at] ^= 1 << (at % 8)
            case "zero":
                spoilt[at : at + 512] = b"\0" * len(spoilt[at : at + 512])
            case "cut":
                return bytes(spoilt[:at])
            case "head":
                spoilt[at % 12288] ^= 255
            case "append":
                spoilt += raw[at : at + 4096]
    return bytes(spoilt)


def _asked(store: Any) -> Any:
    """What most commands ask first."""
    from engine.results.board import Question, load_board
    from engine.store.outcomes import stored_outcomes
    from engine.store.runs import candidate_names, stored_runs
    from rubrics.errors import BadInput

    runs = [(run.run_id, str(run.status), run.n_scored) for run in stored_runs(store)]
    names, outcomes = candidate_names(store), stored_outcomes(store)
    try:
        board = load_board(store, Question())
        scores = [[float(value) for value in row] for row in board.matrix.scores]
    except BadInput as error:
        scores = [[str(error)]]  # type: ignore[list-item]
    return runs, names, len(outcomes), scores


FAMILIES: list[type[Family]] = [Stores]
