"""A table over suites, against the rankings of each and a plain mean."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.results.across_suites import across_suites
from engine.results.board import Question
from engine.results.rankings import rankings
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.errors import BadInput
from rubrics.schema import Suite

Margins = dict[str, tuple[float, float]]


@pytest.fixture
def second(store: Store, suite: Suite) -> Suite:
    """The first ten pairs under another name, read by a and b: a wins all, b every other one."""
    other = Suite("other", tuple(pair.model_copy(update={"id": f"o-{pair.id}"}) for pair in suite.pairs[:10]))
    add_suite(store, other)
    for name, every in (("a", 1), ("b", 2)):
        key = {
            "suite_hash": other.hash, "suite": other.name, "weights_hash": f"w-{name}", "tokenizer_hash": "t",
            "candidate": name, "protocol": "choice", "precision": "fp32", "device": "cpu", "attention": "sdpa",
            "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
        }  # fmt: skip
        open_run(store, f"{name}-other", key, n_wanted=10)
        verdicts = [Verdict(pair.id, *([1.0 if n % every == 0 else -1.0] * 2), single_chosen_first=True)
                    for n, pair in enumerate(other.scored)]  # fmt: skip
        add_verdicts(store, f"{name}-other", verdicts)
        close_run(store, f"{name}-other", Status.DONE)
    return other


@pytest.mark.long
def test_each_suite_counts_alike(store: Store, add_run: Callable[..., Margins], second: Suite) -> None:
    for name in "abc":
        add_run(name)
    found = across_suites(store, Question(), ["made", "other"], resamples=500)
    first = {row.candidate: row for row in rankings(store, Question("made", by="overall"), resamples=500).overall.rows}
    assert {label: values[0].value for label, values in found.values.items() if values[0]} == {
        name: row.value for name, row in first.items()
    }
    means = {row.candidate: row for row in found.mean.rows}
    assert means["a"].value == pytest.approx((first["a"].value + 1.0) / 2)
    assert means["b"].value == pytest.approx((first["b"].value + 0.5) / 2)
    assert all(row.ci_low < row.value < row.ci_high for row in found.mean.rows)
    assert list(found.values)[-1] == "c"
    assert found.values["c"][1] is None
    assert any("1 candidate not scored on every suite" in note for note in found.notes)


def test_suites_are_named_once_and_have_runs(store: Store, add_run: Callable[..., Margins], second: Suite) -> None:
    add_run("a")
    with pytest.raises(BadInput, match="'made' is named twice"):
        across_suites(store, Question(), ["made", "made"])
    with pytest.raises(BadInput, match="no likelihood run") as raised:
        across_suites(store, Question(protocol="likelihood"), ["made", "other"])
    assert raised.value.where == "made"
    with pytest.raises(BadInput, match="no run on suite 'third'"):
        across_suites(store, Question(), ["made", "third"])


def test_parts_of_the_taxonomy_are_one_over_suites(
    store: Store, add_run: Callable[..., Margins], second: Suite
) -> None:
    """Each suite that has such pairs counts alike: the plain mean of what the suites' own rankings say."""
    for name in "ab":
        add_run(name)
    for by in ("category", "subcategory", "violations"):
        found = across_suites(store, Question(by=by), ["made", "other"], resamples=50)
        alone = [rankings(store, Question(suite, by=by), resamples=50) for suite in ("made", "other")]
        assert set(found.parts) == {part for table in alone for part in table.parts}
        for part, held in found.parts.items():
            for label in "ab":
                values = [
                    row.value for table in alone if part in table.scopes
                    for row in table.scopes[part].rows if row.candidate == label
                ]  # fmt: skip
                assert held[label].value == pytest.approx(sum(values) / len(values), abs=1e-6)
        plain = across_suites(store, Question(by="overall"), ["made", "other"], resamples=50)
        assert (plain.parts, plain.about_parts, plain.mean) == ({}, "", found.mean)


def test_domains_are_those_of_their_suite(store: Store, add_run: Callable[..., Margins], second: Suite) -> None:
    """Called alike, and not the same: each as its suite's own ranking has it; their mean over all of them."""
    for name in "ab":
        add_run(name)
    found = across_suites(store, Question(by="domain"), ["made", "other"], resamples=50)
    alone = {suite: rankings(store, Question(suite, by="domain"), resamples=50) for suite in ("made", "other")}
    expected = {
        f"{suite}: {domain}": {row.candidate: row for row in table.scopes[domain].rows}
        for suite, table in alone.items()
        for domain in ("d0", "d1")
    }
    mean = found.parts["mean of domains"]
    assert {part: held for part, held in found.parts.items() if part != "mean of domains"} == expected
    for label in "ab":
        values = [held[label].value for held in expected.values()]
        assert mean[label].value == pytest.approx(sum(values) / 4, abs=1e-6)
    assert "stay apart" in found.about_parts
    criteria = across_suites(store, Question(by="criterion"), ["made", "other"], resamples=50).parts
    assert criteria
    assert all(part.startswith(("made: ", "other: ")) for part in criteria)
    with pytest.raises(BadInput, match="cannot group by 'moon'"):
        across_suites(store, Question(by="moon"), ["made", "other"])


def test_a_part_comes_from_whoever_has_it(store: Store, add_run: Callable[..., Margins], second: Suite) -> None:
    add_run("a")
    found = across_suites(store, Question(by="domain"), ["made", "other"], resamples=50)
    assert "b" not in found.parts["made: d0"]
    assert found.parts["other: d0"].keys() == {"a", "b"}
    assert found.parts["mean of domains"].keys() == {"a"}, "of those scored on every suite"
