"""The suite of a construction: what was accepted, as a person has decided and corrected it, checked, written whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.construct.agreement import agreement
from engine.construct.card import Facts, card
from engine.construct.drafting import is_draft
from engine.construct.lengths import balance
from engine.construct.trial import trial_for
from engine.store.connection import Store
from engine.store.construct import ConstructRow, ExampleRow, construct_runs, examples_of
from engine.store.construct_review import BlindReading, ReviewDecision, decisions_of, readings_of
from rubrics.best_kept import best_kept
from rubrics.errors import BadInput, RudeError
from rubrics.prompts import RubricPrompt
from rubrics.schema import Pair, Suite

__all__ = [
    "Gathered",
    "NothingMade",
    "Written",
    "find_construction",
    "gather",
    "labels_of",
    "text_of",
    "write_construction",
]


class NothingMade(RudeError):
    """No pair came through."""


@dataclass(frozen=True)
class Written:
    """What was written."""

    pairs: int
    notes: tuple[str, ...]


@dataclass
class Gathered:
    """The pairs of a construction, and why examples that were accepted are not among them."""

    pairs: list[Pair] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    """Reason by example id."""
    corrected: int = 0
    """Pairs whose V a person's readings changed."""


def find_construction(store: Store, run_id: str) -> ConstructRow:
    """A construction by its id or the beginning of it; or the newest one that wrote a suite of this name.

    Raises:
        BadInput: there is none, or several.
    """
    rows = construct_runs(store)
    matching = [row for row in rows if run_id and row.run_id.startswith(run_id)]
    # One that came to an end goes before a later one that did not.
    matching = matching or sorted((row for row in rows if row.name == run_id), key=lambda row: not row.facts)[:1]
    if len(matching) != 1:
        listed = ", ".join(f"{row.run_id} ({row.name})" for row in rows[:8])
        raise BadInput(
            "no such construction" if not matching else "several constructions begin so",
            where=run_id[:100],
            fix=f"there are: {listed}" if listed else "build pairs first",
            shell="" if listed else "rude-tui construct --help",
        )
    return matching[0]


def write_construction(store: Store, run_id: str, output: Path) -> Written:
    """Write the suite and its card as things stand, decisions and corrections included.

    Raises:
        NothingMade: no pair came through.
        RudeError: `suite check` finds an error, or the file cannot be written; what was there
            before is untouched.
    """
    from rubrics.check import check_suite
    from rubrics.reading import write_suite
    from rubrics.targets import is_stream, write_whole

    row = find_construction(store, run_id)
    examples = examples_of(store, row.run_id)
    decisions, readings = decisions_of(store, row.run_id), readings_of(store, row.run_id)
    gathered = gather(row, examples, decisions, readings)
    if not gathered.pairs:
        raise NothingMade("no pair came through, so no suite was written", where=row.name, fix=_why(examples))
    suite = Suite(output.stem, tuple(gathered.pairs))
    report = check_suite(suite)
    if report.errors:
        errors = "; ".join(finding.message for finding in report.errors)
        raise RudeError(
            f"the suite does not pass its check: {errors}",
            where=row.name,
            fix="read its examples, and drop or edit those at fault",
            shell=f"rude-tui review {row.run_id} --examples",
        )
    facts = Facts(
        row, suite, report, examples, gathered.left_out, gathered.corrected, decisions, trial_for(store, row),
        agreement(readings, labels_of(examples)),
    )  # fmt: skip
    write_suite(output, suite.pairs)
    if not is_stream(output):
        with write_whole(output.with_suffix(".md")) as out:
            out.write(card(facts))
    aside = len(gathered.left_out)
    notes = [f"{aside} pairs left out: {_counted(gathered.left_out.values())}"] if aside else []
    notes += [f"suite check: {finding.message}" for finding in report.warnings]
    return Written(len(gathered.pairs), tuple(notes))


def gather(
    row: ConstructRow,
    examples: Sequence[ExampleRow],
    decisions: dict[str, ReviewDecision],
    readings: Sequence[BlindReading],
) -> Gathered:
    """Pairs in the order of the plan. A person's decision goes before the verifier's, and corrections before both."""
    gathered = Gathered()
    corrections = {(r.example_id, r.criterion): r.met for r in readings if r.corrects}
    positives = {e.prompt_id: e for e in examples if e.kind == "positive"}
    kept: list[tuple[ExampleRow, Pair]] = []
    for negative in examples:
        if negative.kind != "negative":
            continue
        positive = positives[negative.prompt_id]
        reason = _standing(positive, decisions) or _standing(negative, decisions)
        if reason is None:
            continue  # the verifier rejected it, and nobody has said otherwise
        prompt = RubricPrompt.model_validate_json(negative.criteria)
        short, below = (_violated(prompt, example, corrections) for example in (positive, negative))
        violated = _beyond(below, short)
        texts = text_of(positive, decisions), text_of(negative, decisions)
        # The chosen response may violate only what it was kept in spite of, and what the rejected one violates too.
        stands = violated and {*short} <= {*positive.violated} & {*below}
        if reason == "" and (not stands or texts[0] == texts[1]):
            reason = "corrected by a reader: no pair is left"
        if reason:
            gathered.left_out[negative.example_id] = reason
            continue
        gathered.corrected += violated != _beyond(negative.violated, positive.violated)
        kept.append((negative, _pair(row, prompt, negative.example_id, *texts, violated, short)))
    aside: set[str] = set()
    if row.method == "degrade":
        # What a person accepted or edited by hand stays, however long it is.
        free = [(e.example_id, p.chosen, p.rejected) for e, p in kept if e.example_id not in decisions]
        aside = balance(free)
    for negative, pair in kept:
        if negative.example_id in aside:
            gathered.left_out[negative.example_id] = "set aside to balance lengths"
        else:
            gathered.pairs.append(pair)
    return gathered


def _standing(example: ExampleRow, decisions: dict[str, ReviewDecision]) -> str | None:
    """Empty where the example counts, a reason where a person dropped it, None where it was never accepted."""
    decision = decisions.get(example.example_id)
    if decision is not None:
        return (
            f"dropped by a person{': ' + decision.note if decision.note else ''}" if decision.decision == "drop" else ""
        )
    return "" if example.status == "accepted" else None


def text_of(example: ExampleRow, decisions: dict[str, ReviewDecision]) -> str:
    """An example's response, as a person has put it where somebody has."""
    decision = decisions.get(example.example_id)
    edited = decision.response if decision is not None and decision.decision == "edit" else None
    return example.response if edited is None else edited


def _violated(prompt: RubricPrompt, example: ExampleRow, corrections: dict[tuple[str, str], bool]) -> tuple[str, ...]:
    """What an example violates, after corrections."""
    return tuple(
        criterion.id
        for criterion in prompt.criteria
        if not corrections.get((example.example_id, criterion.id), criterion.id not in example.violated)
    )


def _beyond(below: Sequence[str], short: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in below if name not in short)


def _pair(
    row: ConstructRow,
    prompt: RubricPrompt,
    name: str,
    chosen: str,
    rejected: str,
    violated: tuple[str, ...],
    short: tuple[str, ...],
) -> Pair:
    """`short` is what both responses violate: a pair is not about that, and its source says so."""
    models = f"generator {row.settings['generator']}, verifier {row.verifier}"
    drafted = ", criteria drafted by the generator" if any(is_draft(c.id) for c in prompt.criteria) else ""
    best = f", {best_kept(c for c in prompt.criteria if c.id in short)}" if short else ""
    before = f"{prompt.source}; " if prompt.source else ""
    return Pair(
        id=name,
        domain=prompt.domain,
        prompt=prompt.prompt,
        chosen=chosen,
        rejected=rejected,
        criteria=[criterion for criterion in prompt.criteria if criterion.id not in short],
        violated=list(violated),
        source=f"{before}rude-tui construct {row.run_id}, method {row.method}, {models}{drafted}{best}",
        license=prompt.license,
    )


def _counted(reasons: Iterable[str]) -> str:
    from collections import Counter

    return ", ".join(f"{count} {reason}" for reason, count in Counter(reasons).most_common())


def _why(examples: Sequence[ExampleRow]) -> str:
    reasons = [f"{e.kind}s: {e.reason}" for e in examples if e.reason]
    return f"rejected: {_counted(reasons)}" if reasons else "nothing was judged; raise the caps"


def labels_of(examples: Sequence[ExampleRow]) -> dict[tuple[str, str], bool]:
    """What the pipeline says of accepted examples: by example and criterion, whether it is met."""
    return {
        (example.example_id, criterion.id): criterion.id not in example.violated
        for example in examples
        if example.status == "accepted"
        for criterion in RubricPrompt.model_validate_json(example.criteria).criteria
    }
