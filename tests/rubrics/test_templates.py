"""Copies of one template that are taken for independent, and names that two suites have."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rubrics.check import check_suite
from rubrics.check.templates import template_copies
from rubrics.importers import import_pairs
from rubrics.reading import find_suite
from rubrics.schema import Pair, Suite

NAMES = ("Ada", "Ben", "Cleo", "Dov", "Esi")
WORDS = ("moss", "alder", "birch", "oak", "pine", "elm", "ash", "rowan", "hazel")


def copies(n: int) -> list[str]:
    return [f"{NAMES[i % 5]} has {i + 3} eggs and buys two more. How many has {NAMES[i % 5]} now?" for i in range(n)]


def own(n: int) -> list[str]:
    """Questions of their own, each of other words, after the same long preamble."""
    preamble = " ".join(f"rule{i}" for i in range(40))
    return [f"{preamble}: " + " ".join(f"{word}{i}" for word in WORDS) for i in range(n)]


def suite(prompts: list[str], cluster: str = "", name: str = "eggs") -> Suite:
    criteria = [{"id": "c", "text": "t", "subcategory": "Logic"}]
    rows = [
        {"id": f"p{i}", "domain": "d", "prompt": prompt, "chosen": f"{i} x", "rejected": f"{i} y", "violated": ["c"],
         "criteria": criteria, **({"cluster": cluster} if cluster else {})}
        for i, prompt in enumerate(prompts)
    ]  # fmt: skip
    return Suite(name=name, pairs=tuple(Pair.model_validate(row) for row in rows))


def codes(suite: Suite, *others: Suite) -> set[str]:
    return {finding.code for finding in check_suite(suite, others, detectors=False).findings}


def test_copies_are_counted_by_cluster() -> None:
    found = template_copies((str(i), prompt) for i, prompt in enumerate([*copies(30), *own(30)]))
    assert [(each.clusters, each.looked_at) for each in found] == [(30, 60)]
    assert not template_copies((str(i), prompt) for i, prompt in enumerate(copies(11)))
    assert not template_copies(("one", prompt) for prompt in copies(30))
    assert not template_copies([])


@pytest.mark.parametrize(("alike", "other", "said"), [(4, 3, True), (11, 0, True), (3, 5, False), (2, 0, False)])
def test_a_template_that_makes_up_half_of_a_small_suite_is_named_by_a_check(alike: int, other: int, said: bool) -> None:
    assert ("template-copies" in codes(suite([*copies(alike), *own(other)]))) is said


def test_a_check_says_so_unless_a_cluster_does() -> None:
    assert "template-copies" in codes(suite(copies(30)))
    assert "template-copies" not in codes(suite(copies(30), cluster="eggs"))
    assert "template-copies" not in codes(suite(own(30)))


def test_suites_that_ship_are_no_copies() -> None:
    for name in ("core", "world"):
        pairs = find_suite(name).scored
        assert not template_copies((pair.cluster, pair.prompt_text) for pair in pairs)


def test_two_suites_of_one_name(tmp_path: Path) -> None:
    assert "same-name" in codes(suite(own(3)), suite(own(4)))
    assert "same-name" not in codes(suite(own(3)), suite(own(4), name="others"))
    assert "same-name" in codes(suite(own(3), name="core"))
    assert "same-name" not in codes(find_suite("core"))


def test_an_import_says_both(tmp_path: Path) -> None:
    rows = [{"prompt": prompt, "chosen": f"{i} x", "rejected": f"{i} y"} for i, prompt in enumerate(copies(20))]
    (tmp_path / "d.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    name, template, *_ = import_pairs("jsonl", [tmp_path / "d.jsonl"], tmp_path / "core.jsonl").warnings
    assert "'core'" in name
    assert "20 of 20 clusters" in template
    assert import_pairs("jsonl", [tmp_path / "d.jsonl"], tmp_path / "eggs.jsonl").warnings[0] == template
