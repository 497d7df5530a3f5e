"""Unseen tasks for Factuality: what the prompt states, after it was moved, denied or turned round."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.unseen.building import builder

__all__ = ["FACTUALITY"]

_build = builder(Subcategory.FACTUALITY)

FACTUALITY = (
    _build(
        "moved-room",
        "inn",
        "n:name m:name t:tool | v:room",
        facts=(
            "{n} put the {t} in the {v_}. Then {m} took it to the {v}.",
            "The {t} is in the {v} now. Before that it was in the {v_}.",
        ),
        asks=("Where is the {t} now?", "{n} needs the {t} now. Say where it is.", "In which room is the {t} now?"),
        says=("By now the {t} lies in the {v}, close to the wall.", "It is not where it was: look in the {v}."),
        criterion="Says that the {t} is in the {v} by now.",
    ),
    _build(
        "not-so",
        "market",
        "n:name m:name | v:food",
        facts=(
            "It is not true that {n} sells {v_}. What {n} sells is {v}.",
            "{n} sells {v}. Whoever says that it is {v_} is wrong.",
        ),
        asks=("What can {m} buy from {n}?", "Which food does {n} have for sale?", "Tell {m} what {n} sells."),
        says=("From {n} you can buy {v}, {m}.", "The stall of {n} has {v} and no other food."),
        criterion="Says that {n} sells {v}.",
    ),
    _build(
        "has-on",
        "school",
        "n:name m:name | v:cloth",
        facts=("{n} has the {v} on and {m} has the {v_} on.", "{m} came in the {v_} and {n} came in the {v}."),
        asks=("What does {n} have on?", "What did {n} come in?", "How do I know {n}? Say what {n} has on."),
        says=("You know {n} by the {v}.", "{n} came to school in the {v} today."),
        criterion="Says that {n} has the {v} on.",
    ),
    _build(
        "who-sold",
        "market",
        "a:animal | v:name",
        facts=("{v} sold a {a} to {v_}.", "{v_} bought a {a} and paid {v} for it."),
        asks=("Who sold the {a}?", "Who got the coins for the {a}?", "Who had the {a} before?"),
        says=("The one who sold the {a} is {v}.", "Before that day the {a} was with {v}, who got the coins."),
        criterion="Names {v}, who sold the {a}.",
    ),
    _build(
        "one-on-the-other",
        "workshop",
        "n:name r:room | v:tool",
        facts=("In the {r} the {v} is on the {v_}.", "In the {r} the {v_} is under the {v}."),
        asks=(
            "Which of the two is over the other?",
            "Which one does {n} see first?",
            "Name the one that is on the other.",
        ),
        says=("Over the other is the {v}, as {n} can see.", "What {n} sees first is the {v}."),
        criterion="Names the {v}, which is over the other.",
    ),
    _build(
        "morning-meal",
        "kitchen",
        "n:name m:name | v:food",
        facts=(
            "In the morning {n} eats {v}, in the evening {v_}.",
            "In the evening {n} has {v_} and in the morning {v}.",
        ),
        asks=(
            "It is morning. What does {n} eat?",
            "What is there for {n} in the morning?",
            "Good morning! Give {n} something to eat.",
        ),
        says=("This morning {n} sits down and eats {v}.", "For {n} there is {v}, as it is morning."),
        criterion="Says that {n} eats {v} in the morning.",
    ),
    _build(
        "colour-of-key",
        "inn",
        "n:name c:colour d:colour | v:room",
        facts=(
            "The {c} key is for the {v}, the {d} key is for the {v_}.",
            "The {v_} has the {d} key, the {v} the {c}.",
        ),
        asks=("{n} has the {c} key. What is it for?", "Which room has the {c} key?", "What does the {c} key open?"),
        says=("With the {c} key {n} can open the {v}.", "The {c} key is made for the {v}."),
        criterion="Says that the {c} key opens the {v}.",
    ),
    _build(
        "gave-and-got",
        "harbour",
        "n:name m:name | v:tool",
        facts=("{n} gave {m} the {v} and got the {v_}.", "{m} gave {n} the {v_} and got the {v}."),
        asks=("What did {m} get from {n}?", "What does {m} have now?", "What did {n} give?"),
        says=("The {v} went from {n} to {m}.", "{m} now has the {v}, which came from {n}."),
        criterion="Says that {m} got the {v}.",
    ),
    _build(
        "road-to-place",
        "harbour",
        "n:name p:place q:place | v:way",
        facts=(
            "The way by the {v} goes to the {p}, the way by the {v_} goes to the {q}.",
            "To the {q} one goes by the {v_}, to the {p} by the {v}.",
        ),
        asks=(
            "{n} wants to go to the {p}. By which way?",
            "Which way goes to the {p}?",
            "How does {n} get to the {p}?",
        ),
        says=("To the {p} {n} must go by the {v}.", "Take the way by the {v}, {n}, and you come to the {p}."),
        criterion="Says that the way to the {p} goes by the {v}.",
    ),
)
