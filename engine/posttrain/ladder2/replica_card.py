"""The card of the second world, and what the second ladder's card says of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.posttrain.ladder2.analysis import reliability
from engine.posttrain.ladder2.card import ceiling, cost, levels, others, pairs, shown, table
from engine.posttrain.ladder2.replica import replica_design
from engine.posttrain.ladder2.replicated import AHEAD, Replicated
from engine.stats.p_value import p_text
from rubrics.counted import agreeing

__all__ = ["elsewhere", "replica_card"]

_CUT: Final = (
    "**What was cut.** No model is larger than .75 million parameters (2.0 on the second ladder), and each was made "
    "and post-trained once. The second world has 32 unseen families where the second ladder took 60, with the same 40 "
    "prompts each, and 24 that are taught, with 3,456 demonstrations where 4,800 were; samples and rounds are as "
    "there. `rbridge`, `proxy_wrong_confidence` and `rude_choice` were left out beforehand, for what "
    "[named.md](named.md) says."
)
_ENOUGH: Final = 0.5
"""Reliability of the outcome below which models differ less than luck makes them differ."""


def replica_card(both: Replicated) -> str:
    """The whole card as Markdown."""
    here, n = both.here, len(both.here.models)
    sections = [
        "# Does it come again? The second world",
        f"**The claim is {here.verdict()} here: {shown(here.claim)}, {n} of {len(replica_design())} models.** "
        f"{_replicated(both)}{_untold(both)}",
        f"Outcome: `{here.y.name}`, {here.y.items} families of a second world (`rubrics.world_b`: other words, other "
        "prompts, other programs that judge) that neither its documents ask nor suite nor post-training has. Twelve "
        "models are few: a ρ below .59 cannot be told from 0, and two predictors can hardly be told apart. "
        "What was named beforehand stands in [named.md](named.md), the second ladder's card in "
        "[card.md](../card.md). Everything here is worked out from the rows in `rows/` by `make ladder-report`.",
        _CUT, *ceiling(here), *_league(both), *levels(here), *pairs(here), *others(here), *cost(here),
    ]  # fmt: skip
    return "\n\n".join(sections) + "\n"


def elsewhere(both: Replicated) -> list[str]:
    """A section of the second ladder's card."""
    here = both.here
    return [
        "## Again in a second world",
        f"{len(here.models)} models of at most .75 million parameters in a world of other words, prompts and judges "
        f"([card](world_b/card.md)): there the claim is {here.verdict()}, {shown(here.claim)}. "
        f"{_replicated(both)}{_untold(both)}",
    ]


def _untold(both: Replicated) -> str:
    """Where models hardly differ in the outcome: that all of it says nothing."""
    theirs, values = reliability(both.here.y), 100 * both.here.y.values()
    if theirs >= _ENOUGH:
        return ""
    few = ", ".join(f"`{name}` {reliability(both.here.predictors[name]):.2f}" for name in AHEAD)
    return (
        f" **None of this is evidence, for or against**: these models meet {values.min():.0f} to {values.max():.0f} % "
        "of the criteria, and differ hardly more than by the luck of which families are asked (reliability of the "
        f"outcome {theirs:.2f}, of {few}). That the outcome has to have one of {_ENOUGH} to be read was not named "
        "beforehand."
    )


def _replicated(both: Replicated) -> str:
    """Sign, order and agreement in three sentences."""
    ahead = "; ".join(
        f"`{name}` lies {v.difference:+.2f} ({v.low:+.2f} to {v.high:+.2f})" for name, v in both.ahead.items()
    )
    lost = [f"`{name}`" for name, same in both.signs.items() if not same]
    return (
        f"The order that was named is {'seen again' if both.ordered else 'not seen again'}: from "
        f"`{both.here.primary.name}`, {ahead}. "
        + agreeing(len(both.signs) - len(lost), "{n} [sign|signs]")
        + f" of {len(both.signs)} came again{f', not that of {_listed(lost)}' if lost else ''}. "
        f"Over {len(both.found)} predictors, ρ here and ρ there agree with {both.agreement:.2f}."
    )


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _league(both: Replicated) -> list[str]:
    rows = []
    for named in both.here.claims.predictors:
        here, before = both.found[named.name]
        against = both.here.rivalry.get(named.name)
        sign = both.signs.get(named.name)
        rows.append((
            f"`{named.name}`", named.role, shown(here, False), shown(before, False),
            "not named" if sign is None else "yes" if sign else "no",
            f"{against.difference:+.2f} ({against.low:+.2f} to {against.high:+.2f})" if against else "",
            p_text(against.p_holm) if against else "", f"{reliability(both.here.predictors[named.name]):.2f}",
        ))  # fmt: skip
    head = (
        "predictor", "role", "ρ here (95 %)", "ρ on the second ladder", "sign again", "RuDE's minus its", "p (Holm)",
        "reliability",
    )  # fmt: skip
    return [
        "## Every predictor that was named",
        "All are turned so that more should be better. Intervals are over models and families drawn again together. "
        "A sign was named where the second ladder's interval lies on one side of 0.",
        table(head, rows),
    ]
