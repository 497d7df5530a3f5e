"""Unseen tasks for Relevance: which of two things that are known was asked for, and by whom."""

from __future__ import annotations

from rubrics.taxonomy import Subcategory
from rubrics.world.families.relevance import TOPIC_WORDS, topics
from rubrics.world.forms import Draw, Sides, Slots, pick
from rubrics.world.things import Rng
from rubrics.world.unseen.building import builder, shuffled
from rubrics.world.verifiers import Check

__all__ = ["RELEVANCE"]

_build = builder(Subcategory.RELEVANCE)


def _either(spec: str, first: tuple[str, str], second: tuple[str, str]) -> Draw:
    """Two things that are known, of which one is asked for. Each: its slot, and the word one asks for it with."""

    def draw(rng: Rng) -> Sides:
        shared = pick(spec)(rng).shared
        sides = ({"v": shared[slot], "q": word} for slot, word in (first, second))
        return shuffled(rng, {f"x{key}": value for key, value in shared.items()}, *sides)

    return draw


def _on_topic(slots: Slots) -> Check:
    return Check("answers one of", TOPIC_WORDS[slots["v"]], TOPIC_WORDS[slots["v_"]])


RELEVANCE = (
    _build(
        "where-or-when",
        "inn",
        _either("n:name m:name r:room h:hour", ("r", "where"), ("h", "when")),
        facts=("{xm} eats in the {xr} at {xh}.", "At {xh} {xm} eats in the {xr}."),
        asks=(
            "{xn} asks {q}. Answer that alone.",
            "Tell {xn} {q} it is, and nothing more.",
            "{q} does {xm} eat? That is all {xn} asks.",
        ),
        says=("{xn}, the answer is {v}.", "I can tell you that: {v}."),
        criterion="Says {q}, and no more: {v}.",
    ),
    _build(
        "who-or-what",
        "workshop",
        _either("n:name m:name t:tool", ("m", "who brought it"), ("t", "what was brought")),
        facts=("{xm} brought the {xt}.", "The {xt} was brought here by {xm}."),
        asks=("{xn} asks {q}. Answer that alone.", "Say {q}, and nothing else.", "Tell {xn} {q}. The rest is known."),
        says=("{xn}, the answer is this: {v}.", "You asked {q}. I say {v}."),
        criterion="Says {q}, and no more: {v}.",
    ),
    _build(
        "what-or-where",
        "market",
        _either("n:name m:name f:food p:place", ("f", "what is sold"), ("p", "where the stall is")),
        facts=("{xm} sells {xf} at the {xp}.", "At the {xp} one can buy {xf} from {xm}."),
        asks=("{xn} asks {q}. Answer that alone.", "Tell {xn} {q}. The rest is known.", "One thing only: {q}?"),
        says=("{xn}, the answer is {v}.", "As you ask, I name it: {v}."),
        criterion="Says {q}, and no more: {v}.",
    ),
    _build(
        "reader-of-line",
        "market",
        topics("n:name m:name"),
        facts=(
            "{n} likes to read of {v} and {m} likes to read of {v_}.",
            "{m} wants news of {v_}, {n} wants news of {v}.",
        ),
        asks=(
            "Write one line that {n} will like.",
            "Your line is for {n}, not for {m}. Write it.",
            "Send news to {n}.",
        ),
        says=("News for you, {n}, as you like it: {text}.", "{n} will like to read this: {text}."),
        criterion="Writes of {v}, which {n} cares about, and not of {v_}.",
        check=_on_topic,
    ),
    _build(
        "what-is-new",
        "school",
        topics("n:name m:name"),
        facts=(
            "There is news of {v} and news of {v_}. {n} knows that of {v_}.",
            "{n} has read all about {v_}. About {v} {n} knows nothing.",
        ),
        asks=("Tell {n} what is new.", "Tell {n} something that {n} does not know.", "What should {m} tell {n}?"),
        says=("This will be new to {n}: {text}.", "{n} does not know yet that {text}."),
        criterion="Tells of {v}, which is new to {n}, and not of {v_}.",
        check=_on_topic,
    ),
    _build(
        "beside-the-point",
        "harbour",
        "n:name m:name t:tool | v:way",
        facts=(
            "The {t} of {n} is by the {v}. All by the {v_} is white with snow.",
            "All by the {v_} is white with snow. The {t} of {n} is by the {v}.",
        ),
        asks=("{n} asks where it is.", "{m} wants the {t}. Help {m}.", "Where did {n} leave the {t}?"),
        says=("The {t} lies by the {v}.", "{n}, you left it by the {v}."),
        criterion="Says that the {t} lies by the {v}, and nothing of the {v_}.",
    ),
    _build(
        "lost-by-whom",
        "school",
        "n:name m:name | v:cloth",
        facts=("{n} asks about a {v} and {m} asks about a {v_}.", "{m} has lost a {v_}, {n} has lost a {v}."),
        asks=("Both are here. Write to {n}.", "Give {n} good news.", "What do you tell {n}, who has lost something?"),
        says=("Good news, {n}, we have the {v} here.", "{n}, the {v} that you lost is here."),
        criterion="Tells {n} of the {v}.",
    ),
    _build(
        "came-for-whom",
        "harbour",
        "n:name m:name | v:tool",
        facts=(
            "By boat came a {v} for {n} and a {v_} for {m}.",
            "There is a {v_} for {m} on board, and a {v} for {n}.",
        ),
        asks=("Tell {n} what came.", "{n} asks what there is.", "Write to {n} about it, not to {m}."),
        says=("{n}, a {v} came for you.", "Come and get your {v}, {n}, it is here."),
        criterion="Tells {n} of the {v}.",
    ),
    _build(
        "where-or-what-colour",
        "inn",
        _either("n:name m:name r:room c:colour", ("r", "where it is"), ("c", "what colour it has")),
        facts=("The bed of {xm} is {xc} and stands in the {xr}.", "In the {xr} stands the bed of {xm}, which is {xc}."),
        asks=("{xn} asks {q}. Answer that alone.", "Tell {xn} {q}, and nothing more.", "Say {q}. {xn} knows the rest."),
        says=("{xn}, it is this: {v}.", "The answer to that is {v}, {xn}."),
        criterion="Says {q}, and no more: {v}.",
    ),
    _build(
        "place-or-hour",
        "market",
        _either("n:name m:name p:place h:hour", ("p", "where"), ("h", "at what hour")),
        facts=("{xm} comes to the {xp} at {xh}.", "At {xh} {xm} will be at the {xp}."),
        asks=(
            "{xn} asks {q}, and nothing else.",
            "Tell {xn} {q} to look for {xm}.",
            "{q} can {xn} see {xm}? Say no more than that.",
        ),
        says=("{xn}, that would be {v}.", "Here is what you asked, {xn}: {v}."),
        criterion="Says {q}, and no more: {v}.",
    ),
    _build(
        "asked-by-whom",
        "school",
        topics("n:name m:name"),
        facts=("{n} asks about {v} and {m} asks about {v_}.", "{m} asks about {v_}, but {n} asks about {v}."),
        asks=("Write to {n} and not to {m}.", "Tell {n} about it.", "Write a line for {n} alone."),
        says=("For you alone, {n}: {text}.", "{n} asked, and so I say that {text}."),
        criterion="Tells of {v}, which {n} asked about, and not of {v_}.",
        check=_on_topic,
    ),
)
