"""Template families for Scope."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, Slots, pick
from rubrics.world.things import KINDS, Rng, join
from rubrics.world.verifiers import Check

__all__ = ["SCOPE"]


def _in_or_out(kind: str, spec: str, out: str, into: str) -> Draw:
    """One thing to be left out, or to be named, among others. `clause` words it; `out` and `into` hold `{x}`."""

    def draw(rng: Rng) -> Sides:
        shared = dict(pick(spec)(rng).shared)
        things = rng.sample([v for v in KINDS[kind] if v not in shared.values()], 5)
        x, y, *rest = things
        at = rng.randrange(len(rest) + 1)
        with_x, with_y = ([*rest[:at], thing, *rest[at:]] for thing in (x, y))
        shared |= {"x": x, "all": join(sorted(things))}
        return Sides(
            shared,
            {"clause": out.format(x=x), "keep": "leaves out", "in": "0", "body": join(with_y)},
            {"clause": into.format(x=x), "keep": "names", "in": "1", "body": join(with_x)},
        )

    return draw


def _mentions(slots: Slots) -> Check:
    return Check("says", (slots["x"],)) if slots["in"] == "1" else Check("says", (), (slots["x"],))


def _either(kind: str, spec: str) -> Draw:
    """Two things of which one is to be named and the other left out."""
    return pick(f"{spec} | v:{kind}")


def _one_not_other(slots: Slots) -> Check:
    return Check("says", (slots["v"],), (slots["v_"],))


def _only(first: str, second: str) -> Draw:
    """Things of two kinds of which only one kind is wanted."""

    def draw(rng: Rng) -> Sides:
        shared = dict(pick("n:name p:place")(rng).shared)
        a, b = (rng.sample(list(KINDS[kind]), 3) for kind in (first, second))
        mixed = a + b
        rng.shuffle(mixed)
        names = {"food": "things to eat", "tool": "tools", "animal": "animals", "cloth": "things to wear"}
        sides = [{"v": names[kind], "body": join(own), "own": "|".join(own)} for kind, own in ((first, a), (second, b))]
        rng.shuffle(sides)
        return Sides({**shared, "all": join(mixed)}, sides[0], sides[1])

    return draw


def _only_own(slots: Slots) -> Check:
    return Check("says", tuple(slots["own"].split("|")), tuple(slots["own_"].split("|")))


SCOPE = (
    Family(
        "leave-out-tool",
        "workshop",
        Subcategory.SCOPE,
        True,
        _in_or_out("tool", "n:name", "do not name the {x}", "be sure to name the {x}"),
        ("The chest holds {all}.", "{n} owns {all}."),
        (
            "Name four of them and {clause}.",
            "Tell {n} of four of them, but {clause}.",
            "Write to {n} about four of them; {clause}.",
        ),
        ("Dear {n}, in the chest there are {body}.", "{n} can use these four things: {body}."),
        "{keep} the {x}.",
        _mentions,
    ),
    Family(
        "this-not-that",
        "harbour",
        Subcategory.SCOPE,
        True,
        _either("way", "n:name m:name"),
        (),
        (
            "Ask {n} to meet {m}. Mention the {v} and do not mention the {v_}.",
            "Write to {n} about {m}. Speak of the {v}, not of the {v_}.",
            "A note to {n}, with the {v} in it and without the {v_}: {m} is waiting.",
        ),
        (
            "Dear {n}, please come soon, for {m} is waiting beside the {v}.",
            "{n}, go and see {m}, who sits near the {v} all day.",
        ),
        "Mentions the {v} and leaves out the {v_}.",
        _one_not_other,
    ),
    Family(
        "only-food",
        "kitchen",
        Subcategory.SCOPE,
        True,
        _only("food", "tool"),
        ("On the table lie {all}.", "{n} brought {all} to the {p}."),
        ("Name only the {v}.", "Say which of these are {v} and leave out the rest."),
        ("Of all that is there I name {body}.", "{n} should take from this {body}."),
        "Names the {v} and nothing else.",
        _only_own,
    ),
    Family(
        "menu-without",
        "inn",
        Subcategory.SCOPE,
        False,
        _in_or_out("food", "n:name d:day", "the {x} must not appear", "the {x} must appear"),
        ("The cook has {all}.", "On {d} there are {all}."),
        (
            "Write a menu of four of these; {clause}.",
            "Offer {n} four things to eat. On the menu {clause}.",
            "Four of these for {n}, and {clause}.",
        ),
        ("On {d} we serve our guest {n} {body}.", "The menu for {n} has {body} on it."),
        "{keep} the {x}.",
        _mentions,
    ),
    Family(
        "news-without",
        "market",
        Subcategory.SCOPE,
        False,
        _either("animal", "n:name p:place"),
        (),
        (
            "Tell the news of {n} at the {p}; bring in the {v} but keep the {v_} out.",
            "The {v_} is a secret, the {v} is not. Write that {n} came to the {p}.",
            "Let the word {v} stand in your line about {n} and the {p}, but not the word {v_}.",
            "Write how {n} came to the {p}. Yes to the {v}, no to the {v_}.",
            "{n} came to the {p}. Include the {v} and leave out the {v_}.",
        ),
        (
            "This morning {n} came to the {p} and led a {v} on a rope.",
            "People at the {p} saw {n}, who had a {v} along.",
        ),
        "Mentions the {v} and leaves out the {v_}.",
        _one_not_other,
    ),
    Family(
        "letter-without",
        "school",
        Subcategory.SCOPE,
        False,
        _either("name", "p:place t:tool"),
        (),
        (
            "Write home about the {t} at the {p}. Name {v}, but not {v_}.",
            "In the letter about the {t} and the {p}, {v} comes in and {v_} stays out.",
            "A line on the {p} and the {t}: with {v}, without {v_}.",
            "Do not name {v_}. Name {v}. It is about the {t} at the {p}.",
            "Who took the {t} to the {p}? You may speak of {v} and not of {v_}.",
        ),
        ("All is well here, and {v} took the {t} to the {p}.", "At the {p} we met {v}, who had lost the {t}."),
        "Names {v} and leaves out {v_}.",
        _one_not_other,
    ),
    Family(
        "only-animals",
        "harbour",
        Subcategory.SCOPE,
        False,
        _only("animal", "cloth"),
        ("On board are these: {all}.", "{n} saw all this at the {p}: {all}."),
        (
            "I care for the {v} alone. Which are they?",
            "Nothing but the {v}, please.",
            "Report the {v}, skip the others.",
        ),
        ("What {n} saw there and reports is this: {body}.", "I can tell you that there were {body}."),
        "Names the {v} and nothing else.",
        _only_own,
    ),
    Family(
        "cart-without",
        "workshop",
        Subcategory.SCOPE,
        False,
        _in_or_out("cloth", "n:name p:place", "keep the {x} out", "put the {x} in"),
        ("At the {p} they sell {all}.", "There are {all} in the shop."),
        (
            "Fill the bag for {n} with four things and {clause}.",
            "{n} wants four of these; {clause}.",
            "Say which four you pack, and {clause}.",
        ),
        ("Into the bag of {n} go four things: {body}.", "For {n} I pack these four from the {p}: {body}."),
        "{keep} the {x}.",
        _mentions,
    ),
)
