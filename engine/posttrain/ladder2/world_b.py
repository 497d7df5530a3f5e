"""The second world as the ladder's models meet it: its documents, its own frame, its pairs and its tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Final

from engine.layout.wording import LayoutOptions
from engine.layout.wordings import Wording
from engine.posttrain.ladder2.regimen import Common, Regimen
from engine.posttrain.ladder2.worlds import World
from engine.posttrain.pretrain import Corpus, Framed, Recipe
from engine.posttrain.tasks import Task
from rubrics.errors import BadInput
from rubrics.schema import Suite
from rubrics.world_b import COMPARISON, FRAME, documents, families_of, pairs, tasks
from rubrics.world_b import Task as Asked
from rubrics.world_b.cases import Share

__all__ = ["WORLD_B", "common_b"]

_AT_ONCE: Final = 1500
"""Documents of one block."""
_WORDS: Final = 18_000
"""Documents that a tokenizer learns its words from, some 300,000 words."""
_SEED: Final = 7
"""Of these."""
_FAR: Final = 987_654_321
"""Training texts have small seeds times a million; this is far from all of them."""
_SPARE: Final = 60
"""Tasks of a family of the suite that are drawn, so that enough are left whose prompts are in none of its pairs."""
_BEGIN, _, _END = FRAME.partition("{prompt}")
_FIRST: Final = COMPARISON.partition("{prompt}")[2].partition("{first}")[0]


@dataclass(frozen=True)
class _Task(Task):
    """A task of the second world, which judges for itself."""

    own: Asked | None = None

    @property
    def text(self) -> str:
        return FRAME.format(prompt=self.prompt)

    def met(self, response: str) -> tuple[bool, ...]:
        assert self.own is not None
        return self.own.met(response)


def _framed(text: str) -> Framed:
    """A document; of a dialogue the response counts, of a comparison its label, of any other everything."""
    if not text.startswith(_BEGIN):
        return text, lambda start, end: True
    if _FIRST in text:
        return text, lambda start, end: end == len(text)
    head = text.index(_END) + len(_END)
    return text, lambda start, end: start >= head


def _block(recipe: Recipe, seed: int, dialogue: float | None) -> list[Framed]:
    if dialogue is None:
        stream = documents(seed, dialogue=0.0, noise=0.0, comparisons=0.0, rote=1.0)
    else:
        stream = documents(seed, dialogue=dialogue, noise=recipe.noise, comparisons=recipe.comparisons)
    return [_framed(text) for text in islice(stream, _AT_ONCE)]


def _words() -> Iterator[str]:
    return islice(documents(_SEED, dialogue=0.4, noise=0.0, comparisons=0.1), _WORDS)


@lru_cache(maxsize=2)
def common_b(regimen: Regimen) -> Common:
    """Everything that all models of the second world meet; the same regimen gives the same. It takes all families of a
    share, so that `outcome_families` and `outcome_pool` only have to say as many; the four Cs are even in each share.

    Raises:
        BadInput: a family has not so many different prompts, or the regimen wants another number of families.
    """
    if regimen.outcome_families != (there := len(families_of("unseen"))):
        raise BadInput(f"{regimen.outcome_families} families for the outcome", fix=f"there are {there}")
    suite = Suite("second world", tuple(pairs(1000 + regimen.seed, 2 * regimen.mirror_sets)))
    read = {pair.prompt_text for pair in suite.scored}
    taught = len(families_of("taught"))
    each = [regimen.beside_per_family, *[regimen.round_per_family] * regimen.rounds, regimen.demonstrations // taught]
    # Of one draw, whose prompts all differ: what is measured, the rounds, the demonstrations.
    drawn = iter(_drawn(regimen.seed, "taught", sum(each)))
    seen, *rounds, demonstrations = (tuple(islice(drawn, taught * number)) for number in each)
    return Common(
        suite=suite,
        prompts={
            "outcome": _drawn(regimen.seed, "unseen", regimen.per_family),
            "suite": _apart(_drawn(regimen.seed, "held", _SPARE), read, regimen.beside_per_family),
            "taught": seen,
        },
        demonstrations=demonstrations,
        rounds=tuple(rounds),
        plain=_clean(_FAR + regimen.seed, regimen.texts, dialogue=0.0),
        dialogues=_clean(_FAR + 1 + regimen.seed, regimen.texts, dialogue=1.0),
    )


def _drawn(seed: int, share: Share, each: int) -> tuple[Task, ...]:
    """So many tasks of each family of a share, families in turn."""
    return tuple(
        _Task(task.family, task.prompt, task.response, (str(task.subcategory),), (), task.criteria, own=task)
        for task in tasks(seed, each * len(families_of(share)), share)
    )


def _apart(of: Sequence[Task], read: set[str], each: int) -> tuple[Task, ...]:
    """The first so many of each family whose prompt is not among these, families in turn."""
    own = {task.family: [t for t in of if t.family == task.family and t.prompt not in read][:each] for task in of}
    if few := [family for family, some in own.items() if len(some) < each]:
        raise BadInput(f"family {few[0]} has no more prompts that are in no pair", fix="ask for fewer mirror sets")
    return tuple(task for turn in zip(*own.values(), strict=True) for task in turn)


def _clean(seed: int, count: int, *, dialogue: float) -> tuple[str, ...]:
    return tuple(islice(documents(seed, dialogue=dialogue, noise=0.0, comparisons=0.0, rote=0.0), count))


_LAYOUT: Final = LayoutOptions(
    "likelihood", wording=Wording("likelihood", "second world", {"prompt": _BEGIN + "{prompt}\n", "first": _END[1:]})
)
"""The frame in two parts, each of which ends in a line break."""

WORLD_B: Final = World(Corpus(_block, _words), FRAME, (_LAYOUT,), common_b)
