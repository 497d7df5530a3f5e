"""Criteria, pairs and suites as strict schemas; what a suite file may hold."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rubrics.faults import shown
from rubrics.taxonomy import Category, Subcategory, category_of

__all__ = ["Criterion", "Message", "Name", "NonBlank", "Pair", "Suite", "inconsistencies", "render_prompt"]

NonBlank = Annotated[str, StringConstraints(pattern=r"^[^\x00]*[^\x00\s\p{Cc}\p{Cf}][^\x00]*$")]
"""Text with at least one character that can be seen, and without NUL, which databases and C libraries cut at."""

Name = Annotated[
    str,
    StringConstraints(
        max_length=200,
        pattern=r"^[^\s\p{Cc}\p{Cf}](?:[^\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]*[^\s\p{Cc}\p{Cf}])?$",
    ),
]
"""One line that reads the same in a table, a file and a command: no blanks at its ends, no control
characters, nothing that turns the direction of text."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Criterion(_Strict):
    """One line of a rubric."""

    id: Name
    text: NonBlank
    subcategory: Annotated[Subcategory, Field(strict=False)]
    """One of the twelve; decides the category."""


class Message(_Strict):
    """One turn of a prompt that is a conversation."""

    role: Literal["system", "user", "assistant"]
    content: NonBlank


class Pair(_Strict):
    """A prompt, a response that meets every criterion, and one that violates exactly `violated`."""

    id: Name
    domain: Name
    prompt: NonBlank | Annotated[list[Message], Field(min_length=1)]
    chosen: NonBlank
    rejected: NonBlank
    criteria: Annotated[list[Criterion], Field(min_length=1)]
    violated: Annotated[list[Name], Field(min_length=1)]
    group: Name = ""
    """Names pairs that share a prompt; a hash of the prompt where the file does not say."""
    cluster: Name = ""
    """Names groups that share a template or an origin, the unit of resampling; the group by default."""
    split: Literal["shot"] | None = None
    """`shot` marks an exemplar for its domain: shown, never scored."""
    source: NonBlank | None = None
    license: NonBlank | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        faults = inconsistencies([c.id for c in self.criteria], self.violated, self.chosen, self.rejected)
        if faults:
            raise ValueError("; ".join(f"{field}: {what}" for field, what in faults))
        # Frozen, so the two defaults that depend on other fields are filled in past the guard.
        if not self.group:
            object.__setattr__(self, "group", "prompt-" + hashlib.sha256(self.prompt_text.encode()).hexdigest()[:16])
        if not self.cluster:
            object.__setattr__(self, "cluster", self.group)
        return self

    @cached_property
    def prompt_text(self) -> str:
        """The prompt as one text; a conversation is written out turn by turn."""
        return render_prompt(self.prompt)

    @cached_property
    def violated_criteria(self) -> tuple[Criterion, ...]:
        """The criteria in `violated`, in rubric order."""
        return tuple(criterion for criterion in self.criteria if criterion.id in self.violated)

    @cached_property
    def subcategories(self) -> tuple[Subcategory, ...]:
        """Distinct subcategories among the violated criteria, in taxonomy order."""
        violated = {criterion.subcategory for criterion in self.violated_criteria}
        return tuple(s for s in Subcategory if s in violated)

    @cached_property
    def categories(self) -> tuple[Category, ...]:
        """Distinct categories among the violated criteria, in taxonomy order."""
        violated = {category_of(s) for s in self.subcategories}
        return tuple(c for c in Category if c in violated)

    def canonical(self) -> str:
        """One line of JSON that holds all content and nothing else; what is hashed and what is written."""
        return json.dumps(self.model_dump(mode="json", exclude_none=True), ensure_ascii=False, sort_keys=True)


def inconsistencies(criteria: list[str], violated: list[str], chosen: str, rejected: str) -> list[tuple[str, str]]:
    """What is wrong between the fields of a pair: field and fault each. `criteria` are their ids."""
    faults: list[tuple[str, str]] = []
    known = set(criteria)
    if twice := _repeated(criteria):
        faults.append(("criteria", f"two have the id {shown(twice)}; give each its own"))
    for name in violated:
        if name not in known:
            faults.append(
                ("violated", f"{shown(name)} is not among the criteria ({', '.join(shown(c) for c in criteria[:12])})")
            )
    if twice := _repeated(violated):
        faults.append(("violated", f"names {shown(twice)} twice; name it once"))
    if chosen == rejected:
        faults.append(("rejected", "is the same text as chosen, so no model can prefer one; change or remove the pair"))
    return faults


def _repeated(names: list[str]) -> str | None:
    if len(set(names)) == len(names):
        return None
    return next(name for name, many in Counter(names).items() if many > 1)


def render_prompt(prompt: str | list[Message]) -> str:
    """A prompt as one text: a conversation becomes `User: …`, `Assistant: …` paragraphs, a lone user turn is itself."""
    if isinstance(prompt, str):
        return prompt
    if len(prompt) == 1 and prompt[0].role == "user":
        return prompt[0].content
    return "\n\n".join(f"{message.role.capitalize()}: {message.content}" for message in prompt)


@dataclass(frozen=True)
class Suite:
    """A named set of pairs. `hash` is over content alone: not the name, the path or the order of lines."""

    name: str
    pairs: tuple[Pair, ...]
    card: str = ""
    """Markdown: how it was written and checked."""

    @cached_property
    def hash(self) -> str:
        """SHA-256 over the sorted canonical lines, hexadecimal."""
        digest = hashlib.sha256()
        for line in sorted(pair.canonical() for pair in self.pairs):
            digest.update(line.encode() + b"\n")
        return digest.hexdigest()

    @cached_property
    def scored(self) -> tuple[Pair, ...]:
        """The pairs that count."""
        return tuple(pair for pair in self.pairs if pair.split != "shot")

    @cached_property
    def shots(self) -> dict[str, tuple[Pair, ...]]:
        """Exemplars by domain, in file order."""
        by_domain: dict[str, list[Pair]] = {}
        for pair in self.pairs:
            if pair.split == "shot":
                by_domain.setdefault(pair.domain, []).append(pair)
        return {domain: tuple(pairs) for domain, pairs in by_domain.items()}
