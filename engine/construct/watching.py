"""A construction as the store alone tells it: one that ended, or one that another process works on right now."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.construct.account import PhaseYield
from engine.construct.reading import Example, examples
from engine.construct.trial import Rates, rates_of, trial_for
from engine.construct.underway import UnderWay, from_json
from engine.construct.violations import plan_pairs
from engine.jobs.stopping import ask_to_stop
from engine.store.connection import Store
from engine.store.construct import ConstructRow, construct_runs
from engine.store.construct_watch import Pulse, Spend, pulse_of
from engine.store.runs import Status
from rubrics.prompts import RubricPrompt

__all__ = ["Overview", "Tried", "money", "overview", "stop", "tried", "yields_of"]


@dataclass(frozen=True)
class Overview:
    """One construction at one moment."""

    row: ConstructRow
    examples: tuple[Example, ...]
    """In the order of the plan: a positive before its negatives."""
    yields: tuple[PhaseYield, ...]
    pulse: Pulse
    under_way: tuple[UnderWay, ...]
    """Examples being made, the one that moved last at the end; none where nobody works on it."""
    others: tuple[ConstructRow, ...]
    """All constructions there are, this one too, newest first."""

    @property
    def running(self) -> bool:
        """Whether a living process works on it."""
        return self.row.status is Status.STARTED

    @property
    def pairs(self) -> int:
        """Pairs that a suite written now would hold."""
        return sum(example.in_suite for example in self.examples if example.kind == "negative")

    @property
    def eta_seconds(self) -> float | None:
        """What is left at the rate of the last minute, taking each example to need as many questions as those so far;
        None where nothing tells."""
        done = sum(phase_yield.done for phase_yield in self.yields)
        calls = sum(spend.calls for spend in self.pulse.spent)
        if not self.running or not done or not self.pulse.recent:
            return None
        left = sum(max(0, phase_yield.planned - phase_yield.done) for phase_yield in self.yields)
        return left * calls / done / (self.pulse.recent / 60)


@dataclass(frozen=True)
class Tried:
    """One of a construction's verifiers, and how it erred where the truth is proven."""

    verifier: str
    rates: tuple[Rates, ...]
    """Overall first; none where it was not tried under this wording."""


def overview(store: Store, run_id: str = "") -> Overview | None:
    """A construction by its id, or the newest one; None where there is none.

    Raises:
        StoreError: the database cannot be read.
    """
    rows = construct_runs(store)
    if not rows:
        return None
    row = next((construction for construction in rows if construction.run_id == run_id), rows[0])
    # The pulse first: the example that came out last is then surely among those read.
    pulse = pulse_of(store, row.run_id)
    made = tuple(examples(store, row.run_id))
    # One that came out between the two looks is no longer under way.
    made_ids = {example.example_id for example in made} if row.status is Status.STARTED else set()
    moments = [from_json(text) for text in pulse.under_way] if row.status is Status.STARTED else []
    under_way = tuple(moment for moment in moments if moment.example_id not in made_ids)
    return Overview(row, made, yields_of(row, made), pulse, under_way, tuple(rows))


def money(spent: Sequence[Spend], prices: Mapping[str, tuple[float, float]]) -> float:
    """What was spent at these prices: by model, money for a million tokens read and written."""
    return sum(
        (spend.tokens_read * prices[spend.model][0] + spend.tokens_written * prices[spend.model][1]) / 1e6
        for spend in spent
        if spend.model in prices
    )


def tried(store: Store, row: ConstructRow) -> list[Tried]:
    """How each verifier of a construction did when it was on trial."""
    trials = {trial.verifier: trial for trial in trial_for(store, row)}
    return [Tried(spec, tuple(rates_of(trials[spec])) if spec in trials else ()) for spec in row.settings["verifiers"]]


def stop(store: Store, run_id: str) -> bool:
    """Ask the process that works on a construction to stop; what is answered is kept.

    Returns:
        Whether there was a process to ask.

    Raises:
        RudeError: it runs on another machine, or belongs to somebody else.
    """
    return ask_to_stop(pulse_of(store, run_id).owner)


def yields_of(row: ConstructRow, made: Sequence[Example]) -> tuple[PhaseYield, ...]:
    """What came of each phase: as it was told at the end, or counted from what has come out so far."""
    stored = row.facts.get("yields")
    if stored and row.status is not Status.STARTED:
        return tuple(
            PhaseYield(
                phase["name"], phase["planned"], phase["accepted"], phase["rejected"], phase["rounds"],
                tuple((str(reason), int(count)) for reason, count in phase["reasons"]),
            )
            for phase in stored
        )  # fmt: skip
    settings = row.settings
    per_prompt = 1 if row.method == "best-of-n" else int(settings["per_prompt"])
    bare, plan = _planned(row.prompts, tuple(settings["violations"]), per_prompt, int(settings["seed"]))
    # What the generator drafts for a prompt without criteria is known only once its examples come out.
    drafts = bare if settings["draft_criteria"] else 0
    positives, negatives = ([e for e in made if e.kind == kind] for kind in ("positive", "negative"))
    orphans = sum(plan.get(e.prompt_id, per_prompt) for e in positives if e.status == "rejected")
    return (
        _yield("positives", len(plan) + drafts, positives, 0),
        _yield("negatives", sum(plan.values()) + drafts * per_prompt, negatives, orphans),
    )


def _yield(name: str, planned: int, made: Sequence[Example], orphans: int) -> PhaseYield:
    reasons = Counter(e.reason for e in made if e.status == "rejected")
    if orphans:
        reasons["no positive"] += orphans
    return PhaseYield(
        name,
        planned,
        sum(e.status == "accepted" for e in made),
        sum(reasons.values()),
        sum(e.rounds for e in made),
        tuple(reasons.most_common()),
    )


@functools.lru_cache(maxsize=4)
def _planned(lines: str, violations: tuple[int, ...], per_prompt: int, seed: int) -> tuple[int, Mapping[str, int]]:
    """Prompts without criteria, and planned pairs by prompt."""
    prompts = [RubricPrompt.model_validate_json(line) for line in lines.split("\n") if line]
    judged = [prompt for prompt in prompts if prompt.criteria]
    counts = Counter({prompt.id: 0 for prompt in judged})
    counts.update(pair.prompt_id for pair in plan_pairs(judged, violations, per_prompt, seed))
    return len(prompts) - len(judged), counts
