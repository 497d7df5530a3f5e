"""Forgetting and bringing back, killed: a subject is there as it was, or is gone with all of it."""

from __future__ import annotations

import random
import shutil
import sys
from pathlib import Path
from typing import Any

from tests.fuzz.children import Tell, ask
from tests.fuzz.works import Work

__all__ = ["Forgettings"]


class Forgettings(Work):
    """A database of everything, of which a model, a suite or a run is forgotten and brought back, again and again."""

    name = "forgettings"
    share = 0.1

    def begin(self, folder: Path) -> None:
        self.path, self.spare = folder / "rude.duckdb", folder / "spare.duckdb"
        self.whole = ask(self._fill)
        self.round = 0

    def _fill(self, tell: Tell) -> None:
        sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
        from everything import fill_everything, tables

        from engine.store.connection import Store

        fill_everything(Store(self.path))
        tell(tables(Store(self.path)))

    def do(self, tell: Tell) -> None:
        from engine.annotations.forgetting import bring_back, find_model, find_suite, forget, forgotten
        from engine.store.connection import Store

        store, chance = Store(self.path), random.Random(self.round)
        for item in forgotten(store):
            bring_back(store, item.number)
        for round_ in range(self.round + 1, self.round + 12):
            finds = (
                lambda: find_model(store, "ash"),
                lambda: find_model(store, "elm"),
                lambda: find_suite(store, "garden"),
            )
            item = forget(store, chance.choice(finds)())
            tell(["forgot", item.subject.kind, item.subject.key])
            bring_back(store)
            tell(["back", round_])
        tell("done")

    def check(self, told: list[Any], killed: bool) -> str:
        self.round = max([self.round, *(words[1] for words in told if words[0] == "back")])
        last = next((words for words in reversed(told) if words != "done"), ["back"])
        found, gone, again = ask(self._look)
        if found != self.whole and not gone:
            return "something is gone, and nothing was forgotten"
        if found == self.whole and gone:
            return f"{gone} is said to be forgotten, and is all there"
        if last[0] == "forgot" and gone and gone != last[1:]:
            return f"{gone} is forgotten, not {last[1:]}"
        return "" if again == self.whole else "it does not come back as it was"

    def _look(self, tell: Tell) -> None:
        sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
        from everything import tables

        from engine.annotations.forgetting import bring_back, forgotten
        from engine.store.connection import Store

        store = Store(self.path)
        found, listed = tables(store), forgotten(store)
        # What a killed process had committed may stand in the log beside the file alone.
        for end in ("", ".wal"):
            if (part := Path(f"{self.path}{end}")).exists():
                shutil.copyfile(part, f"{self.spare}{end}")
        spare = Store(self.spare)
        for item in listed:
            bring_back(spare, item.number)
        gone = [listed[0].subject.kind, listed[0].subject.key] if listed else []
        tell([found, gone, tables(spare)])
        for part in self.spare.parent.glob(f"{self.spare.name}*"):
            part.unlink()
