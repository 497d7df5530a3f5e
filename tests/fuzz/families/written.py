"""TOML that a person writes: recipes of post-training, and the program's own settings."""

from __future__ import annotations

import json
import math
import os
import tomllib
from pathlib import Path
from typing import Any, Final

from tests.fuzz.family import Case, Family, NotValid, Unsure
from tests.fuzz.mutation import Literal, Mutator, Twice

__all__ = ["FAMILIES"]

_RECIPE: Final[dict[str, Any]] = {
    "name": "mine",
    "seeds": [1, 2],
    "response_tokens": 48,
    "save_every": 50,
    "tasks": {
        "train": ["a"],
        "test": ["b"],
        "criteria": 1,
        "demonstrations": 10,
        "per_family": 2,
        "seen_per_family": 1,
        "test_share": 0.2,
        "seed": 1,
    },
    "sft": {"steps": 5, "batch": 2, "rate": 2e-3},
    "rl": {"steps": 2, "prompts": 2, "generations": 2, "rate": 5e-4, "temperature": 1.0, "divergence": 0.0, "rank": 0},
    "evaluation": {"samples": 1, "temperature": 0.7, "batch": 10},
    "lora": {"above": 1000, "rank": 4, "alpha": 8},
}
_LEAST: Final = {
    "sft.steps": 0,
    "rl.steps": 0,
    "rl.rank": 0,
    "rl.generations": 2,
    "evaluation.samples": 0,
    "lora.above": 0,
    "tasks.seed": 0,
}
_NAMES: Final = {key: type(value) for key, value in _RECIPE.items()} | {
    f"{section}.{key}": type(value)
    for section, part in _RECIPE.items()
    if isinstance(part, dict)
    for key, value in part.items()
}
_SETTINGS: Final[dict[str, Any]] = {
    "theme": "rude-dark",
    "folders": ["/models"],
    "suites": ["mine.jsonl"],
    "place": "rankings",
    "own": 1,
    "keys": {"run.start": "s", "app.help": "f1,question_mark"},
}


def _toml(value: Any) -> str:
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, Twice):
        return _toml(value.members)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key)} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**300:
        return "1" + "0" * 400
    return '""' if value is None else json.dumps(value, ensure_ascii=False)


def _key(name: Any) -> str:
    return json.dumps(str(name), ensure_ascii=False)


def _document(change: Mutator, value: Any) -> bytes:
    if not isinstance(value, dict):
        return _toml(value).encode("utf-8", "replace")
    plain = {key: item for key, item in value.items() if not isinstance(item, dict)}
    lines = [f"{_key(key)} = {_toml(item)}" for key, item in plain.items()]
    for section in (key for key in value if key not in plain):
        lines += [f"[{_key(section)}]", *(f"{_key(key)} = {_toml(item)}" for key, item in value[section].items())]
    return change.chance.choice(["\n", "\n", "\r\n"]).join([*lines, ""]).encode("utf-8", "replace")


class Recipes(Family):
    """`read_recipe`."""

    name = "recipes"
    share = 3.0

    def make(self, change: Mutator) -> Case:
        raw = _document(change, change.value(_RECIPE, 4))
        return Case({"made.toml": change.raw(raw) if change.chance.random() < 0.25 else raw})

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.posttrain.recipe import PostTraining, read_recipe

        recipe = read_recipe(folder / "made.toml")
        assert PostTraining.of(json.loads(json.dumps(recipe.to_json()))).hash == recipe.hash
        return recipe

    def model(self, raw: bytes) -> dict[str, Any]:
        """Every value that the recipe states, by its full name.

        Raises:
            NotValid: it may not be taken.
        """
        try:
            table = tomllib.loads(raw.decode("utf-8-sig").replace("\r\n", "\n"))
        except RecursionError:
            raise NotValid("deep") from None
        except ValueError as error:
            raise NotValid(str(error)) from None
        said: dict[str, Any] = {}
        for key, value in table.items():
            if _NAMES.get(key) is dict:
                if not isinstance(value, dict):
                    raise NotValid(key)
                said |= {f"{key}.{name}": item for name, item in value.items()}
            else:
                said[key] = value
        for name, value in said.items():
            kind = _NAMES.get(name)
            if kind is None or kind is dict or not _fits(name, value, kind):
                raise NotValid(f"{name}: {value!r}"[:200])
        if not isinstance(said.get("name"), str) or not said["name"].strip():
            raise NotValid("name")
        if not said["name"].isprintable():
            raise Unsure("name")
        if set(said.get("tasks.train", [])) & set(said.get("tasks.test", [])):
            raise NotValid("trained on and tested")
        seeds = said.get("seeds", [1])
        if not seeds or len(set(seeds)) < len(seeds):
            raise NotValid("seeds")
        return said

    def judge(self, case: Case, got: Any) -> str:
        try:
            right = self.model(case.files["made.toml"])
        except NotValid as fault:
            return f"taken, though {fault}"
        except Unsure:
            return ""
        plain = json.loads(json.dumps(got.to_json()))
        for name, value in right.items():
            section, _, key = name.rpartition(".")
            found = plain[section][key] if section else plain[key]
            if found != value:
                return f"{name} is {found!r}, not {value!r}"
        return ""

    def judge_refusal(self, case: Case) -> str:
        try:
            self.model(case.files["made.toml"])
        except (NotValid, Unsure):
            return ""
        return "refused, though valid"


def _fits(name: str, value: Any, kind: type) -> bool:
    if kind is int:
        most = 2**63 - 1 if name == "lora.above" else 2**31 - 1
        return type(value) is int and _LEAST.get(name, 1) <= value <= most
    if kind is float:
        if type(value) not in (int, float) or value != value or abs(value) > 1.7976931348623157e308:
            return False
        return bool(
            (value > 0 or (value == 0 and name == "rl.divergence")) and (name != "tasks.test_share" or value < 1)
        )
    if kind is list:
        one = int if name == "seeds" else str
        return isinstance(value, list) and all(
            type(item) is one and (one is str or 0 <= item < 2**31) for item in value
        )
    return isinstance(value, kind)


class Settings(Family):
    """`load_settings`, the keys it renames, and a setting written beside what stands there."""

    name = "settings"
    share = 2.0
    writes = True

    def make(self, change: Mutator) -> Case:
        raw = _document(change, change.value(_SETTINGS, 4))
        return Case({"settings.toml": change.raw(raw) if change.chance.random() < 0.25 else raw})

    def enter(self, case: Case, folder: Path) -> Any:
        from rude_tui.app import RudeApp
        from rude_tui.keymap import trouble
        from rude_tui.settings import load_settings, save_setting

        os.environ["RUDE_TUI_CONFIG"] = str(folder)
        before = load_settings()
        lines = trouble(before.keys, RudeApp) if before.keys != self._shown else []
        save_setting("theme", "other")
        after = load_settings()
        return before, after, lines

    _shown: Final = _SETTINGS["keys"]

    def judge(self, case: Case, got: Any) -> str:
        before, after, _ = got
        if (after.theme, after.folders, after.suites, after.place, after.keys) != (
            "other",
            before.folders,
            before.suites,
            before.place,
            before.keys,
        ):
            return f"{before} became {after}"
        texts = [before.theme, before.place, *before.folders, *before.suites, *before.keys, *before.keys.values()]
        return "" if all(isinstance(text, str) for text in texts) else f"{before} holds more than text"

    def said(self, got: Any) -> str:
        return "\n".join(got[2])


FAMILIES: list[type[Family]] = [Recipes, Settings]
