"""Suite check: what it finds, what it leaves alone, and whether its detectors see short cuts and nothing else."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from rubrics.check import Report, check_file, check_suite
from rubrics.check.detectors import detect, interval
from rubrics.check.duplicates import NEAR
from rubrics.check.features import FEATURES
from rubrics.check.units import find_units
from rubrics.errors import SuiteError
from rubrics.importers import import_pairs
from rubrics.reading import read_suite
from rubrics.schema import Pair, Suite

WORDS = (
    "river",
    "stone",
    "market",
    "green",
    "house",
    "seven",
    "walk",
    "quiet",
    "under",
    "cafe",
    "lamp",
    "boat",
    "hill",
)


def text(seed: object, count: int = 30) -> str:
    rng = random.Random(str(seed))
    return " ".join(rng.choice(WORDS) for _ in range(count)).capitalize() + "."


def make(number: int, **changes: Any) -> Pair:
    values = {
        "id": f"p{number}",
        "domain": "d",
        "prompt": text(("prompt", number)),
        "chosen": text(("chosen", number)),
        "rejected": text(("rejected", number)),
        "criteria": [{"id": "c", "text": "Is right.", "subcategory": "Logic"}],
        "violated": ["c"],
    }
    return Pair.model_validate({**values, **changes})


def check(*pairs: Pair, **options: Any) -> dict[str, int]:
    """Counts of findings by code."""
    report = check_suite(Suite("s", tuple(pairs)), detectors=False, **options)
    return {found.code: found.count for found in report.findings}


NORMAL = {"not-covered": 11, "one-pair": 1}
"""What one good pair by itself is told."""


def test_a_good_pair_has_no_other_finding() -> None:
    assert check(make(1)) == NORMAL


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chosen": "a\x07b is here"}, "control-characters"),
        ({"prompt": "left \u202e right"}, "control-characters"),
        ({"chosen": "It costs 5 â‚¬ or cafÃ©"}, "mojibake"),
        ({"prompt": "What is \ufffd here?"}, "mojibake"),
        ({"chosen": "One two.", "rejected": "one  TWO."}, "same-but-blanks"),
        ({"rejected": "…"}, "no-words"),
        ({"rejected": text("long", 100)}, "length-ratio"),
    ],
)
def test_faults_of_texts(changes: dict[str, Any], code: str) -> None:
    assert check(make(1, **changes))[code] == 1


def test_text_in_other_scripts_is_no_fault() -> None:
    words = "Ähre, naïve café, Ângela, São Paulo, 日本語, العربية, Ελληνικά, 100 €, Â"
    assert check(make(1, prompt=words, chosen=words + " eins", rejected=words + " zwei")) == NORMAL


def test_length_criteria_may_differ_in_length() -> None:
    criteria = [{"id": "c", "text": "Is short.", "subcategory": "Length"}]
    assert "length-ratio" not in check(make(1, criteria=criteria, rejected=text("long", 100)))


def test_the_same_pair_twice_is_an_error_and_so_is_its_contradiction() -> None:
    one = make(1)
    again = make(2, prompt=one.prompt, chosen=one.chosen, rejected=one.rejected)
    turned = make(3, prompt=one.prompt, chosen=one.rejected, rejected=one.chosen)
    found = check(one, again, turned)
    assert (found["duplicate"], found["contradiction"]) == (1, 1)
    assert "near-duplicate" not in found


def test_case_and_blanks_are_left_to_format() -> None:
    criteria = [{"id": "c", "text": "Is in capitals.", "subcategory": "Format"}]
    one = make(1, criteria=criteria, rejected=make(1).chosen.upper(), group="g", cluster="k")
    other = make(2, criteria=criteria, prompt=one.prompt, chosen=one.chosen, rejected=one.chosen.lower(), cluster="k")
    found = check(one, other.model_copy(update={"group": "g"}))
    assert set(found) == {"not-covered"}


def test_near_duplicates_between_clusters_only() -> None:
    one = make(1, prompt=text("same", 60), cluster="a")
    edited = {"prompt": one.prompt_text.replace("river", "river", 1), "chosen": one.chosen + " Indeed."}
    near = make(2, rejected=one.rejected, cluster="b", **edited)
    assert check(one, near)["near-duplicate"] == 1
    assert "near-duplicate" not in check(one, near.model_copy(update={"cluster": "a"}))
    assert "near-duplicate" not in check(one, make(3, cluster="c"))


def test_pairs_of_another_suite_are_found() -> None:
    other = Suite("core", (make(5, prompt=make(1).prompt, chosen=make(1).chosen, rejected=make(1).rejected),))
    report = check_suite(Suite("s", (make(1),)), [other], detectors=False)
    (found,) = [found for found in report.findings if found.code == "duplicate-across"]
    assert found.examples == ("p1 and p5 of core",)


@given(st.integers(0, 200), st.integers(0, 30))
def test_near_duplicates_agree_with_counting_shingles(seed: int, edits: int) -> None:
    rng = random.Random(seed)
    words = [rng.choice(WORDS) for _ in range(120)]
    other = [rng.choice(WORDS) if rng.random() < edits / 100 else word for word in words]
    pairs = [
        make(n, prompt=" ".join(some[:40]), chosen=" ".join(some[40:80]) + " a", rejected=" ".join(some[80:]) + " b")
        for n, some in enumerate((words, other))
    ]
    sets = []
    for pair in pairs:
        all_words = f"{pair.prompt_text} {pair.chosen} {pair.rejected}".split()
        sets.append({tuple(all_words[at : at + 4]) for at in range(len(all_words) - 3)})
    share = len(sets[0] & sets[1]) / len(sets[0] | sets[1])
    found = check(*pairs)
    told = "near-duplicate" in found or "duplicate" in found
    assert not told or share >= NEAR
    # Hashing may miss a twin near the threshold; a close one it never does, or once in millions.
    assert told or share < 0.97


def test_groups_clusters_criteria_and_shots() -> None:
    two = [
        {"id": "c", "text": "Is right.", "subcategory": "Logic"},
        {"id": "d", "text": "Is kind.", "subcategory": "Utility"},
    ]
    pairs = [
        make(1, group="g", criteria=two),
        make(2, group="g", prompt=make(1).prompt, cluster="k", criteria=two),
        make(3, group="h"),
        make(4, group="h"),
        make(5, prompt=make(3).prompt),
        make(6, prompt=make(1).prompt, split="shot"),
    ]
    found = check(*pairs)
    assert found["group-of-prompts"] == 1
    assert found["group-in-clusters"] == 1
    assert found["prompt-in-groups"] == 1
    assert found["never-violated"] == 1
    assert found["shot-is-scored"] == 2
    assert found["one-pair"] == 1


def test_coverage_counts_a_pair_in_each_of_its_subcategories() -> None:
    names = ["Logic", "Format", "Logic"]
    criteria = [{"id": f"c{n}", "text": "t", "subcategory": name} for n, name in enumerate(names)]
    report = check_suite(
        Suite("s", (make(1, criteria=criteria, violated=["c0", "c1", "c2"]), make(2))), detectors=False
    )
    assert report.coverage["Logic"] == (1, 0, 1, 0, 0)
    assert report.coverage["Format"] == (0, 0, 1, 0, 0)


# Detectors.


def scores(pairs: list[Pair]) -> dict[str, float]:
    return {score.detector: score.accuracy for score in detect(pairs) if score.scope == "overall"}


def mirrored(count: int) -> list[Pair]:
    """Sets of two: a word asked for here is ruled out there, so each response is right once."""
    found = []
    for n in range(count):
        word, other = random.Random(n).sample(WORDS, 2)
        sides = {word: f"{text(n)} And {word}!", other: f"{text(n)} Or – {other} and much more of it."}
        for at, (wanted, left) in enumerate(((word, other), (other, word))):
            found.append(make(2 * n + at, prompt=f"{n}: {wanted}", chosen=sides[wanted], rejected=sides[left]))
    return found


def test_mirror_sets_give_nothing_away() -> None:
    pairs = mirrored(60)
    units = find_units(pairs)
    assert (units.kind, units.number) == ("mirror set", 60)
    assert set(scores(pairs).values()) == {0.5}


@pytest.mark.parametrize(
    ("detector", "spoil"),
    [
        ("longer", lambda s: s + " more words here"),
        ("length", lambda s: s + " more words here"),
        ("punctuation", lambda s: s.replace(" ", "; ", 1)),
        ("words", lambda s: s.replace(".", " gladly.")),
        ("characters", lambda s: s.replace("e", "q")),
    ],
)
def test_each_detector_sees_its_own_kind_of_mark(detector: str, spoil: Any) -> None:
    pairs = [make(n, chosen=spoil(make(n).chosen)) for n in range(120)]
    assert scores(pairs)[detector] > 0.8


def test_a_mark_on_the_rejected_response_is_as_much_an_artefact() -> None:
    report = check_suite(Suite("s", tuple(make(n, rejected=make(n).rejected + " and some more") for n in range(120))))
    by_name = {score.detector: score for score in report.scores if score.scope == "overall"}
    assert by_name["longer"].accuracy < 0.2
    assert by_name["longer"].verdict == "artefact"
    assert by_name["length"].accuracy > 0.8
    codes = {found.code for found in report.warnings}
    assert {"artefact-longer", "artefact-length"} <= codes
    assert report.exit_code == 0


def test_opposite_marks_in_two_subcategories_are_seen_in_each() -> None:
    def side(n: int) -> dict[str, Any]:
        name = "chosen" if n % 2 else "rejected"
        subcategory = "Logic" if n % 2 else "Scope"
        criteria = [{"id": "c", "text": "t", "subcategory": subcategory}]
        return {name: text((name, n), 40), "criteria": criteria}

    found = [score for score in detect([make(n, **side(n)) for n in range(200)]) if score.detector == "length"]
    assert {s.scope for s in found if s.trained_on == "own" and s.accuracy > 0.9} == {"Logic", "Scope"}
    assert all(0.3 < s.accuracy < 0.7 for s in found if s.scope == "overall")


def test_exact_balance_of_length_does_not_come_out_below_one_half() -> None:
    pairs = [make(n, **{"chosen" if n % 2 else "rejected": text(("x", n), 36)}) for n in range(100)]
    assert scores(pairs)["longer"] == 0.5
    assert 0.4 < scores(pairs)["length"] < 0.6


def test_the_order_of_pairs_does_not_matter() -> None:
    pairs = [make(n, cluster=f"k{n % 30}") for n in range(90)]
    turned = pairs[::-1]
    assert scores(pairs) == scores(turned)


def test_too_few_clusters_are_said_not_guessed() -> None:
    report = check_suite(Suite("s", tuple(make(n, cluster="one") for n in range(8))))
    assert report.scores == ()
    assert "no-detectors" in {found.code for found in report.warnings}


@given(st.text())
def test_features_take_any_text(value: str) -> None:
    for extract in FEATURES.values():
        assert all(np.isfinite(size) for size in extract(value).values())


def test_the_interval_is_wilson_s_for_independent_trials() -> None:
    hits = np.array([1.0] * 30 + [0.0] * 10)
    low, high = interval(hits, np.arange(40), 0.95)
    wilson = binomtest(30, 40).proportion_ci(0.95, method="wilson")
    assert (low, high) == (pytest.approx(wilson.low), pytest.approx(wilson.high))


def test_the_interval_counts_clusters_where_they_are_all_alike() -> None:
    hits = np.repeat([1.0, 0.0, 1.0, 1.0, 0.0], 20)
    wide = interval(hits, np.repeat(np.arange(5), 20), 0.95)
    narrow = interval(hits, np.arange(100), 0.95)
    assert wide[1] - wide[0] > 2 * (narrow[1] - narrow[0])
    assert interval(np.ones(100), np.repeat(np.arange(5), 20), 0.95)[0] == pytest.approx(5 / (5 + 1.95996**2), abs=1e-4)


# Reports.


def test_a_file_with_faults_is_reported_and_the_rest_is_checked(tmp_path: Path) -> None:
    good = [make(n).canonical() for n in range(3)]
    path = tmp_path / "s.jsonl"
    path.write_text("\n".join([*good, "{", good[0]]), encoding="utf-8")
    report = check_file(path)
    assert [found.message.split(":")[0] for found in report.errors] == ["line 4", "line 5, id"]
    assert (report.scored, report.exit_code) == (3, 3)
    path.write_text("", encoding="utf-8")
    assert [found.code for found in check_file(path).errors] == ["empty"]
    with pytest.raises(SuiteError):
        check_file(tmp_path)


def test_the_report_as_json_and_as_text() -> None:
    report = check_suite(Suite("s", tuple(make(n) for n in range(40))))
    value = json.loads(json.dumps(report.to_json()))
    assert list(value) == [*Report.__dataclass_fields__, "exit_code"]
    assert value["scores"][0].keys() >= {"detector", "scope", "accuracy", "low", "high", "pairs", "verdict"}
    text = report.render()
    assert "40 scored pairs" in text
    assert text.splitlines()[-1] == f"{len(report.errors)} errors, {len(report.warnings)} warnings"
    assert all(line == line.rstrip() for line in text.splitlines())


def test_hostile_text_is_shown_as_text() -> None:
    report = check_suite(Suite("s", (make(1, chosen="\x1b[2J\u202e is here", rejected="x \x1b[31m"),)), detectors=False)
    assert all(ch.isprintable() or ch == "\n" for ch in report.render())


@pytest.mark.long
def test_llmbar_gives_itself_away(shared: Path, tmp_path: Path) -> None:
    files = sorted((shared / "datasets" / "llmbar" / "LLMBar").rglob("dataset.json"))
    import_pairs("llmbar", files, tmp_path / "llmbar.jsonl")
    report = check_suite(read_suite(tmp_path / "llmbar.jsonl"))
    words = next(score for score in report.scores if score.detector == "words")
    assert 0.63 < words.accuracy < 0.8
    assert words.verdict == "artefact"


def test_of_a_file_that_cannot_be_read_only_the_reason_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text("{bad\n", encoding="utf-8")
    shown = check_file(path, []).render()
    assert "line 1: not valid JSON" in shown.splitlines()[2]
    assert "pairs by |V|" not in shown
    assert "subcategories have no pair" not in shown
    assert "2 errors" in shown
