"""The ladder's rows: what was measured, pair by pair and prompt by prompt, as files that ship.

Everything that the card says is counted from them, without a model and without a database.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from engine.export.parquet import read_columns
from engine.posttrain.recipe import PostTraining, read_recipe
from engine.predictors.proxy import STATISTICS
from engine.stats.metrics import single_order
from engine.store.posttrain import StageScore
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.reading import find_suite
from rubrics.schema import Suite
from rubrics.targets import write_whole

__all__ = ["SUITE", "BaseRows", "LadderRows", "PairRows", "read_rows", "write_csv_rows"]

SUITE: Final = "world"
FloatArray = npt.NDArray[np.float64]
_COUNTED: Final = ("stage", "part", "how", "family", "subcategory")


@dataclass(frozen=True)
class PairRows:
    """One model's verdicts on the scored pairs of the suite, in its order; all (pairs,). Log-odds and log-likelihoods
    in nats, as `engine.stats.metrics.Columns` has them."""

    log_odds_chosen_first: FloatArray
    log_odds_rejected_first: FloatArray
    ll_chosen: FloatArray
    ll_rejected: FloatArray
    tokens_chosen: FloatArray
    tokens_rejected: FloatArray
    bytes_chosen: FloatArray
    bytes_rejected: FloatArray
    single_chosen_first: npt.NDArray[np.bool_]
    token_means: Mapping[str, FloatArray]
    """By statistic of `engine.predictors.proxy`: its mean over the tokens of each chosen response."""


@dataclass(frozen=True)
class BaseRows:
    """One base model, as it was read."""

    facts: Mapping[str, str]
    """Where the weights came from, hashes of model and suite, versions of libraries, kind of processor."""
    pairs: PairRows
    dialogues: Mapping[str, FloatArray]
    """By column, (dialogues,): nats and bytes of request and response, tokens of the response."""
    answers: Mapping[tuple[str, str], FloatArray]
    """By part (`held`, `seen`, `fresh`) and family, (prompts,): 1 where the greedy answer met its criterion."""

    @property
    def parameters(self) -> int:
        """Of the model."""
        return int(self.facts["parameters"])


@dataclass(frozen=True)
class LadderRows:
    """Everything in the ladder's folder that was measured."""

    folder: Path
    recipe: PostTraining
    scores: Mapping[str, Sequence[Sequence[StageScore]]]
    """Criteria met, of each candidate by seed."""
    bases: Mapping[str, BaseRows]
    """By candidate; of those whose base model has been read."""
    failed: Sequence[Mapping[str, str]]
    """Post-trainings that broke down: candidate, seed, why."""
    measured: Mapping[str, Mapping[str, float]]
    """Predictors of the weights that were post-trained, where those are lost and their base was trained again: by
    candidate and predictor. Empty where the base models are the very ones that were post-trained."""

    @cached_property
    def suite(self) -> Suite:
        """What the base models read."""
        return find_suite(SUITE)


def read_rows(folder: Path) -> LadderRows:
    """Read them.

    Raises:
        BadInput: a file is missing, or verdicts are of another version of the suite.
    """
    suite = find_suite(SUITE)
    facts = {row["candidate"]: row for row in _csv(folder / "models.csv")}
    for name, row in facts.items():
        if row["suite_hash"] != suite.hash:
            raise BadInput(
                f"was read on {SUITE} {row['suite_hash'][:12]}, which is now {suite.hash[:12]}", where=name,
                fix="score the base models again",
            )  # fmt: skip
    pairs = _pairs(folder / "verdicts.parquet", suite)
    dialogues = _by_candidate(folder / "dialogues.parquet")
    answers = {name: _answers(columns) for name, columns in _by_candidate(folder / "answers.parquet").items()}
    bases = {name: BaseRows(row, pairs[name], dialogues[name], answers[name]) for name, row in facts.items()}
    scores: dict[str, dict[str, list[StageScore]]] = {}
    for row in _csv(folder / "scores.csv"):
        stage, part, how, family, subcategory = (row[name] for name in _COUNTED)
        score = StageScore(stage, part, how, family, subcategory, int(row["met"]), int(row["judged"]))
        scores.setdefault(row["candidate"], {}).setdefault(row["seed"], []).append(score)
    measured = {
        row["candidate"]: {name: float(value) for name, value in row.items() if name != "candidate"}
        for row in _csv(folder / "measured.csv", optional=True)
    }
    by_seed = {name: [of for _, of in sorted(seeds.items())] for name, seeds in scores.items()}
    failed = _csv(folder / "failed.csv", optional=True)
    return LadderRows(folder, read_recipe(folder / "posttrain.toml"), by_seed, bases, failed, measured)


def _csv(path: Path, *, optional: bool = False) -> list[dict[str, str]]:
    if optional and not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise BadInput(f"cannot be read ({error.strerror})", where=str(path), fix="write the rows first") from None


def _by_candidate(path: Path) -> dict[str, dict[str, npt.NDArray[Any]]]:
    """Columns of each candidate, in the file's order."""
    columns = read_columns(path)
    names = columns.pop("candidate")
    own = {str(name): names == name for name in dict.fromkeys(names)}
    return {name: {column: values[rows] for column, values in columns.items()} for name, rows in own.items()}


def _pairs(path: Path, suite: Suite) -> dict[str, PairRows]:
    order = [pair.id for pair in suite.scored]
    found = {}
    for name, columns in _by_candidate(path).items():
        at = {str(pair): n for n, pair in enumerate(columns.pop("pair_id"))}
        if set(at) != set(order):
            raise BadInput(
                f"has verdicts on {count(len(at), 'pair')}, not on all {len(order)}", where=name, fix="score the rest"
            )
        rows = np.array([at[pair] for pair in order])
        sorted_ = {column: values[rows].astype(np.float64) for column, values in columns.items()}
        means = {statistic: sorted_.pop(statistic) for statistic in STATISTICS}
        single = np.array([single_order(pair) for pair in order])
        found[name] = PairRows(**sorted_, single_chosen_first=single, token_means=means)
    return found


def _answers(columns: Mapping[str, npt.NDArray[Any]]) -> dict[tuple[str, str], FloatArray]:
    keys = list(zip(columns["part"].tolist(), columns["family"].tolist(), strict=True))
    met = columns["met"].astype(np.float64)
    return {key: met[[own == key for own in keys]] for key in dict.fromkeys(keys)}


def write_csv_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A CSV file, whole or not at all."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    with write_whole(path) as file:
        file.write(out.getvalue())
