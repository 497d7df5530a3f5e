"""Template families for Coherence."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Family, Sides, named, pick, two_of
from rubrics.world.things import KINDS, Rng

__all__ = ["COHERENCE", "HOURS", "WEATHER", "person"]


WEATHER = (
    {"v": "rain", "then": "wet", "cover": "an umbrella"},
    {"v": "snow", "then": "white", "cover": "a sledge"},
    {"v": "sun", "then": "dry", "cover": "a straw hat"},
    {"v": "fog", "then": "grey", "cover": "a lantern"},
)

HOURS = (
    {"v": "morning", "sky": "sun rose", "meal": "breakfast"},
    {"v": "evening", "sky": "sun set", "meal": "supper"},
    {"v": "night", "sky": "moon shone", "meal": "a late snack"},
)


def person(rng: Rng) -> Sides:
    sides = pick("t:tool p:place | v:woman")(rng)
    woman = {"v": sides.first["v"], "pro": "she", "her": "her"}
    man = {"v": rng.choice(KINDS["man"]), "pro": "he", "her": "his"}
    two = [woman, man]
    rng.shuffle(two)
    return Sides(sides.shared, two[0], two[1])


COHERENCE = (
    Family(
        "story-weather",
        "harbour",
        Subcategory.COHERENCE,
        True,
        two_of(WEATHER, "n:name p:place"),
        (
            "A story begins: “The {v} did not stop all day, and {n} went to the {p}.”",
            "This is how it starts: “{n} looked out, saw the {v}, and left for the {p}.”",
        ),
        ("Write the next sentence.", "Go on with the story.", "What comes next?"),
        (
            "On the way all the ground was {then}, and {n} was glad of {cover}.",
            "{n} took {cover} along, for the whole town lay {then}.",
        ),
        "Goes on with the same weather, {v}.",
        named("then", "cover"),
    ),
    Family(
        "story-hero",
        "market",
        Subcategory.COHERENCE,
        True,
        pick("t:tool p:place | v:name"),
        (
            "A story begins: “{v} took the {t} and went to the {p} alone.”",
            "This is how it starts: “With the {t} in hand, {v} came to the {p}.”",
        ),
        ("Write the next sentence.", "Go on with the story.", "What comes next?"),
        (
            "At the {p} nobody was awake, so {v} put the {t} down and waited.",
            "There {v} looked around and hid the {t} under a stone.",
        ),
        "Keeps the same person, {v}.",
        named("v"),
    ),
    Family(
        "story-hour",
        "inn",
        Subcategory.COHERENCE,
        True,
        two_of(HOURS, "n:name w:way"),
        (
            "A story begins: “It was {v} when {n} came to the {w}.”",
            "This is how it starts: “{n} walked by the {w} in the {v}.”",
        ),
        ("Write the next sentence.", "Go on with the story."),
        (
            "The {sky} over the {w}, and {n} sat down and had {meal}.",
            "{n} ate {meal} and watched how the {sky} beside the {w}.",
        ),
        "Stays with the time of day, {v}.",
        named("sky", "meal"),
    ),
    Family(
        "tale-of-place",
        "workshop",
        Subcategory.COHERENCE,
        False,
        pick("n:name m:name | v:way"),
        (
            "The tale so far: “{n} had lived beside the {v} since childhood.”",
            "“Nothing ever happened at the {v},” said {n}. So runs the first line.",
        ),
        ("Carry the tale on.", "Add a line that fits.", "Write a second line that fits the first."),
        (
            "Then one day {m} came to the {v} and asked {n} for help.",
            "That was before {m} built a small hut beside the {v}.",
        ),
        "Stays at the same place, the {v}.",
        named("v"),
    ),
    Family(
        "tale-pronoun",
        "school",
        Subcategory.COHERENCE,
        False,
        person,
        (
            "The tale so far: “{v} found a {t} behind the {p}.”",
            "First line: “Behind the {p} lay a {t}, and {v} picked it up.”",
        ),
        ("Add a line that fits.", "Carry the tale on without the name.", "Go on in the same way."),
        (
            "Then {pro} put the {t} into {her} bag and ran home with it.",
            "All day long {pro} kept the {t} under {her} arm and told nobody.",
        ),
        "Speaks of {v} as “{pro}”.",
        named("pro", "her"),
    ),
    Family(
        "tale-of-animal",
        "market",
        Subcategory.COHERENCE,
        False,
        pick("n:name p:place | v:animal"),
        (
            "The tale so far: “{n} bought a {v} and led it past the {p}.”",
            "First line: “Near the {p} a {v} ran straight into {n}.”",
        ),
        ("Write a line that could follow.", "Carry the tale on.", "How does it go on?"),
        (
            "The {v} would not go on, so {n} sat down and spoke to it.",
            "{n} gave the {v} some water and they became friends.",
        ),
        "Stays with the same animal, the {v}.",
        named("v"),
    ),
    Family(
        "tale-weather",
        "kitchen",
        Subcategory.COHERENCE,
        False,
        two_of(WEATHER, "n:name m:name"),
        (
            "The tale so far: “There was {v} outside the kitchen when {n} knocked.”",
            "First line: “{n} came in out of the {v} and greeted {m}.”",
        ),
        ("Add a line that fits.", "Write a line that could follow.", "How does it go on?"),
        (
            "{m} saw that the shoes of {n} were {then} and took {cover} from the wall.",
            "“Everything is {then} out there,” said {n} and put down {cover}.",
        ),
        "Goes on with the same weather, {v}.",
        named("then", "cover"),
    ),
    Family(
        "tale-hour",
        "harbour",
        Subcategory.COHERENCE,
        False,
        two_of(HOURS, "n:name m:name"),
        (
            "The tale so far: “That {v} the boat of {n} lay still.”",
            "First line: “{n} met {m} at the landing in the {v}.”",
        ),
        ("Carry the tale on.", "How does it go on?", "Write a second line that fits the first."),
        (
            "The {sky} above the water while {m} brought {meal} on board.",
            "{m} had made {meal} for two, and the {sky} behind the boats.",
        ),
        "Stays with the time of day, {v}.",
        named("sky", "meal"),
    ),
)
