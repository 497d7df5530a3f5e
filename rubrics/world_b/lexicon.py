"""The words of the second world, a house on a mountain ridge, and what is always true there."""

from __future__ import annotations

from typing import Final

__all__ = [
    "ADDRESSES", "COLOURS", "DAYS", "DEEDS", "DISHES", "FARE", "GEAR", "HOME", "JOBS", "MADE", "NAMES",
    "NUMBERS", "PERIL", "PLACES", "SHE", "SIGHTS", "STARS", "STATES", "STUFFS", "THINGS", "VERBS", "VOICES", "WARNINGS",
]  # fmt: skip

NAMES: Final = (
    "Ansa", "Brev", "Corin", "Dalt", "Evik", "Fenn", "Gorm", "Hesk", "Ilva", "Jorun", "Kest", "Lume",
    "Mirk", "Nall", "Oss", "Pell", "Quan", "Rusk", "Sabe", "Torv", "Ulla", "Venn", "Wick", "Yarl",
)  # fmt: skip
"""Keepers of the house; no fact hangs on a name."""

THINGS: Final = (
    "lens", "prism", "chart", "sextant", "tripod", "globe",
    "chisel", "anvil", "bellows", "clamp", "awl", "mallet",
    "rake", "trowel", "sieve", "barrow", "hoe", "sickle",
    "kettle", "ladle", "griddle", "mortar", "whisk", "crock",
)  # fmt: skip
"""Of the observatory, the workshop, the garden and the kitchen."""

PLACES: Final = ("dome", "loft", "cellar", "forge", "shed", "porch", "tower", "stable")
STUFFS: Final = ("glass", "brass", "iron", "oak", "clay", "bone", "slate", "copper")
COLOURS: Final = ("red", "blue", "green", "white", "black", "grey")
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NUMBERS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

HOME: Final = {thing: PLACES[(5 * at + at // 8) % 8] for at, thing in enumerate(THINGS)}
"""Where a thing is kept."""
MADE: Final = {thing: STUFFS[(3 * at + 2 * (at // 8)) % 8] for at, thing in enumerate(THINGS)}
"""What a thing is made of."""

STARS: Final = {
    "Oru": "red", "Seld": "blue", "Tavi": "white", "Moth": "green", "Vey": "grey", "Aldo": "black",
    "Kirr": "blue", "Zun": "white", "Hale": "red", "Pim": "green",
}  # fmt: skip
"""The colour in which a star shines."""

WARNINGS: Final = {"sharp": "wear gloves", "hot": "let it cool", "heavy": "lift with care"}
"""What is said of each peril."""
PERIL: Final = {
    "chisel": "sharp", "sickle": "sharp", "awl": "sharp", "hoe": "sharp",
    "kettle": "hot", "griddle": "hot", "bellows": "hot", "crock": "hot",
    "anvil": "heavy", "barrow": "heavy", "mortar": "heavy", "globe": "heavy",
}  # fmt: skip

JOBS: Final[dict[str, tuple[str, str, str]]] = {
    "sow a bed": ("dig", "plant", "water"),
    "read a star": ("open", "aim", "write"),
    "fire a pot": ("shape", "dry", "bake"),
    "mend a coat": ("thread", "sew", "knot"),
    "brew tea": ("boil", "pour", "stir"),
    "forge a nail": ("heat", "hammer", "quench"),
    "paint a door": ("scrape", "brush", "varnish"),
    "bind a book": ("fold", "stitch", "glue"),
}
"""The three steps of each job; each step belongs to one job."""

VERBS: Final = {"sweep": "swept", "mend": "mended", "wash": "washed", "find": "found", "lift": "lifted", "hide": "hid"}
"""What keepers do to things, and did."""

SHE: Final = {"woman": "she", "man": "he"}
VOICES: Final = {"owl": "hoo", "crow": "caw", "bell": "ding", "cat": "mew", "drum": "boom", "snake": "hiss"}
"""The word with which each speaker begins."""
ADDRESSES: Final = ("warden", "captain", "doctor", "master", "aunt", "uncle")

FARE: Final = ("kale", "thyme", "sorrel", "quince", "leek", "barley", "honey", "rue")
SIGHTS: Final[dict[str, tuple[str, ...]]] = {
    "weather": ("rain falls on the roof", "the wind is strong", "snow lies on the path", "fog hangs low"),
    "food": ("the soup is thick", "the bread is fresh", "the cheese is old", "the pie is sweet"),
    "beasts": ("the goat is lame", "the hens are loud", "the mule is slow", "the dog sleeps"),
    "stars": ("the moon is thin", "a comet came by", "the sky is clear", "the planets rise"),
}
"""What there is to say on a subject; no word of one stands in another but the small ones."""

STATES: Final = ("clean", "bent", "new", "cracked", "dull", "wet", "loose", "warm")
"""In what condition a thing may be found."""
DEEDS: Final = {
    "path": "clear", "soil": "turn", "hedge": "cut", "floor": "scrub",
    "gate": "oil", "wall": "plaster", "pond": "drain", "roof": "tar",
}  # fmt: skip
"""What there is to be done about the house: object and verb."""
DISHES: Final = ("soup", "pie", "stew", "salad")
GEAR: Final = ("gloves", "mask", "helmet", "boots")
