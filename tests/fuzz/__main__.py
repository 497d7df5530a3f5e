"""`python -m tests.fuzz`: the command line of the fuzzer; `--help` says what it can do."""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.catalogue import FAMILIES, WARM
from tests.fuzz.families.planted import PLANTED
from tests.fuzz.family import Family
from tests.fuzz.report import Found, print_table
from tests.fuzz.running import SECONDS_EACH, search
from tests.fuzz.surroundings import isolated


def main() -> int:
    """Try what was asked for; 1 where anything was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="inputs in all (default: 1,000,000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--family", action="append", default=[], help="only this one; may be given again")
    parser.add_argument("--commands", type=int, default=1_000, help="command lines besides (default: 1,000)")
    parser.add_argument("--cold", type=int, default=40, help="of these, so many started as a shell does")
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    parser.add_argument("--seconds-each", type=float, default=10.0, help="of a processor, for one input")
    parser.add_argument("--jobs", type=int, default=min(4, os.cpu_count() or 1), help="processes side by side")
    parser.add_argument("--nightly", action="store_true", help="ten times the inputs, commands and kills")
    parser.add_argument("--slice", action="store_true", help="only what needs no model libraries")
    parser.add_argument("--input", type=int, help="only the input of this number, of the one family named")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where inputs that failed are put")
    told = parser.parse_args()
    names = [kind.name for kind in FAMILIES]
    kinds = [kind for kind in (*FAMILIES, *PLANTED) if kind.name in (told.family or names)]
    os.environ[SECONDS_EACH] = str(told.seconds_each)
    if told.slice:
        kinds = [kind for kind in kinds if kind.in_slice]
    if not kinds:
        parser.error(f"families are {', '.join(kind.name for kind in FAMILIES)}")
    count = told.count * (10 if told.nightly else 1)
    many = 10 if told.nightly else 1
    fixed = {"command line": (told.commands - told.cold) * many, "command line, cold": told.cold * many}
    begun = time.monotonic()
    total = sum(kind.share for kind in kinds)
    # A disk would have to wait for every one of a million small files.
    fast = Path("/dev/shm")
    scratch = Path(tempfile.mkdtemp(prefix="rude-tui-fuzz-", dir=fast if os.access(fast, os.W_OK) else None))
    found = Found(told.keep, told.seed)
    # Read once, here: every process forked from this one has it.
    for module in WARM:
        importlib.import_module(module)
    rows = []
    try:
        with isolated(scratch):
            for kind in kinds:
                family: Family = kind()
                left = told.seconds - (time.monotonic() - begun)
                if left <= 0:
                    break
                share = max(1, round(count * kind.share / total)) if kind.share else fixed[kind.name]
                if not share:
                    continue
                numbers = [told.input] if told.input is not None else []
                seconds = left * kind.share / max(total, 1e-9) if told.seconds < 1e9 and kind.share else left
                tally = search(
                    family,
                    told.seed,
                    share,
                    told.jobs,
                    scratch,
                    seconds=seconds,
                    numbers=numbers,
                    tell=lambda failure, family=family: found.keep(family, failure, scratch),
                )
                rows.append((family.name, tally))
                print_table(rows[-1:], header=len(rows) == 1)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print_table([("all", found.sum(rows))], header=False)
    return 1 if any(tally.failures for _, tally in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
