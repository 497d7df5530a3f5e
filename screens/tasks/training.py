"""Post-training candidates, and putting a verifier on trial. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rubrics.counted import count
from rubrics.errors import BadInput, CandidateError
from screens.shell.fields import YES_NO, AtField, Field, Prepared, Typed, at
from screens.shell.formats import percent
from screens.shell.paths import several
from screens.tasks.common import device_field, models_field
from screens.tasks.task import Task
from screens.tasks.words import columns, left_over, within

if TYPE_CHECKING:
    from engine.jobs.progress import RunState
    from engine.outcomes.outcome import Outcome
    from engine.posttrain.job import PostTrainJob
    from engine.results.database import Store
    from screens.shell.session import Session

__all__ = ["MET_HELP", "POST_TRAIN", "TRIAL", "met_table", "planned_training", "recipe_fields"]

MET_HELP = (
    "criteria met by greedy answers: on prompts that are held out – of `world`, on families that post-training never "
    "saw – and on fresh prompts of families that it did (seen); 95 % over prompts and seeds"
)


def recipe_fields() -> tuple[Field, ...]:
    """What says which training is meant."""
    return (
        Field("suite", "Tasks", "a .jsonl file of prompts with checks", "path", value="world", endings=(".jsonl",)),
        Field("recipe", "Recipe", "a .toml file; empty: what the ladder was trained by", "path", endings=(".toml",)),
        Field("seeds", "Seeds", "empty: the recipe's; several with ; between"),
        Field("folder", "Into", "folder for checkpoints and trained models", "path", value="posttrained"),
    )


def _training_fields(session: Session) -> Sequence[Field]:
    return (models_field(session), *recipe_fields(), device_field())


def planned_training(session: Session, typed: Typed) -> PostTrainJob:
    """The training that the fields speak of."""
    from data.ladder import RECIPE
    from engine.posttrain.job import plan_post_training

    recipe = typed.path("recipe") if typed.text("recipe") else RECIPE
    folder = typed.path("folder", "name a folder")
    models, suite = typed.paths("models"), str(typed.text("suite", "world, or a file of prompts with checks"))
    seeds = [_seed(text) for text in several(typed.text("seeds"))]
    try:
        return plan_post_training(
            session.store, models, suite if suite == "world" else str(typed.path("suite")), recipe, seeds=seeds,
            device=typed.text("device"), folder=Path(folder),
        )  # fmt: skip
    except CandidateError as error:
        # It is named by the candidate, which no field holds.
        raise AtField("models", error) from None


def _train(session: Session, typed: Typed) -> Prepared:
    job = planned_training(session, typed)

    def came(store: Store, states: tuple[RunState, ...]) -> str:
        return "\n".join([*_met(store, job), *left_over(states)])

    return Prepared(_training_words(job), job=job, came=came)


def _seed(text: str) -> int:
    with at("seeds"):
        try:
            return int(text)
        except ValueError:
            raise BadInput(f"{text!r} is no whole number", fix="such as 1; 2") from None


def _training_words(job: PostTrainJob) -> str:
    going = [planned for planned in job.planned if not planned.done]
    lines = []
    for planned in going:
        recipe = planned.recipe
        answers = recipe.rl.steps * recipe.rl.prompts * recipe.rl.generations
        preferring = f"{recipe.dpo.steps} of DPO on {recipe.dpo.suite}, " if recipe.dpo.steps else ""
        lines.append(
            f"{planned.candidate.name}, seed {planned.run.seed}: {count(recipe.sft.steps, 'step')} of fine-tuning, "
            f"{preferring}{recipe.rl.steps} of GRPO ({count(answers, 'answer')})"
        )
    lines += sorted({planned.reward for planned in going if planned.reward})
    if ended := len(job.planned) - len(going):
        lines.append(f"{ended} done already")
    where = f"\n\nCheckpoints go to {Path(job.planned[0].run.folder).parent}; stopped, it goes on from the last."
    return "\n".join(lines) + where


def met_table(outcomes: Sequence[Outcome]) -> tuple[list[str], list[list[str]]]:
    """Headings and cells: what candidates met after each stage."""
    from engine.outcomes.exactness import interval_of
    from engine.posttrain.recipe import STAGES

    known = {(outcome.candidate, outcome.outcome): outcome for outcome in outcomes}
    rows = []
    for name in dict.fromkeys(outcome.candidate for outcome in outcomes):
        for stage in STAGES:
            found = [known.get((name, f"{stage}_{met}")) for met in ("met", "seen_met")]
            if any(found):
                cells = [(percent(o.score), within(*interval_of(o))) if o else ("–", "–") for o in found]
                rows.append([name, stage, *cells[0], *cells[1]])
    return ["candidate", "after", "held out %", "95 %", "seen %", "95 %"], rows


def _met(store: Store, job: PostTrainJob) -> list[str]:
    from engine.posttrain.job import outcomes_of_run

    runs = {planned.candidate.name: planned.run for planned in job.planned}
    headings, rows = met_table([outcome for run in runs.values() for outcome in outcomes_of_run(store, run)])
    about = f"{MET_HELP}. They stand among the outcomes on Correlation (4)."
    return [columns(headings, rows), "", about] if rows else []


POST_TRAIN = Task(
    "posttrain",
    "Post-train candidates",
    "Fine-tuning on reference responses, then GRPO with the share of criteria met as reward; the same for all. A "
    "recipe can put DPO on a suite's own pairs in between ([dpo]), or let a model judge ([rl], verifier). What became "
    "of them is stored as outcomes.",
    _training_fields,
    _train,
)


def _trial_fields(session: Session) -> Sequence[Field]:
    return (
        Field("verifier", "Verifier", "http://host:port/v1#model or local:PATH"),
        Field("key", "  key is in", "environment variable, if it wants one"),
        Field("pairs", "Pairs", "procedural pairs, fresh from the seed", value="120"),
        Field("votes", "Votes", "verdicts on each criterion; odd", value="1"),
        Field("seed", "Seed", value="0"),
        Field("schema", "Schema", "ask the server to hold answers to a schema", choices=YES_NO),
        Field("cap", "At most", "questions in all; empty: no cap"),
    )


def _trial(session: Session, typed: Typed) -> Prepared:
    from engine.construct.job import TrialJob
    from engine.construct.pipeline import open_model
    from engine.construct.settings import Running
    from engine.construct.spec import parse_spec
    from engine.construct.trial import VerifierTrial, calls_needed

    spec = typed.read("verifier", parse_spec, "name a server, or a model in a folder")
    pairs, votes = typed.whole("pairs", 2) or 120, typed.whole("votes", 1) or 1
    with at("votes"):
        if votes % 2 == 0:
            raise BadInput("an even number of votes can tie", fix="give an odd number")
    trial = VerifierTrial(spec, pairs, votes, typed.whole("seed") or 0, typed.yes("schema"))
    model = typed.read("key", lambda variable: open_model(spec, variable or None, Running()))
    cap = typed.whole("cap", 1)
    job = TrialJob(trial, model, max_calls=cap)
    capped = f", {cap:,} at most" if cap else ""
    return Prepared(
        f"{count(calls_needed(trial), 'question')} to {spec}{capped}; answers are kept.", job=job, came=_told
    )


def _told(store: Store, states: tuple[RunState, ...]) -> str:
    from engine.construct.trial import rates_of, tried_row

    row = tried_row(states[0])
    if row is None:
        return "\n".join(left_over(states)) or "Stopped; asked for again, it goes on."
    rows = [
        [
            rate.scope, percent(rate.false_acceptance.value),
            within(rate.false_acceptance.ci_low, rate.false_acceptance.ci_high), str(rate.n_violated),
            percent(rate.false_rejection.value),
            within(rate.false_rejection.ci_low, rate.false_rejection.ci_high), str(rate.n_met),
        ]
        for rate in rates_of(row)
    ]  # fmt: skip
    headings = ["wrongly, %", "granted", "95 %", "of", "denied", "95 %", "of"]
    failed = [f"! {row.failed} labels got no usable verdict and are not counted"] if row.failed else []
    said = "granted: of criteria that are violated; denied: of criteria that are met"
    return "\n".join([columns(headings, rows), said, *failed])


TRIAL = Task(
    "trial",
    "Put a verifier on trial",
    "How often it grants what is not so and denies what is, on pairs whose truth is proven. Its suites' cards say so.",
    _trial_fields,
    _trial,
)
