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
