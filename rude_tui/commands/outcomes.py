"""`rude-tui outcomes`."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, store_of
from rude_tui.output import narrate, print_json, print_table
from screens.shell.plain import plain

__all__ = ["outcomes"]


@click.group()
def outcomes() -> None:
    """Post-training scores to correlate with."""


@outcomes.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE ...")
@click.option(
    "--map", "mapping", multiple=True, metavar="NAME=CANDIDATE|FILE.csv",
    help="What a name in the file is called here; a CSV has the columns name and candidate.",
)  # fmt: skip
@click.option("--averages", is_flag=True, help="Also the means over tasks or groups that stand beside these.")
@click.option("--only", multiple=True, metavar="PATTERN", help="Only outcomes called so, such as 'arc*/acc', 'eval/*'.")
@click.option("--one-scale", is_flag=True, help="What looks like fractions beside percents is one scale.")
@click.option("--one-test", is_flag=True, help="Scores with other shots, versions or templates can be compared.")
@database
def add(
    files: tuple[Path, ...], mapping: tuple[str, ...], averages: bool, only: tuple[str, ...], one_scale: bool,
    one_test: bool, db: Path | None,
) -> None:  # fmt: skip
    """Add outcomes from a table or from the results of an evaluation harness.

    A CSV has the columns candidate, outcome, score[, stderr, source, direction, domain, scale, samples, date, traces,
    conditions]; the direction is higher or lower, whichever is better; the domain (a category or subcategory too) is
    what it is the outcome of; the scale is the largest score there can be (1, 100); traces names the trace file with
    its expert solutions; conditions are what makes it another test (5 shots, version 2). Results: those of
    lm-evaluation-harness (its samples too), lighteval, Inspect (.eval, JSON), HELM (stats.json), OpenCompass (summary
    CSV), a table of runs from Weights & Biases, trainer_state.json of TRL. Names are matched as they stand, as
    --map says, or as you said before; where one resembles a candidate's, a terminal asks. What is said is remembered.
    """
    from engine.annotations.outcomes import add_given, read_files
    from engine.outcomes.outcomes import mapping_of

    store = store_of(db, new=True)
    given = read_files(store, files, names=mapping_of(mapping), averages=averages, only=only)
    confirmed = {name: near[0] for name, near in given.strangers.items() if near and _is(name, near[0])}
    added = add_given(store, given, confirmed=confirmed, one_scale=one_scale, one_test=one_test)
    narrate(*(f"note: {what}" for what in added.notes))
    narrate(f"{count(len(added.scores), 'outcome')} stored, {added.replaced} of them in place of an earlier score")
    for stranger, near in added.strangers.items():
        hint = f"; did you mean {near[0]}? Then add it again with --map {stranger}={near[0]}" if near else ""
        narrate(f"note: {stranger} is no candidate here{hint}")


def _is(name: str, candidate: str) -> bool:
    """Whether a person says that a name is a candidate's; nobody is asked where nobody can answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    return click.confirm(plain(f"{name} is no candidate here. Is it {candidate}?"), default=False, err=True)


@outcomes.command()
@click.option("--forget", multiple=True, metavar="NAME", help="Forget what this name is called here.")
@as_json
@database
def names(forget: tuple[str, ...], as_json: bool, db: Path | None) -> None:
    """List what names in files are called here, as you said with --map or when asked."""
    from engine.annotations.outcomes import forget as forget_names
    from engine.store.outcomes import kept_names

    store = store_of(db)
    if forget:
        narrate(f"{count(forget_names(store, forget), 'name')} forgotten; scores stay as they are")
        return
    kept = kept_names(store)
    if as_json:
        print_json(kept)
        return
    print_table(["name", "candidate"], list(kept.items()))


@outcomes.command()
@click.argument("names", nargs=-1, required=True, metavar="OUTCOME ...")
@click.option("--candidate", help="Only this one's score, named as it was added.")
@database
def remove(names: tuple[str, ...], candidate: str | None, db: Path | None) -> None:
    """Take back outcomes that were added."""
    from engine.store.outcomes import remove_outcomes, stored_outcomes
    from rubrics.errors import BadInput

    store = store_of(db)
    stored = [outcome for outcome in stored_outcomes(store) if candidate is None or outcome.candidate == candidate]
    for name in names:
        if name not in {outcome.outcome for outcome in stored}:
            stored_names = ", ".join(dict.fromkeys(outcome.outcome for outcome in stored)) or "none"
            whose = f" of {candidate!r}" if candidate else ""
            raise BadInput(f"no outcome {name!r}{whose} is stored", fix=f"outcomes{whose}: {stored_names}")
    narrate(f"{count(remove_outcomes(store, names, candidate), 'score')} removed")


@outcomes.command()
@click.argument("outcome", metavar="OUTCOME")
@click.argument("domain", required=False, metavar="[DOMAIN]")
@click.option(
    "--traces", metavar="NAME",
    help="The trace file with its expert solutions, by its name without ending; its domain stays as it is.",
)  # fmt: skip
@database
def tie(outcome: str, domain: str | None, traces: str | None, db: Path | None) -> None:
    """Tie an outcome to the domain, category or subcategory it is the outcome of; to none where none is named.

    `rude-tui correlate --matrix` then tells whether RuDE in that domain foretells it better than in another. With
    --traces it is tied to expert solutions: `rude-tui predictors proxy --outcome` takes its features from these.
    """
    from engine.annotations.outcomes import name_experts
    from engine.annotations.outcomes import tie as tie_outcome

    store = store_of(db)
    if traces is not None:
        scores = name_experts(store, outcome, traces.removesuffix(".jsonl"))
        narrate(f"{outcome}: expert traces {traces.removesuffix('.jsonl')} ({count(scores, 'score')})")
    if domain is not None or traces is None:
        tied = tie_outcome(store, outcome, domain)
        narrate(f"{outcome}: tied to {tied.part or 'nothing'} ({count(tied.scores, 'score')})")
        if not tied.known:
            narrate(f"note: no suite here has a domain {tied.part}, and no category or subcategory is called so")


def _span(low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{low:.4g} to {high:.4g}"


@outcomes.command("list")
@click.option("--published", is_flag=True, help="The published ones, each marked printed or digitised.")
@as_json
@database
def list_(published: bool, as_json: bool, db: Path | None) -> None:
    """List stored outcomes."""
    from engine.outcomes.exactness import interval_of, told
    from engine.outcomes.outcomes import published_outcomes
    from engine.store.outcomes import stored_outcomes

    listed = published_outcomes() if published else stored_outcomes(store_of(db))
    if as_json:
        print_json([told(outcome) for outcome in listed])
        return
    better = {None: "–", False: "higher", True: "lower"}
    print_table(
        [
            "outcome", "candidate", "score", "95 %", "of", "samples", "better", "measured", "conditions",
            "domain", "traces", "source",
        ],
        [
            [
                o.outcome, o.candidate, f"{o.score:g}", _span(*interval_of(o)),
                "–" if o.scale is None else f"{o.scale:g}", "–" if o.samples is None else f"{o.samples:,}",
                better[o.lower_is_better], (o.measured or "–")[:10], o.conditions or "–",
                o.domain or "–", o.traces or "–", o.source,
            ]
            for o in listed
        ],
        right=["score", "95 %", "of", "samples"],
    )  # fmt: skip
    if not listed:
        narrate("no outcomes yet: rude-tui outcomes add FILE.csv, or rude-tui correlate --published")
