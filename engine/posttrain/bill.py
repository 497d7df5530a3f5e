"""What post-training did to the rest: RuDE and bits per byte of a model before, between and after its stages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.candidates.hashing import weights_hash
from engine.jobs.planning import plan
from engine.jobs.runs import Plan, RunRequest
from engine.machine.paths import digest_dir
from engine.posttrain.job import PlannedTraining
from engine.posttrain.recipe import MERGED, STAGES
from engine.predictors.catalogue import catalogue
from engine.predictors.from_verdicts import BITS
from engine.predictors.interface import Evidence
from engine.results.board import Question
from engine.results.comparison import compare_candidates
from engine.stats.intervals import Estimate
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.reading import find_suite

__all__ = ["BILL_HELP", "BillRow", "bill", "bill_notes", "plan_bill"]

BILL_HELP: Final = (
    "RuDE: share of pairs preferred rightly under likelihood; change: over the base on the same pairs, p by Holm for "
    "all candidates of the suite; bits per byte of the chosen responses, lower is better"
)
_UNKNOWN: Final = Estimate(math.nan, math.nan, math.nan, "")


@dataclass(frozen=True)
class BillRow:
    """One model on the way; NaN where it has not been scored, and for changes of the base."""

    candidate: str
    seed: int
    stage: str
    rude: float
    ci_low: float
    ci_high: float
    change: float
    change_low: float
    change_high: float
    p: float
    """Adjusted, as the ranking has it."""
    bits_per_byte: float
    bits_change: float


def stage_models(planned: PlannedTraining) -> dict[str, Path]:
    """Folders of the model at each stage, in order; a stage that was not trained, or has an adapter alone, has none."""
    found = {"base": planned.candidate.path}
    for stage in STAGES[1:]:
        for name in ("model", MERGED):
            place = Path(planned.run.folder) / stage / name
            if (place / "config.json").is_file():
                found[stage] = place
    return found


def plan_bill(
    store: Store, planned: Sequence[PlannedTraining], suite: str, *, device: str = "auto", threads: int | None = None
) -> Plan:
    """Scoring every stage's model on a suite, under likelihood; what is scored already is not scored again.

    Raises:
        BadInput: no such suite, or nothing has been trained whole.
    """
    folders = dict.fromkeys(str(path) for one in planned for path in stage_models(one).values())
    if len(folders) <= len({str(one.candidate.path) for one in planned}):
        raise BadInput(
            "no stage has left a model that stands by itself", where=str(Path(planned[0].run.folder)), fix="train first"
        )
    return plan(store, RunRequest(tuple(folders), (suite,), ("likelihood",), device=device, threads=threads))


def bill(store: Store, planned: Sequence[PlannedTraining], suite: str) -> list[BillRow]:
    """The bill from what is stored, by candidate, seed and stage.

    Raises:
        BadInput: no such suite, or nothing of it has been scored.
    """
    question = Question(find_suite(suite).hash, "likelihood")
    with store.snapshot():
        evidence = Evidence(store, question)
        board, ranked = evidence.board, {row.candidate: row for row in evidence.ranking().overall.rows}
        bits = catalogue(store)[BITS].of(evidence)
        labels = {entrant.weights_hash: entrant.label for entrant in board.entrants}
        rows = []
        for one in planned:
            base = labels.get(one.run.weights_hash, "")
            for stage, folder in stage_models(one).items():
                weights = one.run.weights_hash if stage == "base" else weights_hash(folder, remembered=digest_dir())
                label = labels.get(weights, "")
                accuracy = ranked.get(label)
                change = change_low = change_high = p = math.nan
                if label and base and label != base:
                    found = compare_candidates(board, label, base, by="overall")["overall"]
                    change, change_low, change_high, p = (
                        found.difference, found.ci_low, found.ci_high, found.p_adjusted
                    )  # fmt: skip
                own, before = bits.get(label, _UNKNOWN).value, bits.get(base, _UNKNOWN).value
                rows.append(
                    BillRow(
                        one.candidate.name, one.run.seed, stage,
                        *((accuracy.value, accuracy.ci_low, accuracy.ci_high) if accuracy else (math.nan,) * 3),
                        change, change_low, change_high, p, own, own - before if stage != "base" else math.nan,
                    )
                )  # fmt: skip
    return rows


def bill_notes(planned: Sequence[PlannedTraining], suite: str) -> list[str]:
    """What has to be known to read a bill."""
    judged = find_suite(suite).hash
    notes = []
    if any(one.recipe.dpo.steps and find_suite(one.recipe.dpo.suite).hash == judged for one in planned):
        notes.append("its pairs were learned from by DPO, so that RuDE after it is no test")
    if any(_has_adapter_alone(one, stage) for one in planned for stage in STAGES[1:]):
        notes.append("a stage that LoRA trained has left an adapter alone, which is not scored")
    return notes


def _has_adapter_alone(planned: PlannedTraining, stage: str) -> bool:
    adapter = Path(planned.run.folder) / stage / "model" / "adapter_config.json"
    return adapter.is_file() and stage not in stage_models(planned)
