"""The seam: every slot once, costs counted, faults survived."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch

from engine.layout.requests import Request, TokenScores
from engine.machine.budgets import BUDGET_TOKENS
from engine.scoring.backend import LocalBackend
from engine.scoring.memory import peak_bytes
from engine.scoring.model import Halves
from rubrics.errors import CandidateError


@pytest.fixture
def llama(build):
    return build("llama")


def test_nothing_asked_nothing_comes(llama):
    assert list(LocalBackend(llama).score([])) == []


def test_the_same_request_twice_is_computed_once_and_answered_twice(llama, requests):
    backend = LocalBackend(llama)
    scores = dict(backend.score([requests[0], requests[0]]))
    assert scores[0].value == scores[1].value
    assert backend.stats.tokens == 2 * backend.stats.distinct_tokens


def test_results_come_while_work_remains(llama, requests):
    backend = LocalBackend(llama, token_budget=150)
    first = next(backend.score(requests))
    assert first[1].value != 0
    assert backend.stats.distinct_tokens < 400


def test_what_calls_begin_with_is_computed_once(llama, requests):
    backend = LocalBackend(llama)
    list(backend.score(requests[:8]))
    before = backend.stats.distinct_tokens
    list(backend.score(requests[8:12]))
    alone = LocalBackend(llama)
    list(alone.score(requests[8:12]))
    assert backend.stats.distinct_tokens - before <= alone.stats.distinct_tokens - 40


def test_distinct_tokens_are_the_trees(llama, requests):
    backend = LocalBackend(llama)
    list(backend.score(requests))
    prefixes = set()
    for request in requests:
        stop = len(request.ids) if request.labels else len(request.ids) - 1
        prefixes.update(request.ids[: n + 1] for n in range(stop))
    # Where a further branch would save a few tokens only, they are computed twice instead.
    assert len(prefixes) <= backend.stats.distinct_tokens <= len(prefixes) + 8 * len(requests)


def test_the_last_layer_is_computed_only_where_it_is_read(build, requests):
    loaded = build("llama")
    backend = LocalBackend(loaded)
    rows = Counter()
    for name, module in loaded.model.model.layers[-1].named_modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(lambda _, given, out, name=name: rows.update({name: given[0].shape[1]}))
    choices = [request for request in requests if request.labels]
    dict(backend.score(choices))
    for name in ("self_attn.q_proj", "self_attn.o_proj", "mlp.gate_proj", "mlp.down_proj"):
        assert rows[name] == len(choices), name
    assert rows["self_attn.k_proj"] == backend.stats.distinct_tokens


def test_no_layer_is_ever_given_no_rows(build, requests):
    loaded = build("llama")
    backend = LocalBackend(loaded, token_budget=32)
    rows = Counter()
    for module in loaded.model.modules():
        if isinstance(module, torch.nn.Linear):
            module.register_forward_hook(lambda _, given, out: rows.update([given[0].shape[1]]))
    # Behind the exemplars nothing is read yet, in a slice of 32 tokens.
    dict(backend.score(requests[:2]))
    assert rows[32]
    assert not rows[0]


def test_token_scores_are_those_of_the_whole_distribution(llama, requests):
    likelihood = [request for request in requests if request.scored]
    stock = llama.attention
    scores = dict(LocalBackend(llama, token_budget=100).score(likelihood, token_scores=True))
    llama.model.set_attn_implementation(stock)
    for index, request in enumerate(likelihood):
        with torch.no_grad():
            logprobs = torch.log_softmax(llama.model(torch.tensor([request.ids])).logits[0].double(), -1).numpy()
        start, stop = request.scored
        rows, target = logprobs[start - 1 : stop - 1], list(request.ids[start:stop])
        own = rows[np.arange(len(target)), target]
        tokens = scores[index].tokens
        assert len(tokens) == len(target)
        np.testing.assert_allclose(tokens.logprob, own, atol=2e-4)
        np.testing.assert_allclose(tokens.entropy, -(np.exp(rows) * rows).sum(1), atol=2e-4)
        np.testing.assert_allclose(tokens.margin, np.exp(rows.max(1)) - np.exp(own), atol=2e-4)
        assert np.abs(tokens.rank - 1 - (rows > own[:, None]).sum(1)).max() <= 1  # near-ties may swap
        assert scores[index].value == pytest.approx(own.sum(), abs=1e-3)


def test_choice_has_no_token_scores(llama, requests):
    assert dict(LocalBackend(llama).score(requests[:2], token_scores=True))[0].tokens is None


@pytest.mark.long
def test_out_of_memory_halves_the_budget_and_goes_on(llama, requests, monkeypatch):
    truth = {index: score.value for index, score in LocalBackend(llama).score(requests)}
    backend = LocalBackend(llama, token_budget=400)
    states = Halves.states

    def tight(self, tokens, positions, read):
        if len(tokens) > 120:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return states(self, tokens, positions, read)

    monkeypatch.setattr(Halves, "states", tight)
    scores = dict(backend.score(requests))
    assert {i: s.value for i, s in scores.items()} == pytest.approx(truth, abs=2e-4)
    assert [note for note in backend.stats.notes if "out of memory" in note]
    assert len(backend.stats.notes) == 2  # 400 → 200 → 100


def test_a_pass_is_of_as_many_tokens_as_the_estimate_is_of(llama, requests, monkeypatch):
    monkeypatch.setitem(BUDGET_TOKENS, "cpu", 130)
    backend = LocalBackend(llama)
    states, sizes = Halves.states, []

    def seen(self, tokens, positions, read):
        sizes.append(len(tokens))
        return states(self, tokens, positions, read)

    monkeypatch.setattr(Halves, "states", seen)
    list(backend.score(requests))
    assert max(sizes) == 130


@pytest.mark.long
def test_too_little_memory_for_anything_is_an_error(llama, requests, monkeypatch):
    backend = LocalBackend(llama)

    def never(self, tokens, positions, read):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(Halves, "states", never)
    with pytest.raises(torch.OutOfMemoryError):
        list(backend.score(requests))


def test_numbers_that_are_none_are_an_error(build, requests):
    loaded = build("llama")
    backend = LocalBackend(loaded)
    with torch.no_grad():
        loaded.model.model.norm.weight.fill_(torch.inf)
    with pytest.raises(CandidateError, match="not finite"):
        list(backend.score(requests))


def test_a_response_with_nothing_before_it_is_refused(llama):
    with pytest.raises(ValueError, match="nothing stands before"):
        list(LocalBackend(llama).score([Request("p", "likelihood", "chosen", (1, 2), (0, 2), None)]))


def test_gradients_are_as_they_were_between_results(llama, requests):
    for _ in LocalBackend(llama).score(requests[:4]):
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()


@pytest.mark.long
def test_a_peak_is_this_processs_own_not_its_parents():
    held = np.ones(40 << 20)  # 320 MB here, nothing of it there
    code = "import torch; from engine.scoring.memory import peak_bytes; print(peak_bytes(torch.device('cpu')))"
    child = int(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True).stdout)
    assert 50 << 20 < child < peak_bytes(torch.device("cpu")) - held.nbytes // 2


@pytest.mark.parametrize("count", [0, 1, 700])
def test_token_scores_survive_packing(count):
    draw = np.random.default_rng(count)
    scores = TokenScores(
        -draw.exponential(3, count).astype(np.float32),
        draw.integers(1, 200_000, count).astype(np.int32),
        draw.uniform(0, 11, count).astype(np.float32),
        draw.uniform(0, 1, count).astype(np.float32),
    )
    raw = scores.to_bytes()
    again = TokenScores.from_bytes(raw)
    np.testing.assert_array_equal(again.logprob, scores.logprob)
    np.testing.assert_array_equal(again.rank, scores.rank)
    np.testing.assert_allclose(again.entropy, scores.entropy, rtol=1e-3)
    np.testing.assert_allclose(again.margin, scores.margin, rtol=1e-3, atol=1e-4)
    assert len(raw) <= 12 * count + 32
    assert again.wanted == ()


def test_wanted_tokens_survive_packing_whatever_they_are():
    wanted = ("", " four", "\0\n", "[", "é⏎", "\ud800")
    numbers = np.ones(6, np.float32)
    scores = TokenScores(-numbers, numbers.astype(np.int32), numbers, numbers, wanted=wanted)
    raw = scores.to_bytes()
    assert TokenScores.from_bytes(raw).wanted == wanted
    with pytest.raises(ValueError, match="token scores"):
        TokenScores.from_bytes(raw.replace(b"RTS2", b"RTS1"))
    short = TokenScores(-numbers, numbers.astype(np.int32), numbers, numbers, wanted=wanted[:5])
    with pytest.raises(ValueError, match="token scores"):
        TokenScores.from_bytes(short.to_bytes())


@pytest.mark.parametrize("raw", [b"", b"RTS1", b"nonsense, quite long", b"RTS1\x05\x00\x00\x00garbage"])
def test_rubbish_is_no_package_of_token_scores(raw):
    with pytest.raises(ValueError, match="token scores"):
        TokenScores.from_bytes(raw)
