"""Rows of models that were never trained: what each number should be is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from engine.export.parquet import write_columns
from engine.posttrain.ladder2.design import design, parameters

CATEGORIES = ("Competence", "Content", "Control", "Compliance")
STAGES = ("base", "sft", "rft")


def write_rows(
    rows: Path, models: int, *, seed: int = 0, families: int = 12, prompts: int = 10, sets: int = 48
) -> np.ndarray:
    """Rows of the first models of the design; returns the ability that decides them all."""
    rng = np.random.default_rng(seed)
    ability = rng.normal(size=models)
    names = [f"u{n}" for n in range(families)]
    of_family = np.array([CATEGORIES[n % 4] for n in range(families)])
    suite_family = np.repeat(np.arange(sets) % 16, 2)
    rows.mkdir(parents=True)
    write_columns(
        {
            "pair": np.array([f"w-{n}" for n in range(2 * sets)]),
            "mirror": np.repeat(np.arange(sets), 2).astype(np.int16),
            "family": np.array([f"h{n}" for n in suite_family]),
            "category": np.array([CATEGORIES[n % 4] for n in suite_family]),
            "bytes_chosen": rng.integers(20, 90, 2 * sets).astype(np.int16),
            "bytes_rejected": rng.integers(20, 90, 2 * sets).astype(np.int16),
        },
        rows / "pairs.parquet",
    )  # fmt: skip
    asked = {"outcome": (names, prompts), "suite": ([f"h{n}" for n in range(16)], 3), "taught": (["t0", "t1"], 3)}
    listed = [
        (name, n, family, CATEGORIES[int(family[1:]) % 4])
        for name, (of, each) in asked.items()
        for n, family in enumerate(of * each)
    ]
    write_columns(
        {
            "set": np.array([row[0] for row in listed]), "prompt": np.array([row[1] for row in listed], np.int16),
            "family": np.array([row[2] for row in listed]), "category": np.array([row[3] for row in listed]),
        },
        rows / "prompts.parquet",
    )  # fmt: skip
    assert len(of_family) == families
    for number, planned in enumerate(design()[:models]):
        folder = rows / planned.name
        folder.mkdir()
        truth = ability[number]
        margin = rng.normal(0.4 * truth, 1.0, 2 * sets)
        ll = rng.normal(-60, 5, 2 * sets)
        write_columns(
            {
                "ll_chosen": ll.astype(np.float32), "ll_rejected": (ll - margin).astype(np.float32),
                "tokens_chosen": rng.integers(9, 30, 2 * sets).astype(np.int16),
                "tokens_rejected": rng.integers(9, 30, 2 * sets).astype(np.int16),
                "log_odds_chosen_first": rng.normal(size=2 * sets).astype(np.float32),
                "log_odds_rejected_first": rng.normal(size=2 * sets).astype(np.float32),
                "wrong_confidence": rng.uniform(size=2 * sets).astype(np.float32),
            },
            folder / "pairs.parquet",
        )  # fmt: skip
        kinds = np.repeat(["plain", "request", "response"], 5)
        write_columns(
            {
                "kind": kinds, "text": np.tile(np.arange(5), 3).astype(np.int16),
                "bits": rng.uniform(90, 120, 15).astype(np.float32), "bytes": np.full(15, 60, np.int32),
            },
            folder / "texts.parquet",
        )  # fmt: skip
        write_columns(
            {"trace": np.arange(4, dtype=np.int16), "rbridge": rng.uniform(size=4).astype(np.float32)},
            folder / "traces.parquet",
        )
        answers = [
            (stage, row[0], "greedy", row[1], 0, rng.random() < 1 / (1 + np.exp(-truth - 0.5 * STAGES.index(stage))))
            for stage in STAGES
            for row in listed
        ]
        answers += [
            (stage, "outcome", "sampled", n, sample, rng.random() < 0.5)
            for stage in ("base", "rft")
            for sample in (0, 1)
            for n in range(families)
        ]
        columns = dict(
            zip(
                ("stage", "set", "how", "prompt", "sample", "met"),
                map(np.array, zip(*answers, strict=True)),
                strict=True,
            )
        )
        columns["prompt"] = columns["prompt"].astype(np.int16)
        columns["sample"] = columns["sample"].astype(np.int8)
        write_columns(columns, folder / "answers.parquet")
        seconds = {"all": 60.0, "likelihood": 9.0, "choice": 8.0, "texts": 3.0, "traces": 2.0, "suite": 5.0}
        facts = {
            "name": planned.name, "cell": planned.cell, "parameters": parameters(planned.recipe),
            "flops": planned.flops, "recipe": vars(planned.recipe), "regimen": {}, "claims": "c", "met": "m",
            "sources": "s", "versions": {},
            "processor": "p", "pieces": {piece: {"seconds": seconds} for piece in ("pretrain", "read", *STAGES)},
        }  # fmt: skip
        (folder / "cell.json").write_text(json.dumps(facts), encoding="utf-8")
    return ability
