"""The second ladder: models made, read, trained and measured one by one, and what their rows say.

    python -m engine.posttrain.ladder2 work --out DIR [--rows DIR] [--alike] [--models N] [--only NAME ...]
                                                 [--minutes M]
    python -m engine.posttrain.ladder2 repeat --out DIR [--rows DIR] [--minutes M]
    python -m engine.posttrain.ladder2 replicate --out DIR [--rows DIR] [--only NAME ...] [--minutes M]
    python -m engine.posttrain.ladder2 check --rows DIR     those rows against the shipped ones, number by number
    python -m engine.posttrain.ladder2 report               card, tables and page of progress, from shipped rows alone

`work` goes on where it was stopped: in DIR lie weights and pieces of the model it was at, which may be lost, and in
`--rows` what is finished, which is what counts. `repeat` post-trains some of the models again, `replicate` does the
study again in a second world, both in the same way.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.posttrain.ladder2.design import Planned, design
from engine.posttrain.ladder2.regimen import PLACE, Regimen
from rubrics.errors import BadInput, Exit, RudeError

__all__ = ["main"]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def _work(chosen: Any) -> None:
    from engine.posttrain.ladder2.rows import claims_hash
    from engine.posttrain.ladder2.work import work

    until = time.monotonic() + 60 * chosen.minutes if chosen.minutes else None
    work(_chosen(chosen), Regimen(), chosen.out, chosen.rows, claims_hash(), say=_say, until=until)


def _repeat(chosen: Any) -> None:
    from engine.posttrain.ladder2.repeats import repeats
    from engine.posttrain.ladder2.rows import REPEATS, claims_hash
    from engine.posttrain.ladder2.work import finish

    until = time.monotonic() + 60 * chosen.minutes if chosen.minutes else None
    rows = chosen.rows or REPEATS
    finish(repeats(Regimen(), chosen.out, rows, claims_hash()), say=_say, until=until)


def _chosen(chosen: Any) -> list[Planned]:
    models = _named(design(), chosen.only)
    alike = _alike() if chosen.alike else set()
    return [model for model in models if not alike or model.name in alike][: chosen.models]


def _alike() -> set[str]:
    """Models that shipped rows of can be expected to the digit here; says so if there is none."""
    from engine.posttrain.ladder2.check import made_alike
    from engine.posttrain.ladder2.rows import processor

    alike = set(made_alike(PLACE / "rows"))
    if not alike:
        _say(f"no shipped model was made on a processor like this one ({processor()}): digits may differ")
    return alike


def _replicate(chosen: Any) -> None:
    from engine.posttrain.ladder2.replica import REPLICA, replica_design, replicas
    from engine.posttrain.ladder2.rows import claims_hash
    from engine.posttrain.ladder2.work import finish

    until = time.monotonic() + 60 * chosen.minutes if chosen.minutes else None
    claims, models = claims_hash(REPLICA), _named(replica_design(), chosen.only)
    finish(replicas(models, chosen.out, chosen.rows or REPLICA / "rows", claims), say=_say, until=until)


def _named(models: Sequence[Planned], only: Sequence[str] | None) -> list[Planned]:
    if unknown := set(only or ()) - {model.name for model in models}:
        raise BadInput(f"no model {sorted(unknown)[0]!r}", fix=f"there are: {', '.join(m.name for m in models)}")
    return [model for model in models if not only or model.name in only]


def _check(chosen: Any) -> None:
    from engine.posttrain.ladder2.check import differences
    from engine.posttrain.ladder2.replica import REPLICA, REPLICA_TABLES
    from engine.posttrain.ladder2.rows import TABLES

    compared, found = list[str](), list[str]()
    for shipped, tables in ((PLACE / "rows", TABLES), (REPLICA / "rows", REPLICA_TABLES)):
        both, unlike = differences(chosen.rows, shipped, tables)
        compared, found = [*compared, *both], [*found, *unlike]
    _say("\n".join(found) or f"{', '.join(compared)}: the same to the digit")
    if found or not compared:
        raise RudeError("rows differ" if found else "no model is in both folders", where=str(chosen.rows))


def _report(chosen: Any) -> None:
    from engine.posttrain.ladder2.report import write_report

    _say(write_report(chosen.rows, PLACE))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.posttrain.ladder2", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    what = parser.add_subparsers(required=True)
    work = what.add_parser("work", help="do what is left")
    work.add_argument("--models", type=int, default=None, help="only the first so many of these")
    work.add_argument(
        "--alike", action="store_true", help="only those whose shipped rows were made on a processor like this one"
    )
    work.set_defaults(do=_work)
    repeat = what.add_parser("repeat", help="post-train some models again")
    repeat.set_defaults(do=_repeat)
    replicate = what.add_parser("replicate", help="do the study again in the second world")
    replicate.set_defaults(do=_replicate)
    check = what.add_parser("check", help="compare rows with the shipped ones")
    check.set_defaults(do=_check)
    report = what.add_parser("report", help="write what the rows say")
    report.set_defaults(do=_report)
    for each in (work, check, report):
        each.add_argument("--rows", type=Path, default=PLACE / "rows", help="folder of finished models")
    for each in (work, replicate):
        each.add_argument("--only", action="append", metavar="NAME", help="only this model (may be repeated)")
    for each in (repeat, replicate):
        each.add_argument("--rows", type=Path, default=None, help="folder of finished models")
    for each in (work, repeat, replicate):
        each.add_argument("--out", type=Path, required=True, help="folder for weights and unfinished pieces")
        each.add_argument("--minutes", type=float, default=0.0, help="stop after so many; what is begun is kept")
    chosen = parser.parse_args(arguments)
    try:
        chosen.do(chosen)
    except RudeError as error:
        _say(str(error))
        return error.exit_code
    return Exit.DONE


if __name__ == "__main__":
    raise SystemExit(main())
