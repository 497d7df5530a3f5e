"""Smaller candidates ahead of larger ones, against loops over stored numbers."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import pytest

from data.ladder import ladder
from data.published import published
from engine.candidates.shape import Shape
from engine.correlation.upsets import UpsetGain, upsets
from engine.export.tables import table
from engine.outcomes.outcome import Outcome
from engine.results.board import Question, load_board
from engine.results.comparison import compare_candidates
from engine.results.rankings import rankings
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from rubrics.errors import BadInput

SIZES = {"a": 4e6, "b": 1e6, "c": 2e6, "d": 8e6, "e": 1e6, "f": 3e6}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the database of `sized` is kept once it has been made."""
    return tmp_path_factory.mktemp("built") / "rude.duckdb"


@pytest.fixture
def sized(built: Path, store: Store, add_run: Callable[..., object]) -> Store:
    """Six candidates of known size, one of unknown; an outcome, and a loss that says the contrary."""
    if built.exists():
        shutil.copyfile(built, store.path)
        return store
    for name in (*SIZES, "g"):
        add_run(name)
        save_candidate(store, SimpleNamespace(
            name=name, place=f"/{name}", architecture="L", model_type="l", parameters=int(SIZES.get(name, 0)),
            weight_bytes=1, dtype="fp32", context=1, tokenizer="BPE", revision=None,
            path=Path(f"/{name}"), shape=Shape(), served=None,
        ), f"w-{name}")  # fmt: skip
    for place, name in enumerate("abcdef"):
        error = 0.05 if name in "ab" else None
        add_outcomes(store, [Outcome(name, "exam", 0.1 * place, error)])
        add_outcomes(store, [Outcome(name, "loss", 0.1 * place, None, None, True)])
    shutil.copyfile(store.path, built)
    return store


@pytest.mark.long
def test_own_upsets_are_a_loop_over_the_ranking(sized: Store) -> None:
    found = upsets(sized, Question())
    values = {row.candidate: row.value for row in rankings(sized, Question(by="overall")).overall.rows}
    score = {name: 0.1 * place for place, name in enumerate("abcdef")}
    expected = {(a, b) for a in SIZES for b in SIZES if SIZES[a] < SIZES[b] and values[a] > values[b]}
    assert expected, "there are some"
    assert {(u.smaller, u.larger) for u in found.upsets} == expected
    assert found.pairs == sum(SIZES[a] != SIZES[b] for a, b in combinations(SIZES, 2))
    leads = [u.lead for u in found.upsets]
    assert leads == sorted(leads, reverse=True)
    for upset in found.upsets:
        assert upset.lead == pytest.approx(values[upset.smaller] - values[upset.larger])
        gain = score[upset.smaller] - score[upset.larger]
        assert upset.gains["exam"].value == pytest.approx(gain)
        assert upset.gains["loss"].value == pytest.approx(-gain)
        assert upset.gains["exam"].came_true == (gain > 0)
    (exam,) = (tally for tally in found.tallies if tally.outcome == "exam")
    true = sum(score[a] > score[b] for a, b in expected)
    assert (exam.known, exam.true) == (len(expected), true)
    assert exam.share.value == pytest.approx(true / len(expected))
    others = {(a, b) for a in SIZES for b in SIZES if SIZES[a] < SIZES[b] and (a, b) not in expected}
    assert exam.otherwise.value == pytest.approx(sum(score[a] > score[b] for a, b in others) / len(others))
    assert "size not known: g" in found.notes


def test_a_lead_and_its_interval_are_those_of_the_comparison(sized: Store) -> None:
    first = upsets(sized, Question(), outcomes=["exam"]).upsets[0]
    compared = compare_candidates(load_board(sized, Question()), first.smaller, first.larger, by="overall")["overall"]
    assert (first.lead, first.ci_low, first.ci_high) == (compared.difference, compared.ci_low, compared.ci_high)
    assert first.p_adjusted == compared.p_adjusted
    assert set(first.gains) == {"exam"}
    with pytest.raises(BadInput, match="no outcome 'exams'"):
        upsets(sized, Question(), outcomes=["exams"])


def test_scores_that_are_unsure_leave_it_open() -> None:
    assert UpsetGain(0.2, 0.05).sure
    assert not UpsetGain(0.05, 0.05).sure
    assert (UpsetGain(0.0, 0.1).came_true, UpsetGain(math.nan, 0.1).came_true) == (None, None)


def test_the_ladders_upsets_are_those_of_its_card(store: Store) -> None:
    """The card counts pairs of models and how many came true; here by a loop over the points."""
    study = ladder()
    found = upsets(store, Question(), source="ladder")
    x, y, size = study.predictors["RuDE accuracy"], study.outcomes["rl_met"], study.predictors["log10 parameters"]
    expected = {
        (study.candidates[a], study.candidates[b]): y[a] - y[b]
        for a in range(len(x)) for b in range(len(x)) if size[a] < size[b] and x[a] > x[b]
    }  # fmt: skip
    assert {(u.smaller, u.larger): u.gains["rl_met"].value for u in found.upsets} == pytest.approx(expected)
    (tally,) = found.tallies
    assert (tally.known, tally.true) == (len(expected), sum(gain > 0 for gain in expected.values()))
    assert all(u.ci_low < u.lead < u.ci_high for u in found.upsets)


def test_the_published_upsets_differ_by_benchmark(store: Store) -> None:
    study = published()
    found = upsets(store, Question(), source="published", outcomes=["HealthBench", "PRBench"])
    for benchmark, tally in zip(("HealthBench", "PRBench"), found.tallies, strict=True):
        rude, after = ({n: v.value for n, v in of[benchmark].items()} for of in (study.rude, study.post_training))
        ahead = [
            after[a] > after[b] for a in study.candidates for b in study.candidates
            if study.parameters[a] < study.parameters[b] and rude[a] > rude[b]
        ]  # fmt: skip
        assert (tally.known, tally.true) == (len(ahead), sum(ahead))


def test_upsets_leave_as_a_table(sized: Store) -> None:
    rows = list(table(sized, "upsets", Question()).records())
    assert {row["outcome"] for row in rows} == {"exam", "loss"}
    assert len(rows) == 2 * len(upsets(sized, Question()).upsets)
    json.dumps(rows)
