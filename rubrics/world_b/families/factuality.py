"""What is true of the house, and what a card says."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world_b.cases import Case, Check, Family, Layout, Rng, Side, record
from rubrics.world_b.lexicon import COLOURS, DAYS, HOME, MADE, NAMES, PLACES, STARS, STUFFS, THINGS
from rubrics.world_b.verifiers import allowed, just, kind_of

__all__ = ["FAMILIES", "LESSONS"]

_PLACES, _STUFFS, _NAMES, _COLOURS, _DAYS = map(kind_of, (PLACES, STUFFS, NAMES, COLOURS, DAYS))


def _home(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("where is the {} kept?", "say where the {} is kept."))
    one = rng.choice(THINGS)
    two = rng.choice([thing for thing in THINGS if HOME[thing] != HOME[one]])

    def side(thing: str) -> Side:
        check = Check(f"Names the place where the {thing} is kept, and no other.", just(_PLACES, HOME[thing]))
        return Side(lay(ask.format(thing)), f"it is kept in the {HOME[thing]}.", check)

    return side(one), side(two)


def _made(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("what is the {} made of?", "say what the {} is made of."))
    one = rng.choice(THINGS)
    two = rng.choice([thing for thing in THINGS if MADE[thing] != MADE[one]])

    def side(thing: str) -> Side:
        check = Check(f"Names what the {thing} is made of, and nothing else.", just(_STUFFS, MADE[thing]))
        return Side(lay(ask.format(thing)), f"it is made of {MADE[thing]}.", check)

    return side(one), side(two)


def _star(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("how does the star {} shine?", "say how the star {} shines."))
    one = rng.choice(list(STARS))
    two = rng.choice([star for star in STARS if STARS[star] != STARS[one]])

    def side(star: str) -> Side:
        check = Check(f"Names the colour in which {star} shines, and no other.", just(_COLOURS, STARS[star]))
        return Side(lay(ask.format(star)), f"it shines {STARS[star]}.", check)

    return side(one), side(two)


def _kept_there(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("is the {} kept in the {}?", "yes or no: is the {} kept in the {}?"))
    thing = rng.choice(THINGS)
    wrong = rng.choice([place for place in PLACES if place != HOME[thing]])

    def side(place: str, true: bool) -> Side:
        check = Check(f"Says {'yes' if true else 'no'}.", allowed(true))
        return Side(lay(ask.format(thing, place)), "yes, it is." if true else "no, it is not.", check)

    return side(HOME[thing], True), side(wrong, False)


def _roles(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("who is the {}?", "name the {}."))
    roles = rng.sample(("keeper", "guest", "cook", "smith"), 3)
    people = dict(zip(roles, rng.sample(NAMES, 3), strict=True))

    def side(role: str) -> Side:
        check = Check(f"Names the {role}, {people[role]}, and nobody else.", just(_NAMES, people[role]))
        return Side(lay(ask.format(role), *people.items()), f"the {role} is {people[role]}.", check)

    return side(roles[0]), side(roles[1])


def _came_on(rng: Rng) -> Case:
    lay, ask = Layout(rng), rng.choice(("when did the {} come?", "say on which day the {} came."))
    things = rng.sample(THINGS, 2)
    days = dict(zip(things, rng.sample(DAYS, 2), strict=True))

    def side(thing: str) -> Side:
        check = Check(
            f"Names the day on which the {thing} came, {days[thing]}, and no other.", just(_DAYS, days[thing])
        )
        return Side(lay(ask.format(thing), *days.items()), f"it came on {days[thing]}.", check)

    return side(things[0]), side(things[1])


def _homes(rng: Rng) -> str:
    kept = rng.sample(THINGS, 4)
    told = [f"the {thing} is kept in the {HOME[thing]}." for thing in kept[:3]]
    wrong = rng.choice([place for place in PLACES if place != HOME[kept[3]]])
    return " ".join([*told, f"the {kept[3]} is not kept in the {wrong}, it is kept in the {HOME[kept[3]]}."])


def _stuffs(rng: Rng) -> str:
    return " ".join(f"the {thing} is made of {MADE[thing]}." for thing in rng.sample(THINGS, 4))


def _stars(rng: Rng) -> str:
    return " ".join(
        f"the star {star} {rng.choice(('shines', 'does shine'))} {STARS[star]}." for star in rng.sample(list(STARS), 4)
    )


def _arrivals(rng: Rng) -> str:
    things = rng.sample(THINGS, 2)
    days = dict(zip(things, rng.sample(DAYS, 2), strict=True))
    last = rng.choice(things)
    return record(rng, f"on which day did the {last} come? it came on {days[last]}.", *days.items())


FAMILIES = (
    Family("home", Subcategory.FACTUALITY, "taught", _home, 1 / 8),
    Family("roles", Subcategory.FACTUALITY, "taught", _roles, 1 / 3),
    Family("made", Subcategory.FACTUALITY, "held", _made, 1 / 8),
    Family("star", Subcategory.FACTUALITY, "unseen", _star, 1 / 6),
    Family("kept-there", Subcategory.FACTUALITY, "unseen", _kept_there, 1 / 2),
    Family("came-on", Subcategory.FACTUALITY, "unseen", _came_on, 1 / 2),
)
LESSONS = (_homes, _stuffs, _stars, _arrivals)
