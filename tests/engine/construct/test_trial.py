"""A verifier that errs at a known rate: measured on trial, and the wrong labels that survive it as predicted."""

from __future__ import annotations

import math
import random
import threading
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import pytest
from constructing import construct, run_trial
from hypothesis import given
from hypothesis import strategies as st

from engine.construct import job
from engine.construct.card import expected_wrong
from engine.construct.output import find_construction, write_construction
from engine.construct.pipeline import Construction, open_model
from engine.construct.settings import Running, Settings
from engine.construct.spec import parse_spec
from engine.construct.survival import ErrorRates, prevalence, surviving, voted, wrong_label, wrong_pairs
from engine.construct.trial import VerifierTrial, by_votes, calls_needed, proven_labels, rates_of, single_rates
from engine.store.connection import Store
from engine.store.construct import examples_of, trials_of
from rubrics.reading import read_suite

RATES = (0.05, 0.1, 0.2)


def tried(server, store: Store, model: str, **settings):
    trial = VerifierTrial(parse_spec(server.spec(model)), **settings)
    return run_trial(store, trial, server.inside(model), concurrency=64)


@pytest.fixture
def knowing(server):
    """The server, which knows the truth of the trial's labels."""
    truth = {(k.pair.prompt_text, k.response, k.criterion.text): k.met for k in proven_labels(0, 60)}
    server.script.labels.update(truth)
    return server


@pytest.mark.long
def test_the_error_rates_of_a_lying_verifier_are_measured(knowing, store: Store) -> None:
    row = tried(knowing, store, "oracle+lies:0.2", pairs=60, seed=0)
    overall, *others = rates_of(row)
    assert overall.scope == "overall"
    for estimate, n in ((overall.false_acceptance, overall.n_violated), (overall.false_rejection, overall.n_met)):
        assert abs(estimate.value - 0.2) < 3.5 * math.sqrt(0.2 * 0.8 / n)
        assert estimate.ci_low <= estimate.value <= estimate.ci_high
    assert sum(one.n_met + one.n_violated for one in others) == overall.n_met + overall.n_violated
    assert overall.n_met + overall.n_violated == len(proven_labels(0, 60))
    assert trials_of(store)[0] == row.__class__(**{**vars(row), "created_at": trials_of(store)[0].created_at})
    knowing.script.labels.clear()  # who is asked again now knows no answer
    assert tried(knowing, store, "oracle+lies:0.2", pairs=60, seed=0) == row


def test_an_honest_verifier_errs_nowhere_and_a_broken_one_is_counted(knowing, store: Store) -> None:
    honest = rates_of(tried(knowing, store, "oracle", pairs=10))[0]
    assert honest.false_acceptance.value == honest.false_rejection.value == 0
    assert honest.false_acceptance.ci_high > 0
    broken = tried(knowing, store, "oracle+malformed", pairs=4)
    assert broken.failed == len(proven_labels(0, 4))
    assert math.isnan(single_rates(broken).false_acceptance)


def test_a_trial_that_is_stopped_goes_on(knowing, store: Store) -> None:
    cancel = threading.Event()
    trial = VerifierTrial(parse_spec(knowing.spec("oracle")), 6)

    def tell(told: SimpleNamespace) -> None:
        if told.state.done >= 3:
            cancel.set()

    knowing.script.delay = 0.05
    model = open_model(trial.verifier, None, Running())
    assert run_trial(store, trial, model, concurrency=2, tell=tell, cancel=cancel) is None
    asked = len(knowing.script.requests)
    assert asked < calls_needed(trial)
    row = run_trial(store, trial, knowing.inside("oracle"), concurrency=8)
    assert row.failed == 0
    assert rates_of(row)[0].false_acceptance.value == 0


@pytest.mark.long
def test_votes_lower_the_rate_as_a_binomial_tail_says(knowing, store: Store) -> None:
    row = tried(knowing, store, "oracle+lies:0.2", pairs=44, votes=3)
    overall = rates_of(row)[0]
    expected = by_votes(row)[3].false_acceptance
    assert abs(expected - (3 * 0.2**2 * 0.8 + 0.2**3)) < 0.05
    assert abs(overall.false_acceptance.value - expected) < 4 * math.sqrt(0.104 * 0.896 / overall.n_violated)


@given(st.floats(0, 1), st.sampled_from([1, 3, 5]))
def test_voted_against_all_ballots_counted_one_by_one(rate: float, votes: int) -> None:
    total = 0.0
    for ballot in product((True, False), repeat=votes):
        if sum(ballot) > votes / 2:
            total += math.prod(rate if wrong else 1 - rate for wrong in ballot)
    assert voted(rate, votes) == pytest.approx(total, abs=1e-12)


@given(st.floats(0, 1), st.floats(0, 0.4), st.floats(0, 0.4))
def test_prevalence_undoes_what_the_errors_do(q: float, denies: float, grants: float) -> None:
    assert prevalence(q * (1 - denies) + (1 - q) * grants, denies, grants) == pytest.approx(q, abs=1e-9)


def test_wrong_labels_against_a_simulation() -> None:
    rng = random.Random(0)
    passed = wrong = 0
    for _ in range(200_000):
        right = rng.random() < 0.7
        passes = rng.random() < (0.9 if right else 0.2)
        passed += passes
        wrong += passes and not right
    assert wrong_label(0.7, 0.1, 0.2) == pytest.approx(wrong / passed, abs=0.003)
    assert surviving(ErrorRates(0.2, 0.1), 0.7, 1.0) == (wrong_label(0.7, 0.1, 0.2), 0.0)
    assert wrong_pairs(0.1, 0.2, 2, 1) == pytest.approx(1 - 0.9**3 * 0.8)


@pytest.fixture(scope="module")
def twos(make_proven):
    """Many prompts of two criteria each."""
    return make_proven(110, 2, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("votes", [1, 3])
@pytest.mark.parametrize("rate", RATES)
def test_wrong_pairs_survive_as_predicted(
    server, store: Store, tmp_path: Path, monkeypatch, twos, rate: float, votes: int
) -> None:
    """A generator that slips on every fifth criterion and a verifier that errs at a rate, one round each."""
    slips = 0.2
    server.script.knows(*twos)
    monkeypatch.setattr(
        job, "open_models", lambda s, _: {str(m): server.inside(m.model) for m in (s.generator, *s.verifiers)}
    )
    specs = parse_spec(server.spec(f"oracle+sloppy:{slips}")), (parse_spec(server.spec(f"oracle+lies:{rate}")),)
    settings = Settings(*specs, violations=(1,), votes=votes, rounds=1, length_window=1.0, unchanged=1.0)
    wanted = Construction(settings, tuple(p.prompt for p in twos), tmp_path / "made.jsonl")
    construct(store, wanted, Running(concurrency=256))
    by_id = {p.prompt.id: p for p in twos}
    labels = {True: [0, 0], False: [0, 0]}
    for example in examples_of(store, wanted.run_id):
        if example.status == "accepted":
            for name, met in by_id[example.prompt_id].met(example.response).items():
                count = labels[name not in example.violated]
                count[0] += met is (name in example.violated)
                count[1] += 1
    err = voted(rate, votes)
    predicted = surviving(ErrorRates(err, err), 1 - slips, 1 - slips)
    for met, share in zip((True, False), predicted, strict=True):
        wrong, n = labels[met]
        assert n >= 15
        assert abs(wrong - n * share) < 4 * math.sqrt(n * share * (1 - share)) + 1, (wrong, n, share)
    if votes == 3 and rate == 0.1:
        assert len(read_suite(wanted.output).pairs) > 10


@pytest.mark.long
def test_the_card_tells_what_is_known_of_the_verifier(knowing, store: Store, tmp_path: Path, monkeypatch, twos) -> None:
    knowing.script.knows(*twos)
    monkeypatch.setattr(
        job, "open_models", lambda s, _: {str(m): knowing.inside(m.model) for m in (s.generator, *s.verifiers)}
    )
    specs = parse_spec(knowing.spec("oracle")), (parse_spec(knowing.spec("oracle+lies:0.1")),)
    settings = Settings(*specs, violations=(1,), rounds=2, length_window=1.0, unchanged=1.0)
    wanted = Construction(settings, tuple(p.prompt for p in twos[:30]), tmp_path / "made.jsonl")
    construct(store, wanted, Running(concurrency=256))
    card = wanted.output.with_suffix(".md")
    assert "has **not been tried**" in card.read_text()
    trial = tried(knowing, store, "oracle+lies:0.1", pairs=30, seed=0)
    write_construction(store, wanted.run_id, wanted.output)
    text = card.read_text()
    assert "not been tried" not in text
    expected = expected_wrong(find_construction(store, wanted.run_id), trial, read_suite(wanted.output))
    for n, shares in expected.items():
        assert f"| {n} | " + " | ".join(f"{100 * share:.1f}" for share in shares) + " |" in text
    assert expected[1][2] >= expected[3][2] >= expected[5][2]
    for one in rates_of(trial):
        assert f"| {one.scope} |" in text
