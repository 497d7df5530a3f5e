"""The design: crossed, balanced from the beginning on, at equal compute where it says so."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from engine.posttrain.ladder2.design import SIZES, design, parameters
from engine.posttrain.pretrain import build

MODELS = design()
FACTORS = ("cell", "size", "noise", "dialogue", "shape", "tokenizer", "text seed")


def test_sixty_four_models_and_more_than_half_at_equal_compute() -> None:
    assert len({model.name for model in MODELS}) == len(MODELS) == 64
    assert len({model.recipe.seed for model in MODELS}) == 64
    cells = Counter(model.cell for model in MODELS)
    assert cells["equal 1"] + cells["equal 2"] > 32
    for cell in ("equal 1", "equal 2"):
        flops = [model.flops for model in MODELS if model.cell == cell]
        assert max(flops) / min(flops) < 1.005
    assert {model.recipe.comparisons for model in MODELS} == {0.1}


def test_main_factors_are_crossed() -> None:
    equal = {(m.size, m.recipe.noise, m.recipe.dialogue) for m in MODELS if m.cell == "equal 1"}
    assert equal == set(product("sml", (0.0, 0.15, 0.3, 0.5), (0.25, 0.65)))
    for size in SIZES:
        own = [m for m in MODELS if m.cell == "other" and m.size == size]
        crossed = {(m.recipe.tokens, m.recipe.noise, m.recipe.dialogue) for m in own}
        assert len(crossed) == len(own) == 4 * len({tokens for tokens, _, _ in crossed})


def test_what_is_laid_over_goes_with_nothing() -> None:
    for factor in ("shape", "tokenizer", "text seed"):
        counts = Counter(m.levels[factor] for m in MODELS)
        assert max(counts.values()) - min(counts.values()) <= 1
        for other in FACTORS[:4]:
            both = Counter((m.levels[factor], m.levels[other]) for m in MODELS)
            ones = Counter(m.levels[other] for m in MODELS)
            chi2 = sum(
                (both[a, b] - counts[a] * ones[b] / 64) ** 2 / (counts[a] * ones[b] / 64) for a in counts for b in ones
            )
            # A table that goes together by luck alone has a χ² about its degrees of freedom; these have less.
            assert chi2 < (len(counts) - 1) * (len(ones) - 1) + 1, (factor, other)


@pytest.mark.parametrize("beginning", [8, 16, 24, 32, 48, 56])
def test_any_beginning_is_balanced(beginning: int) -> None:
    for factor in FACTORS:
        whole = Counter(m.levels[factor] for m in MODELS)
        so_far = Counter(m.levels[factor] for m in MODELS[:beginning])
        for level, count in whole.items():
            assert abs(so_far[level] - count * beginning / 64) < 2.5, (factor, level)


def test_parameters_are_those_of_the_model_that_is_built() -> None:
    kinds = {(m.size, m.recipe.shape, m.tokenizer): m.recipe for m in MODELS if m.size in "sm"}
    assert len({shape for _, shape, _ in kinds}) == 3
    for recipe in kinds.values():
        built = build(recipe, recipe.vocabulary, bos_id=None, end_id=0)
        assert sum(p.numel() for p in built.parameters()) == parameters(recipe)
