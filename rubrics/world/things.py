"""What the small closed world holds: people, places, objects, words for numbers, and a few fixed facts."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence

__all__ = ["DOMAINS", "KEEPERS", "KINDS", "NUMBERS", "PERSONAS", "WOMEN", "Rng", "join", "number", "sentence_case"]

Rng = random.Random

DOMAINS = ("harbour", "market", "kitchen", "workshop", "school", "inn")

WOMEN = ("Mara", "Ana", "Ida", "Nell", "Rosa", "Lena", "Vera", "Edda")
MEN = ("Tom", "Bram", "Finn", "Otto", "Jonas", "Karl", "Piet", "Hugo")

NUMBERS = (
    "no",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
)

_PLACES = ("mill", "forge", "chapel", "bakery", "dairy", "library", "stable", "tower", "barn", "tavern", "mint", "bank")
_COLOURS = ("red", "blue", "green", "white", "black", "yellow", "grey", "brown")

KEEPERS: dict[str, tuple[str, str]] = {
    place: (name, colour)
    for place, name, colour in zip(
        _PLACES,
        ("Bram", "Otto", "Edda", "Rosa", "Ida", "Vera", "Finn", "Hugo", "Karl", "Nell", "Lena", "Piet"),
        ("white", "black", "grey", "yellow", "blue", "brown", "green", "white", "red", "green", "blue", "black"),
        strict=True,
    )
}
"""Facts that hold in every text of the world: who keeps a place, and the colour of its door."""

KINDS: dict[str, Sequence[str]] = {
    "name": WOMEN + MEN,
    "woman": WOMEN,
    "man": MEN,
    "place": _PLACES,
    "colour": _COLOURS,
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "hour": NUMBERS[5:13],
    "count": NUMBERS[2:10],
    "letter": ("A", "B", "C", "D", "E", "F"),
    "tool": ("rope", "lamp", "bell", "net", "ladder", "spade", "bucket", "sack", "hammer", "broom", "kettle", "candle"),
    "food": (
        "bread",
        "cheese",
        "honey",
        "fish",
        "butter",
        "plums",
        "pears",
        "eggs",
        "beans",
        "leeks",
        "nuts",
        "apples",
    ),
    "animal": ("goat", "horse", "hen", "cow", "dog", "cat", "duck", "sheep"),
    "way": ("river", "bridge", "wood", "hill", "lake", "road", "field", "shore"),
    "room": ("cellar", "loft", "hall", "parlour", "shed", "yard", "pantry", "attic"),
    "vehicle": ("cart", "boat", "sledge", "wagon", "raft", "barge"),
    "cloth": ("coat", "hat", "scarf", "belt", "shawl", "apron"),
    "drink": ("tea", "milk", "cider", "water", "broth", "juice"),
    "work": ("baker", "smith", "miller", "farmer", "weaver", "carpenter", "fisher", "potter"),
}
"""What a slot of each kind may hold."""

PERSONAS: dict[str, tuple[str, str]] = {
    "sailor": ("Ahoy there, mate", "Fair winds to you"),
    "teacher": ("Now listen, class", "Write that down neatly"),
    "king": ("Hear me, my people", "So says your king"),
    "soldier": ("Attention, all ranks", "That is an order"),
    "monk": ("Peace be with you", "Bless you on your way"),
    "doctor": ("Please sit down", "Get well soon"),
    "clown": ("Ha ha, look here", "Now laugh with me"),
    "judge": ("Silence in the court", "The case is closed"),
}
"""How people of the world begin and end what they say."""


def number(value: int) -> str:
    """The word for 0 to 20; figures above that."""
    return NUMBERS[value] if 0 <= value < len(NUMBERS) else str(value)


def join(things: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    words = list(things)
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def sentence_case(text: str) -> str:
    """The text with a capital at the start of every sentence, line and direct speech, and with `an` before a vowel."""
    text = re.sub(r"\ba (?=[aeiou])", "an ", text)
    text = re.sub(r"((?:^|[.!?] |“))A (?=[aeiou])", r"\1An ", text)
    return re.sub(r"((?:\A|[.!?\n])\W*|: “)([a-z])", lambda match: match[1] + match[2].upper(), text)
