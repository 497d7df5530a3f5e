"""Exemplars of every domain are computed once, though domains alternate from round to round."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from engine.layout.requests import Request
from engine.machine.budgets import KEPT_BYTES
from engine.scoring import memory
from engine.scoring.backend import LocalBackend
from engine.scoring.beginnings import Beginnings, shared_by_pairs
from engine.scoring.model import Halves
from engine.scoring.path import Path
from engine.scoring.tree import plant

SHOTS = (65, 200, 400, 120)
"""Tokens of exemplars, by domain."""
ROUND = 64


def alternating(pairs: int, protocol: str, vocabulary: int = 300, seed: int = 2) -> list[list[Request]]:
    """Pairs of four domains in random order, as rounds of requests."""
    draw = np.random.default_rng(seed)

    def some(count: int) -> tuple[int, ...]:
        return tuple(draw.integers(10, vocabulary, count).tolist())

    blocks: list[tuple[int, ...]] = [some(size) for size in SHOTS]
    asked = []
    for number in range(pairs):
        block = blocks[int(draw.integers(len(SHOTS)))]
        head = block + some(int(draw.integers(10, 24)))
        first, second = some(int(draw.integers(5, 12))), some(int(draw.integers(5, 12)))
        if protocol == "choice":
            for view, ids, labels in (
                ("chosen_first", head + first + second, (7, 9)), ("rejected_first", head + second + first, (9, 7)),
            ):  # fmt: skip
                asked.append(Request(f"p{number}", "choice", view, ids, None, labels, len(block)))
        else:
            for view, response in (("chosen", first), ("rejected", second)):
                span = (len(head), len(head) + len(response))
                asked.append(Request(f"p{number}", "likelihood", view, head + response, span, None, len(block)))
    return [asked[start : start + 2 * ROUND] for start in range(0, len(asked), 2 * ROUND)]


def distinct(rounds: list[list[Request]]) -> int:
    """Tokens whose beginning is no other's, by a plain trie."""
    nodes: dict[tuple[int, int], int] = {}
    for request in (request for asked in rounds for request in asked):
        node = -1
        for token in request.ids[: None if request.labels else -1]:
            node = nodes.setdefault((node, token), len(nodes))
    return len(nodes)


@pytest.fixture
def small(build: Any) -> Any:
    return build("llama", num_hidden_layers=1, hidden_size=16, intermediate_size=16, max_position_embeddings=1024,
                 vocab_size=3000)  # fmt: skip


def scored(backend: LocalBackend, rounds: list[list[Request]]) -> dict[tuple[str, str], float]:
    found = {}
    for asked in rounds:
        found.update({(asked[i].pair_id, asked[i].view): score.value for i, score in backend.score(asked)})
    return found


@pytest.mark.parametrize("protocol", ["choice", pytest.param("likelihood", marks=pytest.mark.long)])
def test_in_the_order_of_a_run_hardly_a_token_is_computed_twice(protocol, small):
    rounds = alternating(480, protocol, 3000)
    backend = LocalBackend(small)
    scored(backend, rounds)
    least = distinct(rounds)
    assert least <= backend.stats.distinct_tokens <= 1.02 * least


@pytest.mark.long
def test_without_being_told_what_pairs_have_in_common_is_found(small):
    rounds = alternating(480, "likelihood", 3000)
    finding = LocalBackend(small)
    scored(finding, [[replace(request, common=None) for request in asked] for asked in rounds])
    assert finding.stats.distinct_tokens <= 1.02 * distinct(rounds)
    # Where nothing may be kept, all exemplars are computed in every round.
    forgetful = LocalBackend(small, kept_bytes=0)
    scored(forgetful, rounds)
    assert forgetful.stats.distinct_tokens > finding.stats.distinct_tokens + 0.9 * 7 * sum(SHOTS)


@pytest.mark.parametrize("protocol", ["choice", pytest.param("likelihood", marks=pytest.mark.long)])
def test_what_is_kept_changes_no_number(protocol, build, assert_exact):
    loaded = build("llama", num_hidden_layers=2)
    rounds = alternating(12, protocol)
    parts = [rounds[0][start : start + 6] for start in range(0, 24, 6)]
    together = scored(LocalBackend(loaded), rounds)
    untold = [[replace(request, common=None) for request in part] for part in parts]
    for budget, order in ((90, parts), (1024, parts[::-1]), (90, untold)):
        found = scored(LocalBackend(loaded, token_budget=budget), order)
        assert found == pytest.approx(together, abs=2e-4)
    backend = LocalBackend(loaded, token_budget=150)
    scored(backend, parts)
    assert backend.stats.distinct_tokens < distinct(parts) + 8 * 24
    last = dict(backend.score(parts[3]))
    # What came before changes nothing, not even the last bit.
    alone = LocalBackend(loaded, token_budget=150)
    assert dict(alone.score(parts[3])) == last
    loaded.model.set_attn_implementation(loaded.attention)
    assert_exact(loaded.model, parts[3], last)


def test_little_memory_keeps_little(build):
    loaded = build("llama", num_hidden_layers=2)
    rounds = alternating(24, "choice")
    parts = [rounds[0][start : start + 12] for start in range(0, 48, 12)]
    token = 2 * 2 * 2 * 16 * 4  # keys and values, two layers, two heads of 16 numbers of four bytes
    backend = LocalBackend(loaded, kept_bytes=token * (sum(SHOTS) // 2))
    plenty = LocalBackend(loaded)
    assert scored(backend, parts) == pytest.approx(scored(plenty, parts), abs=2e-4)
    kept = backend._way.beginnings
    assert 0 < kept.bytes <= kept.most_bytes
    assert plenty._way.beginnings.bytes > kept.most_bytes
    assert plenty.stats.distinct_tokens < backend.stats.distinct_tokens


@pytest.mark.long
def test_where_memory_runs_out_half_as_much_is_kept_from_then_on(build, monkeypatch):
    loaded = build("llama", num_hidden_layers=2)
    rounds = alternating(24, "choice")
    parts = [rounds[0][start : start + 12] for start in range(0, 48, 12)]
    expected = scored(LocalBackend(loaded), parts)
    backend = LocalBackend(loaded, token_budget=200)
    found = scored(backend, parts[:2])
    kept = backend._way.beginnings
    held = kept.bytes
    states, failures = Halves.states, iter([True])

    def tight(self, *given):
        if next(failures, False):
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return states(self, *given)

    monkeypatch.setattr(Halves, "states", tight)
    found |= scored(backend, parts[2:])
    assert found == pytest.approx(expected, abs=2e-4)
    assert kept.most_bytes == held // 2
    assert 0 < kept.bytes <= kept.most_bytes


def test_unless_told_a_quarter_of_what_is_free_is_kept_at_most(build, monkeypatch):
    monkeypatch.setattr(memory, "free_bytes", lambda device: 4000)
    assert LocalBackend(build("llama"))._way.beginnings.most_bytes == 1000
    monkeypatch.setattr(memory, "free_bytes", lambda device: 1 << 50)
    assert LocalBackend(build("llama"))._way.beginnings.most_bytes == KEPT_BYTES["cpu"]


def piece(tokens: np.ndarray, bytes_each: int = 8) -> Path:
    column = torch.zeros(1, 1, len(tokens), bytes_each // 4)
    return Path(np.arange(len(tokens)), {0: [(column, column.clone())]})


def test_beginnings_that_two_pairs_have_in_common():
    shots, template = list(range(100, 160)), list(range(200, 230))
    rows = [
        ("a", [*shots, *template, 1, 2]), ("a", [*shots, *template, 1, 3]), ("b", [*shots, *template, 4]),
        ("c", [*shots, 5]), ("d", [6, 7, 8]), ("d", [6, 7, 9]),
    ]  # fmt: skip
    tree = plant([np.asarray(ids, np.int32) for _, ids in rows])
    found = [tree.tokens[places].tolist() for places in shared_by_pairs(tree, [name for name, _ in rows])]
    assert found == [shots, [*shots, *template]]


def test_what_nobody_came_back_to_is_given_up_first():
    kept = Beginnings(most_bytes=2 * 16 * 100)
    first, second, third = (np.arange(start, start + 100, dtype=np.int32) for start in (0, 1000, 2000))
    kept.keep(first, piece(first))
    kept.keep(second, piece(second))
    tree = plant([np.append(first, np.int32(5))])
    kept.fitting(())
    (found,) = kept.known(tree, [np.append(first, np.int32(5))], np.asarray([100]))
    assert found.places.tolist() == list(range(100))
    kept.keep(third, piece(third))
    for ids, known in ((first, 1), (second, 0), (third, 1)):
        longer = np.append(ids, np.int32(5))
        assert len(kept.known(plant([longer]), [longer], np.asarray([100]))) == known


def test_what_is_read_is_computed():
    kept = Beginnings(most_bytes=1 << 20)
    ids = np.arange(100, dtype=np.int32)
    kept.keep(ids, piece(ids))
    (found,) = kept.known(plant([ids]), [ids], np.asarray([60, 99]))
    assert found.places.tolist() == list(range(60))
