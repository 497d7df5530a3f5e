"""Streams of the second world: shares as asked, the same from the same seed, pairs that the suite check accepts."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from itertools import islice
from math import sqrt

import pytest

from rubrics.check import check_suite
from rubrics.errors import BadInput
from rubrics.schema import Suite
from rubrics.world_b import COMPARISON, FRAME, documents, families_of, pairs, tasks
from rubrics.world_b.verifiers import words

pytestmark = pytest.mark.long

MANY = 4000
ROW = {"shelf", "list", "steps", "box", "these", "answer"}
DIALOGUE = re.compile(re.escape(FRAME).replace(re.escape("{prompt}"), "(?s:(.+))") + "(?s:(.+))")
_LABEL, _FIRST, _SECOND, _PROMPT = (re.escape("{" + name + "}") for name in ("label", "first", "second", "prompt"))
COMPARED = re.compile(
    re.escape(COMPARISON)
    .replace(_LABEL, "(?P<label>A|B)")
    .replace(_FIRST, "(?s:(?P<first>.+))")
    .replace(_SECOND, "(?s:(?P<second>.+))")
    .replace(_PROMPT, "(?s:(?P<prompt>.+))")
)


def stream(**shares: float) -> list[str]:
    asked = {"dialogue": 0.0, "noise": 0.0, "comparisons": 0.0, **shares}
    return list(islice(documents(3, **asked), MANY))


def near(count: int, of: int, share: float) -> bool:
    """Within four standard errors."""
    return abs(count / of - share) <= 4 * sqrt(share * (1 - share) / of)


def digest(texts: list[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]


@pytest.mark.long
def test_documents_have_the_shares_that_were_asked_for() -> None:
    texts = stream(dialogue=0.5, comparisons=0.2)
    dialogues = [text for text in texts if DIALOGUE.fullmatch(text)]
    compared = [match for text in texts if (match := COMPARED.fullmatch(text))]
    assert near(len(dialogues), MANY, 0.5)
    assert near(len(compared), MANY, 0.2)
    assert near(sum(match["label"] == "A" for match in compared), len(compared), 0.5)
    assert not any(text.startswith("<<") for text in stream())
    assert all(DIALOGUE.fullmatch(text) for text in stream(dialogue=1.0))


def test_noise_breaks_so_many_responses_and_no_others() -> None:
    clean, noisy = stream(dialogue=0.8), stream(dialogue=0.8, noise=0.3)
    changed = [(one, two) for one, two in zip(clean, noisy, strict=True) if one != two]
    assert near(len(changed), sum(text.startswith("<<") for text in clean), 0.3)
    heads = [(DIALOGUE.fullmatch(one), DIALOGUE.fullmatch(two)) for one, two in changed]
    assert all(one and two and one[1] == two[1] for one, two in heads)


def test_what_is_learnt_by_rote_is_said_twice() -> None:
    for text in stream(rote=1.0):
        counts = Counter(word for word in words(text) if word not in ROW)
        assert all(count % 2 == 0 for count in counts.values()), text


@pytest.mark.long
def test_the_better_of_two_responses_is_the_one_that_a_dialogue_teaches() -> None:
    """A prompt that is both compared and answered cleanly shows which response is right."""
    texts = list(islice(documents(5, dialogue=0.5, noise=0.0, comparisons=0.5), 3 * MANY))
    taught = {match[1]: match[2] for text in texts if (match := DIALOGUE.fullmatch(text))}
    named = Counter(
        ("first", "second").index("first" if match["label"] == "A" else "second")
        == [match["first"], match["second"]].index(taught[match["prompt"]])
        for text in texts
        if (match := COMPARED.fullmatch(text)) and taught.get(match["prompt"]) in (match["first"], match["second"])
    )
    assert named[True] > 100
    assert named[False] == 0


@pytest.mark.parametrize(
    "shares",
    [{"dialogue": 1.2}, {"noise": -0.1}, {"comparisons": 2}, {"dialogue": 0.7, "comparisons": 0.4}, {"rote": 1.5}],
)
def test_shares_that_are_none_are_refused(shares: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        documents(1, **{"dialogue": 0.0, "noise": 0.0, "comparisons": 0.0, **shares})
    with pytest.raises(BadInput, match="mirror"):
        pairs(1, 3)


@pytest.mark.long
def test_every_word_of_other_families_stands_in_documents() -> None:
    told = {word for text in stream(dialogue=0.5) for word in words(text)}
    asked = {
        word
        for share in ("held", "unseen")
        for task in tasks(1, 40 * len(families_of(share)), share)
        for text in (task.prompt, task.response)
        for word in words(text)
    }
    assert asked - told == set()


def test_no_dialogue_of_documents_is_of_a_held_or_unseen_family() -> None:
    asked = {match[1] for text in stream(dialogue=1.0) if (match := DIALOGUE.fullmatch(text))}
    for share in ("held", "unseen"):
        assert not asked & {task.prompt for task in tasks(1, 40 * len(families_of(share)), share)}


def test_tasks_are_met_by_their_response_and_dealt_evenly() -> None:
    for share in ("taught", "unseen", "held"):
        number = len(families_of(share))
        dealt = list(tasks(2, 40 * number, share))
        assert set(Counter(task.family for task in dealt).values()) == {40}
        assert {task.family for task in dealt} == {family.name for family in families_of(share)}
        assert len({task.prompt for task in dealt}) == len({task.id for task in dealt}) == len(dealt)
        for task in dealt:
            assert task.met(task.response) == (True,) * len(task.criteria)
            assert not any(task.met(task.prompt))


@pytest.mark.long
def test_pairs_pass_the_check_of_suites_and_give_nothing_away() -> None:
    made = tuple(pairs(7, 640))
    report = check_suite(Suite("world-b", made))
    assert report.errors == ()
    assert not [found for found in report.warnings if found.code.startswith("artefact")]
    assert {pair.domain for pair in made} == {family.name for family in families_of("held")}
    for one, two in zip(made[::2], made[1::2], strict=True):
        assert one.cluster == two.cluster
        assert one.id[:-1] == two.id[:-1]
        assert (one.chosen, one.rejected) == (two.rejected, two.chosen)
        assert one.prompt != two.prompt
    assert len({pair.id[:-1] for pair in made}) == len(made) / 2


def test_everything_follows_from_seeds() -> None:
    """The same on every version of Python: a change of these is a change of the world."""
    texts = list(islice(documents(1, dialogue=0.4, noise=0.2, comparisons=0.1), 500))
    assert texts == list(islice(documents(1, dialogue=0.4, noise=0.2, comparisons=0.1), 500))
    assert texts != list(islice(documents(2, dialogue=0.4, noise=0.2, comparisons=0.1), 500))
    found = {
        "documents": digest(texts),
        "pairs": digest([pair.canonical() for pair in pairs(1, 100)]),
        "tasks": digest([f"{task.id} {task.prompt} {task.response}" for task in tasks(1, 100)]),
    }
    assert found == {
        "documents": "01a107dd3dead44e",
        "pairs": "ef2ee631a9c4e155",
        "tasks": "f1a1cb9b4c3ffae7",
    }
