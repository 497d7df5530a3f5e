"""The command line itself: words and files that are spoilt, in a process of its own each."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.fuzz import scenes
from tests.fuzz.families.folders import Folders
from tests.fuzz.families.importing import SEEDS, Imports
from tests.fuzz.families.results import Harnesses, NameMaps, OutcomeTables, PredictorTables
from tests.fuzz.families.suites import Suites, Traces
from tests.fuzz.families.written import Recipes
from tests.fuzz.family import Case, Family
from tests.fuzz.mutation import Mutator
from tests.fuzz.shown import obeyed

__all__ = ["FAMILIES"]

_FILES: Final[dict[str, tuple[type[Family], str]]] = {
    "SUITE": (Suites, "made.jsonl"),
    "TRACES": (Traces, "made.jsonl"),
    "RESULTS": (Harnesses, "made.json"),
    "TABLE": (OutcomeTables, "made.csv"),
    "VALUES": (PredictorTables, "made.csv"),
    "NAMES": (NameMaps, "made.csv"),
    "RECIPE": (Recipes, "made.toml"),
    "MODEL": (Folders, "m"),
}
_COMMANDS: Final = (
    "suite check SUITE --json",
    "suite check SUITE",
    "suite show SUITE",
    "suite show SUITE --json",
    "suite show SUITE --pair p1",
    "suite import {format} DATA -o OUT --json",
    "suite import {format} DATA -o OUT --map prompt=question,chosen=better",
    "suite import DATA -o OUT",
    "suite export SUITE --as trl -o OUT.jsonl",
    "suite export SUITE --as lm-eval -o OUT",
    "export rankings --db DB -o OUT.tex",
    "export model-index --db DB -o -",
    "outcomes add RESULTS --db NEW",
    "outcomes add TABLE --db NEW --map org/a=base",
    "outcomes add TABLE --db NEW --map NAMES",
    "outcomes list --db DB --json",
    "predictors add VALUES --db NEW",
    "predictors list --values --db DB",
    "rank --db DB",
    "rank --db DB --json",
    "rank --db DB --by category",
    "rank --db DB --suite SUITE",
    "export rankings --db DB -o OUT.csv",
    "export verdicts --db DB -o OUT.json",
    "failures base --db DB",
    "compare base other --db DB",
    "correlate --db DB",
    "correlate --matrix --db DB",
    "upsets --db DB",
    "pairs table --db DB",
    "report --db DB -o OUT.html",
    "posttrain --model MODEL --suite SUITE --recipe RECIPE --dry-run --db NEW",
    "predictors rbridge --model MODEL --traces TRACES --dry-run --db NEW",
    "plot rankings --db DB -o OUT.svg",
    "layout --model MODEL --suite SUITE",
    "construct --prompts SUITE --generator local:MODEL -o OUT --dry-run --db NEW",
    "run --model MODEL --suite SUITE --dry-run --db NEW",
    "scaling --db DB",
    "review --db DB",
    "trial --db DB",
)


class Commands(Family):
    """Forked from a process that has read the modules; every other one of them is spoilt in its words too."""

    name = "command line"
    shrinks = False
    share = 0.0
    in_slice = False
    writes = True
    cold: ClassVar[bool] = False

    def prepare(self, home: Path) -> None:
        self.home = home
        self.families = {word: (kind(), name) for word, (kind, name) in _FILES.items()}
        self.imports = Imports()
        self.database = home / "stored.duckdb"
        # In a process of its own, since what has opened a database cannot be forked from.
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                from engine.store.connection import Store

                for name in ("base", "other"):
                    scenes.stored_run(Store(self.database), scenes.small_suite(), name)
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(pid, 0)[1] == 0

    def make(self, change: Mutator) -> Case:
        command = change.chance.choice(_COMMANDS)
        format = change.chance.choice(list(SEEDS))
        words = command.format(format=format).split()
        files: dict[str, bytes] = {}
        for at, word in enumerate(words):
            if word in _FILES:
                kind, name = _FILES[word]
                part = kind().make(change)
                files |= {f"{word}/{file}": content for file, content in part.files.items()}
                words[at] = f"{word}/{name}"
            elif word == "DATA":
                part = self.imports.make(change) if hasattr(self, "imports") else Imports().make(change)
                files |= {f"DATA/{file}": content for file, content in part.files.items()}
                words[at] = f"DATA/{part.asked['name']}"
        if change.chance.random() < 0.4:
            spoilt = change.value(words, 2)
            words = [str(word)[:3000] for word in spoilt] if isinstance(spoilt, list) else words
        safe = [
            word.replace("\0", "").encode("utf-8", "surrogateescape" if change.chance.random() < 0.5 else "replace")
            for word in map(_passable, words)
        ]
        return Case(files, {"words": [os.fsdecode(word) for word in safe]})

    def enter(self, case: Case, folder: Path) -> Any:
        words = [word.replace("DB", str(self.database)) if word == "DB" else word for word in case.asked["words"]]
        out, err = self.home / "out", self.home / "err"
        code = self._cold(words, folder, out, err) if self.cold else self._forked(words, folder, out, err)
        return code, out.read_bytes(), err.read_bytes()

    def _cold(self, words: list[str], folder: Path, out: Path, err: Path) -> int:
        # The checkout is where this module is, whatever folder the command is given in.
        told = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        with out.open("wb") as one, err.open("wb") as two:
            made = subprocess.run(
                [sys.executable, "-m", "rude_tui", *words],
                stdin=subprocess.DEVNULL,
                stdout=one,
                stderr=two,
                cwd=folder,
                timeout=300,
                env=told,
            )
        return made.returncode

    def _forked(self, words: list[str], folder: Path, out: Path, err: Path) -> int:
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                for number, path in ((1, out), (2, err)):
                    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.chdir(folder)
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)
                sys.argv = ["rude-tui", *words]
                from rude_tui.__main__ import main

                main()
            except SystemExit as end:
                sys.stdout.flush()
                os._exit(int(end.code or 0) & 255)
            except BaseException:
                import traceback

                os.write(2, b"Traceback " + traceback.format_exc().encode("utf-8", "replace"))
                os._exit(99)
            os._exit(0)
        until = time.monotonic() + 300
        while True:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > until:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return -99
            time.sleep(0.005)

    def judge(self, case: Case, got: Any) -> str:
        code, out, err = got
        said = err.decode("utf-8", "replace")
        if b"Traceback" in err or b"Traceback" in out:
            return f"a traceback: {said[-1500:]}"
        if "a mistake of this program" in said:
            return f"unexpected: {said[-600:]} {_log(said)}"
        if code not in (0, 1, 2, 3, 4, 130):
            return f"exit code {code}: {said[-300:]}"
        if code and not said.strip() and not out.strip():
            return f"exit code {code} without a word"
        for name, raw in (("standard output", out), ("standard error", err)):
            if codes := obeyed(raw.decode("utf-8", "replace").replace("\u00ad", "")):
                return f"{sorted(codes)!r} on {name}"
        if code == 0 and "--json" in case.asked["words"] and out.strip():
            json.loads(out)
        return ""


def _passable(word: str) -> str:
    return "".join(character if not "\ud800" <= character <= "\udfff" else "\udcff" for character in word)


def _log(said: str) -> str:
    match = re.search(r"(/\S+-error\.log)", said)
    try:
        return Path(match[1]).read_text()[-1500:] if match else ""
    except OSError:
        return ""


class ColdCommands(Commands):
    """The same, started as a shell would."""

    name = "command line, cold"
    cold = True


FAMILIES: list[type[Family]] = [Commands, ColdCommands]
