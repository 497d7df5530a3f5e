"""Template families for Completeness, Coherence and Relevance."""

from __future__ import annotations

from collections.abc import Mapping

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, named, pick, two_of
from rubrics.world.things import KINDS, Rng
from rubrics.world.verifiers import Check

__all__ = [
    "BED", "CLASS_TRIP", "CONTENT", "HOURS", "LENT_TOOL", "MEAL", "STALL_NOTICE", "TOPICS", "TRIP_BY_BOAT", "WEATHER",
    "aspects", "person", "topics",
]

_COMP, _COHE, _RELE = Subcategory.COMPLETENESS, Subcategory.COHERENCE, Subcategory.RELEVANCE
Slots = Mapping[str, str]


def aspects(*parts: tuple[str, str, str]) -> Draw:
    """Three parts of a subject: one asked for in both settings, one in either. Each: name, kind of its value, sentence part."""

    def draw(rng: Rng) -> Sides:
        chosen = rng.sample(parts, 3)
        filled: list[dict[str, str]] = []
        taken: set[str] = set()
        for label, kind, text in chosen:
            value = rng.choice([v for v in KINDS[kind] if v not in taken])
            taken.add(value)
            filled.append({"ask": label, "v": value, "text": text.format(v=value)})
        base, one, two = filled
        shared = {"n": rng.choice([n for n in KINDS["name"] if n not in taken])}
        return Sides({**shared, **{f"{key}0": text for key, text in base.items()}}, one, two)

    return draw


def _covers(slots: Slots) -> Check:
    return Check("says", (slots["text0"], slots["text"]))


_ASKED = "Gives both parts asked for: the {ask0} and the {ask}."
_KNOWN = ("Known: {text0}, {text} and {text_}.", "Known: {text_}, {text} and {text0}.")

BED = (
    ("price of the bed", "count", "the bed costs {v} coins"),
    ("hour of breakfast", "hour", "breakfast is at {v}"),
    ("name of the keeper", "name", "the keeper is called {v}"),
    ("place of the bath", "room", "the bath is in the {v}"),
)
TRIP_BY_BOAT = (
    ("colour of the boat", "colour", "the boat is {v}"),
    ("day of the trip", "day", "the trip is on {v}"),
    ("name of the captain", "name", "the captain is {v}"),
    ("place to meet", "way", "we meet at the {v}"),
)
STALL_NOTICE = (
    ("day of the market", "day", "the market is on {v}"),
    ("food on sale", "food", "the stall sells {v}"),
    ("name of the seller", "name", "the seller is {v}"),
    ("place of the stall", "place", "the stall is by the {v}"),
)
CLASS_TRIP = (
    ("goal of the trip", "way", "the class walks to the {v}"),
    ("hour of the start", "hour", "they start at {v}"),
    ("name of the guide", "name", "the guide is {v}"),
    ("drink to bring", "drink", "everyone brings {v}"),
)
MEAL = (
    ("main food", "food", "the meal is made with {v}"),
    ("drink", "drink", "there is {v} to drink"),
    ("room for the meal", "room", "the table is in the {v}"),
    ("hour of the meal", "hour", "the meal begins at {v}"),
)
LENT_TOOL = (
    ("owner of the tool", "name", "the owner is {v}"),
    ("colour of the handle", "colour", "the handle is {v}"),
    ("place of the tool", "room", "the tool hangs in the {v}"),
    ("day it comes back", "day", "it comes back on {v}"),
)

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


TOPICS: dict[str, tuple[str, ...]] = {
    "bread": ("the loaves are baked before dawn and sold warm", "fresh loaves lie in rows on the baker's shelf"),
    "boats": ("the sails are mended and the hulls get new tar", "at the wall the masts stand close together"),
    "weather": ("clouds come in from the west and rain will follow", "a cold wind blows and rain is near"),
    "goats": ("the herd eats grass on the hill and gives milk", "two kids were born and the herd grows"),
    "school": ("the pupils learn to read and count in one room", "new pupils get a slate and a seat"),
    "music": ("the fiddle plays and people sing until late", "they sing old songs to the sound of a fiddle"),
    "gardens": ("roses grow by the fence and need water at night", "the roses are in bloom along the fence"),
    "roads": ("the cobbles are loose and carts must go slowly", "carts get stuck where the cobbles are gone"),
}
"""Sentences that belong to a topic; each has a word found in its own topic alone."""

TOPIC_WORDS: dict[str, tuple[str, ...]] = {
    "bread": ("loaves",), "boats": ("sails", "masts"), "weather": ("rain",), "goats": ("herd",),
    "school": ("pupils",), "music": ("fiddle",), "gardens": ("roses",), "roads": ("cobbles",),
}


def topics(spec: str) -> Draw:
    def draw(rng: Rng) -> Sides:
        names = rng.sample(sorted(TOPICS), 3)
        which = [rng.randrange(2) for _ in names]
        base, one, two = ({"v": t, "text": TOPICS[t][w]} for t, w in zip(names, which, strict=True))
        return Sides({**pick(spec)(rng).shared, "base": base["v"], "text0": base["text"]}, one, two)

    return draw


def _about(slots: Slots) -> Check:
    return Check("says one of", TOPIC_WORDS[slots["v"]], TOPIC_WORDS[slots["v_"]])


_KEEPS = "Keeps to {v} and does not turn to {v_}."

CONTENT = (
    # Completeness: both parts that were asked for.
    Family(
        "bed-at-the-inn", "inn", _COMP, True, aspects(*BED), _KNOWN,
        ("{n} asks for the {ask0} and the {ask}. Answer both.", "Tell {n} the {ask0} and also the {ask}.",
         "Write to {n} and give the {ask0} and the {ask}."),
        ("Dear {n}, {text0} and {text}.", "{n}, you should know that {text0} and {text}."), _ASKED, _covers,
    ),
    Family(
        "stall-notice", "market", _COMP, True, aspects(*STALL_NOTICE), _KNOWN,
        ("Write a notice with the {ask0} and the {ask}.", "The notice needs two things: the {ask0} and the {ask}."),
        ("To all buyers: {text0} and {text}.", "Note for everyone in town: {text0} and {text}."), _ASKED, _covers,
    ),
    Family(
        "meal-plan", "kitchen", _COMP, True, aspects(*MEAL), _KNOWN,
        ("Tell the guests the {ask0} and the {ask}.", "The guests want to know two things, the {ask0} and the {ask}."),
        ("Dear guests of the house, {text0} and {text}.", "For tonight, {text0} and {text}."), _ASKED, _covers,
    ),
    Family(
        "boat-trip", "harbour", _COMP, False, aspects(*TRIP_BY_BOAT), _KNOWN,
        ("{n} comes along. Send word of the {ask0} and the {ask}.", "In your answer to {n}, cover the {ask0} and the {ask}.",
         "{n} needs the {ask0} as well as the {ask}."),
        ("Dear {n}, {text0} and {text}.", "So that you are ready, {n}: {text0} and {text}."), _ASKED, _covers,
    ),
    Family(
        "class-trip", "school", _COMP, False, aspects(*CLASS_TRIP), _KNOWN,
        ("Write the parents a line that has the {ask0} and the {ask}.", "Parents ask about the {ask0}, and about the {ask} too.",
         "Do not forget the {ask0} or the {ask} when you write to the parents."),
        ("Dear parents of the class, {text0} and {text}.", "A short word to the parents: {text0} and {text}."), _ASKED, _covers,
    ),
    Family(
        "lent-tool", "workshop", _COMP, False, aspects(*LENT_TOOL), _KNOWN,
        ("Write the label. It must show the {ask0} and the {ask}.", "{n} must learn the {ask0} and the {ask} from you.",
         "Put down the {ask0}, then the {ask}."),
        ("About the tool that was lent: {text0} and {text}.", "This is written on the label: {text0} and {text}."), _ASKED, _covers,
    ),
    Family(
        "supper-card", "kitchen", _COMP, False, aspects(*MEAL), _KNOWN,
        ("Make a card for {n} that names the {ask0} and the {ask}.", "{n} cares about two points, the {ask0} and the {ask}.",
         "Let {n} have both the {ask0} and the {ask}."),
        ("Good news for {n}: {text0} and {text}.", "On the card for {n} it says that {text0} and {text}."), _ASKED, _covers,
    ),
    Family(
        "night-guest", "inn", _COMP, False, aspects(*BED), _KNOWN,
        ("A late guest wants the {ask0} and the {ask}. Say both.", "Put up a sign about the {ask0} and the {ask}.",
         "What are the {ask0} and the {ask}?"),
        ("Welcome to our house, {text0} and {text}.", "Please note, dear guest, that {text0} and {text}."), _ASKED, _covers,
    ),
    # Coherence: what follows hangs together with what was begun.
    Family(
        "story-weather", "harbour", _COHE, True, two_of(WEATHER, "n:name p:place"),
        ("A story begins: “The {v} did not stop all day, and {n} went to the {p}.”",
         "This is how it starts: “{n} looked out, saw the {v}, and left for the {p}.”"),
        ("Write the next sentence.", "Go on with the story.", "What comes next?"),
        ("On the way all the ground was {then}, and {n} was glad of {cover}.", "{n} took {cover} along, for the whole town lay {then}."),
        "Goes on with the same weather, {v}.", named("then", "cover"),
    ),
    Family(
        "story-hero", "market", _COHE, True, pick("t:tool p:place | v:name"),
        ("A story begins: “{v} took the {t} and went to the {p} alone.”", "This is how it starts: “With the {t} in hand, {v} came to the {p}.”"),
        ("Write the next sentence.", "Go on with the story.", "What comes next?"),
        ("At the {p} nobody was awake, so {v} put the {t} down and waited.", "There {v} looked around and hid the {t} under a stone."),
        "Keeps the same person, {v}.", named("v"),
    ),
    Family(
        "story-hour", "inn", _COHE, True, two_of(HOURS, "n:name w:way"),
        ("A story begins: “It was {v} when {n} came to the {w}.”", "This is how it starts: “{n} walked by the {w} in the {v}.”"),
        ("Write the next sentence.", "Go on with the story."),
        ("The {sky} over the {w}, and {n} sat down and had {meal}.", "{n} ate {meal} and watched how the {sky} beside the {w}."),
        "Stays with the time of day, {v}.", named("sky", "meal"),
    ),
    Family(
        "tale-of-place", "workshop", _COHE, False, pick("n:name m:name | v:way"),
        ("The tale so far: “{n} had lived beside the {v} since childhood.”", "“Nothing ever happened at the {v},” said {n}. So runs the first line."),
        ("Carry the tale on.", "Add a line that fits.", "Write a second line that fits the first."),
        ("Then one day {m} came to the {v} and asked {n} for help.", "That was before {m} built a small hut beside the {v}."),
        "Stays at the same place, the {v}.", named("v"),
    ),
    Family(
        "tale-pronoun", "school", _COHE, False, person,
        ("The tale so far: “{v} found a {t} behind the {p}.”", "First line: “Behind the {p} lay a {t}, and {v} picked it up.”"),
        ("Add a line that fits.", "Carry the tale on without the name.", "Go on in the same way."),
        ("Then {pro} put the {t} into {her} bag and ran home with it.", "All day long {pro} kept the {t} under {her} arm and told nobody."),
        "Speaks of {v} as “{pro}”.", named("pro", "her"),
    ),
    Family(
        "tale-of-animal", "market", _COHE, False, pick("n:name p:place | v:animal"),
        ("The tale so far: “{n} bought a {v} and led it past the {p}.”", "First line: “Near the {p} a {v} ran straight into {n}.”"),
        ("Write a line that could follow.", "Carry the tale on.", "How does it go on?"),
        ("The {v} would not go on, so {n} sat down and spoke to it.", "{n} gave the {v} some water and they became friends."),
        "Stays with the same animal, the {v}.", named("v"),
    ),
    Family(
        "tale-weather", "kitchen", _COHE, False, two_of(WEATHER, "n:name m:name"),
        ("The tale so far: “There was {v} outside the kitchen when {n} knocked.”", "First line: “{n} came in out of the {v} and greeted {m}.”"),
        ("Add a line that fits.", "Write a line that could follow.", "How does it go on?"),
        ("{m} saw that the shoes of {n} were {then} and took {cover} from the wall.", "“Everything is {then} out there,” said {n} and put down {cover}."),
        "Goes on with the same weather, {v}.", named("then", "cover"),
    ),
    Family(
        "tale-hour", "harbour", _COHE, False, two_of(HOURS, "n:name m:name"),
        ("The tale so far: “That {v} the boat of {n} lay still.”", "First line: “{n} met {m} at the landing in the {v}.”"),
        ("Carry the tale on.", "How does it go on?", "Write a second line that fits the first."),
        ("The {sky} above the water while {m} brought {meal} on board.", "{m} had made {meal} for two, and the {sky} behind the boats."),
        "Stays with the time of day, {v}.", named("sky", "meal"),
    ),
    # Relevance: keeps to the topic that was asked for.
    Family(
        "asked-about", "market", _RELE, True, topics("n:name"), (),
        ("Tell {n} about {v}.", "{n} asks about {v}. Write to that and nothing else.", "Write a line on {v} for {n}."),
        ("Here is what I can tell you, {n}: {text}.", "This much is known in our town: {text}."), _KEEPS, _about,
    ),
    Family(
        "two-topics", "school", _RELE, True, topics("n:name"), (),
        ("{n} wants to hear about {base} and {v}.", "Report to {n} on {base} and on {v}, and on nothing else."),
        ("As for the first, {text0}. As for the second, {text}.", "I can say this: {text0}. And also this: {text}."), _KEEPS, _about,
    ),
    Family(
        "letter-topic", "harbour", _RELE, True, topics("n:name m:name"),
        ("{n} does not care about {v_} but about {v}.", "{n} has heard enough of {v_}. What {n} likes is {v}."),
        ("Write {n} a line.", "What would you tell {n}?", "Write a letter of one line."),
        ("Dear {n}, you will be glad to hear that {text}.", "This is for you, {n}, and it is true: {text}."), _KEEPS, _about,
    ),
    Family(
        "report-on", "workshop", _RELE, False, topics("n:name"), (),
        ("The report for {n} is on {v}. Keep to that.", "Stay with one subject, {v}, and report to {n}.",
         "Subject: {v}. Reader: {n}. One line.", "{n} needs news of {v}, not of {v_}.", "Give {n} the latest on {v}."),
        ("The latest news for {n} is that {text}.", "My report to you today, {n}, is short: {text}."), _KEEPS, _about,
    ),
    Family(
        "page-in-book", "school", _RELE, False, topics("n:name"),
        ("The book of {n} has a page on {v} and none on {v_}.", "{n} is writing a page on {v}. The page on {v_} is done."),
        ("Write a line for the page.", "What belongs on this page?", "Help {n} with the page."),
        ("On this page one can read the following: {text}.", "{n} writes it down with care: {text}."), _KEEPS, _about,
    ),
    Family(
        "talk-at-table", "inn", _RELE, False, topics("n:name m:name"),
        ("At table they talk of {v}. Talk of {v_} is not wanted.", "{n} and {m} are deep in talk of {v}, for they are tired of {v_}."),
        ("Join in with a line.", "Say something that fits their talk.", "What can you add?"),
        ("Yes, and as far as I have heard, {text}.", "I agree with {n} and {m}, and {text}."), _KEEPS, _about,
    ),
    Family(
        "first-then", "kitchen", _RELE, False, topics("n:name"), (),
        ("First a word on {base}, then a word on {v}, please.", "Speak of {base} and of {v}, but leave {v_} aside.",
         "Two subjects only: {base} and {v}.", "{n} likes to hear of {base} and {v}.", "Give {n} news of {base}, and of {v} too."),
        ("To begin with, {text0}. Besides, {text}.", "First of all, {text0}. Next, {text}."), _KEEPS, _about,
    ),
    Family(
        "question-of-guest", "inn", _RELE, False, topics("n:name"), (),
        ("A guest asks: “What about {v}?” Answer the guest.", "“Tell me of {v} here,” says {n}. Reply.",
         "{n} came because of {v}. Say something about it.", "How do things stand with {v}?", "What is the news about {v}, and only that?"),
        ("Since you ask, let me say that {text}.", "I am happy to answer your question: {text}."), _KEEPS, _about,
    ),
)
