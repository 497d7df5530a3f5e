"""Micro-probe: ten steps of LoRA on a few demonstrations, and what they do to others of other families.

Two things of it have a chance level that is measured, not assumed: the same ten steps are taken on the same
demonstrations with their responses dealt out to each other's prompts. What falls then is the form of a response; what
falls beyond that is what the demonstrations show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from engine.layout.wording import before_response
from engine.predictors.assays.assay import (
    Assay,
    AssayOptions,
    FloatArray,
    Items,
    Material,
    MaterialItem,
    Measure,
    column,
    mean_over,
    of_measures,
)
from engine.predictors.assays.described import DESCRIBED
from engine.stats.intervals import Estimate
from rubrics.counted import agreeing, count
from rubrics.errors import BadInput
from rubrics.prompts import RubricPrompt
from rubrics.world.generate import Task, prompts
from rubrics.world.things import Rng

__all__ = ["MICRO_PROBE"]

_STEPS: Final = 10
_RATE: Final = 2e-3
_RANK: Final = 8
_HELD: Final = 24
"""Demonstrations that the fall is measured on."""
_FAMILIES: Final = "unseen"
"""Neither in pre-training dialogues nor in suites: what is learned is not remembered."""


def _material(options: AssayOptions) -> Material:
    wanted = options.number or DESCRIBED["micro"].number
    if options.prompts:
        return _of_own(options.prompts, wanted, options.seed)
    # Twice as many as are needed: families take turns, and every other family is trained on.
    tasks = list(prompts(options.seed, 2 * max(wanted, _HELD), _FAMILIES, criteria=1))
    names = sorted({task.family for task in tasks})
    trained = set(names[::2])
    shown = [task for task in tasks if task.family in trained][:wanted]
    held = [task for task in tasks if task.family not in trained][:_HELD]
    items = tuple(MaterialItem(task.id, task.family, _both(task)) for task in held)
    return Material(items, _settings([_both(task) for task in shown], options.seed))


def _settings(demonstrations: list[list[str]], seed: int) -> dict[str, Any]:
    return {"demonstrations": demonstrations, "steps": _STEPS, "rate": _RATE, "rank": _RANK, "seed": seed}


def _of_own(prompts: Sequence[RubricPrompt], wanted: int, seed: int) -> Material:
    """Demonstrations of one's own: in an order drawn by the seed, half of them at most to train on, others to look at.

    Raises:
        BadInput: fewer than four of them have a reference.
    """
    shown = [(prompt, prompt.reference) for prompt in prompts if prompt.reference]
    if len(shown) < 4:
        raise BadInput(
            "a micro-probe needs four demonstrations or more, and "
            + agreeing(len(shown), "{n} [prompt has|prompts have] a reference"),
            fix="give references",
        )
    Rng(f"micro-probe {seed}").shuffle(shown)
    trained = min(wanted, len(shown) // 2)
    both = [[before_response(prompt.prompt_text), reference] for prompt, reference in shown]
    items = tuple(
        MaterialItem(prompt.id, prompt.id, own)
        for (prompt, _), own in zip(shown[trained:][:_HELD], both[trained:][:_HELD], strict=True)
    )
    left = len(prompts) - len(shown)
    notes = (f"{count(left, 'prompt')} without a reference left out",) if left else ()
    return Material(items, _settings(both[:trained], seed), notes=notes)


def _both(task: Task) -> list[str]:
    return [before_response(task.prompt), task.response]


def fall(items: Items) -> FloatArray:
    """Bits a byte by which the loss of demonstrations of other families has fallen, (items,)."""
    return (column(items, "before") - column(items, "after")) / column(items, "bytes") / math.log(2)


def beyond_form(items: Items) -> FloatArray:
    """The fall less that after the same steps on responses dealt out to other prompts, (items,)."""
    return (column(items, "after dealt") - column(items, "after")) / column(items, "bytes") / math.log(2)


def _details(items: Items) -> dict[str, Estimate]:
    return {
        "loss before, bits a byte": mean_over(items, column(items, "before") / column(items, "bytes") / math.log(2)),
        "gradient alignment, responses dealt out": mean_over(items, column(items, "alignment dealt")),
    }


def _read(items: Items) -> str:
    whole, beyond = mean_over(items, fall(items)), mean_over(items, beyond_form(items))
    if not whole.ci_low > 0:
        between = f"{whole.value:+.3f} bits a byte, {whole.ci_low:+.3f} to {whole.ci_high:+.3f}"
        return f"{_STEPS} steps are not shown to lower the loss on other demonstrations (a fall of {between})"
    said = f"{_STEPS} steps lower the loss on other demonstrations by {whole.value:.3f} bits a byte"
    if beyond.ci_low > 0:
        return f"{said}, {beyond.value:.3f} of it beyond the form of a response"
    return f"{said}, none of it told from learning the form of a response"


MICRO_PROBE: Final = Assay(
    DESCRIBED["micro"],
    1,
    _material,
    (
        Measure(
            "micro-probe fall", f"bits a byte by which {_STEPS} LoRA steps on a few demonstrations lower the loss of "
            "others, of other families where they are the procedural world's",
            of_measures(fall),
        ),
        Measure(
            "micro-probe beyond form", "the same, less the fall after steps on responses dealt out to other prompts",
            of_measures(beyond_form), 0.0,
        ),
        Measure(
            "gradient alignment", "cosine of the gradient of another demonstration with that of the few, before the "
            "first step",
            lambda items: mean_over(items, column(items, "alignment")), 0.0,
        ),
    ),
    f"{_STEPS} steps on a few demonstrations, twice, with gradients of the adapters alone: it says what it took",
    "own; LoRA: arXiv 2106.09685",
    _read,
    details=_details,
)  # fmt: skip
"""The assay."""
