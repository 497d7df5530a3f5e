"""The board: which runs stand against each other, and their scores on the same pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.results.pair_index import PairIndex, pair_index
from engine.results.weights import Weights
from engine.stats.matrix import ScoreMatrix
from engine.stats.metrics import HEADLINE, METRICS
from engine.stats.units import Over
from engine.store.annotations import Annotation, stored_annotations
from engine.store.candidates import parameter_counts
from engine.store.connection import Store
from engine.store.runs import RunRow, Scored, Status, stored_runs
from engine.store.verdicts import RawVerdicts, load_verdicts, skip_reasons
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["Board", "Entrant", "NoneScored", "Question", "load_board", "scores_of"]


@dataclass(frozen=True)
class Question:
    """What is asked of the stored verdicts. None means: the newest suite, the protocol most runs have, its headline."""

    suite: str | None = None
    """Name, or the beginning of a hash."""
    protocol: str | None = None
    metric: str | None = None
    by: str = "category"
    pairs: Literal["common", "own"] = "common"
    """`common`: pairs that all candidates could score; `own`: each one's own."""
    template: str | None = None
    """Beginning of a template hash; None: the one most recently run."""
    with_excluded: bool = False
    """Whether pairs that a person has excluded count."""
    weights: Weights | None = None
    """How much each part of the suite counts; None: every pair the same."""
    over: Over = "candidates"
    """What intervals that speak of candidates, such as a correlation's, take for independent: each, or each family."""


@dataclass(frozen=True)
class Entrant:
    """One candidate with one tokenizer and config, at one precision, represented by its newest run."""

    label: str
    """Unique on the board: the name, with precision or hash where the name alone is not."""
    name: str
    weights_hash: str
    precision: str
    parameters: int
    run: RunRow

    @property
    def scored(self) -> Scored:
        """What was scored: by this, not by its name, it is the same on another board."""
        return self.run.scored


@dataclass(frozen=True)
class Board:
    """Everything needed to rank: entrants, the suite's pairs, raw verdicts and the score matrix of one metric."""

    suite: str
    suite_hash: str
    protocol: str
    metric: str
    entrants: tuple[Entrant, ...]
    index: PairIndex
    verdicts: Mapping[str, RawVerdicts]
    """By label."""
    matrix: ScoreMatrix
    notes: tuple[str, ...]
    """What a reader must know to read the numbers rightly."""
    annotations: Mapping[str, tuple[Annotation, ...]] = field(default_factory=dict)
    """What a person noted about pairs, by pair id."""
    excluded: int = 0
    """Pairs left out because a person excluded them."""

    @property
    def chance(self) -> float:
        """What a coin would score."""
        return METRICS[self.metric].chance

    def entrant(self, label: str) -> Entrant:
        """The entrant of that label, or of that name if only one has it.

        Raises:
            BadInput: nobody of that name is on the board.
        """
        for name in ("label", "name"):
            matching = [entrant for entrant in self.entrants if getattr(entrant, name) == label]
            if len(matching) == 1:
                return matching[0]
        raise BadInput(
            f"no candidate {label!r} has been run here",
            where=f"{self.suite}, {self.protocol}",
            fix="candidates: " + (", ".join(entrant.label for entrant in self.entrants) or "none yet"),
        )


class NoneScored(BadInput):
    """Runs have ended in which no pair could be scored."""


def load_board(store: Store, question: Question) -> Board:
    """The board for a question.

    Raises:
        BadInput: no run answers it.
    """
    # Opening the file takes longer than most questions to it.
    with store.snapshot():
        return _load(store, question)


def _load(store: Store, question: Question) -> Board:
    asked = [run for run in stored_runs(store) if run.prompt == "own"]
    runs = [run for run in asked if run.n_scored]
    if not any(_is_of(run, question.suite) for run in runs):
        _check_scored(store, [run for run in asked if _is_of(run, question.suite)])
    if not runs:
        raise BadInput(
            "nothing has been scored yet",
            where=str(store.path),
            fix="score a candidate on a suite",
            shell="rude-tui run …",
        )
    notes: list[str] = []
    runs = _of_suite(runs, question.suite, notes)
    runs, protocol = _of_protocol(runs, question)
    runs = _of_template(runs, question.template, notes)
    metric = question.metric or HEADLINE.get(protocol, "")
    if metric not in METRICS or METRICS[metric].protocol != protocol:
        names = ", ".join(name for name, info in METRICS.items() if info.protocol == protocol)
        raise BadInput(f"{protocol} has no metric {metric!r}", fix=f"metrics: {names}")
    entrants = _entrants(store, runs, notes)
    for entrant in entrants:
        run = entrant.run
        if run.status is not Status.DONE:
            notes.append(f"{entrant.label}: run {run.status}, {run.n_scored} of {count(run.n_wanted, 'pair')} so far")
    index = pair_index(store, runs[0].suite_hash)
    raw = load_verdicts(store, protocol, [entrant.run.run_id for entrant in entrants])
    verdicts = {entrant.label: raw[entrant.run.run_id] for entrant in entrants}
    scores = scores_of(list(verdicts.values()), metric, len(index.pair_id))
    noted = stored_annotations(store, index.suite_hash)
    index, excluded = _without_excluded(index, noted, scores, question.with_excluded, notes)
    matrix = ScoreMatrix(
        candidates=tuple(entrant.label for entrant in entrants),
        pair_ids=index.pair_id,
        group=index.group,
        cluster=index.cluster,
        scores=scores,
    )
    return Board(
        runs[0].suite, runs[0].suite_hash, protocol, metric, tuple(entrants), index, verdicts, matrix, tuple(notes),
        noted, excluded,
    )  # fmt: skip


def scores_of(verdicts: Sequence[RawVerdicts], metric: str, pairs: int) -> npt.NDArray[np.float32]:
    """(candidates, pairs): everybody's scores under a metric, NaN where not scored; excluded pairs keep theirs."""
    scores = np.full((len(verdicts), pairs), np.nan, dtype=np.float32)
    for row, columns in enumerate(verdicts):
        scores[row, columns.position] = METRICS[metric].score(columns)
    return scores


def _without_excluded(
    index: PairIndex,
    noted: Mapping[str, tuple[Annotation, ...]],
    scores: npt.NDArray[np.float32],
    counted: bool,
    notes: list[str],
) -> tuple[PairIndex, int]:
    """The index with excluded pairs unscored, and how many they are; none where they are to count all the same."""
    excluded = {pair_id for pair_id, notes_on in noted.items() if any(note.kind == "exclude" for note in notes_on)}
    if not excluded:
        return index, 0
    out = np.array([pair_id in excluded for pair_id in index.pair_id]) & index.scored
    number = int(out.sum())
    if counted:
        notes.append(f"{count(number, 'pair')} excluded by you, counted all the same")
        return index, 0
    if number == int(index.scored.sum()):
        raise BadInput("every pair of this suite is excluded", fix="count them all the same", shell="--with-excluded")
    notes.append(f"{count(number, 'pair')} excluded by you")
    scores[:, out] = np.nan
    return replace(index, scored=index.scored & ~out), number


def _is_of(run: RunRow, suite: str | None) -> bool:
    return suite is None or run.suite == suite or run.suite_hash.startswith(suite)


def _check_scored(store: Store, runs: Sequence[RunRow]) -> None:
    """Refuse where runs without a verdict have ended because none of their pairs could be scored."""
    tried = [run for run in runs if run.n_skipped]
    if not tried:
        return
    about = skip_reasons(store, [run.run_id for run in tried if run.suite_hash == tried[0].suite_hash])
    why = "; ".join(
        f"{count(each.pairs, 'pair')} {each.reason} ({each.tokens:,} tokens, {each.token_limit:,} fit)"
        if each.token_limit
        else f"{count(each.pairs, 'pair')} {each.reason}"
        for each in about
    )
    raise NoneScored(
        f"no pair of suite {tried[0].suite!r} could be scored: {why}",
        fix="take candidates with a longer context, fewer exemplars, or shorter pairs",
    )


def _of_suite(runs: list[RunRow], suite: str | None, notes: list[str]) -> list[RunRow]:
    matching = [run for run in runs if _is_of(run, suite)]
    if not matching:
        with_runs = ", ".join(sorted({run.suite for run in runs}))
        raise BadInput(f"no run on suite {suite!r}", fix=f"suites with runs: {with_runs}")
    newest, name = matching[0].suite_hash, matching[0].suite
    others = {run.suite_hash for run in runs if run.suite == name} - {newest}
    if others:
        also = "another suite is" if len(others) == 1 else f"{len(others)} other suites are"
        notes.append(f"{also} called {name!r} too, other versions of this one maybe; shown is {newest[:12]}")
    return [run for run in matching if run.suite_hash == newest]


def _of_protocol(runs: list[RunRow], question: Question) -> tuple[list[RunRow], str]:
    protocol = question.protocol
    if protocol is None and question.metric is not None and question.metric in METRICS:
        protocol = METRICS[question.metric].protocol
    if protocol is None:
        # The protocol with most candidates; likelihood where they are even.
        counts = Counter(name for name, _ in {(run.protocol, run.scored.at_any_precision()) for run in runs})
        protocol = max(sorted(counts, reverse=True), key=lambda name: counts[name])
    matching = [run for run in runs if run.protocol == protocol]
    if not matching:
        raise BadInput(
            f"no {protocol} run on this suite",
            where=runs[0].suite,
            fix=f"score it under {protocol}",
            shell=f"rude-tui run … --protocol {protocol}",
        )
    return matching, protocol


def _of_template(runs: list[RunRow], prefix: str | None, notes: list[str]) -> list[RunRow]:
    # Numbers under different templates or seeds do not compare, so only one of them is shown at a time.
    # Unless asked for, another wording than the plain one is shown only where there is nothing else.
    plain = [run for run in runs if not run.wording]
    template = prefix if prefix is not None else (plain or runs)[0].template_hash
    matching = [run for run in runs if run.template_hash.startswith(template)]
    if not matching:
        raise BadInput(
            f"no run with template {prefix!r}", fix="name no template", shell="rude-tui rank without --template"
        )
    seed = matching[0].seed
    kept = [run for run in matching if run.seed == seed]
    hidden = [run for run in runs if run not in kept]
    for which, many in (
        ("in another wording", sum(bool(run.wording) for run in hidden)),
        ("with another template, number of shots or seed", sum(not run.wording for run in hidden)),
    ):
        if many:
            notes.append(f"not shown: {count(many, 'run')} {which}")
    if kept[0].wording:
        notes.append(f"the wording is {kept[0].wording!r}, not the plain one")
    return kept


def _entrants(store: Store, runs: list[RunRow], notes: list[str]) -> list[Entrant]:
    parameters = parameter_counts(store)
    newest: dict[Scored, Entrant] = {}
    for run in runs:  # newest first
        entrant = Entrant(
            run.candidate, run.candidate, run.weights_hash, run.precision, parameters.get(run.weights_hash, 0), run
        )
        newest.setdefault(run.scored, entrant)
    entrants = _without_samples(list(newest.values()), notes)
    for form in _LABELS:
        counts = Counter(entrant.label for entrant in entrants)
        entrants = [replace(e, label=form.format(e)) if counts[e.label] > 1 else e for e in entrants]
    return sorted(entrants, key=lambda entrant: entrant.label)


_LABELS = (
    "{0.name} [{0.precision}]",
    "{0.name} [{0.precision} {0.weights_hash:.6}]",
    "{0.name} [{0.precision} {0.weights_hash:.6} {0.run.tokenizer_hash:.6} {0.run.config_hash:.6}]",
)
"""What is added to a name that several bear: no more than tells them apart."""


def _without_samples(entrants: list[Entrant], notes: list[str]) -> list[Entrant]:
    # A sample at a second precision would narrow everybody's ranking to its pairs, and say nothing the first does not.
    most: Counter[Scored] = Counter()
    for entrant in entrants:
        model = entrant.scored.at_any_precision()
        most[model] = max(most[model], entrant.run.n_wanted)
    kept = [entrant for entrant in entrants if entrant.run.n_wanted == most[entrant.scored.at_any_precision()]]
    if len(kept) < len(entrants):
        notes.append(f"not ranked: {count(len(entrants) - len(kept), 'sample')} at a second precision")
    return kept
