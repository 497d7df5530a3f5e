"""What may be said of the ladder, with its figures: for card, README, and whatever shows the ladder's points."""

from __future__ import annotations

import math
from typing import Final

from engine.correlation.predictor_outcome import RUDE, SIZE
from engine.outcomes.words import outcome_in_words
from engine.posttrain.ladder.analysis import BASE, CLAIM, TOKENWISE, WITHDRAWN, LadderAnalysis
from engine.posttrain.ladder.checks import Checks
from engine.posttrain.ladder.predictors import DIALOGUE_LOSS, FRESH, RECIPE
from engine.stats.estimates import Statistic
from rubrics.taxonomy import Category

__all__ = ["by_category", "cautions", "in_words", "notes", "number", "summary", "withdrawn"]


_RIVALS: Final = {
    SIZE: "log parameters",
    BASE: "letting the base model answer the prompts itself and counting",
    RECIPE: "tokens of clean dialogue × parameters, known before anything is trained",
    DIALOGUE_LOSS: "bits per byte on fresh clean dialogue",
}
"""As a sentence has them."""
_USELESS: Final = 0.3
"""Reliability below which hardly anything is measured."""
_CHOICE: Final = ("RuDE averaged", "RuDE single", "RuDE strict", "debiased choice", "consistent choice")


def number(value: float) -> str:
    """A correlation without the leading nought: `.64`, `−.25`."""
    if math.isnan(value):
        return "–"
    text = f"{abs(value):.2f}"
    return ("−" if value < 0 and text != "0.00" else "") + (text if text.startswith("1") else text[1:])


def in_words(statistic: Statistic) -> str:
    """`.64 (.29 to .84)`."""
    if math.isnan(statistic.ci_low):
        return number(statistic.value)
    return f"{number(statistic.value)} ({number(statistic.ci_low)} to {number(statistic.ci_high)})"


def _points(share: float) -> str:
    return f"{100 * share:.1f}".replace("-", "−")


def withdrawn(analysis: LadderAnalysis, checks: Checks) -> str:
    """The first claim about the loss, and why it does not stand."""
    six, rival = checks.subsets["those that ship"], analysis.withdrawn
    text = (
        f"“RuDE foretells better than bits per byte” ({number(rival.first)} against {number(rival.second)}, difference "
        f"{number(rival.ci_low)} to {number(rival.ci_high)}) is withdrawn. That loss was read on the suite's chosen "
        f"responses, of families that no dialogue of pre-training has, and it rises the more a model has learned (ρ = "
        f"{number(checks.loss_and_recipe)} with tokens of clean dialogue × parameters): nobody would choose by it."
    )
    if not math.isnan(six.rho[DIALOGUE_LOSS]):
        text += (
            f" On fresh clean dialogue of taught families bits per byte has ρ = {number(six.rho[DIALOGUE_LOSS])} on "
            f"the {six.n} models that ship, where RuDE has {number(six.rho[RUDE])}."
        )
    return text


def by_category(checks: Checks) -> str:
    """Whether a category is foretold by its own accuracy."""
    c, control = checks.categories, list(Category).index(Category.CONTROL)
    low, high = c.interval
    specific = low > 0
    text = (
        "Accuracy on a category's pairs foretold that category's outcome "
        + ("better than" if specific else "no better than")
        + f" accuracy on the other three categories' did (mean ρ {number(float(c.rho.diagonal().mean()))}, difference "
        f"{number(c.own)}, {number(low)} to {number(high)}), and Control's not at all (ρ = "
        f"{number(float(c.rho[control, control]))})"
    )
    return text + ("." if specific else ": the ladder does not support choosing by category.")


def _measured(alpha: float) -> str:
    return "measure next to nothing" if alpha < _USELESS else "measure something"


def _in_short(checks: Checks) -> str:
    better = checks.categories.interval[0] > 0
    return (
        f"on the ladder a category's own accuracy foretold its outcome {'better than' if better else 'no better than'} "
        f"the other categories' did{'' if better else ': a diagnosis, not advice whom to take'}"
    )


def _read(analysis: LadderAnalysis, checks: Checks) -> str:
    """What RuDE has there; nothing where verdicts are known of some models only, which say little."""
    halves = checks.halves
    if halves.n < analysis.n:
        return ""
    return (
        f"; RuDE, with the compared half's pairs left out of the suite, has {number(halves.rude)}, per_token "
        f"{number(halves.per_token)}"
    )


def cautions(analysis: LadderAnalysis, checks: Checks) -> list[str]:
    """What must be known before the claim is believed, a sentence or two each."""
    whole, control, others = (checks.reliabilities[name] for name in ("all", "Control", "the others"))
    twelve, six, rest = (checks.subsets[n] for n in ("the other families", "those that ship", "the rest"))
    shared, families, clusters = checks.shared
    gain, low_high = checks.gain, checks.choice
    found = [
        f"**Not out of sample in families.** {'All' if shared == families else shared} {families} families of the "
        f"outcome are among the suite's {clusters} clusters, with the same verifiers. Read on one random half of "
        "them and compared on the other, base generation has a mean ρ of "
        f"{number(checks.elsewhere)}{_read(analysis, checks)}.",
        f"**Noise.** {_points(whole.noise.whole)} % of the outcome's variance between models is noise (1 − "
        f"Cronbach's α over families, mean of two seeds; with one seed {_points(1 - whole.alpha_of_one)} %; "
        f"{_points(1 - whole.halves)} % by halves with another seed): at most "
        f"{_points(min(whole.noise.within, whole.noise.whole))} points from having ten prompts a family, the rest "
        "from which families are asked.",
        f"**The {control.families} families of Control {_measured(control.alpha)}**: α = {number(control.alpha)} "
        f"(halves with another seed: {number(control.halves)}), against {number(others.alpha)} "
        f"({number(others.halves)}) for the other {others.families}. On those alone RuDE has ρ = "
        f"{number(twelve.rho[RUDE])}, per_token {number(twelve.rho[TOKENWISE])}, base generation "
        f"{number(twelve.rho[BASE])}.",
        f"**By category{' nothing is specific' if checks.categories.interval[0] <= 0 else ''}.** {by_category(checks)}",
        f"**The outcome after reinforcement learning is the one after fine-tuning again** (ρ = {number(gain.rho)}): "
        f"the mean gain of {_points(gain.mean)} points has p = {number(gain.p_families)} over families "
        f"({number(gain.p_candidates)} over models, on these families).",
        f"**Not everywhere alike.** The {six.n} models that ship, which differ most, give ρ = "
        f"{number(six.rho[RUDE])}; the other {rest.n} give {number(rest.rho[RUDE])}.",
        f"**Beside base generation.** Given it, RuDE's partial ρ is {in_words(analysis.given_base)}.",
        f"**`choice` is untested, not refuted**: between {_points(low_high[0])} and {_points(low_high[1])} % for all "
        f"{analysis.n} models, which cannot answer “A or B”.",
    ]
    if checks.text_seeds == 1:
        found.append("**One text seed**: all models read documents drawn from one seed, in mixtures of their own.")
    return found


def summary(analysis: LadderAnalysis, checks: Checks, ceiling: float) -> str:
    """The README's paragraph."""
    low, high = analysis.claim.ci_low, analysis.claim.ci_high
    sizes = 10 ** analysis.values[SIZE] / 1e6
    rho = {row.predictor: row.spearman.value for row in analysis.table.rows}
    six, rest = checks.subsets["those that ship"], checks.subsets["the rest"]
    shared, families, _ = checks.shared
    control, gain = checks.reliabilities["Control"], checks.gain
    rivals = ", ".join(f"{_RIVALS[name]} ({number(rho[name])})" for name in analysis.rivals)
    level = [_RIVALS[name] for name, rival in analysis.rivals.items() if rival.ci_low <= 0 <= rival.ci_high]
    told = "none of them is told apart from it" if len(level) == len(analysis.rivals) else f"not told apart: {level}"
    return (
        f"One answer of our own, and what it can bear: {analysis.n} base models of {sizes.min():.2f} to "
        f"{sizes.max():.1f} million parameters, most of them trained at equal compute on text of different quality, "
        "were all post-trained alike (SFT, then GRPO, rewarded by verifiers; two seeds) and tested on families of "
        "tasks that neither stage had seen. The pairing was named before any outcome was known. RuDE accuracy of the "
        f"base model goes with what it becomes, ρ = {number(analysis.claim.value)} ({number(low)} to {number(high)}; "
        f"with families resampled too {number(analysis.both[0])} to {number(analysis.both[1])}), where noise sets a "
        f"ceiling of about {number(ceiling)}. So do its rivals: {rivals}; {told}. It is a hint and no more. "
        f"{'All' if shared == families else shared} {families} families are among those that RuDE reads, with the same "
        f"verifiers. The six models that ship give {number(six.rho[RUDE])}, the other {rest.n} "
        f"{number(rest.rho[RUDE])}. The {control.families} families of Control {_measured(control.alpha)} (α = "
        f"{number(control.alpha)}), and {_in_short(checks)}. What reinforcement learning added has p = "
        f"{number(gain.p_families)} over families. `choice` is untested, since none of these models can answer “A or "
        "B”. An earlier claim, “better than bits per byte”, is withdrawn: that was a loss which rises as models "
        f"learn; on fresh clean dialogue bits per byte has {number(six.rho[DIALOGUE_LOSS])} on the six models that "
        "ship."
    )


def notes(analysis: LadderAnalysis, checks: Checks) -> dict[str, object]:
    """What is shown with the ladder's points: `every` with each view of them, `predictors` with a predictor's own,
    `by_category` where accuracies are shown by category; what predictors are that only the ladder has."""
    shared, families, _ = checks.shared
    six, rest = checks.subsets["those that ship"], checks.subsets["the rest"]
    low, high = checks.choice
    span = f"{_points(low)} to {_points(high)} %"
    untested = f"choice is untested: {span} for all {analysis.n} models, which cannot answer “A or B”"
    unspecific = by_category(checks)
    again = (
        "of the weights that ship and, for the others, of bases trained again: not the weights that were post-trained"
    )
    return {
        "every": [
            f"{'all' if shared == families else shared} {families} families of the outcome are among the suite's "
            "clusters: not out of sample in families",
            f"{RUDE} with {outcome_in_words(CLAIM, 'ladder')}: ρ {number(six.rho[RUDE])} on the {six.n} models "
            f"that ship, {number(rest.rho[RUDE])} on the other {rest.n}",
        ],
        "predictors": {
            **dict.fromkeys(_CHOICE, untested),
            **{f"RuDE {category}": unspecific for category in Category},
            WITHDRAWN: f"{WITHDRAWN}: of the suite's own responses, a loss that rises as models learn: “better than "
            f"it” is withdrawn; on fresh clean dialogue bits per byte has ρ {number(six.rho[DIALOGUE_LOSS])} on the "
            f"{six.n} models that ship",
            DIALOGUE_LOSS: again,
            FRESH: again,
        },
        "by_category": unspecific,
        "by_category_in_short": _in_short(checks),
        "about": {
            BASE: "share of criteria that the base model's own greedy answers meet, on the outcome's prompts",
            FRESH: "the same on other prompts of the same families",
            RECIPE: "decimal log of tokens of dialogue without broken rules × parameters: known before training",
            DIALOGUE_LOSS: "of responses in fresh dialogues of the families that pre-training teaches, no rule broken",
        },
        "lower": [DIALOGUE_LOSS],
    }  # fmt: skip
