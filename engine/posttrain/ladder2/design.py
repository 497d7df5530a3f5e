"""Which models there are: a table made of crossed factors, at equal compute in more than half of it.

Three factors make a model better or worse at one size (tokens, noise, share of dialogue). Architecture, tokenizer and
text are laid over them so that none goes with another, and the order is one in which any beginning is balanced: what is
finished at any time is a design of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from engine.posttrain.pretrain import Recipe
from rubrics.world.things import Rng

__all__ = ["SIZES", "Main", "Planned", "Size", "crossed", "design", "parameters"]


FloatArray = npt.NDArray[np.float64]


class Size(NamedTuple):
    """Depth and width."""

    layers: int
    hidden: int
    heads: int


SIZES: Final = {"s": Size(2, 64, 2), "m": Size(2, 96, 3), "l": Size(3, 128, 4), "x": Size(4, 192, 6)}
"""About .15, .3, .65 and 1.9 million parameters."""
_SHAPES: Final = ("llama", "qwen3", "gpt_neox")
_TOKENIZERS: Final = {"wide": (1024, True), "narrow": (640, False)}
"""Words of vocabulary, and whether a begin mark stands before every text."""
_TEXT_SEEDS: Final = (11, 12, 13, 14)
_CELLS: Final = {"equal 1": (0.75e12, "sml", (0.0, 0.15, 0.3, 0.5)), "equal 2": (1.6e12, "mlx", (0.0, 0.35))}
"""Cells of equal compute: parameters × tokens, sizes, shares of noise."""
_OTHERS: Final = (
    ("s", 1.2e6), ("s", 2.4e6), ("m", 1.2e6), ("m", 4.0e6), ("l", 1.8e6), ("l", 3.0e6), ("x", 1.5e6),
)  # fmt: skip
"""Sizes and tokens off the lines of equal compute, each with `_NOISE`."""
_NOISE: Final = (0.0, 0.35)
_DIALOGUE: Final = (0.25, 0.65)
_COMPARISONS: Final = 0.1
_LENGTH: Final = 512
"""Of a row, in tokens: what `choice` asks fits into it, so that its places have been trained."""
_EXCHANGES: Final = 3000


@dataclass(frozen=True)
class Planned:
    """One model of the design."""

    cell: str
    """Which line of equal compute it is on; `other` where on none."""
    size: str
    tokenizer: str
    recipe: Recipe

    @property
    def name(self) -> str:
        """Unique."""
        return self.recipe.name

    @property
    def flops(self) -> float:
        """Of pre-training: 6 × parameters × tokens (Kaplan et al. 2020, arXiv 2001.08361, §2.1)."""
        return 6.0 * parameters(self.recipe) * self.recipe.steps * self.recipe.batch * self.recipe.length

    @property
    def levels(self) -> dict[str, object]:
        """Its factors."""
        r = self.recipe
        return {
            "cell": self.cell, "size": self.size, "tokens": round(r.tokens, -5), "noise": r.noise,
            "dialogue": r.dialogue, "shape": r.shape, "tokenizer": self.tokenizer, "text seed": r.text_seed,
        }  # fmt: skip


class Main(NamedTuple):
    """The factors that are crossed."""

    cell: str
    size: str
    tokens: float
    """0 where the cell's compute says how many."""
    noise: float
    dialogue: float


class _Laid(NamedTuple):
    """What is laid over the main factors."""

    shape: str
    tokenizer: str
    text_seed: int


@cache
def design() -> tuple[Planned, ...]:
    """All models, in the order in which they are made."""
    return crossed(list(_mains()))


def crossed(mains: Sequence[Main], *, mark: str = "", seeds: int = 1000) -> tuple[Planned, ...]:
    """A design of these, the other factors laid over them, in an order whose beginnings are balanced.

    Args:
        mark: begins every name.
        seeds: a model's seed is its number and this.
    """
    laid = _laid_over(mains)
    order = _balanced([(*main, *over) for main, over in zip(mains, laid, strict=True)])
    return tuple(
        _planned(f"{mark}{number:02d}", seeds + number, mains[n], laid[n]) for number, n in enumerate(order, 1)
    )


def _mains() -> Iterator[Main]:
    for cell, (_, sizes, noises) in _CELLS.items():
        yield from (Main(cell, size, 0.0, *of) for size, *of in product(sizes, noises, _DIALOGUE))
    for size, tokens in _OTHERS:
        yield from (Main("other", size, tokens, *of) for of in product(_NOISE, _DIALOGUE))


def _laid_over(mains: Sequence[Main]) -> list[_Laid]:
    """Every level equally often, dealt at random, then exchanged as long as that makes it go less with the others."""
    rng, levels = Rng("laid over"), (_SHAPES, tuple(_TOKENIZERS), _TEXT_SEEDS)
    before = np.concatenate(
        [_marks([list(dict.fromkeys(f)).index(v) for v in f]) for f in zip(*mains, strict=True)], axis=1
    )
    columns = []
    for of in levels:
        column = [n % len(of) for n in range(len(mains))]
        rng.shuffle(column)
        columns.append(column)
    least = _confounded(before, columns)
    for _ in range(_EXCHANGES):
        column = rng.choice(columns)
        a, b = rng.sample(range(len(mains)), 2)
        column[a], column[b] = column[b], column[a]
        now = _confounded(before, columns)
        if now > least:
            column[a], column[b] = column[b], column[a]
        least = min(now, least)
    return [_Laid(*(of[n] for of, n in zip(levels, over, strict=True))) for over in zip(*columns, strict=True)]


def _marks(column: Sequence[int]) -> FloatArray:
    """(rows, levels): 1 at the level that a row has."""
    marks: FloatArray = np.eye(max(column) + 1)[list(column)]
    return marks


def _confounded(before: FloatArray, columns: Sequence[Sequence[int]]) -> float:
    """How far counts of pairs of levels are from what independence gives: Pearson's χ² over all pairs of factors.

    Args:
        before: marks of the factors that the first column is laid over.
    """
    total = 0.0
    for column in columns:
        marks = _marks(column)
        expected = np.outer(before.sum(axis=0), marks.sum(axis=0)) / len(column)
        total += float(((before.T @ marks - expected) ** 2 / expected).sum())
        before = np.concatenate([before, marks], axis=1)
    return total


def _balanced(rows: Sequence[tuple[object, ...]]) -> list[int]:
    """An order in which every beginning has each level about as often, for its length, as the whole."""
    n, width = len(rows), len(rows[0])
    totals = [Counter(row[c] for row in rows) for c in range(width)]
    left, order, counts = list(range(n)), list[int](), [Counter[object]() for _ in range(width)]
    while left:
        share = (len(order) + 1) / n

        def off(candidate: int, share: float = share) -> float:
            row = rows[candidate]
            return sum(
                (counts[c][level] + (row[c] == level) - share * total) ** 2 / total
                for c in range(width)
                for level, total in totals[c].items()
            )

        chosen = min(left, key=lambda candidate: (off(candidate), candidate))
        left.remove(chosen)
        order.append(chosen)
        for c in range(width):
            counts[c][rows[chosen][c]] += 1
    return order


def _planned(number: str, seed: int, main: Main, over: _Laid) -> Planned:
    size, (vocabulary, bos) = SIZES[main.size], _TOKENIZERS[over.tokenizer]
    # A SwiGLU layer has three matrices where a plain one has two: with these widths both are as large.
    wide = 4 * size.hidden if over.shape == "gpt_neox" else round(8 * size.hidden / 3 / 32) * 32
    recipe = Recipe(
        name=f"{number}-{main.size}-{over.shape.removeprefix('gpt_')}", shape=over.shape, layers=size.layers,
        hidden=size.hidden, heads=size.heads, feed_forward=wide, vocabulary=vocabulary, bos=bos, tokens=0,
        noise=main.noise, dialogue=main.dialogue, seed=seed, text_seed=over.text_seed, batch=2,
        length=_LENGTH, comparisons=_COMPARISONS, single=True,
    )  # fmt: skip
    tokens = main.tokens or _CELLS[main.cell][0] / parameters(recipe)
    return Planned(main.cell, main.size, over.tokenizer, replace(recipe, tokens=int(tokens)))


def parameters(recipe: Recipe) -> int:
    """Parameters of the recipe's model, embeddings (which are tied) once, without building it."""
    h, f, v = recipe.hidden, recipe.feed_forward, recipe.vocabulary
    if recipe.shape == "gpt_neox":
        layer = 4 * h * h + 4 * h + 2 * h * f + f + h + 4 * h
        return v * h + recipe.layers * layer + 2 * h
    head = h // recipe.heads
    narrow = max(1, recipe.heads // 2) * head if recipe.shape == "qwen3" else h
    norms = 2 * h + (2 * head if recipe.shape == "qwen3" else 0)
    layer = 2 * h * h + 2 * h * narrow + 3 * h * f + norms
    return v * h + recipe.layers * layer + h
