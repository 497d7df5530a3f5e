"""What each negative is to violate: a seeded plan that fills subcategory × |V| evenly."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rubrics.prompts import RubricPrompt
from rubrics.schema import Criterion
from rubrics.taxonomy import Subcategory

__all__ = ["PlannedPair", "pair_id", "plan_pairs"]

_ROOM = 180
"""Characters of a pair's id that come from its prompt's; ids have at most 200."""


@dataclass(frozen=True)
class PlannedPair:
    """One negative to be made."""

    id: str
    prompt_id: str
    violated: tuple[str, ...]
    """V: criterion ids in rubric order; empty where the construction finds out by itself."""
    side: int
    """1 where it is to be no shorter than its positive, −1 no longer, 0 where that is free."""


def plan_pairs(prompts: Sequence[RubricPrompt], sizes: Sequence[int], per_prompt: int, seed: int) -> list[PlannedPair]:
    """Draw V for every negative of every prompt, the same for the same seed whatever the order of the prompts.

    Each draw takes the criteria whose cells of the plan (subcategory × |V|) are emptiest so far. The negatives of one
    prompt differ in V, and in |V| as long as that is possible; a prompt too poor in criteria gets fewer of them.
    """
    rng = random.Random(f"violations {seed}")
    ordered = sorted(prompts, key=lambda prompt: prompt.id)
    rng.shuffle(ordered)
    cells: Counter[tuple[Subcategory, int]] = Counter()
    totals: Counter[int] = Counter()
    pairs: list[PlannedPair] = []
    for prompt in ordered:
        taken: set[tuple[str, ...]] = set()
        used: set[int] = set()
        for number in range(per_prompt):
            v = _draw(rng, prompt.criteria, sizes, cells, totals, taken, used)
            if v is None:
                break
            taken.add(tuple(c.id for c in v))
            used.add(len(v))
            totals[len(v)] += 1
            cells.update({(s, len(v)) for s in {c.subcategory for c in v}})
            # Where the length itself is to be wrong, its direction is the generator's affair.
            free = any(c.subcategory is Subcategory.LENGTH for c in v)
            pairs.append(PlannedPair(pair_id(prompt.id, number), prompt.id, tuple(c.id for c in v), 0 if free else 1))
    return sorted(_with_sides(pairs, rng), key=lambda pair: (pair.prompt_id, pair.id))


def _draw(
    rng: random.Random,
    criteria: Sequence[Criterion],
    sizes: Sequence[int],
    cells: Counter[tuple[Subcategory, int]],
    totals: Counter[int],
    taken: set[tuple[str, ...]],
    used: set[int],
) -> list[Criterion] | None:
    possible = sorted({min(size, len(criteria)) for size in sizes} - {0})
    fresh = [size for size in possible if size not in used]
    for size in sorted(fresh or possible, key=lambda size: (totals[size], rng.random())):
        for _ in range(8):
            # Emptiest cells first; a criterion whose subcategory is in V already adds nothing to the plan.
            chosen: list[Criterion] = []
            left = rng.sample(list(criteria), len(criteria))
            while len(chosen) < size:
                inside = {c.subcategory for c in chosen}
                best = min(left, key=lambda c: (c.subcategory in inside, cells[c.subcategory, size]))
                left.remove(best)
                chosen.append(best)
            v = [c for c in criteria if c in chosen]
            if tuple(c.id for c in v) not in taken:
                return v
            # The plan's first choice is taken: try the others at random.
            drawn = rng.sample(list(criteria), size)
            v = [c for c in criteria if c in drawn]
            if tuple(c.id for c in v) not in taken:
                return v
    return None


def _with_sides(pairs: Sequence[PlannedPair], rng: random.Random) -> list[PlannedPair]:
    """Half of the pairs to either side, within each |V| as well."""
    balanced: list[PlannedPair] = []
    side = rng.choice((1, -1))
    for size in sorted({len(pair.violated) for pair in pairs}):
        group = [pair for pair in pairs if len(pair.violated) == size]
        rng.shuffle(group)
        for pair in group:
            if pair.side:
                balanced.append(PlannedPair(pair.id, pair.prompt_id, pair.violated, side))
                side = -side
            else:
                balanced.append(pair)
    return balanced


def pair_id(prompt_id: str, number: int) -> str:
    """The id of a prompt's n-th pair, never longer than ids may be."""
    if len(prompt_id) > _ROOM:
        prompt_id = f"{prompt_id[: _ROOM - 13].strip()}-{hashlib.sha256(prompt_id.encode()).hexdigest()[:12]}"
    return f"{prompt_id}-{number + 1}"
