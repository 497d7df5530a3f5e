"""Whose kin candidates are: proposals against cases of which it is known, cosines against scipy's."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import cosine

from data.bundled import bundled_models
from engine.annotations.families import say, take_back
from engine.candidates.find import find
from engine.candidates.hashing import weights_hash
from engine.correlation.lineage import families_known, kinship, lineage, proposed_from
from engine.correlation.predictor_outcome import correlation_view
from engine.export.tables import table
from engine.jobs.kin import read_kin
from engine.outcomes.outcome import Outcome
from engine.results.board import Question
from engine.store.candidates import save_candidate
from engine.store.connection import Store
from engine.store.kin import Kin, Sample, stored_kin
from engine.store.outcomes import add_outcomes
from rubrics.errors import BadInput


def kin(model_type: str, vocabulary: str, *weights: int, noise: float = 0.0, width: int = 64) -> Kin:
    """Of weights drawn from seeds, with noise of a seed of its own on top."""
    samples = []
    for number, seed in enumerate(weights):
        values = np.random.default_rng(seed).normal(size=1024)
        values += noise * np.random.default_rng(1000 + seed).normal(size=1024)
        samples.append(Sample(f"layers.{number}.w", (width, width), values.astype(np.float16)))
    return Kin(model_type, 2, width, 4, vocabulary, tuple(samples))


def proposals(known: dict[str, Kin], *others: str) -> tuple[dict[str, str], dict[str, str]]:
    """Family and reason, by name."""
    kinships = {frozenset(two): kinship(*two, *(known[name] for name in two)) for two in combinations(known, 2)}
    return proposed_from({name: name for name in (*known, *others)}, known, kinships)


def test_a_kinship_is_the_median_cosine_of_matrices_of_one_name_and_shape() -> None:
    one, two = kin("llama", "v", 1, 2, 3), kin("llama", "w", 1, 2, 3, noise=0.5)
    found = kinship("a", "b", one, two)
    expected = [
        1 - cosine(x.values.astype(float), y.values.astype(float))
        for x, y in zip(one.samples, two.samples, strict=True)
    ]
    assert found.cosine == pytest.approx(sorted(expected)[1])
    assert found.matrices == 3
    assert (found.same_vocabulary, found.same_kind, found.same_sizes, found.reason) == (False, True, True, "weights")
    wider = kinship("a", "b", one, kin("llama", "v", 1, 2, 3, width=96))
    assert math.isnan(wider.cosine)
    assert (wider.matrices, wider.same_sizes, wider.reason) == (0, False, "tokenizer and kind")
    strangers = kinship("a", "b", one, kin("qwen2", "w", 4, 5, 6))
    assert abs(strangers.cosine) < 0.1
    assert strangers.reason == ""
    nothing = kinship(
        "a", "b", one, Kin("llama", 2, 64, 4, "v", (Sample("layers.0.w", (64, 64), np.zeros(1024, "f2")),))
    )
    assert nothing.cosine == 0


def test_families_are_what_is_kin() -> None:
    """The names that first letters put together wrongly, and apart wrongly."""
    known = {
        "gpt2-medium": kin("gpt2", "gpt2", 1), "gpt2-large": kin("gpt2", "gpt2", 2, width=96),
        "gpt-neo-125m": kin("gpt_neo", "gpt2", 3), "Meta-Llama-3-8B": kin("llama", "llama3", 4),
        "Llama-3.1-8B": kin("llama", "llama3", 5), "Qwen2.5-Math-1.5B": kin("qwen2", "qwen", 6),
        "DeepSeek-R1-Distill-Qwen-1.5B": kin("qwen2", "deepseek", 6, noise=0.1),
        "Qwen3-1.7B": kin("qwen3", "qwen-3", 7), "TinyLlama": kin("llama", "llama2", 8),
    }  # fmt: skip
    families, by = proposals(known, "Qwen1-served", "mistral-x")
    groups: dict[str, set[str]] = {}
    for name, family in families.items():
        groups.setdefault(family, set()).add(name)
    assert groups == {
        "gpt": {"gpt2-medium", "gpt2-large"}, "gpt_neo": {"gpt-neo-125m"},
        "llama": {"Llama-3.1-8B", "Meta-Llama-3-8B"},
        "qwen": {"DeepSeek-R1-Distill-Qwen-1.5B", "Qwen2.5-Math-1.5B", "Qwen3-1.7B", "Qwen1-served"},
        "tinyllama": {"TinyLlama"}, "mistral": {"mistral-x"},
    }  # fmt: skip
    assert by["DeepSeek-R1-Distill-Qwen-1.5B"] == by["Qwen2.5-Math-1.5B"] == "weights"
    assert by["Qwen3-1.7B"] == "name and kind"
    assert by["gpt2-medium"] == by["Llama-3.1-8B"] == "tokenizer and kind"
    assert {by[name] for name in ("TinyLlama", "gpt-neo-125m", "mistral-x")} == {"name"}


def test_two_families_have_two_names() -> None:
    known = {
        name: kin(kind, name, seed) for seed, (name, kind) in enumerate((("a-1", "x"), ("a-2", "y"), ("a-3", "y2")))
    }
    families, _ = proposals(known)
    # a-2 and a-3 are of one kind but for a number, and begin alike.
    assert families == {"a-1": "x", "a-2": "a", "a-3": "a"}


@pytest.fixture
def bundled(store: Store) -> Store:
    """The bundled candidates as they were scored."""
    for number, candidate in enumerate(find([str(folder) for folder in bundled_models()])):
        save_candidate(store, candidate, f"w{number}")
    return store


def test_the_bundled_candidates(bundled: Store) -> None:
    found = lineage(bundled)
    assert {one.candidate: (one.family, one.by) for one in found.relatives} == {
        "llama-brook-0.2m": ("llama", "tokenizer and kind"), "llama-loch-0.8m": ("llama", "tokenizer and kind"),
        "neox-moor-0.4m": ("neox", "tokenizer and kind"), "neox-puddle-0.2m": ("neox", "tokenizer and kind"),
        "qwen3-fell-0.3m": ("qwen", "name and kind"), "qwen3-tarn-0.4m": ("qwen", "name and kind"),
    }  # fmt: skip
    pair = found.between("qwen3-fell-0.3m", "qwen3-tarn-0.4m")
    assert pair is not None
    assert pair.matrices == 14
    assert abs(pair.cosine) < 0.05


def test_what_a_person_says_holds_until_it_is_taken_back(bundled: Store) -> None:
    say(bundled, {"qwen3-fell-0.3m": "fell ", "elsewhere": "x"})
    (one,) = (one for one in lineage(bundled).relatives if one.candidate == "qwen3-fell-0.3m")
    assert (one.family, one.proposed, one.by) == ("fell", "qwen", "you")
    assert families_known(bundled)["elsewhere"] == "x"
    rows = list(table(bundled, "families", Question()).records())
    assert [row["family"] for row in rows if row["candidate"] == "qwen3-fell-0.3m"] == ["fell"]
    assert take_back(bundled, ["qwen3-fell-0.3m"]) == 1
    assert families_known(bundled)["qwen3-fell-0.3m"] == "qwen"
    with pytest.raises(BadInput, match="nothing was said"):
        take_back(bundled, ["qwen3-fell-0.3m"])
    with pytest.raises(BadInput, match="needs a name"):
        say(bundled, {"a": "  "})


def test_two_of_one_name_are_told_apart(bundled: Store) -> None:
    with bundled.writing() as connection:
        connection.execute("update candidates set name = 'one' where weights_hash in ('w0', 'w1')")
    assert [one.candidate for one in lineage(bundled).relatives if one.name == "one"] == ["one w0", "one w1"]


def test_kin_is_kept_and_read_later(bundled: Store) -> None:
    before = stored_kin(bundled, ["w0"])["w0"]
    with bundled.writing() as connection:
        connection.execute("delete from kin where weights_hash = 'w0'")
    assert stored_kin(bundled, ["w0"]) == {}
    # Its folder holds other weights than those that were scored, as far as this store knows.
    assert read_kin(bundled) == ["llama-brook-0.2m"]
    assert [one.by for one in lineage(bundled).relatives if one.candidate == "llama-brook-0.2m"] == ["name"]
    digest = weights_hash(next(folder for folder in bundled_models() if folder.name == "llama-brook-0.2m"))
    with bundled.writing() as connection:
        connection.execute("update candidates set weights_hash = ? where weights_hash = 'w0'", [digest])
    assert read_kin(bundled) == []
    after = stored_kin(bundled, [digest])[digest]
    assert after[:5] == before[:5]
    for one, two in zip(after.samples, before.samples, strict=True):
        assert one[:2] == two[:2]
        np.testing.assert_array_equal(one.values, two.values)


def test_nobody_is_stored(store: Store) -> None:
    with pytest.raises(BadInput, match="no candidate is stored"):
        lineage(store)
    assert families_known(store) == {}


@pytest.mark.long
def test_intervals_are_over_families_where_that_is_asked(store: Store, add_run: Callable[..., object]) -> None:
    names = [f"{family}-{number}" for family in "abcdefg" for number in (1, 2)]
    for place, name in enumerate(names):
        add_run(name)
        add_outcomes(store, [Outcome(name, "exam", (7 * place) % 11)])
    each, whole = (
        correlation_view(store, Question(over=over), "RuDE accuracy", "exam") for over in ("candidates", "families")
    )
    assert {point.family for point in whole.points} == set("abcdefg")
    assert each.statistics.pearson.value == whole.statistics.pearson.value
    assert "over candidates" in each.statistics.pearson.method
    assert "over families; sign flips of 7 families, all 128" in whole.statistics.pearson.method
    say(store, dict.fromkeys(names, "one"))
    alone = correlation_view(store, Question(over="families"), "RuDE accuracy", "exam").statistics.pearson
    assert math.isnan(alone.ci_low)
    assert alone.note == "1 family: no interval, and p cannot fall below 1.000"
