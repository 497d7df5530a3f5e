"""Families that nothing is trained on: apart from the world's own, and proven on right and wrong answers."""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache

import pytest

from rubrics.taxonomy import SUBCATEGORIES, Subcategory
from rubrics.world import documents, generate, prompts, verify
from rubrics.world.families import FAMILIES
from rubrics.world.forms import Family, Trait
from rubrics.world.requests import Request, compose, pool, reserved
from rubrics.world.unseen import UNSEEN
from rubrics.world.unseen.chance import chance

DRAWS = 100
"""Of each family; with its two settings, twice as many prompts."""


def _cases(family: Family) -> Iterator[tuple[Request, Trait, int]]:
    rng = random.Random(family.name)
    for _ in range(DRAWS):
        trait = family.trait(rng)
        for setting in (0, 1):
            yield Request(family, (trait,)), trait, setting


@pytest.mark.long
@pytest.mark.parametrize("family", UNSEEN, ids=lambda f: f.name)
def test_verifiers_know_right_answers_from_wrong_ones(family: Family) -> None:
    firsts = []
    for request, trait, setting in _cases(family):
        check, prompt = trait.checks[setting], request.prompt((setting,))
        right, mirror = request.response((setting,)), request.response((1 - setting,))
        assert prompt != request.prompt((1 - setting,))
        assert verify(check, right), (prompt, right)
        wrong = (mirror, "", prompt, trait.asks[setting], f"{right} {right}", " ".join([right] * 4))
        for text in wrong:
            assert not verify(check, text), (prompt, text)
        if check.kind == "answers" and check.wrong and all(w in prompt for w in (*check.right, *check.wrong)):
            assert not verify(check, f"{right} {mirror}"), (prompt, "both")
            firsts.append(prompt.index(check.right[-1]) < prompt.index(check.wrong[0]))
    # Whoever names what comes first, or last, is right in half.
    assert not firsts or 0.3 < sum(firsts) / len(firsts) < 0.7


@pytest.mark.long
def test_an_answer_to_another_task_is_no_answer() -> None:
    """Unless it happens to hold what is asked for: answers to 20 prompts of every other family are tried on each."""
    rng = random.Random(4)
    drawn = [(f, t) for f in UNSEEN for t in [f.trait(rng)]]
    for family, trait in drawn:
        for other, foreign in drawn:
            if other is family:
                continue
            text = Request(other, (foreign,)).response((0,))
            check = trait.checks[0]
            shared = [p for p in check.right if re.search(rf"(?<!\w){re.escape(p)}(?!\w)", text, re.IGNORECASE)]
            assert shared or not verify(check, text), (family.name, other.name, text)


def test_they_are_neither_tasks_nor_wordings_of_the_world() -> None:
    known = {form for f in FAMILIES for form in (*f.facts, *f.asks, *f.says, f.criterion)} - {"{body}"}
    assert not known & {form for f in UNSEEN for form in (*f.facts, *f.asks, *f.says, f.criterion)}
    names = [f.name for f in (*FAMILIES, *UNSEEN)]
    assert len(set(names)) == len(names)
    asked = [(*f.facts, *f.asks) for f in UNSEEN]
    assert len(set(asked)) == len(asked)
    assert min(f.forms for f in UNSEEN) >= 6
    world = {trait.checks[0].kind for f in FAMILIES for trait in [f.trait(random.Random(1))]}
    assert not world & {trait.checks[0].kind for f in UNSEEN for trait in [f.trait(random.Random(1))]}


def test_they_are_spread_over_the_subcategories() -> None:
    of = Counter(f.subcategory for f in UNSEEN)
    assert set(of) == set(Subcategory)
    assert min(of.values()) >= 7
    categories = Counter(SUBCATEGORIES[f.subcategory].category for f in UNSEEN)
    assert len(UNSEEN) >= 90
    assert max(categories.values()) - min(categories.values()) <= 8
    assert pool("unseen") == UNSEEN
    assert not any(f.taught for f in UNSEEN)


@pytest.mark.long
def test_they_are_made_of_words_that_pre_training_has() -> None:
    heard = set(_words(documents(1, 60_000, dialogue_share=0.5)))
    rng = random.Random(2)
    asked = [Request(f, (f.trait(rng),)).prompt((way,)) for f in UNSEEN for _ in range(40) for way in (0, 1)]
    unheard = {word for word in _words(asked) if len(word) > 1} - heard
    assert not unheard


def _words(texts: Iterable[str]) -> list[str]:
    return [word for text in texts for word in re.findall(r"[a-z'’]+", text.lower())]


def test_they_are_composed_of_themselves_alone() -> None:
    rng = random.Random(3)
    names = {f.name for f in UNSEEN}
    for family in UNSEEN[::9]:
        for count in (1, 2, 3):
            request = next(compose(rng, family, count))
            assert {trait.family for trait in request.traits} <= names


@cache
def _family(name: str) -> Family:
    return next(f for f in UNSEEN if f.name == name)


@pytest.mark.parametrize(
    ("name", "level"),
    [("moved-room", 1 / 2), ("next-in-pot", 1 / 3), ("both-from-chest", 1 / 3), ("day-in-capitals", 1 / 2)],
)
def test_chance_is_that_of_picking_among_what_the_prompt_names(name: str, level: float) -> None:
    """Two rooms named: a half. Three foods: a third. Two of three tools: a third. One of two forms: a half."""
    assert chance(_family(name), draws=10) == pytest.approx(level)


def test_nothing_else_of_the_world_has_changed() -> None:
    """What suites, prompts and documents are for a seed is part of what results mean."""
    made = {
        "held": "d91b8a920a76c5b35e25eb3ac701d1384ab292738c14468ca2148836823d9667",
        "taught": "d4826da23caaba69ceea3449ca8c8f73cad83f39460bef348d499e7d7519b1ee",
    }
    for families, digest in made.items():
        assert _hash(pair.canonical() for pair in generate(7, 60, families)) == digest
    asked = {
        "taught": "90341060fbe227567e4fdf15610b95f423b08df3584f809ed154ad9a39a1215e",
        "held": "439c84e0a9ac466fb973faf3eda91c95004cca687102aa1ab40ebe489da6569e",
        "all": "a60e0b572dc67fc560a778ca3492126b6fa0bf09f7fb653b11e58d86b1f9741a",
    }
    for families, digest in asked.items():
        assert _hash(f"{t.prompt}|{t.response}|{t.checks}" for t in prompts(7, 60, families)) == digest
    assert _hash(documents(7, 3000)) == "e5cedddceb7dbfd9e088ccbf633fe0e2d625cd9a2bb6c5894288548d41d602eb"
    assert _hash(f.name for f in pool("all")) == "19fcd0b5b94ad8b84ecf71fff27089c3a6576e671139affd9378d20fe7c22024"


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def test_prompts_of_them_are_reserved_ones() -> None:
    tasks = list(prompts(5, 12, "unseen"))
    assert all(reserved(task.prompt) for task in tasks)
    assert all(all(task.met(task.response)) for task in tasks)
