"""Proxy metrics of a suite's chosen responses, from token scores in the store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.correlation.predictor_outcome import predictor_names, predictor_values
from engine.layout.requests import TokenScores
from engine.predictors.from_token_scores import PROXIES
from engine.predictors.interface import Evidence
from engine.predictors.proxy import FEATURES, Solution, solution_features
from engine.results.board import Question
from engine.store.connection import Store
from engine.store.verdicts import PackedTokens, Verdict, add_verdicts
from rubrics.errors import BadInput

QUESTION = Question(protocol="likelihood")


def fill(store: Store, scored: Any, folder: Path) -> dict[str, np.ndarray]:
    """Token scores for pairs p05 to p08 (`c`: p07 and p08 alone); means over p07 and p08 worked out from them."""
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "vocab_size": 50}))
    with store.writing() as connection:
        connection.execute("update candidates set path = ?", [str(folder)])
    rng = np.random.default_rng(0)
    expected = {}
    for name in "abc":
        kept = []
        for pair in scored.suite.pairs[7 if name == "c" else 5 : 9]:
            # "Yes 7" as Ye|s| |7: each piece but the number in every response.
            lengths = [2, 1, 1, len(pair.chosen) - 4]
            scores = TokenScores(
                -rng.uniform(0.1, 3, 4).astype(np.float32), rng.integers(1, 9, 4).astype(np.int32),
                np.array([0.5, 1, 2, 0.25], np.float32), np.array([0, 0.25, 0.5, 0.125], np.float32),
            )  # fmt: skip
            packed = PackedTokens(pair.id, "chosen", scores.to_bytes(), lengths)
            add_verdicts(store, f"likelihood-{name}", [Verdict(pair.id)], [packed])
            if pair.id in ("p07", "p08"):
                kept.append(scores)
        frequency = np.array([2, 2, 2, 1]) / 8
        rows = [
            solution_features(Solution(s.logprob.astype(float), s.rank, s.entropy, s.margin, frequency, 50))
            for s in kept
        ]
        expected[name] = np.mean(rows, axis=0)
    return expected


@pytest.mark.long
def test_means_over_the_responses_that_all_have_scores_of(store: Store, scored: Any, tmp_path: Path) -> None:
    expected = fill(store, scored, tmp_path)
    evidence = Evidence(store, QUESTION)
    for i, feature in enumerate(FEATURES):
        found = predictor_values(evidence, f"proxy {feature}")
        assert {name: one.value for name, one in found.items()} == pytest.approx({n: v[i] for n, v in expected.items()})
    assert len(PROXIES) == 80
    assert not set(PROXIES) & set(predictor_names(store, QUESTION)), "too many to be tried unasked"


@pytest.mark.long
def test_what_is_missing_is_said(store: Store, scored: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="token scores") as caught:
        predictor_values(Evidence(store, QUESTION), "proxy rank, uniform")
    assert "--token-scores" in caught.value.shell
    assert "token scores" in caught.value.fix
    fill(store, scored, tmp_path)
    (tmp_path / "config.json").unlink()
    with pytest.raises(BadInput, match="vocabulary"):
        predictor_values(Evidence(store, QUESTION), "proxy rank, uniform")
