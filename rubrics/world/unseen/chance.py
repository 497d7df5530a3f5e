"""How often an answer of the right shape meets a criterion though its writer did not read what was asked."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping

from rubrics.world.forms import Family, Trait
from rubrics.world.requests import Request
from rubrics.world.things import KINDS, Rng
from rubrics.world.verifiers import verify

__all__ = ["chance"]

_DRAWS = 20


def chance(family: Family, draws: int = _DRAWS) -> float:
    """Share of blind answers that the family's verifiers let pass, 0 to 1.

    A blind answer is the right one with every value replaced by one drawn from those of its kind that the prompt names,
    or, where a form is asked for and not a value, the answer to either setting.
    """
    rng = Rng(f"chance {family.name}")
    shares = []
    for _ in range(draws):
        trait = family.trait(rng)
        for setting in (0, 1):
            met = [verify(trait.checks[setting], answer) for answer in _blind(family, trait, setting)]
            shares.append(sum(met) / len(met))
    return sum(shares) / len(shares)


def _blind(family: Family, trait: Trait, setting: int) -> Iterator[str]:
    request, check = Request(family, (trait,)), trait.checks[setting]
    prompt, right = request.prompt((setting,)), request.response((setting,))
    kinds = [values for values in KINDS.values() if {*check.right, *check.wrong} & set(values)]
    of_value = check.kind == "answers" and len(check.right) == len(trait.checks[1 - setting].right)
    if not of_value or not set(check.right) <= {value for values in kinds for value in values}:
        yield from (request.response((way,)) for way in (0, 1))
        return
    named = sorted({value for values in kinds for value in values if re.search(rf"\b{value}\b", prompt)})
    for picked in itertools.permutations(named, len(check.right)):
        yield _replaced(right, dict(zip(check.right, picked, strict=True)))


def _replaced(text: str, put: Mapping[str, str]) -> str:
    return re.sub(rf"\b({'|'.join(put)})\b", lambda match: put[match[1]], text)
