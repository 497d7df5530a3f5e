"""Doors with known faults: what a search has to find, or it would find nothing anywhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rubrics.errors import BadInput
from tests.fuzz.family import Case, Family
from tests.fuzz.mutation import Mutator

__all__ = ["PLANTED"]


class Planted(Family):
    """Reads one byte; some of them it cannot bear, each in its own way."""

    name = "planted"
    share = 1.0

    def make(self, change: Mutator) -> Case:
        return Case({"x": bytes([change.chance.randrange(16)]) + b"more" * change.chance.randrange(50)})

    def enter(self, case: Case, folder: Path) -> Any:
        first = (folder / "x").read_bytes()[0]
        if first == 1:
            raise KeyError("planted")
        if first == 2:
            while True:
                pass
        if first == 3:
            os.abort()
        if first == 4:
            (folder / "y").write_text("planted")
        if first == 5:
            raise BadInput("")
        if first == 6:
            raise BadInput("planted", where="x", fix="nothing to mend")
        return [] if first == 8 else ["fine"]

    def judge(self, case: Case, got: Any) -> str:
        return "" if got else "planted: taken for nothing"

    def said(self, got: Any) -> str:
        return "\n".join(got)


PLANTED: list[type[Family]] = [Planted]
