"""Unseen tasks for Utility: of two things the one that is of use to a person."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.families.utility import HAVE, MEANS
from rubrics.world.forms import Sides, pick, two_of
from rubrics.world.things import Rng, number
from rubrics.world.unseen.building import answers, builder

__all__ = ["UTILITY"]

_build = builder(Subcategory.UTILITY)


def _large_enough(rng: Rng) -> Sides:
    """Two rooms, one of which has a seat for everyone."""
    sides = pick("n:name | v:room")(rng)
    few, guests, many = sorted(rng.sample(range(3, 13), 3))
    shared = {**sides.shared, "c": number(guests), "few": number(few), "many": number(many)}
    return Sides(shared, sides.first, sides.second)


UTILITY = (
    _build(
        "thick-or-thin",
        "market",
        "n:name m:name | v:cloth",
        facts=(
            "It is cold. The {v} is thick and the {v_} is thin.",
            "The {v_} is too thin for this cold day. The {v} is thick.",
        ),
        asks=(
            "What should {n} put on today?",
            "{m} wants to give {n} the right one. Which?",
            "What would you have {n} wear?",
        ),
        says=("{n} should wear the {v} today.", "Take the {v}, {n}, and the cold will do nothing to you."),
        criterion="Suggests the {v}, which is thick.",
    ),
    _build(
        "near-and-far",
        "harbour",
        "n:name m:name | v:place",
        facts=(
            "{n} walked all day. The {v} is near and the {v_} is not.",
            "It is a long way to the {v_} and a short way to the {v}. {n} walked all day.",
        ),
        asks=("Where should {n} rest?", "{m} wants to bring {n} to a bed. Where?", "Give {n} a place to go to."),
        says=("{n} should rest at the {v}.", "Go to the {v}, {n}, it is near."),
        criterion="Suggests the {v}, which is near.",
    ),
    _build(
        "who-is-at-home",
        "workshop",
        "n:name t:tool | v:name",
        facts=("{v} is at home and {v_} is away.", "{v_} has gone away, but {v} is at home."),
        asks=(
            "{n} needs help with the {t}. Whom should {n} ask?",
            "Who can help {n} with the {t}?",
            "{n} wants to talk. To whom?",
        ),
        says=("{n} can go and ask {v}.", "{v} is the one to help with the {t}."),
        criterion="Suggests {v}, who is at home.",
    ),
    _build(
        "seats-for-all",
        "inn",
        _large_enough,
        facts=(
            "In the {v} {many} can sit, in the {v_} {few}.",
            "There is room for {few} in the {v_} and for {many} in the {v}.",
        ),
        asks=(
            "{c} guests come with {n}. Where can they all sit?",
            "{n} needs a room for {c} people. Which?",
            "{n} wants a room in which {c} can sit.",
        ),
        says=("They can all sit in the {v}.", "{n} should take the {v}, where all have seats."),
        criterion="Suggests the {v}, which has seats for all.",
    ),
    _build(
        "has-one-already",
        "market",
        "n:name m:name | v:cloth",
        facts=("{n} has a {v_} and no {v}.", "{n} does not have a {v}, but there is a {v_}."),
        asks=("What could {m} buy for {n}?", "{m} wants to give {n} something new. What?", "What is of use to {n}?"),
        says=("{m} could give {n} a {v}.", "A {v} would be of use to {n}."),
        criterion="Suggests a {v}, which {n} does not have.",
    ),
    _build(
        "likes-it-or-not",
        "kitchen",
        "n:name m:name | v:food",
        facts=("{n} likes {v} and does not like {v_}.", "{n} does not care for {v_}, but is glad of {v}."),
        asks=(
            "What should {m} cook for {n}?",
            "Make {n} glad with a plate of something.",
            "{n} comes to supper. What do you suggest to {m}?",
        ),
        says=("{m} should cook {v} for {n}.", "A plate of {v} would make {n} glad."),
        criterion="Suggests {v}, which {n} likes.",
    ),
    _build(
        "open-or-shut",
        "market",
        "n:name d:day | v:place",
        facts=("On {d} the {v} is open and the {v_} is shut.", "On {d} the {v_} is shut, but the {v} is open."),
        asks=("It is {d}. Where can {n} go?", "{n} has time on {d}. What do you suggest?", "Plan the {d} of {n}."),
        says=("On that day {n} can go to the {v}.", "{n} should see the {v} this time."),
        criterion="Suggests the {v}, which is open.",
    ),
    _build(
        "travel-of-two",
        "harbour",
        two_of(MEANS, "n:name m:name p:place"),
        facts=("{n} has {v} and {m} has {v_}.", "{m} came with {v_} and {n} came with {v}."),
        asks=(
            "How could {n} go to the {p} without {m}?",
            "{n} has to be at the {p} soon. How?",
            "{n} and {m} go on their own. How does {n} get there?",
        ),
        says=("{n} can {go} and will see the {p} soon.", "Without {m}, {n} could {go}."),
        criterion="Suggests what {n} can do with {v}: {go}.",
        check=answers("go"),
    ),
    _build(
        "dish-of-two",
        "kitchen",
        two_of(HAVE, "n:name m:name"),
        facts=("{n} has {v} and {m} has {v_}.", "{m} brought {v_} and {n} brought {v}."),
        asks=(
            "What could {n} make, and {m} not?",
            "{n} is alone in the kitchen. What will it be?",
            "Tell {n} what to do with it.",
        ),
        says=("{n} can {dish} with it.", "Alone, {n} could {dish}."),
        criterion="Suggests what {n} can make of {v}: {dish}.",
        check=answers("dish"),
    ),
    _build(
        "mend-with-what",
        "workshop",
        "n:name m:name | v:tool",
        facts=("{n} has a {v} at hand. The {v_} is at home.", "The {v_} was left at home, but {n} has a {v} at hand."),
        asks=("What can {n} work with?", "With what should {n} begin?", "{m} asks what can be used now."),
        says=("{n} can use the {v} now.", "What can be used now is the {v}, {m}."),
        criterion="Suggests the {v}, which is at hand.",
    ),
)
