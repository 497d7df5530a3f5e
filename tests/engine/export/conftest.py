"""A small study with everything a report can hold, and text that would act if it could."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.layout.requests import TokenScores
from engine.outcomes.outcomes import Outcome
from engine.store.annotations import annotate
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import PackedTokens, Verdict, add_verdicts
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory

HOSTILE = (
    "<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'> \x1b[31mred\x1b[0m \u202eleft\u2066 "
    "{{ 7 * 7 }} [bold]b[/bold] &lt;"
)


@pytest.fixture(scope="session")
def hostile() -> str:
    """Text that would act if it could."""
    return HOSTILE


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Store]:
    """Makes a store: candidates by number, 24 pairs in 8 clusters, `likelihood` with token scores, a control run."""

    def make(candidates: int = 4, *, outcomes: bool = True, filler: str = "", pairs: int = 24) -> Store:
        store = Store(tmp_path_factory.mktemp("study") / "study.duckdb")
        suite = _suite(pairs, filler)
        add_suite(store, suite)
        names = [f"model-{number}" for number in range(candidates - 1)] + ["<b>$x_1$</b>"]
        for number, name in enumerate(names):
            _run(store, suite, name, number, "own")
        _run(store, suite, names[0], 0, "none")
        if outcomes:
            add_outcomes(store, [Outcome(n, "sft <i>", 0.1 * i, source="here") for i, n in enumerate(names[:-1])])
        annotate(store, suite.hash, "p00", "exclude", f"bad {HOSTILE}")
        return store

    return make


def _suite(count: int, filler: str) -> Suite:
    kinds = list(Subcategory)
    pairs = []
    for i in range(count):
        criterion = Criterion(id=f"c{i % 12}", text=f"Meets {kinds[i % 12]}. {HOSTILE}", subcategory=kinds[i % 12])
        kept = Criterion(id="kept", text="Is polite.", subcategory="Persona")
        pairs.append(
            Pair(
                id=f"p{i:02}", domain=f"d{i % 2} <u>", prompt=f"Prompt {i}\n{HOSTILE}",
                chosen=f"Good {i} {HOSTILE}{filler}", rejected=f"Bad {i} word {HOSTILE}{filler}",
                criteria=[criterion, kept], violated=[criterion.id],
                cluster=f"t{i // 3}",
            )
        )  # fmt: skip
    return Suite("made <suite>", tuple(pairs))


def _run(store: Store, suite: Suite, name: str, number: int, prompt: str) -> None:
    rng = random.Random(f"{name}{prompt}")
    key: dict[str, Any] = {
        "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{number}", "tokenizer_hash": "t",
        "candidate": name, "protocol": "likelihood", "precision": "fp32", "device": "cpu", "attention": "sdpa",
        "template_hash": f"x{prompt}", "shots": None, "show_criteria": False, "prompt": prompt, "seed": 0,
        "versions": {"torch": "2.x"},
    }  # fmt: skip
    run_id = f"run-{number}-{prompt}"
    open_run(store, run_id, key, n_wanted=len(suite.scored))
    verdicts, tokens = [], []
    for pair in suite.scored:
        sizes = [len(text.encode()) for text in (pair.chosen, pair.rejected)]
        low = -rng.uniform(1, 3) * sizes[0]
        verdicts.append(
            Verdict(
                pair.id, ll_chosen=low, ll_rejected=low + rng.gauss(-0.1 * number, 1) * sizes[0], tokens_chosen=9,
                tokens_rejected=9, bytes_chosen=sizes[0], bytes_rejected=sizes[1],
            )
        )  # fmt: skip
        for view, text in (("chosen", pair.chosen), ("rejected", pair.rejected)):
            lengths = [len(character.encode()) for character in text]
            count = len(lengths)
            scores = TokenScores(
                np.array([-(i % 9) for i in range(count)], "f4"), np.ones(count, "i4"), np.zeros(count, "f4"),
                np.zeros(count, "f4"),
            )  # fmt: skip
            tokens.append(PackedTokens(pair.id, view, scores.to_bytes(), lengths))
    add_verdicts(store, run_id, verdicts, tokens if prompt == "own" else [])
    close_run(store, run_id, Status.DONE)
