"""Pairs are proven, mirrored, balanced and repeatable."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

import rubrics
from rubrics.reading import read_suite
from rubrics.schema import Pair
from rubrics.taxonomy import Subcategory
from rubrics.world import documents, generate, prompts, suite, verify
from rubrics.world.families import FAMILIES
from rubrics.world.requests import compose, pool, reserved


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return list(generate(5, 600))


@pytest.mark.long
@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.name)
def test_each_family_is_decided_by_its_verifiers(family) -> None:
    """Across all settings and ways, verifiers find exactly what the request was built to have."""
    rng = random.Random(family.name)
    alone = [r for r in islice(compose(rng, family), 60) if r.proven((0,) * len(r.traits), (0,) * len(r.traits))]
    assert alone
    for request in alone[:12]:
        settings = tuple(rng.randrange(2) for _ in request.traits)
        flipped = tuple(1 - s if n == request.primary else s for n, s in enumerate(settings))
        if request.proven(settings, settings) and request.proven(settings, flipped):
            chosen, rejected = request.response(settings), request.response(flipped)
            for n, check in enumerate(request.checks(settings)):
                assert verify(check, chosen)
                assert verify(check, rejected) is (n != request.primary)


def test_families_have_the_wordings_and_spread_that_suites_need() -> None:
    names = [family.name for family in FAMILIES]
    assert len(set(names)) == len(names)
    held = pool("held")
    assert len(held) >= 60
    assert {f.subcategory for f in held} == {f.subcategory for f in pool("taught")} == set(Subcategory)
    assert min(Counter(f.subcategory for f in held).values()) >= 5
    assert min(f.forms for f in held) >= 5
    assert not {f.name for f in held} & {f.name for f in pool("taught")}


@pytest.mark.long
def test_pairs_hold_what_they_say(pairs: list[Pair]) -> None:
    assert len(pairs) == 600
    assert len({pair.id for pair in pairs}) == 600
    assert {pair.cluster for pair in pairs} == {family.name for family in pool("held")}
    assert {len(pair.violated) for pair in pairs} == {1, 2, 3, 4, 5}
    assert {len(pair.criteria) for pair in pairs} == {1, 2, 3, 4, 5}
    prompt_of: dict[str, str] = {}
    for pair in pairs:
        assert prompt_of.setdefault(pair.group, pair.prompt_text) == pair.prompt_text
    assert len(set(prompt_of.values())) == len(prompt_of)
    assert max(len(pair.chosen.split()) for pair in pairs) <= 80


def _mirror_sets(pairs: list[Pair]) -> dict[frozenset[str], list[Pair]]:
    sets: dict[frozenset[str], list[Pair]] = defaultdict(list)
    for pair in pairs:
        sets[frozenset((pair.chosen, pair.rejected))].append(pair)
    return sets


@pytest.mark.long
def test_every_pair_has_a_mirror_image(pairs: list[Pair]) -> None:
    """The same two responses swapped, under another prompt, with the same criteria violated."""
    for mirrored in _mirror_sets(pairs).values():
        assert len(mirrored) % 2 == 0
        for violated in {tuple(pair.violated) for pair in mirrored}:
            same = [pair for pair in mirrored if tuple(pair.violated) == violated]
            assert sum(pair.chosen == same[0].chosen for pair in same) * 2 == len(same)
        assert len({pair.prompt_text for pair in mirrored}) > 1


def _bytes(text: str) -> float:
    return len(text.encode())


def _marks(text: str) -> float:
    return sum(not c.isalnum() and not c.isspace() for c in text)


def _hash(text: str) -> float:
    return random.Random(text).random()


@pytest.mark.long
@pytest.mark.parametrize("reader", [_bytes, _marks, _hash])
def test_no_reader_of_responses_alone_can_win(reader: Callable[[str], float], pairs: list[Pair]) -> None:
    right: dict[str, list[float]] = defaultdict(list)
    for pair in pairs:
        a, b = reader(pair.chosen), reader(pair.rejected)
        for subcategory in pair.subcategories:
            right[subcategory].append(0.5 if a == b else float(a > b))
    assert set(right) == set(Subcategory)
    for subcategory, marks in right.items():
        assert sum(marks) / len(marks) == pytest.approx(0.5), subcategory


@pytest.mark.long
def test_seeds_decide(pairs: list[Pair]) -> None:
    first = [pair.canonical() for pair in generate(5, 40)]
    assert first == [pair.canonical() for pair in pairs[:40]]
    other = {pair.prompt_text for pair in generate(6, 400)}
    assert len(other & {pair.prompt_text for pair in pairs}) < 20
    assert list(generate(5, 0)) == []
    assert len(list(generate(5, 7))) == 8


@pytest.mark.long
def test_post_training_prompts_never_meet_a_suite(pairs: list[Pair]) -> None:
    tasks = [*prompts(1, 150), *prompts(1, 150, "held")]
    assert len({task.prompt for task in tasks}) == 300
    assert all(reserved(task.prompt) for task in tasks)
    assert not any(reserved(pair.prompt_text) for pair in pairs)
    assert all(all(task.met(task.response)) for task in tasks)
    assert not any(all(task.met("")) for task in tasks)
    taught = {family.name for family in pool("taught")}
    assert {task.family for task in tasks[:150]} <= taught
    assert not {task.family for task in tasks[150:]} & taught
    assert {c.subcategory for task in tasks for c in task.criteria} == set(Subcategory)


def test_documents() -> None:
    texts = list(documents(3, 5000, dialogue_share=0.5))
    assert texts == list(documents(3, 5000, dialogue_share=0.5))
    assert 5000 <= sum(len(text.split()) for text in texts) < 5200
    share = sum(text.startswith("Request:\n") and "\n\nResponse:\n" in text for text in texts) / len(texts)
    assert 0.35 < share < 0.65
    assert not any(text.startswith("Request:") for text in documents(3, 3000, dialogue_share=0))
    assert texts != list(documents(3, 5000, dialogue_share=0.5, noise=0.5))
    assert not any("{" in text or "||" in text or "  " in text for text in texts)


def test_built_in_suite_is_what_its_seed_makes(tmp_path: Path) -> None:
    path = Path(rubrics.__file__).parent / "suites" / "world.jsonl"
    made = "".join(pair.canonical() + "\n" for pair in suite(2026, 480))
    assert path.read_bytes() == made.encode()
    found = read_suite(path)
    assert len(found.scored) == 480
    assert all(len(shots) == 2 for shots in found.shots.values())
    assert set(found.shots) == {pair.domain for pair in found.scored}
    assert {s for pair in found.scored for s in pair.subcategories} == set(Subcategory)
    shown = {pair.prompt_text for shots in found.shots.values() for pair in shots}
    assert not shown & {pair.prompt_text for pair in found.scored}
    assert found.card
