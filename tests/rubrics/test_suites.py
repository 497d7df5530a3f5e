"""The suites that ship keep what their cards promise."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

import rubrics
from rubrics.check import check_suite
from rubrics.check.report import DetectorScore
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
    assert len({pair.group for pair in core.scored}) >= 240
    domains = Counter(pair.domain for pair in core.scored)
    assert set(domains) == DOMAINS
    assert min(domains.values()) >= 150
    assert {domain: len(pairs) for domain, pairs in core.shots.items()} == dict.fromkeys(DOMAINS, 2)
    cells = Counter((pair.domain, kind) for pair in core.scored for kind in pair.subcategories)
    assert min(cells[domain, kind] for domain in DOMAINS for kind in Subcategory) >= 20
    singles = Counter(pair.subcategories[0] for pair in core.scored if len(pair.violated) == 1)
    assert min(singles[kind] for kind in Subcategory) >= 12
    sizes = Counter(len(pair.violated) for pair in core.scored)
    assert min(sizes[n] for n in (1, 2, 3)) >= 150
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


def _readings() -> dict[str, dict[str, str]]:
    with (FOLDER / "core.reading.csv").open(encoding="utf-8", newline="") as file:
        return {row["pair_id"]: row for row in csv.DictReader(file)}


def test_core_pairs_read_by_their_writer_alone_are_pairs_the_other_way_round_too() -> None:
    """Whatever shows in their texts, then, shows as often in the response that is rejected."""
    rows = _readings()
    core = find_suite("core")
    sides = {(pair.cluster, pair.chosen, pair.rejected) for pair in core.scored}
    alone = [pair for pair in core.scored if rows[pair.id]["reader"] == "the writer"]
    assert len(alone) == 204
    assert all((pair.cluster, pair.rejected, pair.chosen) in sides for pair in alone)


def test_every_core_pair_has_its_reading() -> None:
    rows = _readings()
    core = find_suite("core")
    assert set(rows) == {pair.id for pair in core.pairs}
    for pair in core.pairs:
        row = rows[pair.id]
        assert int(row["criteria_read"]) == 2 * len(pair.criteria)
        assert int(row["agreed"]) == int(row["criteria_read"]) or row["mended"]


@pytest.mark.long
@pytest.mark.parametrize("name", ["core", "core-spans"])
def test_pages_have_the_figures_of_the_check(name: str) -> None:
    suite = find_suite(name)
    report = check_suite(suite)
    pages = [(Path(__file__).parents[2] / "docs" / "suites.md").read_text(encoding="utf-8")]
    longer, *trained = (score for score in report.scores if score.scope == "overall")
    best = max(trained, key=lambda score: score.accuracy)
    row = (
        f"| `{name}` | {report.scored} | {report.groups} |",
        f"| {_figures(longer)} | {_figures(best)}, {best.detector} |",
    )
    assert re.search(" .* ".join(map(re.escape, row)) + "$", pages[0], re.MULTILINE)
    if name == "core":
        pages.append(suite.card)
        assert f"{report.scored} pairs over {report.groups} prompts" in suite.card
        assert f"in {100 * longer.accuracy:.1f} % of pairs" in suite.card
        assert f"finds {_figures(best)}" in suite.card
        assert "artefact" not in {score.verdict for score in report.scores}
        farthest = max(
            (score for score in report.scores if score.scope != "overall"), key=lambda score: abs(score.accuracy - 0.5)
        )
        assert (farthest.scope, farthest.detector) == (Subcategory.SAFETY, "words")
        for page in pages:
            assert _figures(farthest, places=0) in " ".join(page.split())


def _figures(score: DetectorScore, places: int = 1) -> str:
    value, low, high = (f"{100 * share:.{places}f}" for share in (score.accuracy, score.low, score.high))
    return f"{value} % ({low}–{high})"


def test_spans_differ_from_core_in_the_rejected_response_alone() -> None:
    core = {pair.id: pair for pair in find_suite("core").pairs}
    spans = find_suite("core-spans").scored
    assert len(spans) >= 60
    for pair in spans:
        whole = core[pair.id.removesuffix("-span")]
        same = {"prompt", "chosen", "criteria", "violated", "domain", "group", "cluster"}
        assert pair.model_dump(include=same) == whole.model_dump(include=same)
        assert pair.rejected != whole.rejected
