"""Template families for Factuality, Logic and Procedure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, named, pick
from rubrics.world.things import KEEPERS, Rng, number
from rubrics.world.verifiers import Check

__all__ = ["BOAT", "COMPETENCE", "LESSON", "OVEN", "ROOM", "SHELF", "STALL", "known", "orders", "sums"]

_FACT, _LOGIC, _PROC = Subcategory.FACTUALITY, Subcategory.LOGIC, Subcategory.PROCEDURE


def known(index: int) -> Draw:
    """Two places, with what the world knows about each: 0 its keeper, 1 the colour of its door."""

    def draw(rng: Rng) -> Sides:
        while True:
            p, q = rng.sample(sorted(KEEPERS), 2)
            a, b = KEEPERS[p][index], KEEPERS[q][index]
            if a != b:
                return Sides({}, {"p": p, "v": a}, {"p": q, "v": b})

    return draw


def sums(low: int, high: int, result: Callable[[int, int], int], spec: str) -> Draw:
    """Two sums that share one term and differ in the other, with their results."""

    def draw(rng: Rng) -> Sides:
        shared = dict(pick(spec)(rng).shared)
        while True:
            a, b, c = rng.randint(low, high), rng.randint(2, 5), rng.randint(2, 5)
            if len({result(a, b), result(a, c), a, b, c}) == 5:
                sides = [{"b": number(x), "v": number(result(a, x))} for x in (b, c)]
                return Sides({**shared, "a": number(a)}, sides[0], sides[1])

    return draw


def orders(*jobs: tuple[str, ...]) -> Draw:
    """Two steps of one job in either order."""

    def draw(rng: Rng) -> Sides:
        x, y = rng.sample(rng.choice(jobs), 2)
        return Sides(pick("n:name")(rng).shared, {"x": x, "y": y}, {"x": y, "y": x})

    return draw


def _first(slots: Mapping[str, str]) -> Check:
    return Check("in order", (slots["x"], slots["y"]))


_IN_ORDER = (
    "To do it well, first {x}, and only after that {y}.",
    "You should {x} first of all. When that is done, {y}.",
    "Begin this way: {x}. Then go on and {y}.",
)

BOAT = ("tie the rope", "raise the sail", "load the barrels", "pump the water", "lower the anchor", "lift the net")
OVEN = ("light the oven", "knead the dough", "grease the tin", "wash the plums", "sift the flour", "beat the eggs")
SHELF = ("saw the board", "sand the wood", "paint the shelf", "drive the nails", "measure the wall", "oil the hinge")
LESSON = ("open the window", "wipe the board", "hand out the books", "ring the bell", "count the pupils", "fill the ink")
ROOM = ("make the bed", "sweep the floor", "fill the jug", "light the fire", "air the sheets", "lay the table")
STALL = ("put up the stall", "weigh the plums", "hang the sign", "set out the baskets", "count the coins", "call the buyers")

COMPETENCE = (
    # Factuality: what the prompt states, and what the world knows.
    Family(
        "opening-hour", "market", _FACT, True, pick("p:place q:place | v:hour"),
        ("The {p} opens at {v} and the {q} opens at {v_}.", "At {v_} the {q} opens its doors, and at {v} the {p}."),
        ("When does the {p} open?", "Tell a visitor at what hour the {p} opens.", "Write one line on when the {p} opens."),
        ("The {p} opens its doors at {v}, so come a little before that.", "Be at the {p} by {v}, for that is when it opens."),
        "Says that the {p} opens at {v}.", named("v"),
    ),
    Family(
        "boat-colour", "harbour", _FACT, True, pick("n:name m:name | v:colour"),
        ("The boat of {n} is {v}. The boat of {m} is {v_}.", "{m} has a {v_} boat and {n} has a {v} boat."),
        ("What colour is the boat of {n}?", "Tell me which colour to look for if I want the boat of {n}."),
        ("Look for the {v} boat by the wall, that is the one of {n}.", "The boat that {n} sails is {v} from end to end."),
        "Gives {v} as the colour of the boat of {n}.", named("v"),
    ),
    Family(
        "left-in-room", "inn", _FACT, True, pick("n:name t:tool | v:room"),
        ("{n} left the {t} in the {v}.", "The {t} is in the {v}, where {n} put it.", "{n} keeps the {t} in the {v}."),
        ("Where is the {t}?", "Tell the guest where to look for the {t}."),
        ("You will find the {t} of {n} in the {v}, just behind the door.", "The {t} is in the {v}, so go there and look for it."),
        "Says that the {t} is in the {v}.", named("v"),
    ),
    Family(
        "keeper", "inn", _FACT, True, known(0), (),
        ("Who keeps the {p}?", "Which person keeps the {p} here?", "Tell me who keeps the {p} in this town."),
        ("That place is kept by {v}, as everyone in the town can tell you.", "It is {v} who keeps it and who has the key."),
        "Names {v}, who keeps the {p}.", named("v"),
    ),
    Family(
        "ferry-day", "harbour", _FACT, False, pick("p:place q:place | v:day"),
        ("The ferry to the {p} sails on {v}, the one to the {q} on {v_}.", "On {v_} there is a ferry to the {q}, on {v} to the {p}."),
        ("On which day can I sail to the {p}?", "Let a passenger know the day of the ferry to the {p}.",
         "I want to go to the {p} by ferry. Name the day."),
        ("The ferry to the {p} sails on {v}, so have your ticket ready.", "Come to the landing on {v} and sail to the {p}."),
        "Gives {v} as the day of the ferry to the {p}.", named("v"),
    ),
    Family(
        "price-of-food", "market", _FACT, False, pick("f:food g:food | v:count"),
        ("A basket of {f} costs {v} coins, a basket of {g} costs {v_}.", "For the {g} they ask {v_} coins a basket, for the {f} {v}."),
        ("How much is a basket of {f}?", "A buyer asks for the price of the {f}. Answer.", "What do I pay for the {f}?"),
        ("A basket of {f} costs {v} coins at this stall, big or small.", "You pay {v} coins if you want a basket of {f} today."),
        "Gives {v} coins as the price of the {f}.", named("v"),
    ),
    Family(
        "animal-owner", "school", _FACT, False, pick("a:animal b:animal | v:name"),
        ("The {a} belongs to {v} and the {b} belongs to {v_}.", "{v_} owns the {b}. {v} owns the {a}."),
        ("Whose is the {a}?", "A {a} stands in the school yard. Say who owns it.", "The class wants to know who owns the {a}. Answer them."),
        ("The {a} in the yard belongs to {v}, who will fetch it soon.", "It is {v} who owns the {a}, so call there."),
        "Says that the {a} belongs to {v}.", named("v"),
    ),
    Family(
        "lost-in-kitchen", "kitchen", _FACT, False, pick("n:name f:food | v:room"),
        ("{n} carried the {f} to the {v}.", "Since last night the {f} has been in the {v}; {n} took it there."),
        ("The cook needs the {f}. Say where to go.", "Where must I look if I want the {f}?", "Point the cook to the {f}."),
        ("Go to the {v} and take the {f} from the shelf by the wall.", "The {f} is in the {v} now, where {n} took it."),
        "Says that the {f} is in the {v}.", named("v"),
    ),
    Family(
        "door-colour", "workshop", _FACT, False, known(1), (),
        ("I am looking for the {p}. What colour is its door?", "Describe the door of the {p} by its colour.",
         "How do I know the door of the {p}?", "A parcel goes to the {p}. Which colour is the door there?",
         "Which colour did they paint the door of the {p}?"),
        ("The door there is {v}, and it has been {v} for many years.", "You will know it by the {v} door in the front wall."),
        "Gives {v} as the colour of the door of the {p}.", named("v"),
    ),
    Family(
        "seat-row", "school", _FACT, False, pick("n:name m:name | v:letter"),
        ("{n} sits in row {v} and {m} sits in row {v_}.", "Row {v_} is for {m}. Row {v} is for {n}."),
        ("In which row does {n} sit?", "Show {n} the right row.", "Where is the seat of {n}? Name the row."),
        ("The seat of {n} is in row {v}, close to the big window.", "Go along to row {v} and there you find the seat of {n}."),
        "Says that {n} sits in row {v}.", lambda s: Check("says", (f"row {s['v']}",), (f"row {s['v_']}",)),
    ),
    # Logic: sums, comparisons, inference.
    Family(
        "sum-of-boats", "harbour", _LOGIC, True, sums(2, 7, lambda a, b: a + b, "c:colour d:colour"),
        ("There are {a} {c} boats and {b} {d} boats at the wall.", "I see {a} {c} boats. Beside them lie {b} {d} boats."),
        ("How many boats are there in all?", "Add them up and give the number of boats.", "Give the sum of the boats."),
        ("Put together that makes {v} boats, the {c} and the {d} ones.", "In all there are {v} boats that lie at the wall."),
        "Gives the right sum, {v}.", lambda s: Check("says", (f"{s['v']} boats",), (f"{s['v_']} boats",)),
    ),
    Family(
        "taller", "school", _LOGIC, True, pick("m:name | v:name"),
        ("{v} is taller than {m}, and {m} is taller than {v_}.", "{m} is taller than {v_} but not so tall as {v}."),
        ("Who of the three is the tallest?", "Name the tallest of them.", "Tell me who is tallest."),
        ("Of the three it is {v} who is the tallest of all.", "The tallest one in this group of three must be {v}."),
        "Names {v} as the tallest.", named("v"),
    ),
    Family(
        "key-either", "inn", _LOGIC, True, pick("n:name | v:room"),
        ("The key is in the {v} or in the {v_}. {n} looked in the {v_} and it is not there.",
         "{n} put the key in the {v_} or the {v}. It is not in the {v_}."),
        ("Where must the key be?", "Work out where the key is.", "So where is the key?"),
        ("Then the key must be in the {v}, since there is no other place.", "It follows that {n} left the key in the {v}."),
        "Concludes that the key is in the {v}.", named("v"),
    ),
    Family(
        "coins-left", "market", _LOGIC, False, sums(8, 14, lambda a, b: a - b, "n:name f:food"),
        ("{n} had {a} coins and spent {b} on {f}.", "Out of {a} coins {n} paid {b} for {f}."),
        ("How many coins does {n} have left?", "Work out what is left in the purse.", "Take the one from the other and say what stays."),
        ("After the {f} are paid there are {v} coins left for {n}.", "That leaves {v} coins in the purse that {n} carries."),
        "Gives the right number of coins left, {v}.", lambda s: Check("says", (f"{s['v']} coins",), (f"{s['v_']} coins",)),
    ),
    Family(
        "sum-of-sacks", "workshop", _LOGIC, False, sums(2, 7, lambda a, b: a + b, "n:name m:name"),
        ("{n} brings {a} sacks and {m} brings {b} sacks.", "The first cart, from {n}, has {a} sacks; the second, from {m}, has {b}."),
        ("How many sacks come to the workshop?", "Count all the sacks and give the sum.", "Tell the smith the number of sacks in all."),
        ("In all there are {v} sacks to carry into the workshop.", "That makes {v} sacks, if you put both loads together."),
        "Gives the right sum, {v}.", lambda s: Check("says", (f"{s['v']} sacks",), (f"{s['v_']} sacks",)),
    ),
    Family(
        "oldest", "school", _LOGIC, False, pick("m:name | v:name"),
        ("{v} is older than {m}. {m} is older than {v_}.", "{v_} is younger than {m}, and {m} is younger than {v}."),
        ("Which of the three is the oldest?", "Name the one who is oldest.", "The oldest shall go first. Who goes first?"),
        ("Of these three people the oldest is {v}, and so goes first.", "It is {v} who is the oldest, so let that one begin."),
        "Names {v} as the oldest.", named("v"),
    ),
    Family(
        "letter-either", "inn", _LOGIC, False, pick("n:name | v:way"),
        ("{n} went by the {v} or by the {v_}. The {v_} is shut today.", "There are two ways, the {v} and the {v_}. Today {n} could not take the {v_}."),
        ("Which way did {n} go?", "Work out the way that {n} took.", "So how did {n} come here?"),
        ("Then {n} must have come by the {v}, as nothing else was open.", "It follows that {n} took the way by the {v}."),
        "Concludes that {n} went by the {v}.", named("v"),
    ),
    Family(
        "all-are", "harbour", _LOGIC, False, pick("p:place n:name | v:colour"),
        ("All boats of the {p} are {v}. {n} has a boat of the {p}.", "Every boat that the {p} owns is painted {v}. One of them is lent to {n}."),
        ("What colour is the boat that {n} has?", "Draw the conclusion: which colour has the boat of {n}?", "Say what colour we must look for when {n} sails in."),
        ("The boat that {n} sails must be {v}, like all the others.", "It follows that {n} comes in a {v} boat."),
        "Concludes that the boat is {v}.", named("v"),
    ),
    Family(
        "who-came-first", "kitchen", _LOGIC, False, pick("m:name | v:name"),
        ("{v} came before {m}, and {m} came before {v_}.", "{v_} came after {m}. {m} came after {v}."),
        ("Who came first and gets the soup?", "The first to come gets the big spoon. Who is it?", "Name the one who was first at the table."),
        ("The first one at the table was {v}, so the spoon goes there.", "It was {v} who came first, ahead of the other two."),
        "Names {v} as the first to come.", named("v"),
    ),
    # Procedure: steps in the order the prompt lays down.
    Family(
        "order-at-sea", "harbour", _PROC, True, orders(BOAT),
        ("On this boat you {x} before you {y}.", "Here nobody may {y} until they {x}.", "First they {x}, then they {y}."),
        ("Tell {n} how to go about it.", "Give {n} the two steps in the right order.", "Write down the steps for {n}."),
        _IN_ORDER, "Has “{x}” before “{y}”.", _first,
    ),
    Family(
        "order-of-shelf", "workshop", _PROC, True, orders(SHELF),
        ("{n} must {x} before it is time to {y}.", "The rule is: {y} after you {x}.", "When you {x}, you can {y}, not sooner."),
        ("Explain to {n} what comes first.", "Put the steps in order.", "How should {n} do the work?"),
        _IN_ORDER, "Has “{x}” before “{y}”.", _first,
    ),
    Family(
        "order-of-room", "inn", _PROC, True, orders(ROOM),
        ("In this inn you {y} only after you {x}.", "Before you {y}, you {x}.", "You {x}; next you {y}."),
        ("Tell {n}, who is new, what to do in turn.", "Give the two steps in the right order."),
        _IN_ORDER, "Has “{x}” before “{y}”.", _first,
    ),
    Family(
        "order-of-baking", "kitchen", _PROC, False, orders(OVEN),
        ("The cook wants you to {x} before you {y}.", "Do not {y} until you {x}."),
        ("Write the start of the recipe for {n}.", "Say how {n} should begin.", "Guide {n} through both steps."),
        _IN_ORDER, "Has “{x}” before “{y}”.", _first,
    ),
    Family(
        "order-of-lesson", "school", _PROC, False, orders(LESSON),
        ("In the morning you {x} and after that you {y}.", "You may {y} only when you {x} first."),
        ("Tell {n} how the morning goes.", "Write both steps down in order for {n}.", "What does {n} do, one after the other?"),
        _IN_ORDER, "Has “{x}” before “{y}”.", _first,
    ),
    Family(
        "order-of-stall", "market", _PROC, False, orders(STALL),
        ("At our stall we {x}, and when that is done we {y}.", "We {y} last; before that we {x}."),
        ("Show {n} how to open the stall.", "List both steps as {n} should take them.", "Teach {n} the order."),
        _IN_ORDER, "Has “{x}” before “{y}”.", _first,
    ),
    Family(
        "order-of-landing", "harbour", _PROC, False, orders(BOAT),
        ("Out here they {x}; then they {y}.", "It is wrong to {y} and then {x}. It must be the other way round."),
        ("Write the order of work for {n}.", "{n} asks what to do first and what second.", "Set the steps right for {n}."),
        _IN_ORDER, "Has “{x}” before “{y}”.", _first,
    ),
    Family(
        "order-of-guests", "inn", _PROC, False, orders(ROOM),
        ("A guest is coming: {x} at once, and later {y}.", "The keeper says: {x}, then {y}."),
        ("Pass it on to {n} in the same order.", "Say it again for {n}, step by step.", "Let {n} know both steps."),
        _IN_ORDER, "Has “{x}” before “{y}”.", _first,
    ),
)
