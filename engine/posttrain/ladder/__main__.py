"""The ladder of small base models: pre-trained, scored, post-trained and set against each other, in one command.

    python -m engine.posttrain.ladder [all|work|rows|report] --out DIR [--processes N] [--recipes FILE] [--recipe FILE]

`work` does whatever is left, in an order in which everything finished so far can be used; any number of processes may
do so on one folder, and one that was stopped goes on where it was; with `--bases` nothing is post-trained. `rows`
writes what was measured, pair by pair and prompt by prompt, from what is finished; `report` makes outcomes, points and
card of those rows, without a model or a database. `all` does the three.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from data.bundled import bundled_models
from engine.posttrain.ladder.work import LADDER, Ladder, say, work
from engine.posttrain.pretrain import read_recipes
from rubrics.errors import BadInput, Exit, RudeError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m engine.posttrain.ladder", description=__doc__)
    parser.add_argument("what", choices=("all", "work", "rows", "report"), nargs="?", default="all")
    parser.add_argument("--out", type=Path, default=Path("build/ladder"), help="folder for models and the database")
    parser.add_argument("--bases", action="store_true", help="pre-train and read the base models, and no more")
    parser.add_argument("--processes", type=int, default=2, help="that share the work; each uses one core")
    parser.add_argument("--recipes", type=Path, default=LADDER / "ladder.toml", help="what is pre-trained")
    parser.add_argument("--recipe", type=Path, default=LADDER / "posttrain.toml", help="how all are post-trained")
    parser.add_argument("--card", type=Path, default=LADDER, help="folder of rows, outcomes and card")
    chosen = parser.parse_args(arguments)
    try:
        if chosen.processes < 1:
            raise BadInput(f"{chosen.processes} processes", where="--processes", fix="give 1 or more")
        _run(chosen)
    except RudeError as error:
        say(str(error))
        return error.exit_code
    return Exit.DONE


def _run(chosen: Any) -> None:
    from engine.posttrain.recipe import read_recipe

    if chosen.what in ("all", "work"):
        _work(chosen)
    if chosen.what in ("all", "rows"):
        from engine.posttrain.ladder.export import write_rows

        for file, name in ((chosen.recipes, "ladder.toml"), (chosen.recipe, "posttrain.toml")):
            if file.resolve() != (chosen.card / name).resolve():
                chosen.card.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, chosen.card / name)
        ladder = _ladder(chosen)
        readings = {folder.name: ladder.base_reading(folder.name) for folder in ladder.models}
        finished = {name: path for name, path in readings.items() if path.is_file()}
        bundled = [folder.name for folder in ladder.bundled]
        write_rows(ladder.store, read_recipe(chosen.recipe), bundled, finished, chosen.card)
    if chosen.what in ("all", "report"):
        from engine.posttrain.ladder.card import report

        report(chosen.card)


def _ladder(chosen: Any) -> Ladder:
    recipes = tuple(read_recipes(chosen.recipes))
    return Ladder(chosen.out, recipes, chosen.recipe, tuple(bundled_models()), post_trains=not chosen.bases)


def _work(chosen: Any) -> None:
    from engine.posttrain.recipe import read_recipe

    again = [sys.executable, "-m", "engine.posttrain.ladder", "work", "--out", str(chosen.out), "--processes", "1"]
    again += ["--recipes", str(chosen.recipes), "--recipe", str(chosen.recipe), *(["--bases"] if chosen.bases else [])]
    one_core = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
    others = [subprocess.Popen(again, env=one_core) for _ in range(chosen.processes - 1)]
    import torch

    torch.set_num_threads(1)
    try:
        work(_ladder(chosen), read_recipe(chosen.recipe))
    except Exception as error:
        # Said now: the others may have hours to go.
        say(f"this process stops: {type(error).__name__}: {error}")
        raise
    finally:
        for other in others:
            other.wait()


if __name__ == "__main__":
    raise SystemExit(main())
