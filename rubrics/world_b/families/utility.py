"""It is of use to this person: fitted to what they have, where they are and what they can take."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side
from rubrics.world_b.lexicon import DEEDS, DISHES, FARE, NAMES, PLACES, THINGS
from rubrics.world_b.verifiers import just, kind_of

__all__ = ["FAMILIES", "LESSONS"]

_DEEDS, _DISHES, _PLACES, _THINGS = map(kind_of, (DEEDS, DISHES, PLACES, THINGS))


def _do(deed: str) -> str:
    return f"{DEEDS[deed]} the {deed}"


def _at_hand(rng: Rng) -> Case:
    lay, name = Layout(rng), rng.choice(NAMES)
    ask = rng.choice(("what can {} do?", "say what {} can do."))
    tools = dict(zip(rng.sample(THINGS, 2), rng.sample(list(DEEDS), 2), strict=True))

    def side(tool: str) -> Side:
        deed = tools[tool]
        check = Check(f"Suggests the {deed}, for which the {tool} is enough, and nothing else.", just(_DEEDS, deed))
        entries = [*((key, f"to {_do(at)}") for key, at in tools.items()), (f"{name} has", tool)]
        return Side(lay(ask.format(name), *entries), f"to {_do(deed)}.", check)

    one, two = tools
    return side(one), side(two)


def _fetch(rng: Rng) -> Case:
    lay, name = Layout(rng), rng.choice(NAMES)
    ask = rng.choice(("where must {} go?", "tell {} where to go."))
    where = dict(zip(rng.sample(THINGS, 2), rng.sample(PLACES, 2), strict=True))

    def side(thing: str) -> Side:
        check = Check(f"Sends {name} to the {where[thing]}, where the {thing} is.", just(_PLACES, where[thing]))
        entries = [*((key, f"in the {place}") for key, place in where.items()), (f"{name} needs", thing)]
        return Side(lay(ask.format(name), *entries), f"go to the {where[thing]}.", check)

    one, two = where
    return side(one), side(two)


def _afford(rng: Rng) -> Case:
    lay, name = Layout(rng), rng.choice(NAMES)
    ask = rng.choice(("what can {} buy?", "say what {} can buy."))
    one, two = rng.sample(THINGS, 2)
    low, coins, high = sorted(rng.sample(range(1, 10), 3))

    def side(cheap: str, dear: str) -> Side:
        check = Check(f"Suggests the {cheap}, which {coins} coins are enough for, and no more.", just(_THINGS, cheap))
        prices = {cheap: low, dear: high}
        entries = [*((thing, f"{prices[thing]} coins") for thing in (one, two)), (f"{name} has", f"{coins} coins")]
        return Side(lay(ask.format(name), *entries), f"buy the {cheap}.", check)

    return side(one, two), side(two, one)


def _in_time(rng: Rng) -> Case:
    lay, name = Layout(rng), rng.choice(NAMES)
    ask = rng.choice(("what can {} do in time?", "say what {} can do in time."))
    one, two = rng.sample(list(DEEDS), 2)
    low, hours, high = sorted(rng.sample(range(1, 10), 3))

    def side(short: str, long: str) -> Side:
        check = Check(f"Suggests the {short}, for which {hours} hours are enough, and no more.", just(_DEEDS, short))
        takes = {short: low, long: high}
        entries = [*((_do(at), f"{takes[at]} hours") for at in (one, two)), (f"{name} has", f"{hours} hours")]
        return Side(lay(ask.format(name), *entries), f"to {_do(short)}.", check)

    return side(one, two), side(two, one)


def _diet(rng: Rng) -> Case:
    lay, name = Layout(rng), rng.choice(NAMES)
    ask = rng.choice(("what can {} eat?", "say what {} can eat."))
    dishes, fare = rng.sample(DISHES, 2), rng.sample(FARE, 2)
    entries = list(zip(dishes, fare, strict=True))

    def side(dish: str, not_that: str) -> Side:
        check = Check(f"Suggests the {dish}, which is without {not_that}, and nothing else.", just(_DISHES, dish))
        told = [*((key, f"with {what}") for key, what in entries), (f"{name} eats", f"no {not_that}")]
        return Side(lay(ask.format(name), *told), f"eat the {dish}.", check)

    return side(dishes[0], fare[1]), side(dishes[1], fare[0])


def _near(rng: Rng) -> Case:
    lay, name = Layout(rng), rng.choice(NAMES)
    ask = rng.choice(("what can {} take?", "say what {} can take."))
    what = dict(zip(rng.sample(PLACES, 2), rng.sample(THINGS, 2), strict=True))

    def side(place: str) -> Side:
        check = Check(
            f"Suggests the {what[place]}, which is in the {place} too, and no more.", just(_THINGS, what[place])
        )
        entries = [*((thing, f"in the {at}") for at, thing in what.items()), (name, f"in the {place}")]
        return Side(lay(ask.format(name), *entries), f"take the {what[place]}.", check)

    one, two = what
    return side(one), side(two)


def _prices(rng: Rng) -> str:
    name, (one, two) = rng.choice(NAMES), rng.sample(THINGS, 2)
    low, coins, high = sorted(rng.sample(range(1, 10), 3))
    told = [f"{one}: {low} coins.", f"{two}: {high} coins."]
    rng.shuffle(told)
    return " ".join([*told, f"{name} has {coins} coins and can buy the {one}, not the {two}."])


def _hours(rng: Rng) -> str:
    name, (one, two) = rng.choice(NAMES), rng.sample(list(DEEDS), 2)
    low, hours, high = sorted(rng.sample(range(1, 10), 3))
    told = [f"{_do(one)}: {low} hours.", f"{_do(two)}: {high} hours."]
    rng.shuffle(told)
    return " ".join([*told, f"{name} has {hours} hours and can {_do(one)} in time, not {_do(two)}."])


def _meals(rng: Rng) -> str:
    name, dishes, fare = rng.choice(NAMES), rng.sample(DISHES, 2), rng.sample(FARE, 2)
    told = [f"{dish} with {what}." for dish, what in zip(dishes, fare, strict=True)]
    return " ".join([*told, f"{name} eats no {fare[0]} and can eat the {dishes[1]}."])


def _reach(rng: Rng) -> str:
    name, things, places = rng.choice(NAMES), rng.sample(THINGS, 2), rng.sample(PLACES, 2)
    told = [f"the {thing} is in the {place}." for thing, place in zip(things, places, strict=True)]
    return " ".join([*told, f"{name} is in the {places[1]} and can take the {things[1]}."])


FAMILIES = (
    Family("at-hand", Subcategory.UTILITY, "taught", _at_hand, 1 / 2),
    Family("fetch", Subcategory.UTILITY, "taught", _fetch, 1 / 2),
    Family("afford", Subcategory.UTILITY, "held", _afford, 1 / 2),
    Family("in-time", Subcategory.UTILITY, "unseen", _in_time, 1 / 2),
    Family("diet", Subcategory.UTILITY, "unseen", _diet, 1 / 2),
    Family("near", Subcategory.UTILITY, "unseen", _near, 1 / 2),
)
LESSONS = (_prices, _hours, _meals, _reach)
