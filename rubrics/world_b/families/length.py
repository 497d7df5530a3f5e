"""The asked size is kept: words, items, sentences, lines."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side
from rubrics.world_b.lexicon import COLOURS, HOME, NUMBERS, STATES, THINGS, VOICES
from rubrics.world_b.verifiers import Holds, every, just, kind_of, lines, named, sentences, sized, unhedged, words

__all__ = ["FAMILIES", "LESSONS"]

_THINGS = kind_of(THINGS)
_SOUNDS = frozenset(VOICES.values())


def _distinct(things: list[str], count: int) -> Holds:
    """Names so many of these things, each once, and no other."""

    def holds(text: str) -> bool:
        said = named(text, _THINGS)
        return len(said) == count and len(set(said)) == count and set(said) <= set(things) and unhedged(text)

    return holds


def _words(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("say what it is in {} words.", "name it in {} words."))
    thing, colour, state = rng.choice(THINGS), rng.choice(COLOURS), rng.choice(STATES)
    entries = ("thing", thing), ("colour", colour), ("state", state)

    def side(count: str, size: int, reply: str) -> Side:
        check = Check(f"Names the {thing} in exactly {count} words.", every(sized(size), just(_THINGS, thing)))
        return Side(lay(ask.format(count), *entries), reply, check)

    return side("two", 2, f"a {thing}"), side("three", 3, f"a {colour} {thing}")


def _one_word(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("say what it is in {}.", "name it in {}."))
    thing, colour, state = rng.choice(THINGS), rng.choice(COLOURS), rng.choice(STATES)
    entries = ("thing", thing), ("colour", colour), ("state", state)

    def side(count: str, size: int, reply: str) -> Side:
        check = Check(f"Names the {thing} in exactly {count}.", every(sized(size), just(_THINGS, thing)))
        return Side(lay(ask.format(count), *entries), reply, check)

    return side("one word", 1, thing), side("four words", 4, f"a {state} {colour} {thing}")


def _items(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("name {} things.", "say {} of the things."))
    things = rng.sample(THINGS, 4)
    fewer = rng.choice((1, 2))

    def side(count: int) -> Side:
        number = NUMBERS[count]
        check = Check(f"Names exactly {number} of the things on the shelf.", _distinct(things, count))
        return Side(
            lay(ask.format(number), ("shelf", ", ".join(things))), f"these: {', '.join(things[:count])}.", check
        )

    return side(fewer), side(fewer + 1)


def _sentences(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("speak of it in {}.", "write on it in {}."))
    thing, state = rng.choice(THINGS), rng.choice(STATES)
    entries = ("thing", thing), ("state", state), ("place", HOME[thing])
    one, two = f"the {thing} is {state}.", f"it is in the {HOME[thing]}."

    def side(count: str, size: int, reply: str) -> Side:
        check = Check(f"Speaks of the {thing} in exactly {count}.", every(sentences(size), just(_THINGS, thing)))
        return Side(lay(ask.format(count), *entries), reply, check)

    return side("one sentence", 1, one), side("two sentences", 2, f"{one} {two}")


def _lines(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("write {} lines, a thing on each.", "fill {} lines, a thing on each."))
    things = rng.sample(THINGS, 4)
    fewer = rng.choice((2, 3))

    def side(count: int) -> Side:
        number = NUMBERS[count]

        def holds(text: str) -> bool:
            found = lines(text)
            return len(found) == count and _distinct(things, count)(text) and all(named(x, _THINGS) for x in found)

        check = Check(f"Is exactly {number} lines, with another thing of the shelf on each.", holds)
        return Side(lay(ask.format(number), ("shelf", ", ".join(things))), "\n".join(things[:count]), check)

    return side(fewer), side(fewer + 1)


def _strokes(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("say {} {} times.", "let it sound: {}, {} times."))
    sound = rng.choice(sorted(_SOUNDS))
    counts = rng.sample((2, 3, 4), 2)

    def side(count: int) -> Side:
        def holds(text: str) -> bool:
            return words(text) == [sound] * count

        check = Check(f"Says {sound} exactly {NUMBERS[count]} times and nothing else.", holds)
        return Side(lay(ask.format(sound, NUMBERS[count])), " ".join([sound] * count), check)

    return side(counts[0]), side(counts[1])


def _sizes(rng: Rng) -> str:
    thing, colour, state = rng.choice(THINGS), rng.choice(COLOURS), rng.choice(STATES)
    told = [
        f"one word: {thing}",
        f"two words: a {thing}",
        f"three words: a {colour} {thing}",
        f"four words: a {state} {colour} {thing}",
    ]
    return f"thing: {thing}. colour: {colour}. state: {state}.\n" + "\n".join(rng.sample(told, 3))


def _heard(rng: Rng) -> str:
    sounds = rng.sample(sorted(_SOUNDS), 2)
    told = []
    for sound in sounds:
        count = rng.choice((1, 2, 3, 4))
        told.append(f"{NUMBERS[count]} times {sound}: {' '.join([sound] * count)}")
    return "\n".join(["let it sound.", *told])


def _filled(rng: Rng) -> str:
    things = rng.sample(THINGS, 4)
    count = rng.choice((1, 2, 3, 4))
    told = "\n".join(things[:count])
    return f"shelf: {', '.join(things)}. fill {NUMBERS[count]} lines:\n{told}"


def _told(rng: Rng) -> str:
    thing, state = rng.choice(THINGS), rng.choice(STATES)
    one, two = f"the {thing} is {state}.", f"it is in the {HOME[thing]}."
    return rng.choice((f"one sentence: {one}", f"two sentences: {one} {two}"))


FAMILIES = (
    Family("words", Subcategory.LENGTH, "taught", _words, 1 / 2),
    Family("items", Subcategory.LENGTH, "taught", _items, 1 / 3),
    Family("sentences", Subcategory.LENGTH, "held", _sentences, 1 / 2),
    Family("lines", Subcategory.LENGTH, "held", _lines, 1 / 3),
    Family("one-word", Subcategory.LENGTH, "unseen", _one_word, 1 / 2),
    Family("strokes", Subcategory.LENGTH, "unseen", _strokes, 1 / 3),
)
LESSONS = (_sizes, _heard, _filled, _told)
