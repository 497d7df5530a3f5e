"""From the ladder's database and readings to the rows that ship."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.export.parquet import write_parquet
from engine.export.tables import Table
from engine.jobs.keys import library_versions
from engine.posttrain.ladder.rows import SUITE, write_csv_rows
from engine.posttrain.recipe import PostTraining
from engine.predictors.from_token_scores import solutions_read
from engine.predictors.interface import Evidence
from engine.predictors.proxy import FEATURES, STATISTICS
from engine.results.board import Board, Question
from engine.store.connection import Store
from engine.store.posttrain import stored_posttrain, stored_scores
from engine.store.runs import Status
from rubrics.targets import whole

__all__ = ["write_rows"]

_COUNTS: Final = ["candidate", "seed", "stage", "part", "how", "family", "subcategory", "met", "judged"]
_VERDICTS: Final = {
    "candidate": "varchar", "pair_id": "varchar", "log_odds_chosen_first": "double",
    "log_odds_rejected_first": "double", "ll_chosen": "double", "ll_rejected": "double", "tokens_chosen": "smallint",
    "tokens_rejected": "smallint", "bytes_chosen": "smallint", "bytes_rejected": "smallint",
    # Known to about three digits, as token scores are stored.
    **dict.fromkeys(STATISTICS, "float"),
}  # fmt: skip
_DIALOGUES: Final = {
    "candidate": "varchar", "nats_request": "double", "bytes_request": "smallint", "nats_response": "double",
    "bytes_response": "smallint", "tokens_response": "smallint",
}  # fmt: skip
_ANSWERS: Final = {"candidate": "varchar", "part": "varchar", "family": "varchar", "number": "smallint",
                   "met": "boolean"}  # fmt: skip
_UNIFORM: Final = [FEATURES.index(f"{statistic}, uniform") for statistic in STATISTICS]


def write_rows(
    store: Store, recipe: PostTraining, bundled: Sequence[str], readings: dict[str, Path], folder: Path
) -> None:
    """Write every row there is into a folder.

    Where candidates have been post-trained from these very base models, their counts are written too, and what was
    measured on lost weights goes.

    Args:
        bundled: names of the candidates whose weights ship.
        readings: of `engine.posttrain.ladder.base_reading`, by candidate; only these candidates are written.

    Raises:
        BadInput: nothing has been scored.
    """
    evidence = Evidence(store, Question(suite=SUITE, protocol="likelihood"))
    names = sorted(readings)
    _parquet(folder / "verdicts.parquet", _VERDICTS, _verdicts(evidence, names))
    read = {name: json.loads(readings[name].read_text(encoding="utf-8")) for name in names}
    for file, columns, part in (("dialogues", _DIALOGUES, "dialogues"), ("answers", _ANSWERS, "answers")):
        rows = ([name, *(row[c] for c in list(columns)[1:])] for name in names for row in read[name][part])
        _parquet(folder / f"{file}.parquet", columns, rows)
    write_csv_rows(folder / "models.csv", _FACTS, _facts(evidence.board, evidence.under("choice"), names, bundled))
    of_recipe = [run for run in stored_posttrain(store) if run.recipe_hash == recipe.hash]
    runs = [run for run in of_recipe if run.status is Status.DONE]
    if runs:
        counts = (
            [run.candidate, run.seed, s.stage, s.part, s.how, s.family, s.subcategory, s.met, s.judged]
            for run in sorted(runs, key=lambda run: (run.candidate, run.seed))
            for s in stored_scores(store, run.run_id)
        )
        write_csv_rows(folder / "scores.csv", _COUNTS, counts)
        (folder / "measured.csv").unlink(missing_ok=True)
        failed = [
            [run.candidate, run.seed, run.error.splitlines()[0]] for run in of_recipe if run.status is Status.FAILED
        ]
        if failed:
            write_csv_rows(folder / "failed.csv", ["candidate", "seed", "why"], sorted(failed))
        else:
            (folder / "failed.csv").unlink(missing_ok=True)


_FACTS: Final = [
    "candidate", "weights", "parameters", "weights_hash", "tokenizer_hash", "config_hash", "suite_hash",
    "template_likelihood", "template_choice", "seed", "precision", "processor", "libraries",
]  # fmt: skip


def _facts(likelihood: Board, choice: Board, names: Sequence[str], bundled: Sequence[str]) -> Iterable[list[object]]:
    import torch

    processor = torch.backends.cpu.get_cpu_capability()
    libraries = " ".join(f"{name}={version}" for name, version in library_versions().items())
    for name in names:
        entrant = likelihood.entrant(name)
        run, other = entrant.run, choice.entrant(name).run
        yield [
            name, "bundled" if name in bundled else "trained again", entrant.parameters, run.weights_hash,
            run.tokenizer_hash, run.config_hash, run.suite_hash, run.template_hash, other.template_hash, run.seed,
            run.precision, processor, libraries,
        ]  # fmt: skip


def _verdicts(evidence: Evidence, names: Sequence[str]) -> Iterable[list[object]]:
    choice, solutions = evidence.under("choice"), solutions_read(evidence)
    board = evidence.under("likelihood")
    numbers = list(_VERDICTS)[2:10]
    for name in names:
        columns: dict[str, dict[str, float]] = {}
        for of in (board, choice):
            found = of.verdicts[of.entrant(name).label]
            ids = [of.index.pair_id[position] for position in found.position]
            for column in numbers:
                values = getattr(found, column)
                if not np.isnan(values).all():
                    columns[column] = dict(zip(ids, values.tolist(), strict=True))
        own = solutions[board.entrant(name).label]
        means = dict(zip(own.names, own.values[:, _UNIFORM].tolist(), strict=True))
        for pair in own.names:
            yield [name, pair, *(columns[column][pair] for column in numbers), *means[pair]]


def _parquet(path: Path, columns: dict[str, str], rows: Iterable[Sequence[Any]]) -> None:
    with whole(path) as scratch:
        write_parquet(Table(columns, [tuple(row) for row in rows]), scratch, compression="zstd")
