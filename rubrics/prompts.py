"""Prompts with criteria and no responses yet: what pairs are later constructed from.

JSON lines, one prompt each: `{"id", "domain", "prompt", "criteria": [{"id", "text", "subcategory"}], "reference"?,
"checks"?, "source"?, "license"?}`.
`criteria` may be empty where they are still to be drafted. `checks` names, by criterion id, programs that decide
criteria: `{"c1": {"kind": "at most", "number": 50}}`; `rubrics.world.verifiers` says what kinds there are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from rubrics.errors import SuiteError
from rubrics.faults import Fault, explain, shown, summarise
from rubrics.jsonl import open_lines, parse_lines
from rubrics.schema import Criterion, Message, Name, NonBlank, render_prompt

if TYPE_CHECKING:
    from rubrics.world.verifiers import Check

__all__ = ["CheckSpec", "RubricPrompt", "read_prompts"]


class CheckSpec(BaseModel):
    """A program that decides a criterion: the fields of `rubrics.world.verifiers.Check`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: str
    right: list[str] = []
    wrong: list[str] = []
    number: int = 0

    def check(self) -> Check:
        """The check itself."""
        from rubrics.world.verifiers import Check

        return Check(self.kind, tuple(self.right), tuple(self.wrong), self.number)


class RubricPrompt(BaseModel):
    """A prompt, the rubric its answers are held to, and an answer known to be good where there is one."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Name
    domain: Name
    prompt: NonBlank | Annotated[list[Message], Field(min_length=1)]
    criteria: list[Criterion]
    reference: NonBlank | None = None
    checks: dict[Name, CheckSpec] | None = None
    source: NonBlank | None = None
    license: NonBlank | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        ids = [criterion.id for criterion in self.criteria]
        if len(set(ids)) != len(ids):
            raise ValueError("two criteria have the same id; give each its own")
        if self.checks:
            from rubrics.world.verifiers import faults_of

            for name, spec in self.checks.items():
                if name not in ids:
                    raise ValueError(f"checks: {shown(name)} is not among the criteria")
                if fault := faults_of(spec.check()):
                    raise ValueError(f"checks: {shown(name)}: {fault}")
        return self

    @cached_property
    def prompt_text(self) -> str:
        """The prompt as one text; a conversation is written out turn by turn."""
        return render_prompt(self.prompt)

    def canonical(self) -> str:
        """One line of JSON that holds all content."""
        return json.dumps(self.model_dump(mode="json", exclude_none=True), ensure_ascii=False, sort_keys=True)


def read_prompts(path: Path) -> list[RubricPrompt]:
    """All prompts of one file, in file order.

    Raises:
        SuiteError: with every fault found, each with line, field and fix; or the file holds no prompt.
    """
    faults: list[Fault] = []
    with open_lines(path, SuiteError) as lines:
        prompts = list(_prompts(parse_lines(lines), faults))
    if faults:
        raise SuiteError(summarise(faults), where=str(path), fix="mend these lines; nothing was read")
    if not prompts:
        raise SuiteError("holds no prompt", where=str(path), fix="give one JSON object a line")
    return prompts


def _prompts(lines: Iterator[tuple[int, object]], faults: list[Fault]) -> Iterator[RubricPrompt]:
    first: dict[str, int] = {}
    for number, value in lines:
        if isinstance(value, Fault):
            faults.append(value)
            continue
        assert isinstance(value, dict)
        try:
            prompt = RubricPrompt.model_validate(value)
        except ValidationError as error:
            in_fields = explain(error, value, number, RubricPrompt.model_fields)
            faults += in_fields or [_between_fields(error, number)]
            continue
        if prompt.id in first:
            where = first[prompt.id]
            faults.append(Fault(number, "id", f"{shown(prompt.id)} is used on line {where} already; ids differ"))
            continue
        first[prompt.id] = number
        yield prompt


def _between_fields(error: ValidationError, number: int) -> Fault:
    """What no field alone is to blame for."""
    message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    if message.startswith("checks: "):
        return Fault(number, "checks", message.removeprefix("checks: "))
    return Fault(number, "criteria", "two have the same id; give each its own")
