"""Which families of unseen tasks can tell small models apart: tried on models that no later comparison uses.

    python -m engine.posttrain.pilot [all|work|report] --out DIR [--recipe FILE] [--card DIR]

`work` fine-tunes each model as the ladder does and has it answer prompts of every family; what was stopped goes on
where it was. `report` writes which families are kept, from the counts alone. `all` does both. The models are those that
ship and two of the first ladder, which are pre-trained unless their folders are below DIR/models already.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import data
from data.bundled import bundled_models
from engine.posttrain.kept import PER_CATEGORY, PROMPTS, Counts, judged, keep, write_families
from engine.posttrain.recipe import PostTraining, Tasks, read_recipe
from engine.posttrain.tasks import WORLD, Task, split
from rubrics.errors import Exit, RudeError
from rubrics.world.requests import pool

__all__ = ["main", "pilot_tasks"]

_SHIPPED: Final = Path(data.__file__).parent
_OTHERS: Final = ("llama-clean", "neox-clean")
"""Of the first ladder's recipes; at equal compute, and of other shapes than most of the bundled ones."""
_SEED: Final = 1
_COUNTS: Final = "pilot.csv"


def pilot_tasks(family: str) -> tuple[Task, ...]:
    """Prompts of one unseen family; they are the same whatever other families there are."""
    any_taught = pool("taught")[0].name
    tasks = Tasks((any_taught,), (family,), demonstrations=1, per_family=PROMPTS, seen_per_family=1, seed=_SEED)
    return split(WORLD, tasks).held


def _fine_tuned(model: Path, out: Path, recipe: PostTraining) -> Path:
    """The folder of the model after fine-tuning as the ladder's recipe has it, whose own prompts it answers, too."""
    from engine.jobs.child import Gate
    from engine.posttrain.train import post_train

    recipe = replace(
        recipe, rl=replace(recipe.rl, steps=0), evaluation=replace(recipe.evaluation, samples=0), seeds=(_SEED,)
    )
    folder = out / "posttrain" / recipe.hash / model.name
    tuned = folder / "sft" / "model"
    if (tuned / "config.json").is_file():
        return tuned
    message = {
        "model": str(model), "suite": WORLD, "recipe": recipe.to_json(), "seed": _SEED, "device": "cpu",
        "folder": str(folder),
    }  # fmt: skip
    post_train(message, _Unheard(), Gate(_Unheard()))
    return tuned


class _Unheard:
    """Where nobody listens."""

    def send(self, event: str, **fields: Any) -> None:
        """See `engine.jobs.child.Events`."""


def _models(out: Path) -> Iterator[Path]:
    from engine.posttrain.pretrain import pretrain, read_recipes

    yield from bundled_models()
    recipes = {recipe.name: recipe for recipe in read_recipes(_SHIPPED / "ladder" / "ladder.toml")}
    for name in _OTHERS:
        # They need not be the first ladder's to the digit, so the optimizer may work as fast as it can.
        yield pretrain(replace(recipes[name], single=True), out / "models", say=_say)


def work(out: Path, recipe: PostTraining) -> Iterator[Counts]:
    """How many criteria each model's greedy answers met in each family; those it has given are not asked for again."""
    from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast

    for base in _models(out):
        place = out / "answered" / base.name
        missing = [family.name for family in pool("unseen") if not (place / f"{family.name}.json").is_file()]
        if missing:
            tuned = _fine_tuned(base, out, recipe)
            tokenizer = PreTrainedTokenizerFast.from_pretrained(base, padding_side="left")
            tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
            model = AutoModelForCausalLM.from_pretrained(tuned, dtype="float32", use_safetensors=True)
            _answer(model, tokenizer, missing, recipe, place)
        for family in pool("unseen"):
            answered = json.loads((place / f"{family.name}.json").read_text(encoding="utf-8"))
            met = sum(row["met"] for row in answered)
            yield Counts(base.name, family.name, met, len(answered))


def _answer(model: Any, tokenizer: Any, families: Sequence[str], recipe: PostTraining, place: Path) -> None:
    """Write down what a model answers to the prompts of some families."""
    from engine.posttrain.generation import generate_answers

    tasks = [task for family in families for task in pilot_tasks(family)]
    answers = generate_answers(
        model,
        tokenizer,
        [task.text for task in tasks],
        tokens=recipe.response_tokens,
        temperature=0.0,
        batch=recipe.evaluation.batch,
    )
    place.mkdir(parents=True, exist_ok=True)
    for family in families:
        rows = [
            {"prompt": task.prompt, "answer": answer, "met": all(task.met(answer))}
            for task, answer in zip(tasks, answers, strict=True)
            if task.family == family
        ]
        (place / f"{family}.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    _say(f"{place.name}: {len(tasks)} answers")


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
        recipe = read_recipe(chosen.recipe)
        if chosen.what != "report":
            import torch

            torch.set_num_threads(1)
            _write_counts(chosen.card / _COUNTS, list(work(chosen.out, recipe)))
        if chosen.what != "work":
            _report(chosen.card, recipe)
    except RudeError as error:
        _say(str(error))
        return error.exit_code
    return Exit.DONE


def _report(card: Path, recipe: PostTraining) -> None:
    counts = _read_counts(card / _COUNTS)
    families = keep([judged(family, counts) for family in pool("unseen")])
    write_families(card / "families.toml", families, counts, recipe.hash, _SEED)
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
