"""Unseen tasks for Completeness: what is still owed, and both of two things."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.forms import Sides, Slots, pick
from rubrics.world.things import KINDS, Rng
from rubrics.world.unseen.building import answers, builder, shuffled
from rubrics.world.verifiers import Check

__all__ = ["COMPLETENESS"]

_build = builder(Subcategory.COMPLETENESS)

_LINES = (("room", "room"), ("food", "food"), ("drink", "drink"), ("day", "day"), ("colour", "colour"))
"""What a note may have to say: how it is called, and the kind of its value."""


def _lacking(rng: Rng) -> Sides:
    """A note that needs two things and has one of them; the other one in either setting."""
    chosen = rng.sample(_LINES, 2)
    first, second = ({"line": line, "v": rng.choice(KINDS[kind])} for line, kind in chosen)
    return shuffled(rng, pick("n:name m:name")(rng).shared, first, second)


def _owner(rng: Rng) -> Sides:
    """Two people who want a thing each; both have come, or only one of them and a third."""
    sides = pick("n:name b:food | m:name f:food")(rng)
    return Sides(sides.shared, {**sides.first, "v": sides.first["f"]}, {**sides.second, "v": sides.second["f"]})


def _two_questions(rng: Rng) -> Sides:
    """Two things that are known and were asked for; one of them was told, the other one in either setting."""
    shared = pick("n:name t:tool r:room p:place h:hour")(rng).shared
    where = {"v": shared["r"], "q": f"where the {shared['t']} is"}
    when = {"v": shared["h"], "q": f"when the {shared['p']} opens"}
    return shuffled(rng, {f"x{key}": value for key, value in shared.items()}, where, when)


def _both(slots: Slots) -> Check:
    return Check("answers", (slots["b"], slots["v"]), (slots["v_"],))


COMPLETENESS = (
    _build(
        "still-needed",
        "market",
        "n:name m:name | v:food",
        facts=(
            "{n} must bring {v} and {v_}. In the basket there is no more than {v_}.",
            "{n} must bring {v_} and {v}, and has put {v_} in the basket.",
        ),
        asks=(
            "What does {n} need, too?",
            "What must {n} put in too?",
            "{m} has the basket. What should {m} put in?",
        ),
        says=("{n} needs {v} to have it all.", "Put in some {v}, and all is there."),
        criterion="Adds the {v}.",
    ),
    _build(
        "second-question",
        "inn",
        "n:name t:tool s:tool | v:room",
        facts=(
            "The {t} is in the {v} and the {s} in the {v_}. {n} knows where the {s} is.",
            "The {s} is in the {v_}, as {n} knows. The {t} is in the {v}.",
        ),
        asks=("{n} needs to know the other thing, too. Say it.", "Tell {n} the rest.", "Add what {n} does not know."),
        says=("And the {t}, {n}, is in the {v}.", "Also, {n} should look in the {v} for the {t}."),
        criterion="Adds that the {t} is in the {v}.",
    ),
    _build(
        "greet-both",
        "inn",
        "b:name | v:name",
        facts=("{b}, {v} and {v_} are at the door.", "{v_}, {b} and {v} are at the door."),
        asks=(
            "Say good day to all but {v_}.",
            "{v_} goes away. Ask the others to come in.",
            "Call for the others and leave out {v_}.",
        ),
        says=("Good day to you, {b} and {v}.", "Come in, {b}, and you too, {v}."),
        criterion="Greets both {b} and {v}.",
        check=_both,
    ),
    _build(
        "both-from-chest",
        "workshop",
        "n:name b:tool | v:tool",
        facts=("In the chest are the {b}, the {v} and the {v_}.", "The chest has the {v_}, the {b} and the {v} in it."),
        asks=(
            "{n} needs all but the {v_}. Name them.",
            "Leave the {v_} in it. What does {n} take out?",
            "The {v_} is broken. Name the others for {n}.",
        ),
        says=("{n} gets the {b} and the {v}.", "From the chest {n} needs the {v} and the {b}."),
        criterion="Names both the {b} and the {v}.",
        check=_both,
    ),
    _build(
        "who-has-none",
        "school",
        "t:tool | v:name",
        facts=("{v_} came with a {t} and {v} came without one.", "{v} has no {t} and {v_} has one."),
        asks=(
            "Everyone must have a {t}. Who needs one?",
            "Who has to get a {t}?",
            "To whom do we give a {t}, so that both have one?",
        ),
        says=("The one who needs a {t} is {v}.", "Give a {t} to {v}, then both have one."),
        criterion="Names {v}, who has no {t}.",
    ),
    _build(
        "line-of-note",
        "school",
        _lacking,
        facts=(
            "Known: the {line} is {v}, the {line_} is {v_}. In the note stands the {line_}.",
            "Known: the {line_} is {v_}, the {line} is {v}. The note has the {line_} in it.",
        ),
        asks=("Add the {line} for {n}.", "{n} asks: and the {line}?", "The note of {m} needs the {line}, too."),
        says=("And the {line}, {n}, is {v}.", "Add this to the note: the {line} is {v}."),
        criterion="Adds the {line}, {v}.",
    ),
    _build(
        "last-one-left",
        "harbour",
        "n:name a:way | v:way",
        facts=(
            "{n} must see the {a}, the {v} and the {v_}, and has been by the {a} and the {v_}.",
            "{n} has been by the {v_} and the {a}, but has to see the {v}, the {a} and the {v_}.",
        ),
        asks=("What is left for {n} to see?", "Where does {n} have to go?", "Send {n} to the last of the three."),
        says=("{n} still has to go to the {v}.", "What is left is the {v}, so go there, {n}."),
        criterion="Sends {n} to the {v}, the only one left.",
        check=answers("v", but=("a",)),
    ),
    _build(
        "letter-unanswered",
        "school",
        "d:day | v:name",
        facts=(
            "Letters came from {v} and from {v_}. The one of {v_} got its answer on {d}.",
            "{v_} and {v} wrote to us. On {d} we wrote back to {v_}.",
        ),
        asks=(
            "Who is waiting for an answer?",
            "To whom should we write now, so that both have an answer?",
            "Who has no answer from us?",
        ),
        says=("We must still write to {v}.", "The one who still waits for our letter is {v}."),
        criterion="Names {v}, who still waits for an answer.",
    ),
    _build(
        "meal-for-both",
        "kitchen",
        _owner,
        facts=("{n} eats {b}, {m} eats {v} and {m_} eats {v_}.", "{m_} wants {v_}, {n} wants {b} and {m} wants {v}."),
        asks=(
            "{n} and {m} are here. What must be on the table?",
            "Give both {n} and {m} what they want.",
            "{m} comes with {n}. What do they get?",
        ),
        says=("On the table there is {b} for {n} and {v} for {m}.", "They get {v} and {b}."),
        criterion="Serves both {b} and {v}.",
        check=_both,
    ),
    _build(
        "one-for-each",
        "market",
        "n:name m:name | v:cloth",
        facts=(
            "There is a {v} and a {v_} for {n} and {m}. {m} takes the {v_}.",
            "{m} takes the {v_}. For {n} and {m} there is a {v_} and a {v}.",
        ),
        asks=("What should {n} take?", "Each gets one. What is for {n}?", "Give {n} what is left."),
        says=("{n} should take the {v}, so that each has one.", "For {n} there is the {v}."),
        criterion="Gives {n} the {v}, so that each has one.",
    ),
    _build(
        "other-of-two-questions",
        "inn",
        _two_questions,
        facts=(
            "The {xt} is in the {xr}. The {xp} opens at {xh}. {xn} asked for both and was told {q_}.",
            "The {xp} opens at {xh} and the {xt} is in the {xr}. {xn}, who asked for both, was told {q_}.",
        ),
        asks=("Tell {xn} the other thing.", "Now tell {xn} {q}.", "Add {q} for {xn}."),
        says=("And for the other thing, {xn}: {v}.", "{xn}, the answer to that is {v}."),
        criterion="Adds what {xn} was not told: {v}.",
    ),
    _build(
        "who-and-where",
        "harbour",
        "n:name | m:name v:way",
        facts=(
            "{m} is waiting by the {v}, {m_} is waiting by the {v_}.",
            "By the {v_} waits {m_}, by the {v} waits {m}.",
        ),
        asks=(
            "Ask {n} to meet {m}, and say where.",
            "Write to {n} about {m}. The place must be in it, too.",
            "A note to {n}: who waits, {m}, and by which way.",
        ),
        says=("{n}, please go and meet {m} by the {v}.", "By the {v} you can see {m}, {n}."),
        criterion="Has both {m} and the {v} in it.",
        check=answers("m", "v"),
    ),
)
