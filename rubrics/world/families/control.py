"""Template families for Format, Length and Scope."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Draw, Family, Sides, pick
from rubrics.world.things import KINDS, Rng, join, number
from rubrics.world.verifiers import Check

__all__ = ["CONTROL"]

_FORM, _LEN, _SCOPE = Subcategory.FORMAT, Subcategory.LENGTH, Subcategory.SCOPE
Slots = Mapping[str, str]


def _dots(things: list[str]) -> str:
    return "\n".join(f"- {t}" for t in things)


def _numbers(things: list[str]) -> str:
    return "\n".join(f"{n}. {t}" for n, t in enumerate(things, 1))


def _lines(things: list[str]) -> str:
    return "\n".join(things)


def _plain(things: list[str]) -> str:
    return join(things)


Layout = tuple[Slots, Callable[[list[str]], str]]


def _laid_out(one: Layout, two: Layout, kind: str, spec: str, low: int = 3, high: int = 5) -> Draw:
    """The same things in two layouts; `all` names the things, `body` has them laid out."""

    def draw(rng: Rng) -> Sides:
        things = rng.sample(list(KINDS[kind]), rng.randint(low, high))
        sides = [{**words, "body": lay(things)} for words, lay in (one, two)]
        return Sides({**pick(spec)(rng).shared, "all": join(things)}, sides[0], sides[1])

    return draw


def _list_of(slots: Slots) -> Check:
    return Check("list", (slots["layout"],))


_DOTS = ({"layout": "dots", "with": "dots", "each": "a dot"}, _dots)
_NUMBERS = ({"layout": "numbers", "with": "numbers", "each": "a number"}, _numbers)
_PROSE = ({"layout": "none", "with": "words in one sentence", "each": "a comma"}, _plain)
_ROWS = ({"rows": "1", "how": "on lines of their own", "kind": "one thing on each line"}, _lines)
_ROW = ({"rows": "0", "how": "on a single line", "kind": "all things on one line"}, _plain)


def _on_lines(slots: Slots) -> Check:
    return Check("lines", number=int(slots["rows"]))


def _figures(rng: Rng) -> Sides:
    value, other = rng.sample(range(2, 13), 2)
    shared = dict(pick("n:name f:food g:food")(rng).shared)
    return Sides(
        shared,
        {"how": "figures", "like": "7", "digits": "1", "a": str(value), "b": str(other), "x": number(value), "y": number(other)},
        {"how": "words", "like": "seven", "digits": "0", "a": number(value), "b": number(other), "x": number(value), "y": number(other)},
    )


def _case(rng: Rng) -> Sides:
    shared = dict(pick("n:name t:tool r:room")(rng).shared)
    text = rng.choice((f"bring the {shared['t']} to the {shared['r']} for {shared['n']} before it gets dark",
                       f"{shared['n']} needs the {shared['t']} from the {shared['r']} as soon as you can"))
    return Sides(
        shared,
        {"how": "capital letters", "as": "loud", "big": "1", "body": text.upper()},
        {"how": "small letters", "as": "quiet", "big": "0", "body": text},
    )


def _quotes(rng: Rng) -> Sides:
    shared = dict(pick("n:name t:tool p:place")(rng).shared)
    text = rng.choice((f"please take the {shared['t']} back to the {shared['p']} before noon",
                       f"my {shared['t']} is at the {shared['p']} and I want it back"))
    text = text[0].upper() + text[1:]
    return Sides(
        shared,
        {"how": "in quotation marks", "marks": "1", "body": f"“{text}.”"},
        {"how": "without quotation marks", "marks": "0", "body": f"{text}."},
    )


def _items(kind: str, spec: str, lay: Callable[[list[str]], str], unit: str) -> Draw:
    """Lists of two different lengths drawn from the same things; `v` is the asked length, `body` the list."""

    def draw(rng: Rng) -> Sides:
        things = rng.sample(list(KINDS[kind]), 6)
        low = rng.randint(2, 4)
        sides = [
            {"v": number(n), "c": str(n), "unit": unit, "body": lay(things[:n]), "things": "|".join(things)}
            for n in (low, low + rng.randint(1, 5 - low if low < 4 else 1))
        ]
        rng.shuffle(sides)
        return Sides({**pick(spec)(rng).shared, "all": join(rng.sample(things, 6))}, sides[0], sides[1])

    return draw


def _many(slots: Slots) -> Check:
    things = tuple(slots["things"].split("|"))
    return Check("count", things if slots["unit"] == "things" else (slots["unit"],), number=int(slots["c"]))


_STORY = (
    "{n} went to the {p} early.", "The {a} came along.", "It was cold there.", "They saw a {t}.",
    "Nobody else was awake.", "Then they went home.",
)


def _sentence_count(rng: Rng) -> Sides:
    shared = dict(pick("n:name p:place a:animal t:tool")(rng).shared)
    lines = [line.format(**shared) for line in _STORY]
    two = sorted(rng.sample((2, 3, 4, 5), 2))
    rng.shuffle(two)
    sides = [{"v": number(n), "c": str(n), "unit": "sentences", "body": " ".join(lines[:n]), "things": ""} for n in two]
    return Sides(shared, sides[0], sides[1])


def _short_or_long(rng: Rng) -> Sides:
    shared = dict(pick("n:name f:food p:place d:day")(rng).shared)
    short = f"{shared['n']} sells {shared['f']} at the {shared['p']} on {shared['d']}."
    long = f"{short} Come early, bring a basket, and ask for the price before you fill it."
    return Sides(
        shared,
        {"how": "at most twelve words", "as": "short", "limit": "-12", "body": short},
        {"how": "at least fourteen words", "as": "long", "limit": "14", "body": long},
    )


def _limit(slots: Slots) -> Check:
    limit = int(slots["limit"])
    return Check("at most", number=-limit) if limit < 0 else Check("at least", number=limit)


def _ring(rng: Rng) -> Sides:
    word = rng.choice(("ding", "knock", "hoot", "bark", "tap"))
    two = rng.sample(range(2, 7), 2)
    sides = [{"v": number(n), "c": str(n), "body": " ".join([word] * n)} for n in two]
    return Sides({**pick("n:name p:place")(rng).shared, "w": word}, sides[0], sides[1])


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
        sides = [
            {"v": names[kind], "body": join(own), "own": "|".join(own)} for kind, own in ((first, a), (second, b))
        ]
        rng.shuffle(sides)
        return Sides({**shared, "all": join(mixed)}, sides[0], sides[1])

    return draw


def _only_own(slots: Slots) -> Check:
    return Check("says", tuple(slots["own"].split("|")), tuple(slots["own_"].split("|")))


_LAYOUT = "Is laid out with {with}."
_NUMBER = "Names exactly {v}."

CONTROL = (
    # Format
    Family(
        "packing-list", "inn", _FORM, True, _laid_out(_DOTS, _NUMBERS, "tool", "n:name"),
        ("{n} takes along {all}.", "These things go with {n}: {all}."),
        ("Make a list with {with}.", "List them with {with}.", "Write a list and put {each} before each thing."),
        ("Things for {n} to take along:\n{body}", "This is all {n} needs:\n{body}"), _LAYOUT, _list_of, part="block",
    ),
    Family(
        "shopping-lines", "market", _FORM, True, _laid_out(_ROWS, _ROW, "food", "n:name"),
        ("{n} buys {all}.", "{n} shall bring {all}."),
        ("Write them {how}.", "Put down {kind}.", "Make a note with {kind}."),
        ("{body}",), "Has {kind}.", _on_lines, part="block",
    ),
    Family(
        "list-or-sentence", "kitchen", _FORM, True, _laid_out(_DOTS, _PROSE, "food", "n:name"),
        ("On the shelf there are {all}.", "{n} has {all} in the kitchen."),
        ("Write them down with {with}.", "Say what is there with {with}."),
        ("{n} can cook with these:\n{body}",), _LAYOUT, _list_of, part="block",
    ),
    Family(
        "capitals", "harbour", _FORM, True, _case, (),
        ("Ask for the {t} from the {r} in {how}.", "Write in {how} that {n} needs the {t} from the {r}.", "Send a {as} note in {how} about the {t} in the {r}, for {n}."),
        ("{body}",), "Is written in {how}.", lambda s: Check("capitals", number=int(s["big"])), part="block",
    ),
    Family(
        "figures", "market", _FORM, True, _figures,
        ("{n} sells {x} baskets of {f} and {y} baskets of {g}.", "There are {x} baskets of {f} and {y} of {g}."),
        ("Write it down with the counts in {how}.", "Note it down, with {how} for the counts."),
        ("On the table stand {a} baskets of {f} and {b} baskets of {g}.",), "Gives counts in {how}.",
        lambda s: Check("figures", number=int(s["digits"])), part="block",
    ),
    Family(
        "cargo-list", "harbour", _FORM, False, _laid_out(_DOTS, _NUMBERS, "food", "n:name d:day"),
        ("The boat carries {all}.", "On {d} {n} brings {all} over the water."),
        ("Set out the cargo with {with} in front.", "I want {each} at the start of every line.", "Each thing gets {each} and a line."),
        ("The cargo that {n} has on board:\n{body}", "On board for {d} we have these:\n{body}"), _LAYOUT, _list_of, part="block",
    ),
    Family(
        "tool-sheet", "workshop", _FORM, False, _laid_out(_ROWS, _ROW, "tool", "n:name"),
        ("In the chest lie {all}.", "{n} owns {all}."),
        ("Copy them out, {kind}.", "The sheet should have them {how}.", "Name them {how}, please."),
        ("{body}",), "Has {kind}.", _on_lines, part="block",
    ),
    Family(
        "price-figures", "market", _FORM, False, _figures,
        ("{f} cost {x} coins and {g} cost {y}.", "You pay {x} coins for {f} and {y} for {g}."),
        ("Write the sign, prices in {how}.", "{n} can read only {how}. Write both prices.", "Use {how} such as {like} when you write the prices."),
        ("At this stall {f} cost {a} coins and {g} cost {b} coins.", "Buyers pay {a} coins for {f} and {b} coins for {g} here."),
        "Gives the prices in {how}.", lambda s: Check("figures", number=int(s["digits"])), part="block",
    ),
    Family(
        "loud-sign", "school", _FORM, False, _case, (),
        ("Make a sign for {n} about the {t} in the {r}. Letters: {how}.", "The sign about the {t}, the {r} and {n} must have {how}.",
         "Use {how} and tell people that {n} wants the {t} from the {r}.", "{n} is waiting for the {t} from the {r}. Write it with {how}.",
         "A {as} sign, {how} only: {n} needs the {t} from the {r}."),
        ("{body}",), "Is written in {how}.", lambda s: Check("capitals", number=int(s["big"])), part="block",
    ),
    Family(
        "quoted-note", "inn", _FORM, False, _quotes, (),
        ("{n} left a {t} at the {p}. Give the note {how}.", "Write {how} what {n} says about the {t} at the {p}.",
         "Put the words of {n} about the {t} and the {p} {how}.", "Note from {n}, {how}: the {t} at the {p}.",
         "The {t} of {n} is at the {p}. Write the request {how}."),
        ("{body}",), "Is {how}.", lambda s: Check("quoted", number=int(s["marks"])), part="block",
    ),
    Family(
        "stew-list", "kitchen", _FORM, False, _laid_out(_NUMBERS, _PROSE, "food", "n:name"),
        ("The stew of {n} has {all} in it.", "{n} puts {all} into the pot."),
        ("Write it out with {with}.", "Give what goes in, with {with}.", "What goes in? Answer with {with}."),
        ("Into the stew of {n} go these:\n{body}", "For the pot {n} takes these:\n{body}"), _LAYOUT, _list_of, part="block",
    ),
    # Length
    Family(
        "name-tools", "workshop", _LEN, True, _items("tool", "n:name", _plain, "things"),
        ("In the chest are {all}.", "{n} has {all}."),
        ("Name {v} of them.", "Choose {v} of these for {n}.", "List {v} of them, no more and no fewer."),
        ("From the chest I would give {n} these: {body}.", "My choice for {n} out of all of them: {body}."), _NUMBER, _many, part="block",
    ),
    Family(
        "list-of-food", "kitchen", _LEN, True, _items("food", "n:name", _dots, "items"),
        ("We have {all}.", "{n} likes {all}."),
        ("Make a list of {v} of them.", "Write a list with {v} items.", "Give {n} a list of {v} things, one on each line."),
        ("For the table of {n} I take:\n{body}",), "Lists exactly {v} items.", _many, part="block",
    ),
    Family(
        "story-sentences", "school", _LEN, True, _sentence_count, (),
        ("Write a story of {v} sentences about {n}, the {p} and a {a}.", "Tell how {n} went to the {p}, in {v} sentences, with a {a} and a {t}.",
         "{n} and the {a} go to the {p}: {v} sentences."),
        ("{body}",), "Is exactly {v} sentences long.", _many, part="block",
    ),
    Family(
        "short-or-long", "market", _LEN, True, _short_or_long, (),
        ("Write {how} about {n}, who sells {f} at the {p} on {d}.", "A {as} notice, {how}: {n} sells {f} at the {p} on {d}."),
        ("{body}",), "Has {how}.", _limit, part="block",
    ),
    Family(
        "ring-times", "inn", _LEN, True, _ring, (),
        ("Say {w} {v} times for {n}.", "{n} wants to hear {w} {v} times at the {p}.", "Write {w} {v} times."),
        ("At the {p} we hear this sound: {body}.",), "Has the word “{w}” exactly {v} times.",
        lambda s: Check("repeats", (s["w"],), number=int(s["c"])), part="block",
    ),
    Family(
        "pick-animals", "market", _LEN, False, _items("animal", "n:name d:day", _plain, "things"),
        ("For sale are a {all}.", "{n} could buy a {all}."),
        ("Pick {v} for {n}.", "{n} can feed {v}, so name as many.", "Which {v} should {n} have?"),
        ("On {d} at the market {n} should buy a {body}.", "If I were {n}, I would take a {body}."), _NUMBER, _many, part="block",
    ),
    Family(
        "lines-for-sign", "harbour", _LEN, False, _items("colour", "n:name p:place", _dots, "items"),
        ("{n} has paint that is {all}.", "At the {p} they have {all} paint."),
        ("Set out {v} colours, each on a line.", "A list of {v}, please.", "Only {v} lines with a colour on each."),
        ("{n} should paint the boat in these:\n{body}", "For the boat near the {p} take these:\n{body}"),
        "Lists exactly {v} items.", _many, part="block",
    ),
    Family(
        "tale-sentences", "inn", _LEN, False, _sentence_count, (),
        ("Guests like a tale of {v} sentences. This one has {n}, a {a} and the {p}.", "Use {v} sentences for the tale of {n}, the {p}, a {a} and a {t}.",
         "Tell the tale of {n} and the {a} at the {p}; it should have {v} sentences.", "{v} sentences on {n}, the {a} and the {p}, please.",
         "In just {v} sentences: how did {n} and the {a} fare at the {p}?"),
        ("{body}",), "Is exactly {v} sentences long.", _many, part="block",
    ),
    Family(
        "knock-code", "workshop", _LEN, False, _ring, (),
        ("The sign for {n} is {w}, {v} times over.", "{n} opens if you {w} {v} times at the {p}. Write the sound.",
         "How does {w} sound {v} times?", "{v} times {w}: write it out for {n}.", "Repeat {w} until there are {v}."),
        ("This is what {n} hears at the door: {body}.", "The sound at the {p} goes like this: {body}."), "Has the word “{w}” exactly {v} times.",
        lambda s: Check("repeats", (s["w"],), number=int(s["c"])), part="block",
    ),
    Family(
        "brief-note", "school", _LEN, False, _short_or_long, (),
        ("Tell the class in {how} that {n} sells {f} at the {p} on {d}.", "{n} sells {f} at the {p} on {d}. Put that in {how}.",
         "Keep to {how}: {n}, {f}, the {p}, {d}.", "For the board I need {how} on {n}, the {f}, the {p} and {d}.",
         "Make it {as}, {how}, and say that {n} has {f} at the {p} on {d}."),
        ("{body}",), "Has {how}.", _limit, part="block",
    ),
    Family(
        "drinks-count", "kitchen", _LEN, False, _items("drink", "n:name r:room", _plain, "things"),
        ("In the {r} stand {all}.", "{n} may choose from {all}."),
        ("Bring {v} of these to {n}. Which?", "{n} wants {v} drinks. Name them.", "Decide on {v} and say which."),
        ("I carry these from the {r} to {n}: {body}.", "{n} gets the following to drink today: {body}."), _NUMBER, _many, part="block",
    ),
    # Scope
    Family(
        "leave-out-tool", "workshop", _SCOPE, True, _in_or_out("tool", "n:name", "do not name the {x}", "be sure to name the {x}"),
        ("The chest holds {all}.", "{n} owns {all}."),
        ("Name four of them and {clause}.", "Tell {n} of four of them, but {clause}.", "Write to {n} about four of them; {clause}."),
        ("Dear {n}, in the chest there are {body}.", "{n} can use these four things: {body}."), "{keep} the {x}.", _mentions,
    ),
    Family(
        "this-not-that", "harbour", _SCOPE, True, _either("way", "n:name m:name"), (),
        ("Ask {n} to meet {m}. Mention the {v} and do not mention the {v_}.", "Write to {n} about {m}. Speak of the {v}, not of the {v_}.",
         "A note to {n}, with the {v} in it and without the {v_}: {m} is waiting."),
        ("Dear {n}, please come soon, for {m} is waiting beside the {v}.", "{n}, go and see {m}, who sits near the {v} all day."),
        "Mentions the {v} and leaves out the {v_}.", _one_not_other,
    ),
    Family(
        "only-food", "kitchen", _SCOPE, True, _only("food", "tool"),
        ("On the table lie {all}.", "{n} brought {all} to the {p}."),
        ("Name only the {v}.", "Say which of these are {v} and leave out the rest."),
        ("Of all that is there I name {body}.", "{n} should take from this {body}."), "Names the {v} and nothing else.", _only_own,
    ),
    Family(
        "menu-without", "inn", _SCOPE, False, _in_or_out("food", "n:name d:day", "the {x} must not appear", "the {x} must appear"),
        ("The cook has {all}.", "On {d} there are {all}."),
        ("Write a menu of four of these; {clause}.", "Offer {n} four things to eat. On the menu {clause}.", "Four of these for {n}, and {clause}."),
        ("On {d} we serve our guest {n} {body}.", "The menu for {n} has {body} on it."), "{keep} the {x}.", _mentions,
    ),
    Family(
        "news-without", "market", _SCOPE, False, _either("animal", "n:name p:place"), (),
        ("Tell the news of {n} at the {p}; bring in the {v} but keep the {v_} out.", "The {v_} is a secret, the {v} is not. Write that {n} came to the {p}.",
         "Let the word {v} stand in your line about {n} and the {p}, but not the word {v_}.", "Write how {n} came to the {p}. Yes to the {v}, no to the {v_}.",
         "{n} came to the {p}. Include the {v} and leave out the {v_}."),
        ("This morning {n} came to the {p} and led a {v} on a rope.", "People at the {p} saw {n}, who had a {v} along."),
        "Mentions the {v} and leaves out the {v_}.", _one_not_other,
    ),
    Family(
        "letter-without", "school", _SCOPE, False, _either("name", "p:place t:tool"), (),
        ("Write home about the {t} at the {p}. Name {v}, but not {v_}.", "In the letter about the {t} and the {p}, {v} comes in and {v_} stays out.",
         "A line on the {p} and the {t}: with {v}, without {v_}.", "Do not name {v_}. Name {v}. It is about the {t} at the {p}.",
         "Who took the {t} to the {p}? You may speak of {v} and not of {v_}."),
        ("All is well here, and {v} took the {t} to the {p}.", "At the {p} we met {v}, who had lost the {t}."),
        "Names {v} and leaves out {v_}.", _one_not_other,
    ),
    Family(
        "only-animals", "harbour", _SCOPE, False, _only("animal", "cloth"),
        ("On board are these: {all}.", "{n} saw all this at the {p}: {all}."),
        ("I care for the {v} alone. Which are they?", "Nothing but the {v}, please.", "Report the {v}, skip the others."),
        ("What {n} saw there and reports is this: {body}.", "I can tell you that there were {body}."), "Names the {v} and nothing else.", _only_own,
    ),
    Family(
        "cart-without", "workshop", _SCOPE, False, _in_or_out("cloth", "n:name p:place", "keep the {x} out", "put the {x} in"),
        ("At the {p} they sell {all}.", "There are {all} in the shop."),
        ("Fill the bag for {n} with four things and {clause}.", "{n} wants four of these; {clause}.", "Say which four you pack, and {clause}."),
        ("Into the bag of {n} go four things: {body}.", "For {n} I pack these four from the {p}: {body}."), "{keep} the {x}.", _mentions,
    ),
)
