"""`rude-tui outcomes`."""

from __future__ import annotations

from pathlib import Path

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, store_of
from rude_tui.output import narrate, print_json, print_table

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
@click.option("--one-scale", is_flag=True, help="What looks like fractions beside percents is one scale.")
@database
def add(
    files: tuple[Path, ...], mapping: tuple[str, ...], averages: bool, one_scale: bool, db: Path | None
) -> None:  # fmt: skip
    """Add outcomes from a table or from the results of an evaluation harness.

    A CSV has the columns candidate, outcome, score[, stderr, source, direction, domain]; the direction is higher or
    lower, whichever is better; the domain (a category or subcategory too) is what it is the outcome of. Results: JSON
    of lm-evaluation-harness or lighteval, JSON logs of Inspect; an outcome is called task/metric. Names are matched as
    they stand or as --map says, never guessed; near-misses are pointed out.
    """
    from engine.annotations.outcomes import add_files
    from engine.outcomes.outcomes import mapping_of

    names = mapping_of(mapping)
    added = add_files(store_of(db, new=True), files, names, averages=averages, one_scale=one_scale)
    narrate(*(f"note: {what}" for what in added.notes))
    narrate(f"{len(added.scores)} outcomes stored, {added.replaced} of them in place of an earlier score")
    for stranger, near in added.strangers.items():
        hint = f"; did you mean {near[0]}? Then add it again with --map {stranger}={near[0]}" if near else ""
        narrate(f"note: {stranger} is no candidate here{hint}")


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
@database
def tie(outcome: str, domain: str | None, db: Path | None) -> None:
    """Tie an outcome to the domain, category or subcategory it is the outcome of; to none where none is named.

    `rude-tui correlate --matrix` then tells whether RuDE in that domain foretells it better than in another.
    """
    from engine.annotations.outcomes import tie as tie_outcome

    scores = tie_outcome(store_of(db), outcome, domain)
    narrate(f"{outcome}: tied to {domain or 'nothing'} ({count(scores, 'score')})")


@outcomes.command("list")
@click.option("--published", is_flag=True, help="The published ones, each marked printed or digitised.")
@as_json
@database
def list_(published: bool, as_json: bool, db: Path | None) -> None:
    """List stored outcomes."""
    from dataclasses import asdict

    from engine.outcomes.outcomes import published_outcomes
    from engine.store.outcomes import stored_outcomes

    listed = published_outcomes() if published else stored_outcomes(store_of(db))
    if as_json:
        print_json([asdict(outcome) for outcome in listed])
        return
    better = {None: "–", False: "higher", True: "lower"}
    print_table(
        ["outcome", "candidate", "score", "stderr", "better", "domain", "source"],
        [
            [
                o.outcome, o.candidate, f"{o.score:g}", "–" if o.stderr is None else f"{o.stderr:g}",
                better[o.lower_is_better], o.domain or "–", o.source,
            ]
            for o in listed
        ],
        right=["score", "stderr"],
    )  # fmt: skip
    if not listed:
        narrate("no outcomes yet: rude-tui outcomes add FILE.csv, or rude-tui correlate --published")
