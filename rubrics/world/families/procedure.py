"""Template families for Procedure."""

from __future__ import annotations

from collections.abc import Mapping

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, pick
from rubrics.world.things import Rng
from rubrics.world.verifiers import Check

__all__ = ["BOAT", "LESSON", "OVEN", "PROCEDURE", "ROOM", "SHELF", "STALL", "orders"]


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

LESSON = (
    "open the window",
    "wipe the board",
    "hand out the books",
    "ring the bell",
    "count the pupils",
    "fill the ink",
)

ROOM = ("make the bed", "sweep the floor", "fill the jug", "light the fire", "air the sheets", "lay the table")

STALL = (
    "put up the stall",
    "weigh the plums",
    "hang the sign",
    "set out the baskets",
    "count the coins",
    "call the buyers",
)

PROCEDURE = (
    Family(
        "order-at-sea",
        "harbour",
        Subcategory.PROCEDURE,
        True,
        orders(BOAT),
        (
            "On this boat you {x} before you {y}.",
            "Here nobody may {y} until they {x}.",
            "First they {x}, then they {y}.",
        ),
        ("Tell {n} how to go about it.", "Give {n} the two steps in the right order.", "Write down the steps for {n}."),
        _IN_ORDER,
        "Has “{x}” before “{y}”.",
        _first,
    ),
    Family(
        "order-of-shelf",
        "workshop",
        Subcategory.PROCEDURE,
        True,
        orders(SHELF),
        (
            "{n} must {x} before it is time to {y}.",
            "The rule is: {y} after you {x}.",
            "When you {x}, you can {y}, not sooner.",
        ),
        ("Explain to {n} what comes first.", "Put the steps in order.", "How should {n} do the work?"),
        _IN_ORDER,
        "Has “{x}” before “{y}”.",
        _first,
    ),
    Family(
        "order-of-room",
        "inn",
        Subcategory.PROCEDURE,
        True,
        orders(ROOM),
        ("In this inn you {y} only after you {x}.", "Before you {y}, you {x}.", "You {x}; next you {y}."),
        ("Tell {n}, who is new, what to do in turn.", "Give the two steps in the right order."),
        _IN_ORDER,
        "Has “{x}” before “{y}”.",
        _first,
    ),
    Family(
        "order-of-baking",
        "kitchen",
        Subcategory.PROCEDURE,
        False,
        orders(OVEN),
        ("The cook wants you to {x} before you {y}.", "Do not {y} until you {x}."),
        ("Write the start of the recipe for {n}.", "Say how {n} should begin.", "Guide {n} through both steps."),
        _IN_ORDER,
        "Has “{x}” before “{y}”.",
        _first,
    ),
    Family(
        "order-of-lesson",
        "school",
        Subcategory.PROCEDURE,
        False,
        orders(LESSON),
        ("In the morning you {x} and after that you {y}.", "You may {y} only when you {x} first."),
        (
            "Tell {n} how the morning goes.",
            "Write both steps down in order for {n}.",
            "What does {n} do, one after the other?",
        ),
        _IN_ORDER,
        "Has “{x}” before “{y}”.",
        _first,
    ),
    Family(
        "order-of-stall",
        "market",
        Subcategory.PROCEDURE,
        False,
        orders(STALL),
        ("At our stall we {x}, and when that is done we {y}.", "We {y} last; before that we {x}."),
        ("Show {n} how to open the stall.", "List both steps as {n} should take them.", "Teach {n} the order."),
        _IN_ORDER,
        "Has “{x}” before “{y}”.",
        _first,
    ),
    Family(
        "order-of-landing",
        "harbour",
        Subcategory.PROCEDURE,
        False,
        orders(BOAT),
        ("Out here they {x}; then they {y}.", "It is wrong to {y} and then {x}. It must be the other way round."),
        (
            "Write the order of work for {n}.",
            "{n} asks what to do first and what second.",
            "Set the steps right for {n}.",
        ),
        _IN_ORDER,
        "Has “{x}” before “{y}”.",
        _first,
    ),
    Family(
        "order-of-guests",
        "inn",
        Subcategory.PROCEDURE,
        False,
        orders(ROOM),
        ("A guest is coming: {x} at once, and later {y}.", "The keeper says: {x}, then {y}."),
        ("Pass it on to {n} in the same order.", "Say it again for {n}, step by step.", "Let {n} know both steps."),
        _IN_ORDER,
        "Has “{x}” before “{y}”.",
        _first,
    ),
)
