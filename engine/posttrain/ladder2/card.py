"""The card of the second ladder as Markdown: one page of what was named, then everything else, marked as such."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from engine.posttrain.ladder2.analysis import (
    Correlated,
    correlated,
    gain,
    matrix,
    pairwise,
    partial,
    regret,
    reliability,
    resample,
    ridge,
    spearman,
)
from engine.posttrain.ladder2.design import design
from engine.posttrain.ladder2.repeat_card import repeated
from engine.posttrain.ladder2.rows import Finished
from engine.posttrain.ladder2.worked_out import FEW, Ladder2
from engine.stats.association import bootstrap_weights
from engine.stats.p_value import p_text
from rubrics.counted import agreeing

__all__ = ["card", "ceiling", "cost", "levels", "others", "pairs", "shown", "table"]

_AMONG: Final = 8
"""Models that somebody chooses among; and as many as have to tell in `choice` for it to be read."""


def card(ladder: Ladder2, again: Sequence[Finished] = (), elsewhere: Sequence[str] = ()) -> str:
    """The whole card as Markdown.

    Args:
        again: models that were post-trained again.
        elsewhere: paragraphs on the study in another world.
    """
    n, families = len(ladder.models), ladder.y.items
    better = [name for name, v in ladder.rivalry.items() if v.p_holm < 0.05 and v.difference > 0]
    worse = [name for name, v in ladder.rivalry.items() if v.p_holm < 0.05 and v.difference < 0]
    level = [name for name in ladder.rivalry if name not in (*better, *worse)]
    against = "; ".join(
        f"{what} {', '.join(f'`{name}`' for name in names)}"
        for what, names in (("better than", better), ("worse than", worse), ("not told apart from", level))
        if names
    )
    sections = [
        "# Does it foretell anything? The second ladder",
        f"**The claim is {ladder.verdict()}: {shown(ladder.claim)}, {n} of {len(design())} models.** "
        f"RuDE (`{ladder.primary.name}`) is {against}.",
        f"Outcome: `{ladder.y.name}`, {families} families that neither pre-training nor suite nor post-training has. "
        "What was named beforehand stands in [named.md](named.md), how far the work is in [progress.md](progress.md). "
        "Everything here is worked out from the rows in `rows/` by `make ladder-report`.",
        *ceiling(ladder),
        *_league(ladder),
        *levels(ladder),
        *repeated(ladder.models, again, ladder.shared),
        *elsewhere,
        *pairs(ladder),
        *_regret(ladder),
        *_within(ladder),
        *_categories(ladder),
        *_combined(ladder),
        *others(ladder),
        *cost(ladder),
        "## How far this is from yours\n\nThese are models of .1 to 2 million parameters that know one small closed "
        "world made by a program. That RuDE foretells, or does not, among them says that it can, or need not: "
        "nothing is said of models a thousand times as large, of other data, or of longer training.",
    ]
    return "\n\n".join(sections) + "\n"


def ceiling(ladder: Ladder2) -> list[str]:
    """What the reliabilities of predictor and outcome allow at most."""
    own, theirs = reliability(ladder.primary), reliability(ladder.y)
    return [
        f"**Ceiling.** The predictor has a reliability of {own:.2f} and the outcome one of {theirs:.2f} (random halves "
        f"of their families, stepped up), so that no Pearson correlation of the two can be expected above "
        f"{math.sqrt(max(0.0, own * theirs)):.2f}."
    ]


def _league(ladder: Ladder2) -> list[str]:
    rows = []
    for named in ladder.claims.predictors:
        quantity = ladder.predictors[named.name]
        against = ladder.rivalry.get(named.name)
        given = [ladder.predictors[name] for name in ("log_parameters", "log_flops") if name != named.name]
        left = partial(quantity, ladder.y, given, ladder.again)
        rows.append((
            f"`{named.name}`", named.role, shown(correlated(quantity, ladder.y, ladder.again), False),
            f"{against.difference:+.2f} ({against.low:+.2f} to {against.high:+.2f})" if against else "",
            p_text(against.p_holm) if against else "", shown(left, False), f"{reliability(quantity):.2f}",
        ))  # fmt: skip
    head = ("predictor", "role", "ρ (95 %)", "RuDE's minus its", "p (Holm)", "ρ given size and FLOPs", "reliability")
    return [
        "## Every predictor that was named",
        "All are turned so that more should be better. Intervals are over models and families drawn again together.",
        table(head, rows), _readable_choice(ladder),
    ]  # fmt: skip


def _readable_choice(ladder: Ladder2) -> str:
    choice = ladder.predictors["rude_choice"]
    weights = bootstrap_weights(choice.items, 1000, np.random.default_rng(0))
    low = np.quantile(choice.values(weights), 0.025, axis=0)
    above = int((low > 0.5).sum())
    worst, best = choice.values().min(), choice.values().max()
    read = "it left chance" if above >= _AMONG else "it is at chance and is not to be read"
    return (
        f"`rude_choice` runs from {100 * worst:.1f} to {100 * best:.1f} %; "
        + agreeing(above, "{n} [model has|models have] an interval above one half")
        + f": {read} (the rule: {_AMONG})."
    )


def levels(ladder: Ladder2) -> list[str]:
    """How much each stage of post-training lifts each set of families."""
    rows = []
    for of, what in (("", "unseen"), ("_suite", "of the suite"), ("_taught", "trained on")):
        for before, after in (("base", "sft"), ("sft", "rft")):
            first, second = (ladder.outcomes[f"{stage}_met{of}"] for stage in (before, after))
            mean, low, high = gain(first, second, ladder.again)
            lifted = int((second.values() > first.values()).sum())
            rows.append((
                f"{what}: {after} over {before}",
                *(f"{100 * quantity.values().mean():.1f}" for quantity in (first, second)),
                f"{100 * mean:+.1f} ({100 * low:+.1f} to {100 * high:+.1f})",
                f"{lifted} of {len(ladder.models)}",
            ))  # fmt: skip
    head = ("families", "before, %", "after, %", "gain in points (95 %)", "models lifted")
    return ["## What each stage does", "Greedy answers, mean over models; families count alike.", table(head, rows)]


def pairs(ladder: Ladder2) -> list[str]:
    """How often the leader came out ahead, by the size of its lead."""
    scale = 100 * ladder.primary.values().std(ddof=1)
    rows = [
        (
            f"{p.lead:.2f}", f"{p.lead * scale:.1f}", p.pairs,
            f"{100 * p.right:.0f} % ({100 * p.low:.0f} to {100 * p.high:.0f})",
        )
        for p in pairwise(ladder.primary, ladder.y, ladder.again)
    ]  # fmt: skip
    head = (
        "lead of at least, standard deviations",
        "in points of accuracy",
        "pairs of models",
        "the leader came out ahead",
    )
    return ["## How far a lead can be trusted", table(head, rows)]


def _regret(ladder: Ladder2) -> list[str]:
    lost = regret({name: q.values() for name, q in ladder.predictors.items()}, ladder.y.values(), among=_AMONG)
    rows = [(f"`{name}`", f"{100 * value:.1f}") for name, value in sorted(lost.items(), key=lambda item: item[1])]
    return [
        "## What choosing by it costs",
        f"Points of outcome given away by taking the one of {min(_AMONG, len(ladder.models))} models that a predictor "
        "puts first, mean over draws.",
        table(("chosen by", "points lost"), rows),
    ]


def _within(ladder: Ladder2) -> list[str]:
    rows = []
    for cell in ("equal 1", "equal 2", "other"):
        chosen = ladder.chosen_where(cell=cell)
        if len(chosen) >= FEW:
            again = resample(len(chosen))
            for name in (ladder.primary.name, "rude_per_token", "base_generation", "bits_dialogue"):
                x, y = ladder.predictors[name].models(chosen), ladder.y.models(chosen)
                rows.append((cell, f"`{name}`", shown(correlated(x, y, again), False), len(chosen)))
    return ["## At equal compute", table(("cell", "predictor", "ρ (95 %)", "models"), rows)] if rows else []


def _categories(ladder: Ladder2) -> list[str]:
    cells, lead = matrix(ladder.primary, ladder.y, ladder.again)
    columns = sorted({b for _, b in cells})
    rows = [(a, *(shown(cells[a, b], False) for b in columns)) for a in sorted({a for a, _ in cells})]
    return [
        "## Is a category foretold by its own?",
        table((f"`{ladder.primary.name}` on, against the outcome in", *columns), rows),
        f"A category's own ρ is {lead.rho:+.2f} ({lead.low:+.2f} to {lead.high:+.2f}) above that of the other three, "
        "on the mean.",
    ]


def _combined(ladder: Ladder2) -> list[str]:
    """Ridge over what is named, tested on designs that it has not seen."""
    y, primary = ladder.y.values(), ladder.primary.values()
    facts = [model.facts for model in ladder.models]
    designs = [f"{own['cell']} {own['recipe']['hidden']} {own['recipe']['tokens']:.1g}" for own in facts]
    if len(set(designs)) < FEW:
        return []
    free = [ladder.predictors[name].values() for name in ("log_parameters", "log_flops", "recipe")]
    rivals = [ladder.predictors[named.name].values() for named in ladder.claims.rivals]
    sets = {
        "what is known without reading": free, "the same and RuDE": [*free, primary], "all rivals": rivals,
        "all rivals and RuDE": [*rivals, primary],
    }  # fmt: skip
    rows = [(name, len(columns), f"{spearman(ridge(columns, y, designs), y):.2f}") for name, columns in sets.items()]
    return [
        "## Together: exploration",
        f"Ridge regression, each model foretold from models of the other designs alone ({len(set(designs))} designs: "
        "size, tokens and cell).",
        table(("from", "columns", "ρ of what is foretold with the outcome"), rows),
    ]


def others(ladder: Ladder2) -> list[str]:
    """The correlations with every other outcome."""
    names = (ladder.primary.name, "rude_per_token", "base_generation", "bits_dialogue", "log_flops")
    rows = []
    for label, quantity in ladder.outcomes.items():
        values = quantity.values()
        rows.append((f"`{label}`", *(f"{spearman(ladder.predictors[n].values(), values):.2f}" for n in names)))
    return [
        "## Other outcomes: exploration",
        "ρ without interval. `_suite`: families of the suite, which the predictor reads; `_taught`: families "
        "trained on.",
        table(("outcome", *(f"`{name}`" for name in names)), rows),
    ]


def cost(ladder: Ladder2) -> list[str]:
    """Seconds of each reading and stage, as far as they were measured."""
    pieces = [model.facts["pieces"] for model in ladder.models]
    asked: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
        ("`rude_difference`, `rude_per_token`, `bits_suite`, `proxy_wrong_confidence`", (("read", "likelihood"),)),
        ("`rude_choice`", (("read", "choice"),)), ("`bits_text`, `bits_dialogue`", (("read", "texts"),)),
        ("`rbridge`", (("read", "traces"),)), ("`base_generation`", (("base", "suite"),)),
        ("the outcome: fine-tuning, rejection fine-tuning, answers", (("sft", "all"), ("rft", "all"))),
        ("pre-training", (("pretrain", "all"),)),
    )  # fmt: skip
    rows = [
        (what, f"{sum(np.mean([own[piece]['seconds'][part] for own in pieces]) for piece, part in parts):.0f}")
        for what, parts in asked
        if all(part in pieces[0][piece]["seconds"] for piece, part in parts)
    ]
    return ["## What it costs", table(("", "processor seconds a model, mean"), rows)]


# ---------------------------------------------------------------------- wording


def shown(value: Correlated, named: bool = True) -> str:
    """ρ with its interval."""
    return f"{'ρ = ' if named else ''}{value.rho:.2f} ({value.low:.2f} to {value.high:.2f})"


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table as Markdown has it."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
