"""Which families of unseen tasks can tell small models apart: tried on models that no later comparison uses.

    python -m engine.posttrain.pilot [all|work|report] --out DIR [--recipe FILE] [--card DIR]

`work` fine-tunes each model as the ladder does and has it answer prompts of every family; what was stopped goes on
where it was. `report` writes which families are kept, from the counts alone. `all` does both. The models are those that
ship and two of the first ladder, which are pre-trained unless their folders are below DIR/models already.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import data
from data.bundled import bundled_models
from engine.posttrain.kept import PER_CATEGORY, Counts, judged, keep, write_families
from engine.posttrain.recipe import PostTraining, read_recipe
from rubrics.errors import Exit, RudeError
from rubrics.world.requests import pool

__all__ = ["main", "pilot_recipe"]

_SHIPPED: Final = Path(data.__file__).parent
_OTHERS: Final = ("llama-clean", "neox-clean")
"""Of the first ladder's recipes; at equal compute, and of other shapes than most of the bundled ones."""
_PROMPTS: Final = 40
_SEED: Final = 1
_STAGE: Final = "sft"
_COUNTS: Final = "pilot.csv"


def pilot_recipe(recipe: PostTraining) -> PostTraining:
    """The recipe with all unseen families to test on and no reinforcement learning."""
    names = tuple(family.name for family in pool("unseen"))
    return replace(
        recipe,
        name="pilot",
        seeds=(_SEED,),
        tasks=replace(recipe.tasks, test=names, per_family=_PROMPTS),
        rl=replace(recipe.rl, steps=0),
        evaluation=replace(recipe.evaluation, samples=0),
    )


@dataclass
class _Kept:
    """Keeps the scores that a run sends, and drops what else it has to say."""

    rows: list[dict[str, Any]]

    def send(self, event: str, **fields: Any) -> None:
        """See `engine.jobs.child.Events`."""
        if event == "scores" and fields["stage"] == _STAGE:
            self.rows += fields["rows"]


def _models(out: Path) -> Iterator[Path]:
    from engine.posttrain.pretrain import pretrain, read_recipes

    yield from bundled_models()
    recipes = {recipe.name: recipe for recipe in read_recipes(_SHIPPED / "ladder" / "ladder.toml")}
    for name in _OTHERS:
        yield pretrain(recipes[name], out / "models", say=_say)


def work(out: Path, recipe: PostTraining) -> list[Counts]:
    """How many criteria each model's answers met in each family."""
    from engine.jobs.child import Gate
    from engine.posttrain.train import post_train

    counts = []
    for model in _models(out):
        events = _Kept([])
        message = {
            "model": str(model), "suite": "world", "recipe": recipe.to_json(), "seed": _SEED, "device": "cpu",
            "folder": str(out / "posttrain" / recipe.hash / model.name),
        }  # fmt: skip
        post_train(message, events, Gate(events))
        held = [row for row in events.rows if row["part"] == "held" and row["how"] == "greedy"]
        counts += [Counts(model.name, row["family"], row["met"], row["judged"]) for row in held]
        met, asked = sum(row["met"] for row in held), sum(row["judged"] for row in held)
        _say(f"{model.name}: {met} of {asked} criteria met")
    return counts


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m engine.posttrain.pilot", description=__doc__)
    parser.add_argument("what", choices=("all", "work", "report"), nargs="?", default="all")
    parser.add_argument("--out", type=Path, help="folder for models and checkpoints; `report` needs none")
    parser.add_argument("--recipe", type=Path, default=_SHIPPED / "ladder" / "posttrain.toml", help="of fine-tuning")
    parser.add_argument("--card", type=Path, default=_SHIPPED / "ladder2", help="folder for counts and families.toml")
    chosen = parser.parse_args(arguments)
    if chosen.what != "report" and chosen.out is None:
        parser.error("--out is needed where something is trained")
    try:
        recipe = pilot_recipe(read_recipe(chosen.recipe))
        if chosen.what != "report":
            import torch

            torch.set_num_threads(1)
            _write_counts(chosen.card / _COUNTS, work(chosen.out, recipe))
        if chosen.what != "work":
            _report(chosen.card, recipe)
    except RudeError as error:
        _say(str(error))
        return error.exit_code
    return Exit.DONE


def _report(card: Path, recipe: PostTraining) -> None:
    counts = _read_counts(card / _COUNTS)
    families = keep([judged(family, counts) for family in pool("unseen")])
    write_families(card / "families.toml", families, counts, recipe)
    kept = sum(family.kept for family in families)
    _say(f"{kept} of {len(families)} families kept, {PER_CATEGORY} of each category at most")


def _write_counts(path: Path, counts: Sequence[Counts]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["model", "family", "met", "judged"])
        writer.writerows((c.model, c.family, c.met, c.judged) for c in counts)


def _read_counts(path: Path) -> list[Counts]:
    with path.open(newline="", encoding="utf-8") as file:
        return [Counts(r["model"], r["family"], int(r["met"]), int(r["judged"])) for r in csv.DictReader(file)]


if __name__ == "__main__":
    raise SystemExit(main())
