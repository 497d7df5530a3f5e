"""The program without its terminal: `import rude_tui.api as rude`.

Every function hands a question on to the engine and gives a frozen result: typed rows, which `.to_arrow()`,
`.to_pandas()` and `.to_polars()` turn into a data frame where that library is installed. Nothing of the app is
imported, and no model library. What cannot be used is a `BadInput` that says what, where and what to do; `RudeError` is
the root of all errors.

The names in `__all__`, their arguments and the fields of the results follow semantic versioning, counted by
`rude_tui.api.__version__`: what is here stays until its first number changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from engine.candidates.address import ServedAs
from engine.export.answers import CorrelationAnswer as Correlation
from engine.export.answers import DecisionAnswer as Decision
from engine.export.answers import RankingAnswer as Rankings
from engine.export.answers import correlation as _correlation
from engine.export.answers import decision as _decision
from engine.export.answers import ranking as _ranking
from engine.export.answers import table_of as _table_of
from engine.export.frames import Frame
from engine.export.rows import (
    AbilityRow,
    CandidateRow,
    CorrelationRow,
    DecisionRow,
    FailureRow,
    FamilyRow,
    PairRow,
    PointRow,
    PredictorRow,
    RankingRow,
    RunStateRow,
    SpectrumRow,
    SuiteRow,
    TopicRow,
    VerdictRow,
)
from engine.jobs.progress import RunState
from engine.jobs.runs import RunRequest
from engine.outcomes.outcome import Outcome
from engine.results.board import Question
from engine.store.connection import Store
from rubrics.errors import BadInput, RudeError
from rubrics.schema import Pair, Suite

if TYPE_CHECKING:
    import threading

    from engine.correlation.sources import Source
    from engine.jobs.detached import Detached
    from engine.stats.units import Over

__all__ = [
    "AbilityRow", "BadInput", "CandidateRow", "Correlation", "CorrelationRow", "Decision", "DecisionRow", "FailureRow",
    "FamilyRow", "Frame", "Outcome", "Pair", "PairRow", "PointRow", "PredictorRow", "RankingRow", "Rankings",
    "RudeError", "RunRequest", "RunState", "RunStateRow", "ServedAs", "SpectrumRow", "Store", "Suite", "SuiteRow",
    "TopicRow", "VerdictRow", "__version__", "abilities", "add_outcomes", "candidates", "correlation", "decision",
    "failures", "families", "open_store", "outcomes", "pairs", "predictors", "rankings", "run", "run_detached",
    "spectra", "suite", "suites", "topics", "verdicts",
]  # fmt: skip

__version__: Final = "1.1.0"
"""Of these names and their meaning, which changes on its own: the program's own version says nothing about them."""


def open_store(path: str | Path | None = None) -> Store:
    """The database in a file; it is made when something is stored, and empty until then.

    Args:
        path: None for the one that the app and the commands use.
    """
    return Store(None if path is None else Path(path))


def candidates(*where: str | Path, device: str = "auto") -> Frame[CandidateRow]:
    """Base models as their files describe them, and how they fit this machine; nothing is loaded or downloaded.

    Args:
        where: folders, folders of folders, or hub ids in the cache; none for the bundled ones and all of the cache.
        device: where it should fit: `auto`, `cpu`, `cuda`, `cuda:N`, `cuda:all`.

    Raises:
        BadInput: a path that is not there, or holds no model.
    """
    from data.bundled import bundled_models
    from engine.candidates.find import find, hub_cache
    from engine.candidates.untrusted import shown
    from engine.machine.devices import resolve_device
    from engine.machine.precision import fits

    target = resolve_device(device)
    found = find(map(str, where)) if where else [*find(map(str, bundled_models())), *hub_cache()]
    rows = []
    for model in found:
        fit = fits(model, target) if model.usable else None
        rows.append(
            CandidateRow(
                model.name, shown(model.place, 4096), model.architecture, model.parameters, model.weight_bytes,
                model.dtype, model.context, fit.precision if fit else None, fit.reason if fit else "",
                not model.usable, "; ".join(problem.what for problem in model.problems),
            )
        )  # fmt: skip
    return Frame(CandidateRow, tuple(rows))


def suites(store: Store) -> Frame[SuiteRow]:
    """The suites that ship, then those that are stored, newest first."""
    from engine.results.suites import suites as at_hand

    return Frame(SuiteRow, tuple(
        SuiteRow(e.name, e.origin, e.suite_hash, e.n_scored, e.n_shots, e.n_groups, e.n_runs, e.fault)
        for e in at_hand(store)
    ))  # fmt: skip


def suite(name_or_path: str | Path) -> Suite:
    """A suite with its pairs: one that ships, by name, or a file.

    Raises:
        BadInput: no such suite, or the file breaks the contract.
    """
    from rubrics.reading import find_suite

    return find_suite(str(name_or_path))


def run(
    store: Store,
    request: RunRequest,
    *,
    on_progress: Callable[[RunState], None] | None = None,
    cancel: threading.Event | None = None,
) -> Frame[RunStateRow]:
    """Score candidates on suites, each in a process of its own, `request.workers` side by side; blocks until all have
    ended.

    What is stored is not scored twice: asked for again, it resumes. A run that fails is a row that says so. Nothing is
    downloaded.

    Args:
        on_progress: called with the state of a run whenever it moves on, at most twenty times a second.
        cancel: once set, this returns; what is done by then is stored.

    Raises:
        BadInput: a path, suite or device that does not exist, or no candidate that can be scored.
        StoreError: nothing can be stored.
    """
    from engine.jobs.job import perform
    from engine.jobs.planning import plan

    states = perform(store, plan(store, request), _Told(on_progress), cancel)
    return Frame(RunStateRow, tuple(
        RunStateRow(
            s.run_id, s.candidate, s.suite, s.protocol, s.prompt, s.precision, s.device, str(s.phase), s.done, s.total,
            s.skipped, s.error, "; ".join(s.notes),
        )
        for s in states
    ))  # fmt: skip


def run_detached(store: Store, request: RunRequest) -> Detached:
    """The same in a process that outlives this one; what it has stored can be asked for meanwhile.

    Returns:
        A handle: `.ended()` is None while it goes on, then its error or its states; `.process` can be told to stop.

    Raises:
        RudeError: no process can be started.
    """
    from engine.jobs.detached import start_detached

    return start_detached("engine.jobs.planning:asked_for", store.path, request.to_json())


def rankings(
    store: Store,
    *,
    suite: str | None = None,
    protocol: str | None = None,
    metric: str | None = None,
    by: str = "category",
    pairs: Literal["common", "own"] = "common",
    with_excluded: bool = False,
    weights: str | None = None,
) -> Rankings:
    """Candidates by how often they prefer the response that meets the rubric, with 95 % intervals and tests.

    Args:
        suite: by name or beginning of its hash; None for the one run last.
        protocol: None for what most candidates were run under.
        metric: None for the protocol's headline.
        by: `category`, `overall`, `domain`, `subcategory`, `criterion` or `violations`.
        pairs: `common` ranks on pairs that all could score, `own` on each one's own.
        with_excluded: count pairs too that a person excluded.
        weights: how much categories, subcategories or domains count: `Control 60, Content 40`; None: all pairs alike.

    Raises:
        BadInput: no run answers it, or these are no weights on parts of the suite.
    """
    return _ranking(store, _question(suite, protocol, metric, by, pairs, with_excluded, weights))


def _question(
    suite: str | None, protocol: str | None, metric: str | None, by: str, pairs: Literal["common", "own"],
    with_excluded: bool, weights: str | None,
) -> Question:  # fmt: skip
    from engine.results.weights import read_weights

    weighed = None if weights is None else read_weights(weights)
    return Question(suite, protocol, metric, by, pairs, with_excluded=with_excluded, weights=weighed)


def decision(
    store: Store,
    *,
    suite: str | None = None,
    protocol: str | None = None,
    metric: str | None = None,
    by: str = "category",
    pairs: Literal["common", "own"] = "common",
    with_excluded: bool = False,
    weights: str | None = None,
    requirements: str | Path | None = None,
) -> Decision:
    """Whom to take, and every candidate held against the first.

    Args:
        requirements: a TOML file with limits, prices and a margin; the others as in `rankings`.

    Raises:
        BadInput: no run answers it, or the file is not what it should be.
    """
    from engine.results.requirements import read_requirements

    wanted = None if requirements is None else read_requirements(Path(requirements))
    return _decision(store, _question(suite, protocol, metric, by, pairs, with_excluded, weights), wanted)


def correlation(
    store: Store,
    outcome: str,
    predictor: str = "RuDE accuracy",
    *,
    suite: str | None = None,
    protocol: str | None = None,
    metric: str | None = None,
    source: Source = "own",
    over: Over = "candidates",
) -> Correlation:
    """How a predictor goes with an outcome: Pearson, Spearman and Kendall with intervals and p.

    Args:
        source: `own` runs and outcomes; `ladder` or `published`, the studies that ship.
        over: what intervals and p take for independent: `candidates`, or `families` of them.

    Raises:
        BadInput: no such predictor or outcome, or nothing has been run yet.
    """
    return _correlation(store, Question(suite, protocol, metric, over=over), predictor, outcome, source=source)


def families(store: Store) -> Frame[FamilyRow]:
    """The family of every stored candidate: as a person says, else as files, weights and names propose it.

    Raises:
        BadInput: no candidate is stored.
    """
    return _table_of(store, FamilyRow, Question())


def verdicts(store: Store, *, suite: str | None = None, protocol: str | None = None) -> Frame[VerdictRow]:
    """What every candidate did on every pair.

    Raises:
        BadInput: no run answers it.
    """
    return _table_of(store, VerdictRow, Question(suite, protocol))


def failures(store: Store, *, suite: str | None = None, protocol: str | None = None) -> Frame[FailureRow]:
    """The pairs that candidates did not win, in full.

    Raises:
        BadInput: no run answers it.
    """
    return _table_of(store, FailureRow, Question(suite, protocol))


def pairs(store: Store, *, suite: str | None = None, protocol: str | None = None) -> Frame[PairRow]:
    """Pairs on trial: difficulty, discrimination and what looks wrong, by item response; the most suspicious first.

    Raises:
        BadInput: no run answers it, or too few candidates have read the suite.
    """
    return _table_of(store, PairRow, Question(suite, protocol))


def abilities(store: Store, *, suite: str | None = None, protocol: str | None = None) -> Frame[AbilityRow]:
    """Each candidate's ability, of the same model as `pairs`.

    Raises:
        BadInput: as `pairs`.
    """
    return _table_of(store, AbilityRow, Question(suite, protocol))


def topics(store: Store, *, suite: str | None = None, protocol: str | None = None) -> Frame[TopicRow]:
    """Each candidate's ability in each category and domain, shrunk towards its whole, with errors and places.

    Raises:
        BadInput: no run answers it, or its verdicts allow no estimate.
    """
    return _table_of(store, TopicRow, Question(suite, protocol))


def spectra(store: Store) -> Frame[SpectrumRow]:
    """Every weight matrix whose spectrum has been measured: α, its distance from 2, α-hat and the trace-log condition.

    Raises:
        BadInput: none has been measured.
    """
    return _table_of(store, SpectrumRow, Question())


def predictors(store: Store, *, suite: str | None = None, protocol: str | None = None) -> Frame[PredictorRow]:
    """Every number per candidate that claims to foretell post-training, as far as it has been measured.

    Raises:
        BadInput: no run answers it.
    """
    return _table_of(store, PredictorRow, Question(suite, protocol))


def outcomes(store: Store) -> tuple[Outcome, ...]:
    """The stored post-training scores."""
    from engine.store.outcomes import stored_outcomes

    return tuple(stored_outcomes(store))


def add_outcomes(
    store: Store, scores: Sequence[Outcome] | str | Path, *, one_scale: bool = False, one_test: bool = False
) -> int:
    """Store post-training scores: given as they are, or read from a CSV or the results of an evaluation harness.

    Names in a file that a person gave a candidate before are that candidate's here too.

    Args:
        one_scale: what looks like two scales (fractions and percents) is one.
        one_test: what was measured under several conditions (shots, versions, templates) can be compared.

    Returns:
        How many took the place of an earlier score.

    Raises:
        BadInput: the file is no outcomes file, or its scores are on another scale than those stored, or were measured
            under other conditions.
    """
    from engine.annotations.outcomes import add_files
    from engine.store.outcomes import add_checked

    if isinstance(scores, str | Path):
        return add_files(store, [Path(scores)], {}, one_scale=one_scale, one_test=one_test).replaced
    return add_checked(store, scores, one_scale=one_scale, one_test=one_test).replaced


class _Told:
    """Every state of every run, to a function."""

    def __init__(self, tell: Callable[[RunState], None] | None) -> None:
        self._tell = tell

    def started(self, states: tuple[RunState, ...]) -> None:
        """The whole queue, before anything happens."""
        for state in states:
            self.advanced(state)

    def advanced(self, state: RunState) -> None:
        """One run moved on."""
        if self._tell is not None:
            self._tell(state)

    def finished(self, states: tuple[RunState, ...]) -> None:
        """Everything has ended."""
