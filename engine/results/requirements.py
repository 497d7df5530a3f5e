"""What a decision-maker asks of a candidate beside its accuracy: limits that exclude, prices that break ties."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, Literal

from rubrics.errors import BadInput
from rubrics.sources import read_text

__all__ = ["CandidateFacts", "Cost", "Requirements", "read_requirements"]

Cost = Literal["price", "parameters"]

_TOP: Final = ("margin", "prefer", "limits", "candidates")
_LIMITS: Final = ("parameters", "price", "context", "licences")
_FACTS: Final = ("price", "licence", "context")
_COSTS: Final[tuple[Cost, ...]] = ("price", "parameters")
_MOST: Final = 10**15


@dataclass(frozen=True)
class CandidateFacts:
    """What is known of a candidate beside its verdicts; None where it is not."""

    parameters: int | None = None
    context: int | None = None
    """Tokens."""
    price: float | None = None
    """In whatever unit the person uses for all: per million tokens, per hour."""
    licence: str | None = None


@dataclass(frozen=True)
class Requirements:
    """What may be taken, and what is preferred where accuracy does not decide."""

    margin: float | None = None
    """Points of accuracy within which a cheaper candidate counts as no worse; None: not asked."""
    prefer: tuple[Cost, ...] = ()
    """What should be low, the most important first."""
    most_parameters: int | None = None
    most_price: float | None = None
    least_context: int | None = None
    licences: tuple[str, ...] = ()
    """The only ones allowed; empty: any."""
    own_facts: Mapping[str, CandidateFacts] = field(default_factory=dict)
    """What the person says of candidates, by name."""

    def of(self, name: str, known: CandidateFacts) -> CandidateFacts:
        """Everything known of a candidate: what the person says goes before what its files say."""
        said = self.own_facts.get(name, CandidateFacts())
        return CandidateFacts(
            known.parameters, said.context if said.context is not None else known.context, said.price, said.licence
        )

    def veto(self, facts: CandidateFacts) -> str:
        """Why a candidate may not be taken; empty where it may. What is not known excludes nobody."""
        most = self.most_parameters
        if most is not None and facts.parameters is not None and facts.parameters > most:
            return f"{facts.parameters:,} parameters are more than {most:,}"
        if self.most_price is not None and facts.price is not None and facts.price > self.most_price:
            return f"its price of {facts.price:g} is above {self.most_price:g}"
        if self.least_context is not None and facts.context is not None and facts.context < self.least_context:
            return f"its context of {facts.context:,} tokens is shorter than {self.least_context:,}"
        if self.licences and facts.licence is not None and facts.licence.casefold() not in _folded(self.licences):
            return f"its licence, {facts.licence}, is not among {', '.join(self.licences)}"
        return ""

    def unknown(self, facts: CandidateFacts) -> tuple[str, ...]:
        """What a limit asks for and nobody has said."""
        asked = {
            "parameters": self.most_parameters is not None and not facts.parameters,
            "price": self.most_price is not None and facts.price is None,
            "context": self.least_context is not None and facts.context is None,
            "licence": bool(self.licences) and facts.licence is None,
        }
        return tuple(name for name, missing in asked.items() if missing)


def _folded(names: tuple[str, ...]) -> set[str]:
    return {name.casefold() for name in names}


def read_requirements(path: Path) -> Requirements:
    """Requirements from a TOML file.

        margin = 1.0                      # points
        prefer = ["price", "parameters"]  # low ones first
        [limits]
        parameters = 8_000_000_000
        price = 0.5
        context = 8192
        licences = ["apache-2.0", "mit"]
        [candidates."qwen3-8b"]
        price = 0.2
        licence = "apache-2.0"

    Raises:
        BadInput: the file cannot be read, is not TOML, or holds what is not meant; it names the entry.
    """
    where = str(path)
    text = read_text(path, BadInput).replace("\r\n", "\n")
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"is not TOML ({error})", where=where, fix="mend that line") from None
    _only(document, _TOP, "", where)
    limits, said = _table(document, "limits", where), _table(document, "candidates", where)
    _only(limits, _LIMITS, "limits.", where)
    own_facts = {}
    for name, entry in said.items():
        if not isinstance(entry, dict):
            raise BadInput(f"candidates.{name} is no table", where=where, fix=f'write [candidates."{name}"]')
        _only(entry, _FACTS, f"candidates.{name}.", where)
        licence = entry.get("licence")
        if licence is not None and not (isinstance(licence, str) and licence.strip()):
            raise BadInput(f"candidates.{name}.licence is no text", where=where, fix='such as "mit"')
        context = _number(entry, "context", f"candidates.{name}.", where, whole=True)
        price = _number(entry, "price", f"candidates.{name}.", where)
        own_facts[name] = CandidateFacts(None, None if context is None else int(context), price, licence)
    prefer = _texts(document, "prefer", "", where)
    for name in prefer:
        if name not in _COSTS:
            raise BadInput(f"prefer names {name!r}", where=where, fix="what can be low: " + ", ".join(_COSTS))
    parameters = _number(limits, "parameters", "limits.", where, whole=True)
    context = _number(limits, "context", "limits.", where, whole=True)
    return Requirements(
        margin=_number(document, "margin", "", where),
        prefer=tuple(cost for cost in dict.fromkeys(prefer) for known in _COSTS if cost == known),
        most_parameters=None if parameters is None else int(parameters),
        most_price=_number(limits, "price", "limits.", where),
        least_context=None if context is None else int(context),
        licences=_texts(limits, "licences", "limits.", where),
        own_facts=own_facts,
    )


def _only(table: Mapping[str, Any], known: tuple[str, ...], prefix: str, where: str) -> None:
    for name in table:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise BadInput(
                f"{prefix}{name} is not known",
                where=where,
                fix=f"did you mean {prefix}{near[0]}?" if near else "entries: " + ", ".join(known),
            )


def _table(document: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise BadInput(f"{name} is no table", where=where, fix=f"write [{name}]")
    return table


def _number(table: Mapping[str, Any], name: str, prefix: str, where: str, *, whole: bool = False) -> float | None:
    value = table.get(name)
    if value is None:
        return None
    right = type(value) is int or (type(value) is float and math.isfinite(value) and not whole)
    if not right or not 0 <= value <= _MOST:
        kind = "a whole number" if whole else "a number"
        shown = repr(value) if not right or -_MOST <= value <= _MOST else "out of all bounds"
        raise BadInput(f"{prefix}{name} is {shown}", where=where, fix=f"give {kind} from 0")
    return value if whole else float(value)


def _texts(table: Mapping[str, Any], name: str, prefix: str, where: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) and text.strip() for text in value):
        raise BadInput(f"{prefix}{name} is {value!r}", where=where, fix="give a list of texts")
    return tuple(value)
