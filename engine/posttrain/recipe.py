"""What post-training does, as data: one TOML file, the same for every candidate that is to be compared."""

from __future__ import annotations

import hashlib
import json
import math
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final, Self

from rubrics.errors import BadInput
from rubrics.sources import read_text

__all__ = [
    "MERGED",
    "STAGES",
    "Evaluating",
    "FineTuning",
    "LowRank",
    "PostTraining",
    "Preferring",
    "Rewarding",
    "Tasks",
    "read_recipe",
    "stage_steps",
]

STAGES: Final = ("base", "sft", "dpo", "rl")
"""At which answers are measured, in order; before the first nothing is trained."""

MERGED: Final = "merged"
"""Folder of a stage's model, where LoRA trained it: as it stands by itself, beside `model` with the adapter alone."""


@dataclass(frozen=True)
class Tasks:
    """What is learned, and on what it is shown."""

    train: tuple[str, ...] = ()
    """Template families of demonstrations and rewards; a suite of one's own has none."""
    test: tuple[str, ...] = ()
    """Template families that post-training never sees."""
    criteria: int = 1
    """Of each prompt, at most."""
    demonstrations: int = 2800
    per_family: int = 10
    """Prompts to measure each family of `test` on; of a suite of one's own, a `test_share`."""
    seen_per_family: int = 4
    """Fresh prompts to measure each family of `train` on."""
    test_share: float = 0.2
    seed: int = 1


@dataclass(frozen=True)
class FineTuning:
    """Supervised fine-tuning on the demonstrations; the response alone counts."""

    steps: int = 150
    batch: int = 24
    rate: float = 2e-3
    """Of AdamW at its highest; a cosine down to 0."""


@dataclass(frozen=True)
class Preferring:
    """DPO (arXiv 2305.18290) on the pairs of a suite, after fine-tuning; the fine-tuned model is its reference."""

    steps: int = 0
    """0 leaves it out."""
    suite: str = ""
    """A bundled suite or a .jsonl file of pairs; those whose prompt is measured on are left out."""
    batch: int = 16
    rate: float = 5e-5
    beta: float = 0.1
    """How dear it is to part from the reference."""


@dataclass(frozen=True)
class Rewarding:
    """GRPO (arXiv 2402.03300); the reward of a response is the share of criteria it meets: by the programs that decide
    them, or by a verifier model, which has to have been on trial.

    Template families (of a suite of one's own: domains) take turns, so a step sees all of them if `prompts` allows.
    """

    steps: int = 30
    prompts: int = 8
    """A step."""
    generations: int = 8
    """Responses a prompt, each other's baseline."""
    rate: float = 5e-4
    temperature: float = 1.0
    divergence: float = 0.0
    """Weight of the divergence from the fine-tuned model."""
    rank: int = 0
    """Of LoRA in this stage, for candidates of any size; 0 trains those whole that fine-tuning trained whole.

    Rewards of a few hundred short responses are a noisy gradient, and Adam takes steps of one size however noisy it is;
    over few directions they add up to less damage.
    """
    verifier: str = ""
    """A model that judges every criterion for the reward, `http://host:port/v1#model` or `local:PATH`; empty: programs
    do. What is measured is decided by programs all the same, wherever a criterion has one."""
    verifier_key: str = ""
    """Environment variable that holds its key."""


@dataclass(frozen=True)
class Evaluating:
    """How candidates answer when they are measured."""

    samples: int = 2
    """Sampled answers a prompt, beside the greedy one."""
    every: int = 0
    """Steps of training between two looks at greedy answers to what is held out; 0: none. No result hangs on it."""
    temperature: float = 1.0
    batch: int = 100


@dataclass(frozen=True)
class LowRank:
    """LoRA (arXiv 2106.09685), for candidates that are too large to be trained whole."""

    above: int = 1_000_000_000
    """Parameters; candidates with more get LoRA."""
    rank: int = 16
    alpha: int = 32


_SECTIONS: dict[str, type] = {
    "tasks": Tasks, "sft": FineTuning, "dpo": Preferring, "rl": Rewarding, "evaluation": Evaluating, "lora": LowRank,
}  # fmt: skip


@dataclass(frozen=True)
class PostTraining:
    """A whole recipe."""

    name: str
    seeds: tuple[int, ...] = (1, 2)
    response_tokens: int = 48
    """Longest answer, in tokens of the candidate."""
    save_every: int = 50
    """Steps between checkpoints."""
    keep: int = 1
    """Checkpoints of each stage that are kept, the newest; each is a candidate where it is whole."""
    tasks: Tasks = field(default_factory=Tasks)
    sft: FineTuning = field(default_factory=FineTuning)
    dpo: Preferring = field(default_factory=Preferring)
    rl: Rewarding = field(default_factory=Rewarding)
    evaluation: Evaluating = field(default_factory=Evaluating)
    lora: LowRank = field(default_factory=LowRank)

    @property
    def hash(self) -> str:
        """Of everything that decides a result: not of the seeds chosen, of how often work is saved or looked at, nor of
        where a key is."""
        beside = ("name", "seeds", "save_every", "keep")
        content = {key: value for key, value in asdict(self).items() if key not in beside}
        del content["evaluation"]["every"]
        if not self.dpo.steps:
            del content["dpo"]
        else:
            # Families that are measured on are left out of its pairs; they once were not.
            content["dpo"]["left_out"] = "prompts and families measured on"
        del content["rl"]["verifier_key"]
        if not self.rl.verifier:
            del content["rl"]["verifier"]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """For a job; `of` reads it again."""
        return asdict(self)

    @classmethod
    def of(cls, table: dict[str, Any]) -> Self:
        """A recipe from plain data.

        Raises:
            TypeError, ValueError: an unknown field, or a value that cannot be meant.
        """
        parts = {key: _part(_SECTIONS[key], value) if key in _SECTIONS else value for key, value in table.items()}
        parts["seeds"] = tuple(parts.get("seeds", cls.seeds))
        recipe = cls(**parts)
        if faults := _faults(recipe):
            raise ValueError("; ".join(faults))
        return recipe


def _part(kind: type, values: Any) -> Any:
    names = {f.name for f in fields(kind)}
    unknown = set(values) - names
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]!r} is not known beside {', '.join(sorted(names))}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})


_LARGEST: Final = 2**31 - 1
_LEAST: Final = {
    "sft.steps": 0, "dpo.steps": 0, "rl.steps": 0, "rl.rank": 0, "rl.generations": 2, "evaluation.samples": 0,
    "evaluation.every": 0, "lora.above": 0,
    "tasks.seed": 0,
}  # fmt: skip
"""Where it is not 1."""
_MAY_BE_ZERO: Final = frozenset({"rl.divergence"})
_MAY_BE_EMPTY: Final = frozenset({"dpo.suite", "rl.verifier", "rl.verifier_key"})


def _faults(recipe: PostTraining) -> list[str]:
    """What is wrong with the values; types are looked at first, since nothing can be said of a date's size."""
    values = {"name": recipe.name, "seeds": recipe.seeds}
    values |= {name: getattr(recipe, name) for name in ("response_tokens", "save_every", "keep")}
    types = {f.name: str(f.type) for f in fields(PostTraining)}
    for section, kind in _SECTIONS.items():
        values |= {f"{section}.{f.name}": getattr(getattr(recipe, section), f.name) for f in fields(kind)}
        types |= {f"{section}.{f.name}": str(f.type) for f in fields(kind)}
    faults = [text for name, value in values.items() if (text := _fault(name, value, types[name]))]
    if faults:
        return faults
    both = set(recipe.tasks.train) & set(recipe.tasks.test)
    if both:
        faults.append(f"{', '.join(sorted(both)[:3])}: a family is trained on or tested, not both")
    if not recipe.seeds or len(set(recipe.seeds)) != len(recipe.seeds):
        faults.append("seeds: give one or more, each once")
    if recipe.dpo.steps and not recipe.dpo.suite:
        faults.append("dpo.suite: name a suite, whose pairs are to be learned from")
    if recipe.tasks.test_share >= 1:
        faults.append("tasks.test_share: between 0 and 1")
    return faults


def _fault(name: str, value: object, kind: str) -> str | None:
    if kind == "int":
        least, most = _LEAST.get(name, 1), 2**63 - 1 if name == "lora.above" else _LARGEST
        right = type(value) is int and least <= value <= most
        return (
            None
            if right
            else f"{name}: a whole number, at least {least}"
            + f" and at most {most}" * (type(value) is int and value > most)
        )
    if kind == "float":
        number = value if type(value) in (int, float) else math.nan
        assert isinstance(number, int | float)
        if 0 < number <= sys.float_info.max or (number == 0 and name in _MAY_BE_ZERO):
            return None
        return f"{name}: a number " + ("from 0" if name in _MAY_BE_ZERO else "above 0")
    if kind == "str":
        if name in _MAY_BE_EMPTY and value == "":
            return None
        return None if isinstance(value, str) and value.strip() and value.isprintable() else f"{name}: a text"
    one, what = (int, "whole numbers from 0") if kind == "tuple[int, ...]" else (str, "texts")
    right = isinstance(value, tuple) and all(type(item) is one for item in value)
    if right and one is int:
        right = all(0 <= item <= _LARGEST for item in value)  # type: ignore[attr-defined]
    return None if right else f"{name}: a list of {what}"


def stage_steps(settings: Mapping[str, Any]) -> dict[str, int]:
    """Steps of each stage of a recipe as it is stored; one made before there was a stage has none of it."""
    return {stage: int(settings[stage]["steps"]) for stage in STAGES if stage in settings}


def read_recipe(path: Path) -> PostTraining:
    """The recipe in a TOML file.

    Raises:
        BadInput: it cannot be read, or does not hold a recipe.
    """
    text = read_text(path, BadInput).replace("\r\n", "\n")
    try:
        return PostTraining.of(tomllib.loads(text))
    except RecursionError:
        raise BadInput("is nested too deeply", where=str(path), fix="a recipe has one level of tables") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise BadInput(
            f"recipe cannot be used ({error})", where=str(path), fix="data/ladder/posttrain.toml is an example"
        ) from None
