"""A store with both protocols run by three candidates, and what they said."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory

CANDIDATES = ("a", "b", "c")


class Scored(NamedTuple):
    """Verdicts by candidate, then pair."""

    suite: Suite
    choice: dict[str, dict[str, Verdict]]
    likelihood: dict[str, dict[str, Verdict]]


@pytest.fixture
def scored(built: tuple[Path, Scored], store: Store) -> Scored:
    """24 pairs in 8 clusters, in `store`; candidate c lacks four of them under `likelihood`."""
    shutil.copyfile(built[0], store.path)
    return built[1]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Scored]:
    """The file that `scored` copies."""
    path = tmp_path_factory.mktemp("scored") / "rude.duckdb"
    return path, _fill(Store(path))


def _fill(store: Store) -> Scored:
    kinds = list(Subcategory)
    pairs = []
    for i in range(24):
        criterion = Criterion(id=f"c{i}", text="Meets it.", subcategory=kinds[i % 12])
        pairs.append(
            Pair(
                id=f"p{i:02}", domain="d", prompt=f"Prompt {i}", chosen=f"Yes {i}", rejected=f"No {i}",
                criteria=[criterion], violated=[criterion.id], cluster=f"t{i // 3}",
            )
        )  # fmt: skip
    suite = Suite("made", tuple(pairs))
    add_suite(store, suite)
    with store.writing() as connection:
        for name, size in zip(CANDIDATES, (1000, 100_000, 0), strict=True):
            connection.execute(
                "insert into candidates (weights_hash, name, path, parameters) values (?, ?, ?, ?)",
                [f"w-{name}", name, "somewhere", size],
            )
    said: dict[str, dict[str, dict[str, Verdict]]] = {"choice": {}, "likelihood": {}}
    for protocol, by_candidate in said.items():
        for name in CANDIDATES:
            rng = random.Random(f"{protocol}{name}")
            verdicts = []
            for pair in pairs[4 if (protocol, name) == ("likelihood", "c") else 0 :]:
                if protocol == "choice":
                    verdict = Verdict(pair.id, rng.gauss(1, 1), rng.gauss(-0.5, 1), single_chosen_first=True)
                else:
                    length = rng.randrange(5, 20), rng.randrange(5, 20)
                    verdict = Verdict(
                        pair.id, None, None, -rng.uniform(1, 3) * length[0], -rng.uniform(1, 3) * length[1],
                        *length, length[0] * 4, length[1] * 4,
                    )  # fmt: skip
                verdicts.append(verdict)
            by_candidate[name] = {verdict.pair_id: verdict for verdict in verdicts}
            key = {
                "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{name}", "tokenizer_hash": "t",
                "candidate": name, "protocol": protocol, "precision": "fp32", "device": "cpu", "attention": "sdpa",
                "template_hash": protocol, "shots": None, "show_criteria": False, "prompt": "own", "seed": 0,
                "versions": {},
            }  # fmt: skip
            open_run(store, f"{protocol}-{name}", key, n_wanted=24)
            add_verdicts(store, f"{protocol}-{name}", verdicts)
            close_run(store, f"{protocol}-{name}", Status.DONE)
    return Scored(suite, said["choice"], said["likelihood"])
