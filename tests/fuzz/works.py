"""What is killed: something that writes, how to look at what it has written, and what must be there."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.fuzz import scenes
from tests.fuzz.children import Child, Tell, ask

__all__ = ["Constructions", "Exports", "RealRuns", "Runs", "Work", "Writes"]

_PAIRS: Final = 60


class Work(ABC):
    """Something that is killed, taken up again, and looked at after each time."""

    name: ClassVar[str]
    share: ClassVar[float]

    @abstractmethod
    def begin(self, folder: Path) -> None:
        """In a fresh folder."""

    @abstractmethod
    def do(self, tell: Tell) -> None:
        """In a process that may be killed; ends when all is done."""

    @abstractmethod
    def check(self, told: list[Any], killed: bool) -> str:
        """What is wrong after it was killed, or after its end; empty for nothing."""

    def seconds(self, chance: random.Random) -> float:
        """After how long to kill it."""
        return chance.uniform(0.0, 1.2)


class Runs(Work):
    """Runs of three candidates, whose scoring is a sleep; every batch is committed at once."""

    name = "runs"
    share = 0.5

    def begin(self, folder: Path) -> None:
        self.path = folder / "rude.duckdb"
        self.suite = scenes.small_suite(_PAIRS)
        self.plan = scenes.small_plan(self.suite, names=("one", "two", "three"))
        self.known: dict[str, list[float]] = {}

    def do(self, tell: Tell) -> None:
        from dataclasses import replace

        from engine.jobs import score
        from engine.jobs.inside import inside
        from engine.jobs.job import perform
        from engine.store.connection import Store
        from engine.store.verdicts import done_pairs

        store = Store(self.path)
        score.COMMIT_SECONDS = 0.0  # type: ignore[misc]
        add = score.add_verdicts

        def added(where: Any, run_id: str, verdicts: Any, tokens: Any = ()) -> None:
            add(where, run_id, verdicts, tokens)
            tell([f"{run_id} {verdict.pair_id}" for verdict in verdicts])

        score.add_verdicts = added
        runs = tuple(replace(run, done=len(done_pairs(store, run.run_id))) for run in self.plan.runs)
        perform(store, replace(self.plan, runs=runs), runner=inside(self._score))
        tell("done")

    def _score(self, message: Mapping[str, Any], events: Any, gate: Any) -> None:
        (task,) = message["tasks"]
        # What the worker would read has to be there, whatever was killed before.
        assert Path(task["suite_file"]).is_file()
        run_id = next(
            run.run_id for run in self.plan.runs if run.key["weights_hash"] == message["hashes"]["weights_hash"]
        )
        left = [pair.id for pair in self.suite.scored if pair.id not in task["done"]]
        events.send("laid", task=0, total=_PAIRS, left=len(left), tokens=None, notes=[], skipped=[])
        facts = {"tokens": 1, "distinct_tokens": 1, "seconds": 0.1, "memory": 1, "notes": []}
        for at in range(0, len(left), 4):
            time.sleep(0.01)
            rows = [scenes.verdict_row(run_id, pair) for pair in left[at : at + 4]]
            events.send("verdicts", task=0, rows=rows, facts=facts)
        events.send("task_done", task=0, facts=facts)

    def check(self, told: list[Any], killed: bool) -> str:
        found = ask(self._stored)
        committed = [key for words in told if isinstance(words, list) for key in words]
        if lost := [key for key in [*self.known, *committed] if key not in found]:
            return f"lost: {lost[:3]}"
        if doubled := [key for key, values in found.items() if len(values) != 2]:
            return f"doubled: {doubled[:3]}"
        for key, values in found.items():
            run_id, pair = key.split()
            if tuple(values) != scenes.margins(run_id, pair):
                return f"{key} is {values}"
        self.known = found
        if "done" in told and len(found) != 3 * _PAIRS:
            return f"done with {len(found)} of {3 * _PAIRS}"
        return ""

    def _stored(self, tell: Tell) -> None:
        from engine.store.connection import Store
        from engine.store.runs import Status, stored_runs

        store = Store(self.path)
        runs = stored_runs(store)
        with store.reading() as connection:
            rows = connection.execute(
                "select v.run_id, p.pair_id, v.ll_chosen, v.ll_rejected from verdicts_raw v join runs r using (run_id) "
                "join pairs p on p.suite_hash = r.suite_hash and p.position = v.position"
            ).fetchall()
        found: dict[str, list[float]] = {}
        for run_id, pair, chosen, rejected in rows:
            found.setdefault(f"{run_id} {pair}", []).extend((chosen, rejected))
        # Nobody is at work on anything now, so nothing may look as if.
        assert all(run.status is not Status.STARTED for run in runs), runs
        tell(found)


class Exports(Work):
    """Tables and suites over older ones of the same name: whole old or whole new, and nothing beside them."""

    name = "exports"
    share = 0.2

    def begin(self, folder: Path) -> None:
        self.folder = folder
        ask(self._first)

    def _first(self, tell: Tell) -> None:
        self._write(0)
        tell("done")

    def _write(self, round_: int) -> None:
        from engine.export.files import write_table
        from engine.export.tables import Table
        from rubrics.reading import write_suite

        rows = [(f"base-{n}", round_, n / 7) for n in range(400)]
        table = Table({"candidate": "varchar", "round": "integer", "value": "double"}, rows)
        for ending in ("csv", "json", "parquet"):
            write_table(table, self.folder / f"rankings.{ending}")
        write_suite(self.folder / "made.jsonl", scenes.small_suite(40 + round_ % 7).pairs)

    def do(self, tell: Tell) -> None:
        for round_ in range(1, 40):
            self._write(round_)
        tell("done")

    def check(self, told: list[Any], killed: bool) -> str:
        return str(ask(self._look))

    def _look(self, tell: Tell) -> None:
        import duckdb

        from rubrics.reading import read_suite

        fault = ""
        lines = (self.folder / "rankings.csv").read_text().splitlines()
        rounds = {line.split(",")[1] for line in lines[1:]}
        if len(lines) != 401 or len(rounds) != 1:
            fault = f"a table of {len(lines)} lines from rounds {rounds}"
        records = json.loads((self.folder / "rankings.json").read_text())
        if len(records) != 400 or len({record["round"] for record in records}) != 1:
            fault = "half a JSON"
        with duckdb.connect() as connection:
            whole = connection.execute(
                "select count(*), count(distinct round) from read_parquet(?)", [str(self.folder / "rankings.parquet")]
            )
            if whole.fetchone() != (400, 1):
                fault = "half a Parquet"
        if not 40 <= len(read_suite(self.folder / "made.jsonl").pairs) <= 46:
            fault = "half a suite"
        # The next to write there tidies up.
        self._write(0)
        left = {path.name for path in self.folder.iterdir()} - {
            "rankings.csv",
            "rankings.json",
            "rankings.parquet",
            "made.jsonl",
        }
        tell(fault or (f"left behind: {sorted(left)}" if left else ""))


class Writes(Work):
    """What a person adds in one go is there in one go: outcomes, flags, settings."""

    name = "writes"
    share = 0.1

    def begin(self, folder: Path) -> None:
        self.path = folder / "rude.duckdb"
        self.settings = folder / "settings.toml"
        self.round = 0

    def do(self, tell: Tell) -> None:
        from engine.outcomes.outcome import Outcome
        from engine.store.annotations import annotate
        from engine.store.connection import Store
        from engine.store.outcomes import add_outcomes
        from engine.store.suites import add_suite
        from rude_tui.settings import save_setting

        store, suite = Store(self.path), scenes.small_suite()
        add_suite(store, suite)
        for round_ in range(self.round + 1, self.round + 40):
            add_outcomes(store, [Outcome(f"base-{n}", "arc", round_ + n / 100) for n in range(30)])
            annotate(store, suite.hash, [pair.id for pair in suite.scored], "flag", f"round {round_}")
            save_setting("folders", [f"/{round_}"] * 50, self.settings)
            tell(round_)
        tell("done")

    def check(self, told: list[Any], killed: bool) -> str:
        rounds = [words for words in told if isinstance(words, int)]
        self.round = max([self.round, *rounds])
        return str(ask(self._look))

    def _look(self, tell: Tell) -> None:
        import tomllib

        from engine.store.annotations import stored_annotations
        from engine.store.connection import Store
        from engine.store.outcomes import stored_outcomes

        store, fault = Store(self.path), ""
        outcomes = stored_outcomes(store)
        seen = {round(outcome.score - int(outcome.candidate[5:]) / 100) for outcome in outcomes}
        notes = {note.note for notes in stored_annotations(store, scenes.small_suite().hash).values() for note in notes}
        if outcomes and (len(outcomes) != 30 or len(seen) != 1):
            fault = f"outcomes of rounds {seen}"
        elif len(notes) > 1:
            fault = f"flags of {notes}"
        elif self.round and (not seen or min(seen) < self.round):
            fault = f"round {self.round} was lost: {seen}"
        if self.settings.exists():
            folders = tomllib.loads(self.settings.read_text())["folders"]
            if len(folders) != 50 or len(set(folders)) != 1:
                fault = "half a settings file"
        tell(fault)


class Constructions(Work):
    """A construction from a server that plays generator and verifier: in the end the suite of an undisturbed one."""

    name = "constructions"
    share = 0.05

    def begin(self, folder: Path) -> None:
        self.folder = folder
        self.calls: set[str] = set()
        prompts = [
            {
                "id": f"q{n:02d}",
                "domain": "tests",
                "prompt": f"Question number {n}?",
                "criteria": [
                    {
                        "id": f"c{k}",
                        "text": f"Keeps rule {k} of question {n}.",
                        "subcategory": ("Factuality", "Format", "Scope")[k],
                    }
                    for k in range(3)
                ],
            }
            for n in range(2)
        ]
        (folder / "prompts.jsonl").write_text("".join(json.dumps(prompt) + "\n" for prompt in prompts))
        self.server = Child(_serve)
        while not self.server.told:
            self.server.listen(1.0)
        self.whole = folder / "whole.jsonl"
        Child(lambda tell: self._construct(folder / "whole.duckdb", self.whole)).end()

    def _construct(self, db: Path, out: Path) -> None:
        from rude_tui.__main__ import main

        spec = f"http://127.0.0.1:{self.server.told[0]}/v1#"
        sys.argv = [
            "rude-tui",
            "construct",
            "--prompts",
            str(self.folder / "prompts.jsonl"),
            "--generator",
            f"{spec}tags+sloppy:0.2",
            "--verifier",
            f"{spec}tags",
            "--rounds",
            "3",
            "--db",
            str(db),
            "-o",
            str(out),
            "--concurrency",
            "4",
        ]
        main()

    def do(self, tell: Tell) -> None:
        try:
            self._construct(self.folder / "x.duckdb", self.folder / "made.jsonl")
        except SystemExit as end:
            if end.code in (0, 4):
                tell("done")
            raise

    def check(self, told: list[Any], killed: bool) -> str:
        stored = set(ask(self._stored))
        if lost := self.calls - stored:
            return f"{len(lost)} answers were lost"
        self.calls = stored
        made = self.folder / "made.jsonl"
        if "done" in told and made.read_bytes() != self.whole.read_bytes():
            return "another suite than an undisturbed construction makes"
        return ""

    def _stored(self, tell: Tell) -> None:
        from engine.store.connection import Store

        with Store(self.folder / "x.duckdb").reading() as connection:
            keys = [row[0] for row in connection.execute("select call_key from construct_calls").fetchall()]
        assert len(set(keys)) == len(keys), "an answer twice"
        tell(keys)

    def seconds(self, chance: random.Random) -> float:
        return chance.uniform(0.0, 4.0)


def _serve(tell: Tell) -> None:
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    from tests.engine.construct.conftest import Handler, Script, Server

    server = Server(("127.0.0.1", 0), Handler)
    server.script = Script()
    tell(server.server_address[1])
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


def _end_with_parent() -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(0)


class RealRuns(Work):
    """`rude-tui run` as it is typed, with a real worker and a real model."""

    name = "real runs"
    share = 0.0

    def begin(self, folder: Path) -> None:
        from data.bundled import bundled_models

        self.path = folder / "rude.duckdb"
        self.model = min(bundled_models(), key=lambda path: (path / "model.safetensors").stat().st_size)
        self.known: dict[str, list[float]] = {}

    def do(self, tell: Tell) -> None:
        from rude_tui.__main__ import main

        sys.argv = [
            "rude-tui",
            "run",
            "--model",
            str(self.model),
            "--suite",
            "world",
            "--limit",
            "120",
            "--protocol",
            "likelihood",
            "--device",
            "cpu",
            "--precision",
            "fp32",
            "--threads",
            "1",
            "--controls",
            "0",
            "--db",
            str(self.path),
        ]
        try:
            main()
        except SystemExit as end:
            if end.code == 0:
                tell("done")
            raise

    def check(self, told: list[Any], killed: bool) -> str:
        found = ask(self._stored)
        if lost := [key for key in self.known if found.get(key) != self.known[key]]:
            return f"lost or changed: {lost[:3]}"
        if doubled := [key for key, values in found.items() if len(values) != 2]:
            return f"doubled: {doubled[:3]}"
        self.known = found
        return f"done with {len(found)} of 120" if "done" in told and len(found) != 120 else ""

    def _stored(self, tell: Tell) -> None:
        Runs._stored(self, tell)  # type: ignore[arg-type]

    def seconds(self, chance: random.Random) -> float:
        return chance.uniform(0.5, 25.0)
