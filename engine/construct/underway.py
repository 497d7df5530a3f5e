"""An example while it is being made: what has been written so far, and what has been said of it so far."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal

from engine.construct.judgements import Judgement
from rubrics.prompts import RubricPrompt
from rubrics.schema import Criterion

__all__ = ["UnderWay", "Watch", "begun", "from_json"]

Step = Literal["writing", "judging", "judged"]


@dataclass(frozen=True)
class UnderWay:
    """One moment of one example."""

    example_id: str
    prompt_id: str
    kind: Literal["positive", "negative"]
    prompt: str
    criteria: tuple[Criterion, ...]
    violated: tuple[str, ...]
    """What it is to violate; none for a positive."""
    rounds: int
    """The most rounds, or samples, it may take."""
    round: int = 1
    """The one it is in, from 1."""
    step: Step = "writing"
    """`writing`: the generator has been asked; `judging`: verdicts come in; `judged`: the round is over."""
    response: str = ""
    """The latest text; while another is being written, the one before."""
    judgements: tuple[Judgement, ...] = ()
    """Verdicts on that text, in the order in which they came."""
    faults: tuple[str, ...] = ()
    """What is held against it; the generator is told."""

    @property
    def awaited(self) -> tuple[str, ...]:
        """Criteria whose verdict is still to come, in rubric order."""
        heard = {judgement.criterion for judgement in self.judgements}
        return tuple(c.id for c in self.criteria if c.id not in heard) if self.step == "judging" else ()

    def as_json(self) -> str:
        """For the store."""
        values = asdict(self)
        values["criteria"] = [criterion.model_dump(mode="json") for criterion in self.criteria]
        return json.dumps(values, ensure_ascii=False)


Watch = Callable[[UnderWay], None]
"""Told of every moment; must return at once."""


def begun(
    example: str, prompt: RubricPrompt, kind: Literal["positive", "negative"], violated: tuple[str, ...], rounds: int
) -> UnderWay:
    """An example of which nothing has been written yet."""
    return UnderWay(example, prompt.id, kind, prompt.prompt_text, tuple(prompt.criteria), violated, rounds)


def from_json(text: str) -> UnderWay:
    """What `as_json` wrote."""
    values = json.loads(text)
    values["criteria"] = tuple(Criterion.model_validate(criterion) for criterion in values["criteria"])
    values["violated"], values["faults"] = tuple(values["violated"]), tuple(values["faults"])
    values["judgements"] = tuple(Judgement.from_json(judgement) for judgement in values["judgements"])
    return UnderWay(**values)
