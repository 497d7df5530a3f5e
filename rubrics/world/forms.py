"""What a template family is, and how it turns into a requirement with two settings.

Everything in the world is built from requirements that can be *set* one way or the other in the prompt (the ferry goes
on Monday, or on Friday; mention the river, or leave it out) and *met* one way or the other in the response. A response
meets a requirement exactly if its way is the prompt's setting. So two prompts that differ in some settings and two
responses that differ in the same ways make a mirror set: each response is right under one prompt and not the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rubrics.taxonomy import Subcategory
from rubrics.world.things import KINDS, Rng, sentence_case
from rubrics.world.verifiers import Check

__all__ = ["PARTS", "Draw", "Family", "Sides", "Trait", "named", "pick", "render", "two_of"]

Slots = Mapping[str, str]

PARTS = ("opening", "body", "block", "closing", "list", "case", "quotes")
"""Parts of a response. `body` is a sentence or two and may occur several times; `block` a passage with a layout of its
own; `list`, `case` and `quotes` lay out the whole."""


@dataclass(frozen=True)
class Sides:
    """Slots that both settings share, and those of each (which the other sees with `_` after the name)."""

    shared: Slots
    first: Slots
    second: Slots

    def at(self, setting: int) -> dict[str, str]:
        """All slots as one setting sees them."""
        own, other = (self.first, self.second) if setting == 0 else (self.second, self.first)
        return {**self.shared, **own, **{f"{key}_": value for key, value in other.items()}}


Draw = Callable[[Rng], Sides]


@dataclass(frozen=True)
class Trait:
    """One requirement of a prompt, drawn and worded; each pair of texts is for setting 0 and setting 1."""

    family: str
    subcategory: Subcategory
    facts: tuple[str, str]
    asks: tuple[str, str]
    says: tuple[str, str]
    criteria: tuple[str, str]
    checks: tuple[Check, Check]
    part: str = "body"
    """What of the response it governs: see `PARTS`."""
    values: frozenset[str] = frozenset()
    """What was drawn; two requirements of one prompt share none of it."""


@dataclass(frozen=True)
class Family:
    """A template: slots to draw, wordings to choose from, and what makes a response right.

    In `facts`, `asks`, `says` and `criterion`, `{v}` is this setting's value of the slot v and `{v_}` the other's.
    """

    name: str
    domain: str
    subcategory: Subcategory
    taught: bool
    """Taught families appear as dialogue in pre-training documents; the others only in suites."""
    draw: Draw
    facts: tuple[str, ...]
    asks: tuple[str, ...]
    says: tuple[str, ...]
    criterion: str
    check: Callable[[Slots], Check]
    part: str = "body"
    """What of the response it governs: see `PARTS`."""
    forms: int = field(init=False)
    """How many differently worded prompts it has."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "forms", max(1, len(self.facts)) * len(self.asks))

    def trait(self, rng: Rng) -> Trait:
        """One requirement of this family."""
        sides = self.draw(rng)
        facts = rng.choice(self.facts) if self.facts else ""
        asks, says = rng.choice(self.asks), rng.choice(self.says)
        first, second = sides.at(0), sides.at(1)

        def both(form: str) -> tuple[str, str]:
            return sentence_case(form.format_map(first)), sentence_case(form.format_map(second))

        raw = self.part in ("list", "case", "quotes")
        return Trait(
            family=self.name,
            subcategory=self.subcategory,
            facts=both(facts),
            asks=both(asks),
            says=(says.format_map(first), says.format_map(second)) if raw else both(says),
            criteria=both(self.criterion),
            checks=(self.check(first), self.check(second)),
            part=self.part,
            values=frozenset(value for value in first.values() if value[:1].isalpha()),
        )


def pick(spec: str) -> Draw:
    """Slots by kind: `"n:name p:place | v:hour"`; those after the bar differ between the settings. No value twice."""
    shared, _, sided = spec.partition("|")

    def draw(rng: Rng) -> Sides:
        taken: set[str] = set()

        def fresh(kind: str) -> str:
            value = rng.choice([v for v in KINDS[kind] if v not in taken])
            taken.add(value)
            return value

        def slots(text: str) -> dict[str, str]:
            return {key: fresh(kind) for key, kind in (item.split(":") for item in text.split())}

        return Sides(slots(shared), slots(sided), slots(sided))

    return draw


def two_of(options: Sequence[Slots], spec: str) -> Draw:
    """Two settings from a table of linked slots; `spec` names the shared ones."""

    def draw(rng: Rng) -> Sides:
        first, second = rng.sample(options, 2)
        return Sides(pick(spec)(rng).shared, first, second)

    return draw


def named(*keys: str) -> Callable[[Slots], Check]:
    """A check that the response has this setting's values of these slots and not the other's."""

    def check(slots: Slots) -> Check:
        return Check("says", tuple(slots[k] for k in keys), tuple(slots[f"{k}_"] for k in keys))

    return check


def render(traits: list[tuple[Trait, int]]) -> str:
    """The response in which each requirement is met the given way (0 or 1)."""

    def part(name: str) -> list[str]:
        return [trait.says[way] for trait, way in traits if trait.part == name]

    layout = "".join(part("list"))
    body = part("body")
    if layout == "dots":
        body = [f"- {sentence}" for sentence in body]
    elif layout == "numbers":
        body = [f"{n}. {sentence}" for n, sentence in enumerate(body, 1)]
    block = part("block")
    # A passage with lines of its own is set off from what stands around it, in either way it can be met.
    rows = layout != "" or any("\n" in text for trait, _ in traits if trait.part == "block" for text in trait.says)
    text = ("\n" if rows else " ").join([*part("opening"), *body, *block, *part("closing")])
    if "capitals" in part("case"):
        text = text.upper()
    return f"“{text}”" if "quoted" in part("quotes") else text
