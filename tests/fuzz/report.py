"""What was found: a table of figures, and each input that failed, made small and kept with its number."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import traceback
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from tests.fuzz.family import Case, Family
from tests.fuzz.running import Failure, Tally, attempt, case_of, signature

__all__ = ["Found", "print_table"]

_COLUMNS: Final = (
    "family",
    "inputs",
    "taken",
    "refused",
    "tracebacks",
    "wrong",
    "hangs",
    "other",
    "seconds",
    "a second",
)
_ATTEMPTS: Final = 300


def print_table(rows: Iterable[tuple[str, Tally]], *, header: bool = True) -> None:
    """Figures, a family a line."""
    if header:
        print(f"{_COLUMNS[0]:<22}" + "".join(f"{name:>11}" for name in _COLUMNS[1:]), flush=True)
    for name, tally in rows:
        other = sum(tally.kinds.values()) - sum(tally.kinds[kind] for kind in ("traceback", "wrong", "hang"))
        figures = (
            tally.inputs,
            tally.taken,
            tally.refused,
            tally.kinds["traceback"],
            tally.kinds["wrong"],
            tally.kinds["hang"],
            other,
            round(tally.seconds),
            round(tally.inputs / max(tally.seconds, 1e-9)),
        )
        print(f"{name:<22}" + "".join(f"{figure:>11,}" for figure in figures), flush=True)


class Found:
    """Keeps what failed.

    Args:
        folder: where; made when something is kept.
    """

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed

    def keep(self, family: Family, failure: Failure, scratch: Path) -> None:
        """Put the input of a failure, as small as it can be made, beside what was seen.

        In a process of its own: what the door starts, such as DuckDB's threads, would be missed by every process that
        is forked from this one afterwards, and they would wait for it for ever.
        """
        sys.stdout.flush()
        if pid := os.fork():
            if os.waitpid(pid, 0)[1]:
                raise RuntimeError(f"what {family.name} {failure.number} shows could not be kept")
            return
        code = 1
        try:
            self._keep(family, failure, scratch)
            code = 0
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(code)

    def _keep(self, family: Family, failure: Failure, scratch: Path) -> None:
        case = case_of(family, self._seed, failure.number)
        if failure.kind in ("traceback", "wrong", "raw") and family.shrinks:
            case = self._smaller(family, case, failure, scratch)
        place = self._folder / re.sub(r"\W+", "-", f"{family.name}-{self._seed}-{failure.number}")
        shutil.rmtree(place, ignore_errors=True)
        for name, content in case.files.items():
            file = place / "files" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        place.mkdir(parents=True, exist_ok=True)
        again = f"python -m tests.fuzz --seed {self._seed} --family '{family.name}' --input {failure.number}"
        asked = json.dumps(case.asked, indent=1)
        (place / "seen.txt").write_text(
            f"{failure.kind}\n{again}\n\n{failure.what}\n\nasked: {asked}\n", "utf-8", "backslashreplace"
        )
        last = failure.what.strip().splitlines()[-1][:150] if failure.what.strip() else ""
        print(f"  {family.name} {failure.number}: {failure.kind}: {last!a} ({place})", flush=True)

    def _smaller(self, family: Family, case: Case, failure: Failure, scratch: Path) -> Case:
        folder = scratch / "smaller"
        sort = signature(failure)
        left = _ATTEMPTS

        def still(other: Case) -> bool:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            try:
                kind, what = attempt(family, other, folder)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            return bool(what) and signature(replace(failure, kind=kind, what=what)) == sort

        shutil.rmtree(scratch / "smaller-home", ignore_errors=True)
        (scratch / "smaller-home").mkdir()
        family.prepare(scratch / "smaller-home")
        for name in case.files:
            size = max(1, len(case.files[name]) // 2)
            while size and left:
                at = 0
                while at < len(case.files[name]) and left:
                    left -= 1
                    content = case.files[name]
                    other = Case({**case.files, name: content[:at] + content[at + size :]}, case.asked)
                    if still(other):
                        case = other
                    else:
                        at += size
                size //= 2
        return case

    @staticmethod
    def sum(rows: Iterable[tuple[str, Tally]]) -> Tally:
        """All families together."""
        total = Tally()
        for _, tally in rows:
            total.inputs += tally.inputs
            total.taken += tally.taken
            total.refused += tally.refused
            total.kinds += tally.kinds
            total.seconds += tally.seconds
        return total
