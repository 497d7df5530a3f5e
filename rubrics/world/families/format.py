"""Template families for Format."""

from __future__ import annotations

from collections.abc import Callable

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, Slots, pick
from rubrics.world.things import KINDS, Rng, join, number
from rubrics.world.verifiers import Check

__all__ = ["FORMAT", "Layout", "dots", "plain"]


def dots(things: list[str]) -> str:
    return "\n".join(f"- {t}" for t in things)


def _numbers(things: list[str]) -> str:
    return "\n".join(f"{n}. {t}" for n, t in enumerate(things, 1))


def _lines(things: list[str]) -> str:
    return "\n".join(things)


def plain(things: list[str]) -> str:
    return join(things)


Layout = tuple[Slots, Callable[[list[str]], str]]


def _laid_out(first: Layout, second: Layout, kind: str, spec: str, low: int = 3, high: int = 5) -> Draw:
    """The same things in two layouts; `all` names the things, `body` has them laid out."""

    def draw(rng: Rng) -> Sides:
        things = rng.sample(list(KINDS[kind]), rng.randint(low, high))
        sides = [{**words, "body": lay(things)} for words, lay in (first, second)]
        return Sides({**pick(spec)(rng).shared, "all": join(things)}, sides[0], sides[1])

    return draw


def _list_of(slots: Slots) -> Check:
    return Check("list", (slots["layout"],))


_DOTS = ({"layout": "dots", "with": "dots", "each": "a dot"}, dots)

_NUMBERS = ({"layout": "numbers", "with": "numbers", "each": "a number"}, _numbers)

_PROSE = ({"layout": "none", "with": "words in one sentence", "each": "a comma"}, plain)

_ROWS = ({"rows": "1", "how": "on lines of their own", "kind": "one thing on each line"}, _lines)

_ROW = ({"rows": "0", "how": "on a single line", "kind": "all things on one line"}, plain)


def _on_lines(slots: Slots) -> Check:
    return Check("lines", number=int(slots["rows"]))


def _figures(rng: Rng) -> Sides:
    value, other = rng.sample(range(2, 13), 2)
    shared = dict(pick("n:name f:food g:food")(rng).shared)
    return Sides(
        shared,
        {
            "how": "figures",
            "like": "7",
            "digits": "1",
            "a": str(value),
            "b": str(other),
            "x": number(value),
            "y": number(other),
        },
        {
            "how": "words",
            "like": "seven",
            "digits": "0",
            "a": number(value),
            "b": number(other),
            "x": number(value),
            "y": number(other),
        },
    )


def _case(rng: Rng) -> Sides:
    shared = dict(pick("n:name t:tool r:room")(rng).shared)
    text = rng.choice(
        (
            f"bring the {shared['t']} to the {shared['r']} for {shared['n']} before it gets dark",
            f"{shared['n']} needs the {shared['t']} from the {shared['r']} as soon as you can",
        )
    )
    return Sides(
        shared,
        {"how": "capital letters", "as": "loud", "big": "1", "body": text.upper()},
        {"how": "small letters", "as": "quiet", "big": "0", "body": text},
    )


def _quotes(rng: Rng) -> Sides:
    shared = dict(pick("n:name t:tool p:place")(rng).shared)
    text = rng.choice(
        (
            f"please take the {shared['t']} back to the {shared['p']} before noon",
            f"my {shared['t']} is at the {shared['p']} and I want it back",
        )
    )
    text = text[0].upper() + text[1:]
    return Sides(
        shared,
        {"how": "in quotation marks", "marks": "1", "body": f"“{text}.”"},
        {"how": "without quotation marks", "marks": "0", "body": f"{text}."},
    )


_LAYOUT = "Is laid out with {with}."

FORMAT = (
    Family(
        "packing-list",
        "inn",
        Subcategory.FORMAT,
        True,
        _laid_out(_DOTS, _NUMBERS, "tool", "n:name"),
        ("{n} takes along {all}.", "These things go with {n}: {all}."),
        ("Make a list with {with}.", "List them with {with}.", "Write a list and put {each} before each thing."),
        ("Things for {n} to take along:\n{body}", "This is all {n} needs:\n{body}"),
        _LAYOUT,
        _list_of,
        part="block",
    ),
    Family(
        "shopping-lines",
        "market",
        Subcategory.FORMAT,
        True,
        _laid_out(_ROWS, _ROW, "food", "n:name"),
        ("{n} buys {all}.", "{n} shall bring {all}."),
        ("Write them {how}.", "Put down {kind}.", "Make a note with {kind}."),
        ("{body}",),
        "Has {kind}.",
        _on_lines,
        part="block",
    ),
    Family(
        "list-or-sentence",
        "kitchen",
        Subcategory.FORMAT,
        True,
        _laid_out(_DOTS, _PROSE, "food", "n:name"),
        ("On the shelf there are {all}.", "{n} has {all} in the kitchen."),
        ("Write them down with {with}.", "Say what is there with {with}."),
        ("{n} can cook with these:\n{body}",),
        _LAYOUT,
        _list_of,
        part="block",
    ),
    Family(
        "capitals",
        "harbour",
        Subcategory.FORMAT,
        True,
        _case,
        (),
        (
            "Ask for the {t} from the {r} in {how}.",
            "Write in {how} that {n} needs the {t} from the {r}.",
            "Send a {as} note in {how} about the {t} in the {r}, for {n}.",
        ),
        ("{body}",),
        "Is written in {how}.",
        lambda s: Check("capitals", number=int(s["big"])),
        part="block",
    ),
    Family(
        "figures",
        "market",
        Subcategory.FORMAT,
        True,
        _figures,
        ("{n} sells {x} baskets of {f} and {y} baskets of {g}.", "There are {x} baskets of {f} and {y} of {g}."),
        ("Write it down with the counts in {how}.", "Note it down, with {how} for the counts."),
        ("On the table stand {a} baskets of {f} and {b} baskets of {g}.",),
        "Gives counts in {how}.",
        lambda s: Check("figures", number=int(s["digits"])),
        part="block",
    ),
    Family(
        "cargo-list",
        "harbour",
        Subcategory.FORMAT,
        False,
        _laid_out(_DOTS, _NUMBERS, "food", "n:name d:day"),
        ("The boat carries {all}.", "On {d} {n} brings {all} over the water."),
        (
            "Set out the cargo with {with} in front.",
            "I want {each} at the start of every line.",
            "Each thing gets {each} and a line.",
        ),
        ("The cargo that {n} has on board:\n{body}", "On board for {d} we have these:\n{body}"),
        _LAYOUT,
        _list_of,
        part="block",
    ),
    Family(
        "tool-sheet",
        "workshop",
        Subcategory.FORMAT,
        False,
        _laid_out(_ROWS, _ROW, "tool", "n:name"),
        ("In the chest lie {all}.", "{n} owns {all}."),
        ("Copy them out, {kind}.", "The sheet should have them {how}.", "Name them {how}, please."),
        ("{body}",),
        "Has {kind}.",
        _on_lines,
        part="block",
    ),
    Family(
        "price-figures",
        "market",
        Subcategory.FORMAT,
        False,
        _figures,
        ("{f} cost {x} coins and {g} cost {y}.", "You pay {x} coins for {f} and {y} for {g}."),
        (
            "Write the sign, prices in {how}.",
            "{n} can read only {how}. Write both prices.",
            "Use {how} such as {like} when you write the prices.",
        ),
        (
            "At this stall {f} cost {a} coins and {g} cost {b} coins.",
            "Buyers pay {a} coins for {f} and {b} coins for {g} here.",
        ),
        "Gives the prices in {how}.",
        lambda s: Check("figures", number=int(s["digits"])),
        part="block",
    ),
    Family(
        "loud-sign",
        "school",
        Subcategory.FORMAT,
        False,
        _case,
        (),
        (
            "Make a sign for {n} about the {t} in the {r}. Letters: {how}.",
            "The sign about the {t}, the {r} and {n} must have {how}.",
            "Use {how} and tell people that {n} wants the {t} from the {r}.",
            "{n} is waiting for the {t} from the {r}. Write it with {how}.",
            "A {as} sign, {how} only: {n} needs the {t} from the {r}.",
        ),
        ("{body}",),
        "Is written in {how}.",
        lambda s: Check("capitals", number=int(s["big"])),
        part="block",
    ),
    Family(
        "quoted-note",
        "inn",
        Subcategory.FORMAT,
        False,
        _quotes,
        (),
        (
            "{n} left a {t} at the {p}. Give the note {how}.",
            "Write {how} what {n} says about the {t} at the {p}.",
            "Put the words of {n} about the {t} and the {p} {how}.",
            "Note from {n}, {how}: the {t} at the {p}.",
            "The {t} of {n} is at the {p}. Write the request {how}.",
        ),
        ("{body}",),
        "Is {how}.",
        lambda s: Check("quoted", number=int(s["marks"])),
        part="block",
    ),
    Family(
        "stew-list",
        "kitchen",
        Subcategory.FORMAT,
        False,
        _laid_out(_NUMBERS, _PROSE, "food", "n:name"),
        ("The stew of {n} has {all} in it.", "{n} puts {all} into the pot."),
        ("Write it out with {with}.", "Give what goes in, with {with}.", "What goes in? Answer with {with}."),
        ("Into the stew of {n} go these:\n{body}", "For the pot {n} takes these:\n{body}"),
        _LAYOUT,
        _list_of,
        part="block",
    ),
)
