"""Template families for Factuality."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, named, pick
from rubrics.world.things import KEEPERS, Rng
from rubrics.world.verifiers import Check

__all__ = ["FACTUALITY", "place_facts"]


def place_facts(index: int) -> Draw:
    """Two places, with what the world knows about each: 0 its keeper, 1 the colour of its door."""

    def draw(rng: Rng) -> Sides:
        while True:
            p, q = rng.sample(sorted(KEEPERS), 2)
            a, b = KEEPERS[p][index], KEEPERS[q][index]
            if a != b:
                return Sides({}, {"p": p, "v": a}, {"p": q, "v": b})

    return draw


FACTUALITY = (
    Family(
        "opening-hour",
        "market",
        Subcategory.FACTUALITY,
        True,
        pick("p:place q:place | v:hour"),
        ("The {p} opens at {v} and the {q} opens at {v_}.", "At {v_} the {q} opens its doors, and at {v} the {p}."),
        (
            "When does the {p} open?",
            "Tell a visitor at what hour the {p} opens.",
            "Write one line on when the {p} opens.",
        ),
        (
            "The {p} opens its doors at {v}, so come a little before that.",
            "Be at the {p} by {v}, for that is when it opens.",
        ),
        "Says that the {p} opens at {v}.",
        named("v"),
    ),
    Family(
        "boat-colour",
        "harbour",
        Subcategory.FACTUALITY,
        True,
        pick("n:name m:name | v:colour"),
        ("The boat of {n} is {v}. The boat of {m} is {v_}.", "{m} has a {v_} boat and {n} has a {v} boat."),
        ("What colour is the boat of {n}?", "Tell me which colour to look for if I want the boat of {n}."),
        (
            "Look for the {v} boat by the wall, that is the one of {n}.",
            "The boat that {n} sails is {v} from end to end.",
        ),
        "Gives {v} as the colour of the boat of {n}.",
        named("v"),
    ),
    Family(
        "left-in-room",
        "inn",
        Subcategory.FACTUALITY,
        True,
        pick("n:name t:tool | v:room"),
        ("{n} left the {t} in the {v}.", "The {t} is in the {v}, where {n} put it.", "{n} keeps the {t} in the {v}."),
        ("Where is the {t}?", "Tell the guest where to look for the {t}."),
        (
            "You will find the {t} of {n} in the {v}, just behind the door.",
            "The {t} is in the {v}, so go there and look for it.",
        ),
        "Says that the {t} is in the {v}.",
        named("v"),
    ),
    Family(
        "keeper",
        "inn",
        Subcategory.FACTUALITY,
        True,
        place_facts(0),
        (),
        ("Who keeps the {p}?", "Which person keeps the {p} here?", "Tell me who keeps the {p} in this town."),
        (
            "That place is kept by {v}, as everyone in the town can tell you.",
            "It is {v} who keeps it and who has the key.",
        ),
        "Names {v}, who keeps the {p}.",
        named("v"),
    ),
    Family(
        "ferry-day",
        "harbour",
        Subcategory.FACTUALITY,
        False,
        pick("p:place q:place | v:day"),
        (
            "The ferry to the {p} sails on {v}, the one to the {q} on {v_}.",
            "On {v_} there is a ferry to the {q}, on {v} to the {p}.",
        ),
        (
            "On which day can I sail to the {p}?",
            "Let a passenger know the day of the ferry to the {p}.",
            "I want to go to the {p} by ferry. Name the day.",
        ),
        (
            "The ferry to the {p} sails on {v}, so have your ticket ready.",
            "Come to the landing on {v} and sail to the {p}.",
        ),
        "Gives {v} as the day of the ferry to the {p}.",
        named("v"),
    ),
    Family(
        "price-of-food",
        "market",
        Subcategory.FACTUALITY,
        False,
        pick("f:food g:food | v:count"),
        (
            "A basket of {f} costs {v} coins, a basket of {g} costs {v_}.",
            "For the {g} they ask {v_} coins a basket, for the {f} {v}.",
        ),
        (
            "How much is a basket of {f}?",
            "A buyer asks for the price of the {f}. Answer.",
            "What do I pay for the {f}?",
        ),
        (
            "A basket of {f} costs {v} coins at this stall, big or small.",
            "You pay {v} coins if you want a basket of {f} today.",
        ),
        "Gives {v} coins as the price of the {f}.",
        named("v"),
    ),
    Family(
        "animal-owner",
        "school",
        Subcategory.FACTUALITY,
        False,
        pick("a:animal b:animal | v:name"),
        ("The {a} belongs to {v} and the {b} belongs to {v_}.", "{v_} owns the {b}. {v} owns the {a}."),
        (
            "Whose is the {a}?",
            "A {a} stands in the school yard. Say who owns it.",
            "The class wants to know who owns the {a}. Answer them.",
        ),
        ("The {a} in the yard belongs to {v}, who will fetch it soon.", "It is {v} who owns the {a}, so call there."),
        "Says that the {a} belongs to {v}.",
        named("v"),
    ),
    Family(
        "lost-in-kitchen",
        "kitchen",
        Subcategory.FACTUALITY,
        False,
        pick("n:name f:food | v:room"),
        ("{n} carried the {f} to the {v}.", "Since last night the {f} has been in the {v}; {n} took it there."),
        (
            "The cook needs the {f}. Say where to go.",
            "Where must I look if I want the {f}?",
            "Point the cook to the {f}.",
        ),
        ("Go to the {v} and take the {f} from the shelf by the wall.", "The {f} is in the {v} now, where {n} took it."),
        "Says that the {f} is in the {v}.",
        named("v"),
    ),
    Family(
        "door-colour",
        "workshop",
        Subcategory.FACTUALITY,
        False,
        place_facts(1),
        (),
        (
            "I am looking for the {p}. What colour is its door?",
            "Describe the door of the {p} by its colour.",
            "How do I know the door of the {p}?",
            "A parcel goes to the {p}. Which colour is the door there?",
            "Which colour did they paint the door of the {p}?",
        ),
        (
            "The door there is {v}, and it has been {v} for many years.",
            "You will know it by the {v} door in the front wall.",
        ),
        "Gives {v} as the colour of the door of the {p}.",
        named("v"),
    ),
    Family(
        "seat-row",
        "school",
        Subcategory.FACTUALITY,
        False,
        pick("n:name m:name | v:letter"),
        ("{n} sits in row {v} and {m} sits in row {v_}.", "Row {v_} is for {m}. Row {v} is for {n}."),
        ("In which row does {n} sit?", "Show {n} the right row.", "Where is the seat of {n}? Name the row."),
        (
            "The seat of {n} is in row {v}, close to the big window.",
            "Go along to row {v} and there you find the seat of {n}.",
        ),
        "Says that {n} sits in row {v}.",
        lambda s: Check("says", (f"row {s['v']}",), (f"row {s['v_']}",)),
    ),
)
