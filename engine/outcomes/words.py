"""Names of the outcomes that post-training here gives, in words; what others measured is called as they call it."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["outcome_in_short", "outcome_in_words", "precedence"]

_NAME: Final = re.compile(
    r"(?P<stage>base|sft|dpo|rl)_(?P<seen>seen_)?(?P<how>met|sampled|sampled_gain|gain)"
    r"(?:(?:_|, )(?P<part>[A-Z][a-z]+))?"
)
"""As `engine.posttrain.outcomes` names them, and the ladder its categories (`rl_met, Control`)."""
_AFTER: Final = {"base": "before post-training", "sft": "after SFT", "dpo": "after DPO", "rl": "after RL"}
"""In the order of the stages."""
_BY: Final = {"sft": "by SFT", "dpo": "by SFT and DPO", "rl": "by SFT and RL"}


def outcome_in_words(outcome: str, source: str = "own") -> str:
    """`rl_met` as “criteria met after RL, held-out families”; any other name as it is.

    Args:
        source: whose outcome: the ladder held out whole families; elsewhere it depends on the suite, so that “held-out
            prompts” is said.
    """
    found = _NAME.fullmatch(outcome)
    if found is None:
        return outcome
    stage, how = found["stage"], found["how"]
    what = f"{found['part']} criteria" if found["part"] else "criteria"
    gained = how.endswith("gain")
    if gained and stage == "base":
        return outcome
    done = f"{what} gained {_BY[stage]}" if gained else f"{what} met {_AFTER[stage]}"
    answers = ", sampled answers" if how.startswith("sampled") else ""
    what = "families" if source == "ladder" else "prompts"
    seen = "families trained on" if source == "ladder" else "prompts like those trained on"
    return f"{done}{answers}, {seen if found['seen'] else f'held-out {what}'}"


def outcome_in_short(outcome: str) -> str:
    """The same for a narrow column, what tells it from others first: “met after RL”, “Logic after SFT, seen”."""
    found = _NAME.fullmatch(outcome)
    if found is None or outcome_in_words(outcome) == outcome:
        return outcome
    stage, how = found["stage"], found["how"]
    gained = how.endswith("gain")
    first = found["part"] or ("gain" if gained else "met")
    when = "before" if stage == "base" else f"{'by' if gained else 'after'} {stage.upper()}"
    rest = ["sampled"] if how.startswith("sampled") else []
    return ", ".join([f"{first} {when}", *rest, *(["seen"] if found["seen"] else [])])


def precedence(outcome: str) -> tuple[int, int, str]:
    """What to sort outcomes by, so that the first is what a person would look at unasked.

    What somebody brought comes before what post-training here left; of that, the last stage comes first, and in each
    the criteria met on what was held out before gains, samples, parts and what was trained on. Then by name.
    """
    found = _NAME.fullmatch(outcome)
    if found is None:
        return 0, 0, outcome
    plain = found["how"] == "met" and not found["part"] and not found["seen"]
    return len(_AFTER) - list(_AFTER).index(found["stage"]), 0 if plain else 1, outcome
