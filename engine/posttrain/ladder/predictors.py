"""Predictors of the ladder's base models, counted from rows: those of the catalogue again, and the rivals that need no
more than a recipe or a text that nobody held out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.correlation.predictor_outcome import RUDE, SIZE
from engine.posttrain.ladder.rows import BaseRows, PairRows
from engine.predictors.proxy import STATISTICS
from engine.stats.metrics import HEADLINE, METRICS, win
from rubrics.schema import Suite
from rubrics.taxonomy import Category

__all__ = ["DIALOGUE_LOSS", "FRESH", "LOWER", "RECIPE", "from_rows", "pair_scores", "recipe_sizes"]

FloatArray = npt.NDArray[np.float64]

DIALOGUE_LOSS: Final = "bits per byte, clean dialogue"
"""The loss that somebody would use: of responses in fresh dialogues of taught families, no rule broken."""
FRESH: Final = "base generation, other prompts"
"""The base model's own score on prompts of the outcome's families that no outcome was measured on."""
RECIPE: Final = "clean dialogue × parameters"
"""What is known before a model is trained: tokens of dialogue without broken rules × parameters (decimal log)."""
LOWER: Final = frozenset({
    "NLL per token", "bits per byte", DIALOGUE_LOSS,
    *(f"proxy {name}, uniform" for name in ("cross-entropy", "entropy", "rank", "margin", "wrong-confidence")),
})  # fmt: skip
"""Those of which less is better."""


def pair_scores(pairs: PairRows, metric: str) -> FloatArray:
    """(pairs,): 1 right, 0 wrong, ½ a tie."""
    return METRICS[metric].score(pairs).astype(np.float64)


def from_rows(base: BaseRows, suite: Suite) -> dict[str, float]:
    """Every predictor that rows of one model give, in the order of the catalogue; NaN where a model has none."""
    pairs, found = base.pairs, {RUDE: float(pair_scores(base.pairs, HEADLINE["likelihood"]).mean())}
    nats = -pairs.ll_chosen.sum()
    found[SIZE] = math.log10(base.parameters)
    found["NLL per token"] = float(nats / pairs.tokens_chosen.sum())
    found["bits per byte"] = float(nats / math.log(2) / pairs.bytes_chosen.sum())
    found["likelihood margin"] = float(METRICS["per_byte"].margin(pairs).mean())
    found |= _choice(pairs)
    right = pair_scores(pairs, HEADLINE["likelihood"])
    for category in Category:
        weight = np.array([(category in pair.categories) / len(pair.categories) for pair in suite.scored])
        found[f"RuDE {category}"] = float(right @ weight / weight.sum())
    # The headline by its other name is left out.
    found |= {f"RuDE {name}": float(pair_scores(pairs, name).mean()) for name in METRICS if name != "per_byte"}
    found |= {f"proxy {name}, uniform": float(pairs.token_means[name].mean()) for name in STATISTICS}
    read = base.dialogues
    found[DIALOGUE_LOSS] = float(read["nats_response"].sum() / math.log(2) / read["bytes_response"].sum())
    found[FRESH] = float(np.concatenate([met for (part, _), met in base.answers.items() if part == "fresh"]).mean())
    return found


def _choice(pairs: PairRows) -> dict[str, float]:
    first, second = pairs.log_odds_chosen_first, pairs.log_odds_rejected_first
    # With rejected first, A is the label of rejected, so its log-odds have the other sign.
    bias = float(((first - second) / 2).mean())
    debiased = (win(first - bias) + win(second + bias)).astype(np.float64) / 2
    one, two = win(first), win(second)
    consistent = one[one == two]
    return {
        "debiased choice": float(debiased.mean()),
        "consistent choice": float(consistent.mean()) if len(consistent) else math.nan,
    }


def recipe_sizes(recipes: Sequence[Mapping[str, Any]], parameters: Mapping[str, float]) -> dict[str, float]:
    """`RECIPE` of each candidate with a recipe.

    Args:
        recipes: as in `engine/posttrain/pretrain.toml`: name, tokens, rote, dialogue, noise.
        parameters: by candidate.
    """
    return {
        # The tokens to learn by heart come first, without dialogue; both shares are of what follows.
        name: math.log10((r["tokens"] - r["rote"]) * r["dialogue"] * (1 - r["noise"]) * parameters[name])
        for r in recipes
        if (name := r["name"]) in parameters
    }
