"""The suites that ship keep what their cards promise."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

import rubrics
from rubrics.check import check_suite
from rubrics.reading import built_in_names, find_suite
from rubrics.taxonomy import Subcategory

FOLDER = Path(rubrics.__file__).parent / "suites"
DOMAINS = {"health advice", "law and finance", "complex instructions", "creative and professional writing"}


@pytest.mark.parametrize("name", built_in_names())
def test_has_a_card_and_no_errors(name: str) -> None:
    suite = find_suite(name)
    assert suite.card.startswith(f"# {name}")
    assert not check_suite(suite, detectors=False).errors
    assert all(pair.license == "Apache-2.0" for pair in suite.pairs)


def test_core_is_filled_as_promised() -> None:
    core = find_suite("core")
    assert len(core.scored) >= 320
    assert len({pair.group for pair in core.scored}) >= 100
    domains = Counter(pair.domain for pair in core.scored)
    assert set(domains) == DOMAINS
    assert min(domains.values()) >= 60
    assert {domain: len(pairs) for domain, pairs in core.shots.items()} == dict.fromkeys(DOMAINS, 2)
    kinds = Counter(kind for pair in core.scored for kind in pair.subcategories)
    assert min(kinds[kind] for kind in Subcategory) >= 20
    sizes = Counter(len(pair.violated) for pair in core.scored)
    assert min(sizes[n] for n in (1, 2, 3)) >= 80
    for pair in core.scored:
        assert 3 <= len(pair.criteria) <= 6
        if Subcategory.LENGTH not in pair.subcategories:
            assert 0.88 <= len(pair.rejected) / len(pair.chosen) <= 1.12
        assert all(80 <= len(text.split()) <= 350 for text in (pair.chosen, pair.rejected))


def test_in_core_the_longer_response_is_chosen_half_of_the_time_everywhere() -> None:
    longer: dict[str, list[float]] = {}
    for pair in find_suite("core").scored:
        ahead = len(pair.chosen.encode()) - len(pair.rejected.encode())
        for kind in ("overall", *pair.subcategories):
            longer.setdefault(str(kind), []).append((ahead > 0) + (ahead == 0) / 2)
    assert {kind for kind, values in longer.items() if not 0.45 <= sum(values) / len(values) <= 0.55} == set()


def test_every_core_pair_has_its_blind_reading() -> None:
    with (FOLDER / "core.reading.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["pair_id"]: row for row in csv.DictReader(file)}
    core = find_suite("core")
    assert set(rows) == {pair.id for pair in core.pairs}
    for pair in core.pairs:
        row = rows[pair.id]
        assert int(row["criteria_read"]) == 2 * len(pair.criteria)
        assert int(row["agreed"]) == int(row["criteria_read"]) or row["mended"]


def test_spans_differ_from_core_in_the_rejected_response_alone() -> None:
    core = {pair.id: pair for pair in find_suite("core").pairs}
    spans = find_suite("core-spans").scored
    assert len(spans) >= 60
    for pair in spans:
        whole = core[pair.id.removesuffix("-span")]
        same = {"prompt", "chosen", "criteria", "violated", "domain", "group", "cluster"}
        assert pair.model_dump(include=same) == whole.model_dump(include=same)
        assert pair.rejected != whole.rejected
