"""A story goes on with the same people, things, places and times."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side
from rubrics.world_b.lexicon import COLOURS, NAMES, PLACES, SHE, THINGS, VERBS
from rubrics.world_b.verifiers import Holds, just, kind_of, unhedged, words

__all__ = ["FAMILIES", "LESSONS"]

_NAMES, _PLACES, _COLOURS = map(kind_of, (NAMES, PLACES, COLOURS))
_PRONOUNS = {"she": "she", "her": "she", "hers": "she", "he": "he", "him": "he", "his": "he"}
_NUMBERED = {"it": "it", "its": "it", "they": "they", "them": "they", "their": "they"}
_ASKS = ("go on with the story.", "say what came next.")


def _same_keeper(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("go on with the same keeper.", "say what the same keeper did next."))
    people = rng.sample(NAMES, 2)
    (one, two), verbs = rng.sample(THINGS, 2), rng.sample(list(VERBS.values()), 2)

    def side(name: str, other: str) -> Side:
        check = Check(f"Goes on with {name} and nobody else.", just(_NAMES, name))
        entries = (("story", f"{name} {verbs[0]} the {one}"), ("away", other))
        return Side(lay(ask, *entries), f"then {name} {verbs[1]} the {two}.", check)

    return side(*people), side(*people[::-1])


def _pronoun(rng: Rng) -> Case:
    lay, ask, name = Layout(rng), rng.choice(_ASKS), rng.choice(NAMES)
    (one, two), verbs = rng.sample(THINGS, 2), rng.sample(list(VERBS.values()), 2)

    def side(who: str) -> Side:
        check = Check(f"Calls {name}, a {who}, {SHE[who]}.", just(_PRONOUNS, SHE[who]))
        entries = (("keeper", f"{name}, a {who}"), ("story", f"{name} {verbs[0]} the {one}"))
        return Side(lay(ask, *entries), f"then {SHE[who]} {verbs[1]} the {two}.", check)

    return side("woman"), side("man")


def _same_thing(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("go on with the same thing.", "say what came next of the same thing."))
    thing, colours, verb = rng.choice(THINGS), rng.sample(COLOURS, 2), rng.choice(list(VERBS.values()))

    def side(colour: str, other: str) -> Side:
        check = Check(f"Goes on with the {colour} {thing} and no other.", just(_COLOURS, colour))
        entries = (("story", f"the {colour} {thing} fell"), ("away", f"the {other} {thing}"))
        return Side(lay(ask, *entries), f"then they {verb} the {colour} {thing}.", check)

    return side(*colours), side(*colours[::-1])


def _time(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(_ASKS)
    name, (one, two), verbs = rng.choice(NAMES), rng.sample(THINGS, 2), rng.sample(list(VERBS), 2)

    def side(told: tuple[str, str], past: bool) -> Side:
        check = Check(f"Goes on in the {'past' if past else 'present'}.", _tense(past, verbs[0]))
        story = f"{name} {told[0]} the {one}"
        return Side(lay(ask, ("story", story)), f"then {name} {told[1]} the {two}.", check)

    now, then = [f"{verb}s" if verb != "wash" else "washes" for verb in verbs], [VERBS[verb] for verb in verbs]
    return side((then[0], then[1]), True), side((now[0], now[1]), False)


def _tense(past: bool, told: str) -> Holds:
    """Has a verb of this time, none of the other, and not the one that was told already."""
    before = set(VERBS.values())
    now = {f"{verb}{ending}" for verb in VERBS for ending in ("", "s", "es")}
    wanted, other = (before, now) if past else (now, before)

    def holds(text: str) -> bool:
        said = set(words(text))
        return (
            bool(said & wanted) and not said & (other | {told, f"{told}s", f"{told}es", VERBS[told]}) and unhedged(text)
        )

    return holds


def _same_place(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("go on in the same place.", "say what came next in the same place."))
    (one, two), places = rng.sample(THINGS, 2), rng.sample(PLACES, 2)
    verbs = rng.sample(list(VERBS.values()), 2)

    def side(place: str, other: str) -> Side:
        check = Check(f"Stays in the {place}, and goes nowhere else.", just(_PLACES, place))
        entries = (("story", f"in the {place} they {verbs[0]} the {one}"), ("far", f"the {other}"))
        return Side(lay(ask, *entries), f"then in the {place} they {verbs[1]} the {two}.", check)

    return side(*places), side(*places[::-1])


def _one_or_more(rng: Rng) -> Case:
    lay, ask, place = Layout(rng), rng.choice(_ASKS), rng.choice(PLACES)
    thing, count = rng.choice(("bell", "lamp", "mule", "clock")), rng.choice(("two", "three", "four"))

    def side(said: str, right: str) -> Side:
        check = Check(f"Says {right} of {said}.", just(_NUMBERED, right))
        return Side(lay(ask, ("story", f"in the {place} stood {said}")), f"then {right} fell.", check)

    return side(f"one {thing}", "it"), side(f"{count} {thing}s", "they")


def _deeds(rng: Rng) -> str:
    who = rng.choice(list(SHE))
    name, (one, two), verbs = rng.choice(NAMES), rng.sample(THINGS, 2), rng.sample(list(VERBS), 2)
    if rng.random() < 0.5:
        did = [VERBS[verb] for verb in verbs]
    else:
        did = [f"{verb}s" if verb != "wash" else "washes" for verb in verbs]
    story = f"{name} {did[0]} the {one}. then {SHE[who]} {did[1]} the {two}."
    return rng.choice((f"{name} is a {who}. {story}", f"the story: {story}"))


def _colours(rng: Rng) -> str:
    thing, colour, verb = rng.choice(THINGS), rng.choice(COLOURS), rng.choice(list(VERBS.values()))
    return f"the {colour} {thing} fell. then they {verb} the {colour} {thing}, the same one."


def _rooms(rng: Rng) -> str:
    place, other = rng.sample(PLACES, 2)
    (one, two), verbs = rng.sample(THINGS, 2), rng.sample(list(VERBS.values()), 2)
    return (
        f"in the {place} they {verbs[0]} the {one}. the {other} is far. in the same place, in the {place}, "
        f"they {verbs[1]} the {two}."
    )


def _numbers(rng: Rng) -> str:
    place, thing = rng.choice(PLACES), rng.choice(("bell", "lamp", "mule", "clock"))
    if rng.random() < 0.5:
        return f"in the {place} stood one {thing}. it fell. then they lifted it."
    return (
        f"in the {place} stood {rng.choice(('two', 'three', 'four'))} {thing}s. they fell. then {thing}s are no more."
    )


FAMILIES = (
    Family("same-keeper", Subcategory.COHERENCE, "taught", _same_keeper, 1 / 2),
    Family("she-or-he", Subcategory.COHERENCE, "taught", _pronoun, 1 / 2),
    Family("same-thing", Subcategory.COHERENCE, "held", _same_thing, 1 / 2),
    Family("same-time", Subcategory.COHERENCE, "held", _time, 1 / 2),
    Family("same-place", Subcategory.COHERENCE, "unseen", _same_place, 1 / 2),
    Family("it-or-they", Subcategory.COHERENCE, "unseen", _one_or_more, 1 / 2),
)
LESSONS = (_deeds, _colours, _rooms, _numbers)
