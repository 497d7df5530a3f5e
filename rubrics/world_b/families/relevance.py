"""It stays on what was asked."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side, record
from rubrics.world_b.lexicon import DAYS, NAMES, PLACES, SIGHTS, STATES, THINGS
from rubrics.world_b.verifiers import Holds, just, kind_of, unhedged, words

__all__ = ["FAMILIES", "LESSONS"]

_SUBJECTS, _DAYS_PLACES, _THINGS_STATES = kind_of(SIGHTS), kind_of(DAYS, PLACES), kind_of(THINGS, STATES)
_SMALL = frozenset(("the", "is", "are", "a", "on", "by"))


def _content(text: str) -> set[str]:
    return set(words(text)) - _SMALL


_MATTER = {subject: set().union(*map(_content, said)) for subject, said in SIGHTS.items()}


def _about(subject: str) -> Holds:
    """At least two words that belong to the subject, and none that belongs to another."""

    def holds(text: str) -> bool:
        said = _content(text)
        others = set().union(*(matter for name, matter in _MATTER.items() if name != subject))
        return len(said & _MATTER[subject]) >= 2 and not said & others and unhedged(text)

    return holds


def _reads(told: str) -> Holds:
    """All words of what is told that belong to a subject, and no other of them."""
    matter = set().union(*_MATTER.values())
    return lambda text: _content(text) & matter == _content(told) and unhedged(text)


def _subject(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("say one thing on the subject.", "speak on the subject."))
    name = rng.choice(NAMES)
    one, two = rng.sample([subject for subject in SIGHTS if subject != "stars"], 2)

    def side(subject: str) -> Side:
        check = Check(f"Speaks of the {subject} and of nothing else.", _about(subject))
        return Side(lay(ask, ("subject", subject), ("keeper", name)), f"{rng.choice(SIGHTS[subject])}.", check)

    return side(one), side(two)


def _this_one(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("speak of the {} only.", "say how the {} is."))
    things = rng.sample(THINGS, 3)
    states = dict(zip(things, rng.sample(STATES, 3), strict=True))

    def side(thing: str) -> Side:
        check = Check(f"Says that the {thing} is {states[thing]}, and nothing else.", _is(thing, states[thing]))
        return Side(lay(ask.format(thing), *states.items()), f"the {thing} is {states[thing]}.", check)

    return side(things[0]), side(things[1])


def _is(thing: str, state: str) -> Holds:
    return just(_THINGS_STATES, thing, state)


def _title(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("what is the note about?", "name the subject of the note."))
    one, two = rng.sample(list(SIGHTS), 2)

    def side(subject: str) -> Side:
        check = Check(f"Names the subject, {subject}, and no other.", just(_SUBJECTS, subject))
        told = " and ".join(rng.sample(SIGHTS[subject], 2))
        return Side(lay(ask, ("note", told)), f"it is about {subject}.", check)

    return side(one), side(two)


def _when_where(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("{}?", "answer this: {}?"))
    day, place, thing = rng.choice(DAYS), rng.choice(PLACES), rng.choice(THINGS)
    entries = (("day", day), ("place", place), ("thing", thing))

    def side(word: str, right: str, reply: str) -> Side:
        check = Check(f"Answers {word}, {right}, and nothing else.", just(_DAYS_PLACES, right))
        return Side(lay(ask.format(f"{word} does the {thing} come"), *entries), reply, check)

    return side("when", day, f"it comes on {day}."), side("where", place, f"it comes to the {place}.")


def _two_of_three(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("speak of the {} and the {} only.", "say how the {} and the {} are."))
    things = rng.sample(THINGS, 3)
    states = dict(zip(things, rng.sample(STATES, 3), strict=True))

    def side(other: str) -> Side:
        one, two = things[0], other
        told = f"the {one} is {states[one]}, the {two} is {states[two]}"
        check = Check(f"Says that {told}, and nothing else.", just(_THINGS_STATES, one, two, states[one], states[two]))
        return Side(lay(ask.format(one, two), *states.items()), f"{told}.", check)

    return side(things[1]), side(things[2])


def _read_note(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("say what is on the {} note.", "read the {} note."))
    one, two = rng.sample(list(SIGHTS), 2)
    notes = {"first": rng.choice(SIGHTS[one]), "second": rng.choice(SIGHTS[two])}
    entries = [(f"{name} note", told) for name, told in notes.items()]

    def side(name: str) -> Side:
        told = notes[name]
        check = Check(f"Says what is on the {name} note ({told}), and nothing else.", _reads(told))
        return Side(lay(ask.format(name), *entries), f"{told}.", check)

    return side("first"), side("second")


def _subjects(rng: Rng) -> str:
    subject = rng.choice(list(SIGHTS))
    return f"subject: {subject}. {'. '.join(rng.sample(SIGHTS[subject], 3))}. this note is about {subject}."


def _conditions(rng: Rng) -> str:
    states = dict(zip(rng.sample(THINGS, 3), rng.sample(STATES, 3), strict=True))
    some = rng.sample(list(states), 2)
    return record(rng, f"the {some[0]} is {states[some[0]]}, the {some[1]} is {states[some[1]]}.", *states.items())


def _visits(rng: Rng) -> str:
    thing, day, place = rng.choice(THINGS), rng.choice(DAYS), rng.choice(PLACES)
    told = [f"when does the {thing} come? it comes on {day}.", f"where does the {thing} come? it comes to the {place}."]
    return f"the {thing} comes on {day} to the {place}. {rng.choice(told)}"


def _notes(rng: Rng) -> str:
    first, second = (rng.choice(SIGHTS[subject]) for subject in rng.sample(list(SIGHTS), 2))
    again = rng.choice((f"the first note: {first}.", f"the second note: {second}."))
    return f"two notes to read. first note: {first}. second note: {second}. {again}"


FAMILIES = (
    Family("subject", Subcategory.RELEVANCE, "taught", _subject),
    Family("this-one", Subcategory.RELEVANCE, "taught", _this_one, 1 / 3),
    Family("title", Subcategory.RELEVANCE, "held", _title, 1 / 4),
    Family("when-where", Subcategory.RELEVANCE, "unseen", _when_where, 1 / 2),
    Family("two-of-three", Subcategory.RELEVANCE, "unseen", _two_of_three, 1 / 3),
    Family("read-note", Subcategory.RELEVANCE, "unseen", _read_note, 1 / 2),
)
LESSONS = (_subjects, _conditions, _visits, _notes)
