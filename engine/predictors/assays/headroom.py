"""Headroom: what a base finds in several tries that it does not say at once, on prompts whose answers programs judge.

What reinforcement can find is what is sampled now and then. pass@k is estimated without bias from more answers than k
(`engine.stats.pass_at_k`). Who does not read the prompt finds something in k tries too; how much is measured, not
assumed: the same answers are judged as if the prompt's requirement were set the other way. Either setting is as likely,
so whoever does not read it passes as often, and the difference of the two is 0. Of one's own prompts nobody knows the
other way: their answers are judged by the checks of the next prompt, which say as little of what was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from engine.layout.wording import before_response
from engine.predictors.assays.assay import (
    Assay,
    AssayOptions,
    FloatArray,
    Items,
    Material,
    MaterialItem,
    Measure,
    change_over,
    column,
    mean_over,
    of_measures,
    share_over,
)
from engine.predictors.assays.described import DESCRIBED
from engine.stats.intervals import Estimate
from engine.stats.pass_at_k import pass_at_k
from rubrics.counted import agreeing, count
from rubrics.errors import BadInput
from rubrics.prompts import RubricPrompt
from rubrics.world.generate import prompts
from rubrics.world.verifiers import Check

__all__ = ["HEADROOM"]

_FAMILIES: Final = "unseen"
"""Neither in pre-training dialogues nor in suites: what is found is not remembered."""


def _material(options: AssayOptions) -> Material:
    described = DESCRIBED["headroom"]
    samples = options.samples or described.samples
    settings = {
        "samples": samples, "k": max(1, samples // 2), "tokens": options.tokens or described.tokens,
        "seed": options.seed,
    }  # fmt: skip
    if options.prompts:
        items, notes = _own(options.prompts, options.number or described.number)
        return Material(items, settings, notes=notes)
    drawn = list(prompts(options.seed, options.number or DESCRIBED["headroom"].number, _FAMILIES, criteria=1))
    items = tuple(
        MaterialItem(
            task.id, task.family,
            {
                "text": before_response(task.prompt),
                "checks": _plain(task.checks), "mirrored": _plain(task.mirrored),
            },
        )
        for task in drawn
    )  # fmt: skip
    return Material(items, settings)


def _own(prompts: Sequence[RubricPrompt], number: int) -> tuple[tuple[MaterialItem, ...], tuple[str, ...]]:
    """The first so many that programs can judge, and what is to be said of the others.

    Raises:
        BadInput: fewer than two of them.
    """
    judged = [prompt for prompt in prompts if prompt.checks]
    if len(judged) < 2:
        raise BadInput(
            f"headroom needs two prompts or more whose answers programs judge, and {len(judged)} have checks",
            fix="give checks by criterion id",
        )
    chosen = judged[:number]
    checks = [_plain([spec.check() for spec in (prompt.checks or {}).values()]) for prompt in chosen]
    items = tuple(
        MaterialItem(
            prompt.id, prompt.id, {"text": before_response(prompt.prompt_text), "checks": own, "mirrored": other}
        )
        for prompt, own, other in zip(chosen, checks, (*checks[1:], checks[0]), strict=True)
    )
    left = len(prompts) - len(judged)
    return items, (f"{count(left, 'prompt')} without checks left out",) if left else ()


def _k(items: Items) -> int:
    return int(items[0].measures["k"])


def _plain(checks: Sequence[Check]) -> list[list[Any]]:
    return [[check.kind, list(check.right), list(check.wrong), check.number] for check in checks]


def found(items: Items, met: str = "met") -> FloatArray:
    """pass@k of every prompt, (items,); with `mirrored`, as if its requirement were set the other way."""
    return pass_at_k(column(items, met), int(items[0].measures["drawn"]), _k(items))


def beyond_guessing(items: Items) -> FloatArray:
    """pass@k less the same with the requirement set the other way, (items,)."""
    return found(items) - found(items, "mirrored")


def headroom(items: Items) -> FloatArray:
    """What pass@k finds beyond the greedy answer, less the same with the requirement set the other way, (items,)."""
    return beyond_guessing(items) - (column(items, "greedy") - column(items, "greedy mirrored"))


def overconfidence(items: Items) -> FloatArray:
    """Probability a token that it gives its greedy answer (geometric mean), less whether that is right, (items,)."""
    return column(items, "greedy probability") - column(items, "greedy")


def _details(items: Items) -> dict[str, Estimate]:
    return {
        "greedy": share_over(items, column(items, "greedy")), f"pass@{_k(items)}": share_over(items, found(items)),
        "pass@1": share_over(items, column(items, "met") / column(items, "drawn")),
        f"pass@{_k(items)} of what was not asked": share_over(items, found(items, "mirrored")),
    }  # fmt: skip


def _read(items: Items) -> str:
    shares, room = _details(items), change_over(items, headroom(items))
    k = _k(items)
    said = (
        f"greedy {100 * shares['greedy'].value:.1f} %, pass@{k} {100 * shares[f'pass@{k}'].value:.1f} %, and "
        f"{100 * shares[f'pass@{k} of what was not asked'].value:.1f} % of what was not asked"
    )
    both = int(np.isfinite(column(items, "ordered")).sum())
    if 0 < both < len(items):
        said += f" (right over wrong is of {agreeing(both, '{n} [prompt|prompts]')} with answers of both kinds)"
    if room.ci_low > 0:
        return f"{said}: it finds more in {k} tries than it says at once, and more than not reading the prompt would"
    return f"{said}: no headroom that could be told from not reading the prompt"


HEADROOM: Final = Assay(
    DESCRIBED["headroom"],
    1,
    _material,
    (
        Measure(
            "headroom", "pass@k less greedy, less the same for what was not asked",
            lambda items: change_over(items, headroom(items)), 0.0,
        ),
        Measure(
            "pass@k beyond guessing", "pass@k less the same for what was not asked",
            lambda items: change_over(items, beyond_guessing(items)), 0.0,
        ),
        Measure(
            "right over wrong", "of a prompt's right and wrong answers, the share of twos in which it gives the right "
            "one the higher probability a token",
            lambda items: share_over(items, column(items, "ordered")), 0.5,
        ),
        Measure(
            "overconfidence", "geometric mean probability of a greedy answer's tokens, less whether it is right",
            of_measures(overconfidence), higher_is_better=False,
        ),
        Measure(
            "answer entropy", "entropy of the distribution that each token of a sampled answer was drawn from, nats",
            lambda items: mean_over(items, column(items, "entropy")),
        ),
    ),
    "every prompt answered once greedily and a dozen times or more by sampling: minutes to hours for a large model",
    "pass@k: Chen et al. 2021, arXiv 2107.03374, §2.1; verifiers of the procedural world",
    _read,
    details=_details,
)  # fmt: skip
"""The assay."""
