"""What was found about a response, criterion by criterion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Judgement", "Judgements"]


@dataclass(frozen=True)
class Judgement:
    """What was found about one criterion."""

    criterion: str
    met: bool | None
    """None where two verifiers disagree."""
    quote: str
    reason: str
    quoted: bool
    """Whether the quote really stands in the response, spaces and case aside; true for an empty one."""
    votes: tuple[tuple[bool, ...], ...]
    """Each verifier's votes; none where a program decided."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Judgement:
        """One of those that `Judgements.as_json` wrote."""
        return cls(**{**values, "votes": tuple(tuple(ballot) for ballot in values["votes"])})


@dataclass(frozen=True)
class Judgements:
    """All criteria of one response, in rubric order, with the keys of the calls it took."""

    items: tuple[Judgement, ...]
    calls: tuple[str, ...]

    @property
    def met(self) -> dict[str, bool | None]:
        """By criterion id."""
        return {item.criterion: item.met for item in self.items}

    def as_json(self) -> str:
        """For the store."""
        return json.dumps([asdict(item) for item in self.items], ensure_ascii=False)
