"""Which families of tasks are kept for measuring models, from how many criteria some models met in each."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Final

from scipy.stats import chi2

from rubrics.taxonomy import SUBCATEGORIES, Category
from rubrics.world.forms import Family
from rubrics.world.unseen.chance import chance

__all__ = ["PER_CATEGORY", "PROMPTS", "Counts", "Judged", "judged", "keep", "write_families"]

PER_CATEGORY: Final = 15
PROMPTS: Final = 40
"""Of each family, for each model."""
_RANGE: Final = (0.1, 0.9)
_LEVEL: Final = 0.05
_HEAD: Final = """\
# Families of unseen tasks that the second ladder's models are measured on, and what a pilot found out about all of
# them. Written by `python -m engine.posttrain.pilot report` from pilot.csv. Over models, after fine-tuning: `mean` of
# their shares of criteria met, `spread` (standard deviation), `noise` (what that would be by luck with prompts alone),
# `reliability` (share of the variance that is not noise), `p` of a χ² test that all are alike; `chance` of blind ones
# (see rubrics/world/unseen/chance.py). What has a mean from .1 to .9 and p < .05 can be kept, fifteen in each category.
"""


@dataclass(frozen=True)
class Counts:
    """Criteria of one family that one model's answers met."""

    model: str
    family: str
    met: int
    judged: int


@dataclass(frozen=True)
class Judged:
    """A family, and how it did."""

    family: Family
    mean: float
    """Of the models' shares of criteria met, 0 to 1."""
    spread: float
    """Standard deviation of the shares between models."""
    noise: float
    """What that would be if models differed by luck with prompts alone: root of the mean of p(1 − p)/n."""
    p: float
    """Of Pearson's χ² test that all models have the same share."""
    reason: str = ""
    """Why it was dropped."""

    @property
    def kept(self) -> bool:
        """Whether models are measured on it."""
        return not self.reason

    @property
    def reliability(self) -> float:
        """Share of the variance between models that is not noise, 0 to 1."""
        return max(0.0, 1 - self.noise**2 / self.spread**2) if self.spread else 0.0

    @property
    def category(self) -> Category:
        """Of the four Cs."""
        return SUBCATEGORIES[self.family.subcategory].category


def judged(family: Family, counts: Sequence[Counts]) -> Judged:
    """Figures of one family, and whether it can tell models apart: a mean from .1 to .9, and a spread beyond noise."""
    own = [count for count in counts if count.family == family.name]
    if len(own) < 2:
        return Judged(family, math.nan, 0.0, 0.0, 1.0, "not tried")
    shares = [count.met / count.judged for count in own]
    mean = sum(shares) / len(shares)
    spread = math.sqrt(sum((share - mean) ** 2 for share in shares) / (len(shares) - 1))
    noise = math.sqrt(sum(s * (1 - s) / c.judged for s, c in zip(shares, own, strict=True)) / len(own))
    p = _alike(own)
    if not _RANGE[0] <= mean <= _RANGE[1]:
        reason = "too hard for these models" if mean < _RANGE[0] else "too easy for these models"
    else:
        reason = "" if p < _LEVEL else "models differ by no more than luck"
    return Judged(family, mean, spread, noise, p, reason)


def _alike(counts: Sequence[Counts]) -> float:
    met, asked = sum(count.met for count in counts), sum(count.judged for count in counts)
    if met in (0, asked):
        return 1.0
    pooled = met / asked
    statistic = sum(
        (count.met - count.judged * pooled) ** 2 / (count.judged * pooled * (1 - pooled)) for count in counts
    )
    return float(chi2.sf(statistic, len(counts) - 1))


def keep(families: Sequence[Judged]) -> list[Judged]:
    """The families in the same order; of those fit to be kept in a category, no more than `PER_CATEGORY`.

    Subcategories take turns, the more reliable families of each first.
    """
    chosen: set[str] = set()
    for category in Category:
        fit = sorted((f for f in families if f.kept and f.category is category), key=lambda f: -f.reliability)
        by_subcategory = [[f for f in fit if f.family.subcategory is s] for s in SUBCATEGORIES]
        in_turn = [f.family.name for turn in zip_longest(*by_subcategory) for f in turn if f is not None]
        chosen.update(in_turn[:PER_CATEGORY])
    spare = "fit, but its category has enough that are more reliable"
    return [f if not f.kept or f.family.name in chosen else replace(f, reason=spare) for f in families]


def write_families(path: Path, families: Sequence[Judged], counts: Sequence[Counts], recipe: str, seed: int) -> None:
    """A TOML file: `families`, those kept, as a recipe's `tasks.test` names them; then figures of each of all.

    Args:
        recipe: hash of the recipe that the models were fine-tuned by.
        seed: of the prompts and of fine-tuning.
    """
    kept = [family for family in families if family.kept]
    models = sorted({count.model for count in counts})
    lines = [
        *_HEAD.splitlines(),
        "families = [",
        *(f'  "{family.family.name}",' for family in kept),
        "]",
        "",
        "[pilot]",
        f"models = {json.dumps(models)}",
        f"prompts = {PROMPTS}  # of each family, for each model",
        f"seed = {seed}",
        f'recipe = "{recipe}"',
        f"reliability = {_alpha(kept, counts):.2f}  # Cronbach's alpha over the families kept",
    ]
    for key, group in (("kept", kept), ("dropped", [family for family in families if not family.kept])):
        for family in group:
            lines += ["", f"[[{key}]]", f'name = "{family.family.name}"', f'category = "{family.category}"']
            lines += [f'subcategory = "{family.family.subcategory}"', *_figures(family)]
            lines += [f'reason = "{family.reason}"'] if family.reason else []
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _figures(family: Judged) -> list[str]:
    if math.isnan(family.mean):
        return []
    shown = {"mean": family.mean, "spread": family.spread, "noise": family.noise, "reliability": family.reliability}
    figures = [f"{name} = {value:.3f}" for name, value in shown.items()]
    return [*figures, f"p = {family.p:.2g}", f"chance = {chance(family.family):.2f}"]


def _alpha(families: Sequence[Judged], counts: Sequence[Counts]) -> float:
    """Cronbach's alpha (Psychometrika 1951, 16:297) of the mean over families, models being the persons."""
    names = [family.family.name for family in families]
    shares = {(count.model, count.family): count.met / count.judged for count in counts}
    models = sorted({count.model for count in counts})
    if len(names) < 2 or len(models) < 2:
        return math.nan

    def variance(values: Sequence[float]) -> float:
        mean = sum(values) / len(values)
        return sum((value - mean) ** 2 for value in values) / (len(values) - 1)

    single = sum(variance([shares[model, name] for model in models]) for name in names)
    total = variance([sum(shares[model, name] for name in names) for model in models])
    return len(names) / (len(names) - 1) * (1 - single / total)
