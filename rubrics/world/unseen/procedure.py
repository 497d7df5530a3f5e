"""Unseen tasks for Procedure: one step asked for by its place in an order that is given."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.unseen.building import builder

__all__ = ["PROCEDURE"]

_build = builder(Subcategory.PROCEDURE)

PROCEDURE = (
    _build(
        "first-stop",
        "harbour",
        "n:name m:name | v:place",
        facts=(
            "{n} goes to the {v} first and then to the {v_}.",
            "{n} goes to the {v_}, but before that to the {v}.",
        ),
        asks=("Where is {n} first?", "To which of them does {n} go first?", "{m} wants to be there first. Where?"),
        says=("The first place on the way of {n} is the {v}.", "Go to the {v}, {m}, there {n} begins."),
        criterion="Names the {v}, where {n} goes first.",
    ),
    _build(
        "last-by",
        "school",
        "n:name m:name | v:way",
        facts=(
            "The walk begins by the {v_} and ends by the {v}.",
            "The walk ends by the {v}. It begins by the {v_}.",
        ),
        asks=(
            "{n} comes late. Where is the end of the walk?",
            "{m} waits at the end. Where is that?",
            "Where will they be last?",
        ),
        says=("At the end they will be by the {v}.", "The last thing they see on the walk is the {v}."),
        criterion="Names the {v}, where the walk ends.",
    ),
    _build(
        "way-back",
        "school",
        "n:name | v:way",
        facts=(
            "{n} came by the {v_} first and then by the {v}.",
            "{n} came by the {v} only after the {v_}.",
        ),
        asks=(
            "Now {n} goes back the same way. What comes first?",
            "On the way back, what comes first for {n}?",
            "{n} goes back now. Which one is first?",
        ),
        says=("On the way back {n} comes by the {v} first.", "First comes the {v}, as {n} goes back."),
        criterion="Has {n} come by the {v} first on the way back.",
    ),
    _build(
        "needed-first",
        "workshop",
        "n:name | v:tool",
        facts=(
            "For this work you need the {v} before you need the {v_}.",
            "The {v_} is of no use here until you have used the {v}.",
        ),
        asks=(
            "Which of them should {n} take first?",
            "{n} begins the work. With what?",
            "What must {n} have at the start?",
        ),
        says=("{n} should start with the {v}.", "At the start {n} needs the {v} in hand."),
        criterion="Has {n} begin with the {v}.",
    ),
    _build(
        "next-in-pot",
        "kitchen",
        "n:name a:food | v:food",
        facts=(
            "{n} needs the {a} first, then the {v}, last of all the {v_}.",
            "Last of all {n} needs the {v_}, first the {a} and then the {v}.",
        ),
        asks=(
            "The {a}: done. What comes now?",
            "{n} has put in the {a}. What must {n} put in then?",
            "What comes after the {a}?",
        ),
        says=("Now it is time for the {v}.", "After the {a}, {n} puts in the {v}."),
        criterion="Names the {v}, which come after the {a}.",
    ),
    _build(
        "takes-turns",
        "inn",
        "s:drink | v:name",
        facts=(
            "{v} and {v_} bring the {s} in turn. Last time it was {v_}.",
            "{v_} and {v} bring the {s} in turn. {v_} did it last.",
        ),
        asks=(
            "Who must bring the {s} now?",
            "Which of the two has the next turn?",
            "Call the one who brings it this time.",
        ),
        says=("Now it is the turn of {v}.", "This time {v} must go and bring the {s}."),
        criterion="Names {v}, whose turn it is.",
    ),
    _build(
        "tool-of-step",
        "workshop",
        "n:name | v:tool",
        facts=(
            "The first step is done with the {v}, the second with the {v_}. {n} begins.",
            "The second step is done with the {v_}, the first with the {v}. {n} begins.",
            "The first step is done with the {v_}, the second with the {v}. {n} is done with the first.",
            "The second step is done with the {v}, the first with the {v_}. {n} is done with the first.",
        ),
        asks=("What does {n} need now?", "Hand {n} the right thing.", "Say what {n} should work with now."),
        says=("Now {n} needs the {v}.", "Give {n} the {v} for this step."),
        criterion="Names the {v}, which the step at hand needs.",
    ),
    _build(
        "left-to-sweep",
        "inn",
        "n:name m:name | v:room",
        facts=(
            "{n} must sweep the {v_} and the {v}. The {v_} is done.",
            "{n} has to sweep the {v} and the {v_}, and the {v_} is done.",
        ),
        asks=("Where must {n} sweep now?", "What is left for {n} to sweep?", "Send {n} to what is left."),
        says=("What is left to sweep is the {v}.", "{n} must go on with the {v} now."),
        criterion="Sends {n} to the {v}, which is left.",
    ),
    _build(
        "cloth-before-cloth",
        "market",
        "n:name m:name | v:cloth",
        facts=("For {n} the {v} comes first and then the {v_}.", "For {n} the {v_} comes after the {v}."),
        asks=(
            "What should {n} take first?",
            "What should {m} give to {n} first?",
            "Advise {m} what to bring first.",
        ),
        says=("{n} should take the {v} first.", "First of all bring the {v}, {m}."),
        criterion="Names the {v}, which comes first.",
    ),
    _build(
        "room-after-room",
        "inn",
        "n:name m:name | v:room",
        facts=(
            "{n} has to sweep the {v_} first and then the {v}. The {v_} is done.",
            "{n} has to sweep the {v} after the {v_}. The {v_} is done.",
        ),
        asks=("Where is {n} now?", "{m} wants to see {n} now. Where is {n}?", "Tell {m} where to look for {n}."),
        says=("You will find {n} in the {v} now.", "{n} is in the {v} by now."),
        criterion="Says that {n} is in the {v}, which comes next.",
    ),
    _build(
        "opens-before",
        "market",
        "n:name d:day | v:place",
        facts=("The {v} opens before the {v_}.", "The {v_} opens after the {v}."),
        asks=(
            "Which one opens first?",
            "On {d} {n} wants to go where it opens first. Where?",
            "Tell {n} which of them opens first.",
        ),
        says=("The first to open is the {v}.", "Go to the {v} first, {n}, for it opens before the other."),
        criterion="Names the {v}, which opens first.",
    ),
)
