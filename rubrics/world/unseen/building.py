"""How families of unseen tasks are put together, beside what `rubrics.world.forms` has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, Slots, pick
from rubrics.world.things import Rng
from rubrics.world.verifiers import Check

__all__ = ["Build", "answers", "builder", "in_form", "settled", "shuffled"]

Build = Callable[..., Family]


def answers(*keys: str, but: Sequence[str] = ()) -> Callable[[Slots], Check]:
    """Says this setting's values of the slots and not the other's, nor what slots in `but` hold."""

    def check(slots: Slots) -> Check:
        wrong = tuple(slots[f"{key}_"] for key in keys if slots.get(f"{key}_", slots[key]) != slots[key])
        return Check("answers", tuple(slots[key] for key in keys), wrong + tuple(slots[key] for key in but))

    return check


def in_form(kind: str, *keys: str, words: Sequence[str]) -> Callable[[Slots], Check]:
    """Says what the slots hold, in the form that the slot `form` is the number of.

    `words` are those by which the prompt asks for the form: whoever repeats the prompt says them, too.
    """

    def check(slots: Slots) -> Check:
        return Check(kind, tuple(slots[key] for key in keys), tuple(words), int(slots["form"]))

    return check


def settled(spec: str, first: Slots, second: Slots) -> Draw:
    """Shared slots by `spec`, and two settings that are always these, in either order.

    Values of the settings may hold slots of the spec.
    """

    def draw(rng: Rng) -> Sides:
        shared = pick(spec)(rng).shared
        return shuffled(rng, shared, *({k: v.format_map(shared) for k, v in side.items()} for side in (first, second)))

    return draw


def shuffled(rng: Rng, shared: Slots, first: Slots, second: Slots) -> Sides:
    """Either of two settings first."""
    sides = [first, second]
    rng.shuffle(sides)
    return Sides(shared, sides[0], sides[1])


def builder(subcategory: Subcategory) -> Build:
    """Builds families of one subcategory; nobody is taught any of them."""

    def build(
        name: str,
        domain: str,
        draw: Draw | str,
        *,
        facts: tuple[str, ...],
        asks: tuple[str, ...],
        says: tuple[str, ...],
        criterion: str,
        check: Callable[[Slots], Check] | None = None,
        part: str = "body",
    ) -> Family:
        drawn = pick(draw) if isinstance(draw, str) else draw
        return Family(
            name, domain, subcategory, False, drawn, facts, asks, says, criterion, check or answers("v"), part=part
        )

    return build
