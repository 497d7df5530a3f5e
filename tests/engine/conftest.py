"""Small real things the engine's tests work on."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.bundled import bundled_models
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.reading import find_suite
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory


@pytest.fixture(scope="session")
def _empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "rude.duckdb"
    with Store(path).writing():
        return path


@pytest.fixture
def store(_empty: Path, tmp_path: Path) -> Store:
    """An empty database."""
    path = tmp_path / "rude.duckdb"
    shutil.copyfile(_empty, path)
    return Store(path)


@pytest.fixture(scope="session")
def small_model() -> Path:
    """The smallest base model that ships with the program."""
    return min(bundled_models(), key=lambda folder: (folder / "model.safetensors").stat().st_size)


@pytest.fixture(scope="session")
def world() -> Suite:
    """The bundled procedural suite."""
    return find_suite("world")


@pytest.fixture
def suite() -> Suite:
    """36 pairs of 12 prompts in 6 clusters; every third violates two criteria of different subcategories."""
    kinds = list(Subcategory)
    pairs = []
    for i in range(36):
        criteria = [
            Criterion(id=f"{kind}-{j}", text=f"Meets {kind}.", subcategory=kind)
            for j, kind in enumerate((kinds[i % 12], kinds[(i + 4) % 12], kinds[(i + 7) % 12]))
        ]
        violated = [criteria[0].id, criteria[1].id] if i % 3 == 0 else [criteria[2].id]
        pairs.append(
            Pair(
                id=f"p{i:02}", domain=f"d{i % 2}", prompt=f"Prompt {i // 3}", chosen=f"Yes {i}", rejected=f"No {i}",
                criteria=criteria, violated=violated, cluster=f"t{i // 6}",
            )
        )  # fmt: skip
    pairs.append(pairs[0].model_copy(update={"id": "shot", "split": "shot"}))
    return Suite("made", tuple(pairs))


@pytest.fixture
def add_run(store: Store, suite: Suite) -> Callable[..., dict[str, tuple[float, float]]]:
    """Store one `choice` run; gives back its margins by pair: log-odds in both orders."""
    add_suite(store, suite)

    def add(candidate: str, *, skip: int = 0, **changes: Any) -> dict[str, tuple[float, float]]:
        rng = random.Random(f"{candidate}{sorted(changes.items())}")
        key = {
            "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{candidate}", "tokenizer_hash": "t",
            "candidate": candidate, "protocol": "choice", "precision": "fp32", "device": "cpu", "attention": "sdpa",
            "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
            **changes,
        }  # fmt: skip
        run_id = f"{candidate}-{sorted(changes.items())}"
        open_run(store, run_id, key, n_wanted=36)
        # Some exact ties, which count a half.
        margins = {pair.id: (round(rng.gauss(0.2, 1), 1), round(rng.gauss(0.2, 1), 1)) for pair in suite.scored[skip:]}
        verdicts = [Verdict(i, a, b, single_chosen_first=rng.random() < 0.5) for i, (a, b) in margins.items()]
        add_verdicts(store, run_id, verdicts)
        close_run(store, run_id, Status.DONE)
        return margins

    return add


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Where `store` keeps its file."""
    return tmp_path / "rude.duckdb"
