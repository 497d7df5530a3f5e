"""The card's sections on what its claim can bear."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine.posttrain.ladder.analysis import LadderAnalysis
from engine.posttrain.ladder.checks import SHOWN, Checks
from engine.posttrain.ladder.rows import LadderRows
from engine.posttrain.ladder.words import number
from rubrics.taxonomy import Category

__all__ = ["markdown", "sections"]

_PARTS: Final = {"all": "all families", "Control": "those of Control", "the others": "the others"}


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table, numbers to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def sections(rows: LadderRows, analysis: LadderAnalysis, checks: Checks) -> list[str]:
    """Headings and texts, in the order of the card."""
    return [
        "## On which models, and on which families",
        _subsets(checks),
        "## How much of the outcome is noise",
        _noise(checks),
        "## By category",
        _categories(checks),
        "## Other families than the outcome's",
        _halves(checks),
        "## The same bases trained again",
        _again(rows, analysis, checks),
    ]


def _subsets(checks: Checks) -> str:
    table = [
        [name, str(subset.n), str(subset.families), *(number(subset.rho[p]) for p in SHOWN)]
        for name, subset in checks.subsets.items()
    ]
    return (
        "Spearman's ρ with the outcome, losses turned so that a good one is above zero; – where a predictor is not "
        "known of all the models.\n\n" + markdown(["", "models", "families", *SHOWN], table)
    )


def _noise(checks: Checks) -> str:
    table = [
        [
            _PARTS[name], str(r.families), number(r.alpha), number(r.alpha_of_one), number(r.halves),
            f"{100 * r.noise.whole:.0f} %", f"{100 * min(r.noise.within, r.noise.whole):.0f}",
            f"{100 * r.noise.between:.0f}",
        ]
        for name, r in checks.reliabilities.items()
    ]  # fmt: skip
    header = [
        "outcome on", "families", "α", "α, one seed", "halves, another seed", "noise", "of it at most from ten prompts",
        "at least from families",
    ]  # fmt: skip
    known = checks.untrained
    return (
        "Reliability of the mean over families: Cronbach's α, families as items, greedy answers after reinforcement "
        "learning, mean of two seeds; and random halves of the families, each with another seed, stepped up. Noise is "
        "1 − α, as a share of the variance between models. The counts bound what comes of prompts (binomial); prompt "
        f"by prompt it is known for the own answers of the {checks.halves.n} base models with rows: "
        f"{100 * known.whole:.0f} % noise, of which {100 * known.within:.0f} points from prompts and "
        f"{100 * known.between:.0f} from families.\n\n" + markdown(header, table)
    )


def _categories(checks: Checks) -> str:
    c, categories = checks.categories, list(Category)
    table = [
        [f"{category}, {c.families[n]} families", *(number(float(value)) for value in c.rho[n]),
         number(float(c.overall[n]))]
        for n, category in enumerate(categories)
    ]  # fmt: skip
    return (
        "Spearman's ρ of the accuracy on a category's pairs (columns) with the outcome on a category's families "
        f"(rows). Own category less the three others, on average: {number(c.own)} (95 % over models and families "
        f"{number(c.interval[0])} to {number(c.interval[1])}).\n\n"
        + markdown(["outcome", *(f"RuDE {category}" for category in categories), "RuDE, whole suite"], table)
    )


def _halves(checks: Checks) -> str:
    h = checks.halves
    return (
        f"Base generation on one random half of the outcome's families, the outcome on the other: mean ρ "
        f"{number(checks.elsewhere)}, all models, 400 halves. Of the {h.n} models whose verdicts are known pair by "
        f"pair: RuDE from all pairs but those of the compared half {number(h.rude)}, per_token "
        f"{number(h.per_token)}, base generation {number(h.base)}, RuDE from the whole suite {number(h.whole)}. "
        f"Against the whole outcome RuDE has {number(h.inside)} on the {h.inside_pairs} pairs of the outcome's "
        f"families and {number(h.outside)} on the other {h.outside_pairs}."
    )


def _again(rows: LadderRows, analysis: LadderAnalysis, checks: Checks) -> str:
    again = checks.again
    if not rows.measured:
        return "Every base model that was read is the one that was post-trained."
    text = (
        "The verdicts behind the first card were not kept, nor the weights of the models that do not ship. Predictors "
        "of the weights that were post-trained stand in `measured.csv`, to five digits, and the claim is of those. The "
        f"{again.same} models that ship were read again for the rows here; they give every predictor as before"
    )
    if again.differences:
        listed = "; ".join(
            f"{predictor} of {name}, {now:.5f} for {before:.5f}" for name, predictor, before, now in again.differences
        )
        text += f", but for a pair that is nearly a tie ({listed})"
    text += "."
    if analysis.n > len(rows.bases):
        missing = analysis.n - len(rows.bases)
        return text + (
            f" For the other {missing} there are no rows: pre-trained again on a processor of another kind they come "
            "out as other models (“How far it can be repeated”), and verdicts of those would not be the ladder's."
        )
    if not again.names:
        return text
    processors = ", ".join(sorted({base.facts["processor"] for base in rows.bases.values()}))
    return text + (
        f" The other {len(again.names)} were pre-trained again, by the same recipes and seeds, on a processor of "
        f"another kind ({processors}), on which sums round otherwise; over some thousand steps that makes other "
        f"models. They moved by {100 * again.moved:.1f} points of RuDE accuracy on average and "
        f"{100 * again.most:.1f} at most, and their accuracies before and after have ρ = {number(again.rho)}: that "
        "much of a difference between two models is luck of pre-training. What can only be known from rows – loss on "
        "clean dialogue, halves, pairs by family – is of these. The RuDE accuracy of the rows has ρ = "
        f"{number(again.claim)} with the outcome of what was not the same weights."
    )
