"""What every family has: seeds made worse, the door they are brought to, and a model of what may come through it."""

from __future__ import annotations

import json
import random
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.fuzz.mutation import Mutator

__all__ = ["DEEP", "Case", "Family", "NotValid", "Unsure", "has_half", "pick", "strict_json"]


@dataclass(frozen=True)
class Case:
    """One input: files to lie in a folder, and what else is said."""

    files: dict[str, bytes]
    asked: dict[str, Any] = field(default_factory=dict)
    """Plain values."""


class Family(ABC):
    """One kind of input."""

    name: ClassVar[str]
    share: ClassVar[float] = 1.0
    """Of all inputs, against the other families."""
    in_slice: ClassVar[bool] = True
    """Whether it is tried in the short slice too."""
    shrinks: ClassVar[bool] = True
    """Whether its model looks at the files alone, so that smaller ones say the same."""
    writes: ClassVar[bool] = False
    """Whether the door may write into the folder."""

    def prepare(self, home: Path) -> None:  # noqa: B027 - most have nothing to prepare
        """Once in each process, before the first input."""

    @abstractmethod
    def make(self, change: Mutator) -> Case:
        """An input."""

    @abstractmethod
    def enter(self, case: Case, folder: Path) -> Any:
        """Bring it to the door that commands use; what the program made of it."""

    def judge(self, case: Case, got: Any) -> str:
        """What is wrong with having taken this for that, by a model that is not the program's; empty for nothing."""
        return ""

    def judge_refusal(self, case: Case) -> str:
        """What is wrong with having refused it; empty for nothing."""
        return ""

    def said(self, got: Any) -> str:
        """What a person is shown of what was taken."""
        return ""


class NotValid(Exception):
    """By the model, this is no valid input."""


class Unsure(Exception):
    """The model does not know."""


_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_HALF: Final = re.compile("[\ud800-\udfff]")
DEEP: Final = 40
"""Deeper than any format is; what is deeper may be refused for that alone."""


def strict_json(text: str, *, constants: bool = False) -> Any:
    """JSON as the contract has it: no name twice, no NaN, and nothing deeper than any format is."""

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise NotValid("a name twice")
        return dict(pairs)

    def constant(name: str) -> float:
        if not constants:
            raise NotValid(name)
        return float(name)

    if text.count("[") + text.count("{") > DEEP and _depth(text) > DEEP:
        raise Unsure("deep")
    try:
        return json.loads(text, object_pairs_hook=members, parse_constant=constant)
    except NotValid:
        raise
    except ValueError as error:
        raise NotValid(str(error)) from None


def _depth(text: str) -> int:
    depth = deepest = 0
    for match in _BRACKETS.finditer(text):
        bracket = match[0]
        if bracket in "[{":
            depth += 1
            if depth > deepest:
                deepest = depth
        elif bracket in "]}":
            depth -= 1
    return deepest


def has_half(value: Any) -> bool:
    """Whether half of a surrogate pair stands anywhere in it."""
    if isinstance(value, str):
        return not value.isascii() and _HALF.search(value) is not None
    if isinstance(value, dict):
        return any(has_half(key) or has_half(item) for key, item in value.items())
    return isinstance(value, list) and any(map(has_half, value))


def pick(chance: random.Random, *weighted: tuple[int, Any]) -> Any:
    """One of several, by weight."""
    return chance.choices([item for _, item in weighted], [weight for weight, _ in weighted])[0]
