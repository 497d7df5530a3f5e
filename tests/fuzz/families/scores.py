"""What a scoring server answers to a question about ids: nothing may be read out of it that does not stand there."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Final

from tests.fuzz.family import Case, Family, NotValid, Unsure, strict_json
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]

_IDS: Final = [5, 17, 5, 40, 7]
_START: Final = 2
_LABELS: Final = [40, 41]


def _entry(place: int) -> dict[str, Any]:
    token = _IDS[place]
    own = {"logprob": -0.5 - place, "rank": 2, "decoded_token": "x"}
    return {str(token): own, "3": {"logprob": -0.25, "rank": 1, "decoded_token": "y"}}


def _meta(**more: Any) -> dict[str, Any]:
    return {"text": "x", "output_ids": [1], "meta_info": {"prompt_tokens": 5, "cached_tokens": 0, **more}}


_ANSWERS: Final[dict[str, Any]] = {
    "prompt_logprobs": {
        "choices": [{"index": 0, "text": "x", "prompt_logprobs": [None, *map(_entry, range(1, 5))]}],
    },
    "echo": {
        "choices": [
            {
                "index": 0,
                "logprobs": {
                    "tokens": [f"token_id:{token}" for token in _IDS],
                    "token_logprobs": [None, *(-0.5 - place for place in range(1, 5))],
                    "top_logprobs": [None, *({"token_id:3": -0.25} for _ in range(1, 5))],
                },
            }
        ]
    },
    "generate": _meta(
        input_token_logprobs=[[None if place < _START else -0.5 - place, _IDS[place], None] for place in range(1, 5)],
        input_top_logprobs=[None, *([[-0.25, 3, None]] for _ in range(2, 5))],
    ),
    "logprob_token_ids": {
        "choices": [
            {"index": 0, "logprobs": {"top_logprobs": [{"token_id:40": -0.5, "token_id:41": -1.5, "token_id:1": -0.1}]}}
        ],
    },
    "token_ids_logprob": _meta(output_token_ids_logprobs=[[[-0.5, 40, None], [-1.5, 41, None]]]),
}


class Scores(Family):
    """`SpanRoute.read` and `NextRoute.read` of every route, on the answer of a server that is not quite well."""

    name = "server scores"
    share = 4.0

    def make(self, change: Mutator) -> Case:
        route = change.chance.choice(list(_ANSWERS))
        raw = change.json(change.value(_ANSWERS[route]))
        return Case({"answer": change.raw(raw) if change.chance.random() < 0.25 else raw}, {"route": route})

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.scoring.routes import NEXT_ROUTES, SPAN_ROUTES
        from rubrics.errors import EndpointError

        name, body = case.asked["route"], case.files["answer"]
        try:
            for span in SPAN_ROUTES:
                if span.name == name:
                    return span.read(body, _IDS, _START)
            return next(route for route in NEXT_ROUTES if route.name == name).read(body, _LABELS)
        except ValueError as fault:
            # `Server.ask` takes this, and only this, for an answer that is not usable.
            raise EndpointError(str(fault) or "no reason") from None

    def _value(self, value: Any) -> float:
        if type(value) not in (int, float) or not -1e400 < value <= 1e-3 or value != value or math.isinf(value):
            raise NotValid(f"{value!r}"[:100])
        return min(0.0, float(value))

    def model(self, case: Case) -> list[float]:
        """The log-probabilities that stand in the answer.

        Raises:
            NotValid: they do not.
        """
        places = range(_START, len(_IDS))
        try:
            text = case.files["answer"].decode("utf-8", "replace")
            value = strict_json(text, constants=True)
            match case.asked["route"]:
                case "prompt_logprobs":
                    entries = value["choices"][0]["prompt_logprobs"]
                    self._lengths(entries)
                    return [self._value(entries[place][str(_IDS[place])]["logprob"]) for place in places]
                case "echo":
                    told = value["choices"][0]["logprobs"]
                    self._lengths(told["tokens"], told["token_logprobs"])
                    if any(told["tokens"][place] != f"token_id:{_IDS[place]}" for place in places):
                        raise NotValid("other ids")
                    return [self._value(told["token_logprobs"][place]) for place in places]
                case "generate":
                    entries = value["meta_info"]["input_token_logprobs"]
                    if type(entries) is not list or len(entries) != len(_IDS) - _START + 1:
                        raise NotValid("length")
                    if any(entries[place - _START + 1][1] != _IDS[place] for place in places):
                        raise NotValid("other ids")
                    return [self._value(entries[place - _START + 1][0]) for place in places]
                case "logprob_token_ids":
                    named = value["choices"][0]["logprobs"]["top_logprobs"][0]
                    return [self._value(named[f"token_id:{token}"]) for token in _LABELS]
                case _:
                    rows = value["meta_info"]["output_token_ids_logprobs"][0]
                    return [self._value({row[1]: row[0] for row in rows}[token]) for token in _LABELS]
        except (LookupError, TypeError) as fault:
            raise NotValid(repr(fault)) from None

    def _lengths(self, *lists: Any) -> None:
        if any(type(entries) is not list or len(entries) != len(_IDS) for entries in lists):
            raise NotValid("length")

    def judge(self, case: Case, got: Any) -> str:
        values = got if isinstance(got, list) else got.logprob
        if not all(type(value) is float and -math.inf < value <= 0 for value in values):
            return f"{values} are no log-probabilities"
        try:
            right = self.model(case)
        except NotValid as fault:
            # A name that stands twice is read as its last; that is JSON's own way.
            return "" if str(fault) == "a name twice" else f"{values} read, though {fault}"
        except Unsure:
            return ""
        return "" if values == right else f"{values} is not {right}"

    def judge_refusal(self, case: Case) -> str:
        whole = (
            strict_json(case.files["answer"].decode("utf-8", "replace"), constants=True) if self._plain(case) else None
        )
        return "refused, though nothing is wrong with it" if whole == _ANSWERS[case.asked["route"]] else ""

    def _plain(self, case: Case) -> bool:
        try:
            strict_json(case.files["answer"].decode("utf-8", "replace"), constants=True)
        except (NotValid, Unsure):
            return False
        return True


FAMILIES: list[type[Family]] = [Scores]
