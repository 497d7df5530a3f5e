"""`rude-tui pairs`."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, question_options, store_of
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.results.items import PairTrial, Trial
    from engine.store.connection import Store

__all__ = ["pairs"]

F = TypeVar("F", bound=Callable[..., Any])
_WIDE = 110
"""Columns of a terminal from which everything is shown."""
_FINDINGS = ("reversed", "suspect", "all pass", "all fail")


def _trial_options(command: F) -> F:
    for option in (
        click.option("--q", "rate", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.05,
                     show_default=True, help="False discovery rate among the pairs called reversed."),
        click.option("--model", type=click.Choice(["auto", "rasch", "2pl"]), default="auto", show_default=True,
                     help="Rasch, or 2PL where candidates are many (auto: from 100; never below 20)."),
    ):  # fmt: skip
        command = option(command)
    return question_options(command)


@click.group()
def pairs() -> None:
    """Pairs on trial: what candidates' verdicts say about single pairs.

    Item response over stored verdicts: how hard each pair is, whether abler candidates fail it and weaker ones pass,
    whether its label looks wrong, what it tells at all. `short` writes a suite of the pairs that tell most, `exclude`
    leaves pairs out of every ranking, with a reason.
    """


@pairs.command()
@_trial_options
@click.option("--sort", type=click.Choice(["suspicion", "difficulty", "discrimination", "information", "id"]),
              default="suspicion", show_default=True, help="What comes first.")  # fmt: skip
@click.option("--only", type=click.Choice([*_FINDINGS, "uninformative"]), help="Only pairs of which that was found.")
@click.option("--limit", type=click.IntRange(0), default=40, show_default=True, help="Rows to show; 0: all.")
@as_json
@database
def table(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, model: Literal["auto"],
    rate: float, sort: str, only: str | None, limit: int, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Show difficulty and findings of every pair.

    Difficulty: Rasch, in logits, shrunk (posterior mean ± sd; 0 is an average pair). Item-rest: correlation with
    accuracy on the other pairs; with 2PL also the slope. p: exact one-sided Mann–Whitney that those who pass rank lower
    than those who fail; q after Benjamini–Hochberg. Information: Fisher's, about ability, summed over candidates.
    """
    trial = _trial(store_of(db), suite, protocol, metric, with_excluded, model, rate)
    wanted = ("all pass", "all fail") if only == "uninformative" else (only,)
    rows = [pair for pair in trial.sorted(sort) if only is None or set(pair.findings) & set(wanted)]
    if as_json:
        print_json({**_about(trial), "pairs": [_row_json(row) for row in rows]})
        return
    _print_pairs(trial, rows, limit)
    _narrate_trial(trial)


@pairs.command()
@_trial_options
@as_json
@database
def suspects(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, model: Literal["auto"],
    rate: float, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """List the pairs to read again.

    Reversed: abler candidates fail it, weaker ones pass, at the false discovery rate --q. Suspect: every strong
    candidate (the abler third, surely above chance) prefers the rejected response by more than its own median margin.
    Neither proves a wrong label: read the pair, then `rude-tui pairs exclude ID --reason …`.
    """
    trial = _trial(store_of(db), suite, protocol, metric, with_excluded, model, rate)
    rows = [pair for pair in trial.sorted("suspicion") if {"reversed", "suspect"} & set(pair.findings)]
    if as_json:
        print_json({**_about(trial), "pairs": [_row_json(row) for row in rows]})
        return
    _print_pairs(trial, rows, 0)
    _narrate_trial(trial)


@pairs.command()
@_trial_options
@as_json
@database
def abilities(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, model: Literal["auto"],
    rate: float, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Show every candidate's ability and error.

    Rasch: logits by which it beats an average pair, standard error robust to clusters; unlike an accuracy it compares
    candidates that scored different pairs. 2PL: standard deviations of the candidates, errors from the information.
    """
    trial = _trial(store_of(db), suite, protocol, metric, with_excluded, model, rate)
    if as_json:
        print_json({**_about(trial), "pairs": None})
        return
    print_table(
        ["candidate", "ability", "± se", "strong"],
        [[a.candidate, f"{a.ability:+.3f}", _number(a.se), "yes" if a.strong else ""] for a in trial.abilities],
        right=["ability", "± se"],
    )
    _narrate_trial(trial)


@pairs.command()
@_trial_options
@click.option("-k", "at_most", type=click.IntRange(1), required=True, help="At most so many pairs.")
@click.option("--whole", type=click.Choice(["cluster", "group", "pair"]), default="cluster", show_default=True,
              help="What is taken together or not at all.")  # fmt: skip
@click.option("--without", type=click.Choice(_FINDINGS), multiple=True, help="Leave out pairs with this finding.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Suite file to write (.jsonl), with its card.")
@as_json
@database
def short(
    suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool, model: Literal["auto"],
    rate: float, at_most: int, whole: str, without: tuple[str, ...], output: Path | None, as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Pick the most informative pairs.

    They make a suite of their own; what is lost in precision is shown. Whole clusters by default, so that mirrored
    pairs stay together. Chosen to keep the mean variance of the candidates' abilities low (Fisher information, exchange
    by gradient); expected standard errors are 1/√information.
    """
    from engine.results.short import shorten, write_short
    from rubrics.errors import BadInput

    if output is not None and output.suffix != ".jsonl":
        raise BadInput("a suite file ends in .jsonl", where=str(output), fix="name it so")
    store = store_of(db)
    trial = _trial(store, suite, protocol, metric, with_excluded, model, rate)
    found = shorten(trial, at_most, whole=whole, leave_out=without)
    if output is not None:
        write_short(store, trial, found, output)
    errors = found.precision
    rows = list(zip(found.candidates, errors.se_all, errors.se_short, errors.se_random, strict=True))
    if as_json:
        print_json({
            **_about(trial), "pairs": list(found.pair_ids), "whole": whole, "units": found.units,
            "worth_random_pairs": errors.worth, "loss": found.loss, "path": None if output is None else str(output),
            "precision": [
                {"candidate": name, "se_all": float(a), "se_short": float(b), "se_random": float(c)}
                for name, a, b, c in rows
            ],
        })  # fmt: skip
        return
    print_table(
        ["candidate", f"se, all {len(trial.pairs)}", f"se, these {len(found.pair_ids)}", "se, as many at random"],
        [[name, *(f"{value:.3f}" for value in values)] for name, *values in rows],
        right=[f"se, all {len(trial.pairs)}", f"se, these {len(found.pair_ids)}", "se, as many at random"],
    )
    narrate(
        f"{len(found.pair_ids)} pairs in {found.units} whole {whole}s; standard errors grow {found.loss:.2f}-fold "
        f"(median candidate); as informative as {errors.worth:.0f} pairs drawn at random",
        "se: 1/√(Fisher information), in logits of ability, pairs taken as independent",
        "accuracies on these pairs compare with each other, not with those on the whole suite",
    )
    narrate(f"→ {output}, {output.with_suffix('.md')}" if output is not None else "-o SUITE.jsonl writes them")
    narrate(*(f"note: {note}" for note in trial.notes))


@pairs.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID ...")
@click.option("--reason", required=True, help="Why; shown beside the pair.")
@click.option("--suite", help="Suite by name or hash. Default: the one run last.")
@database
def exclude(ids: tuple[str, ...], reason: str, suite: str | None, db: Path | None) -> None:
    """Leave pairs out, with a reason.

    They count in no ranking, failures or correlation. Every ranking says how many are left out; --with-excluded counts
    them again.
    """
    _note(store_of(db), suite, ids, "exclude", reason)
    narrate(f"{count(len(set(ids)), 'pair')} excluded: rude-tui rank, or rank --with-excluded to see them counted")


@pairs.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID ...")
@click.option("--suite", help="Suite by name or hash. Default: the one run last.")
@database
def include(ids: tuple[str, ...], suite: str | None, db: Path | None) -> None:
    """Count excluded pairs again."""
    from engine.store.annotations import withdraw

    store = store_of(db)
    back = withdraw(store, _suite_with(store, suite, ids), list(ids), "exclude")
    narrate(
        f"counted again: {count(back, 'pair')}"
        + (f", {len(set(ids)) - back} always did" if back < len(set(ids)) else "")
    )


@pairs.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID ...")
@click.option("--note", default="", help="What to remember.")
@click.option("--off", is_flag=True, help="Take the flags off.")
@click.option("--suite", help="Suite by name or hash. Default: the one run last.")
@database
def flag(ids: tuple[str, ...], note: str, off: bool, suite: str | None, db: Path | None) -> None:
    """Flag pairs to come back to; they still count."""
    from engine.store.annotations import withdraw

    store = store_of(db)
    if off:
        narrate(f"{count(withdraw(store, _suite_with(store, suite, ids), list(ids), 'flag'), 'flag')} taken off")
        return
    _note(store, suite, ids, "flag", note)
    narrate(f"{count(len(set(ids)), 'pair')} flagged")


@pairs.command()
@click.option("--suite", help="Suite by name or hash. Default: the one run last.")
@as_json
@database
def notes(suite: str | None, as_json: bool, db: Path | None) -> None:
    """List flags and exclusions with their reasons."""
    from dataclasses import asdict

    from engine.store.annotations import stored_annotations

    store = store_of(db)
    found = [one for row in stored_annotations(store, _suite_with(store, suite, ())).values() for one in row]
    if as_json:
        print_json([asdict(one) for one in found])
        return
    print_table(["pair", "kind", "note", "since"], [[one.pair_id, one.kind, one.note, one.added_at] for one in found])
    if not found:
        narrate("no pair is flagged or excluded")


def _note(store: Store, suite: str | None, ids: tuple[str, ...], kind: Literal["flag", "exclude"], note: str) -> None:
    from engine.store.annotations import annotate
    from rubrics.errors import BadInput

    if kind == "exclude" and not note.strip():
        raise BadInput("an exclusion needs a reason", fix="--reason 'both responses meet the criterion'")
    annotate(store, _suite_with(store, suite, ids), list(ids), kind, note.strip())


def _suite_with(store: Store, suite: str | None, ids: tuple[str, ...]) -> str:
    """The hash of the suite meant, which holds all these pairs."""
    from engine.results.board import Question, load_board
    from rubrics.errors import BadInput

    index = load_board(store, Question(suite, with_excluded=True)).index
    strangers = [pair_id for pair_id in ids if pair_id not in set(index.pair_id)]
    if strangers:
        raise BadInput(f"no pair {strangers[0]!r} in this suite", where=index.suite_hash[:12],
                       fix="rude-tui pairs table --sort id --limit 0 lists the ids; nothing was noted")  # fmt: skip
    return index.suite_hash


def _trial(
    store: Store, suite: str | None, protocol: str | None, metric: str | None, with_excluded: bool,
    model: Literal["auto", "rasch", "2pl"], rate: float,
) -> Trial:  # fmt: skip
    from engine.results.board import Question, load_board
    from engine.results.items import try_pairs

    board = load_board(store, Question(suite, protocol, metric, with_excluded=with_excluded))
    return try_pairs(board, model=model, q=rate)


def _print_pairs(trial: Trial, rows: list[PairTrial], limit: int) -> None:
    shown = rows[: limit or None]
    columns: dict[str, Callable[[PairTrial], str]] = {
        "pair": lambda row: row.pair_id,
        "violates": lambda row: ", ".join(row.subcategories),
        "passed": lambda row: f"{row.passed:g}/{row.scored}",
        "difficulty": lambda row: f"{row.difficulty:+.2f}±{row.difficulty_se:.2f}",
        "item-rest": lambda row: _number(row.discrimination, 2),
        "slope": lambda row: f"{row.slope:+.2f}±{row.slope_se:.2f}",
        "p": lambda row: _small(row.p_value),
        "q": lambda row: _small(row.q_value),
        "information": lambda row: f"{row.information:.2f}",
        "found": lambda row: ", ".join(row.findings),
        "noted": lambda row: "; ".join(f"{n.kind}: {n.note}" if n.note else n.kind for n in row.notes),
    }
    left_out = set() if trial.model == "2pl" else {"slope"}
    if not any(row.notes for row in shown):
        left_out.add("noted")
    if sys.stdout.isatty() and shutil.get_terminal_size().columns < _WIDE:
        left_out |= {"violates", "p", "information"}
    names = [name for name in columns if name not in left_out]
    print_table(
        names,
        [[columns[name](row) for name in names] for row in shown],
        right=[name for name in names if name not in ("pair", "violates", "found", "noted")],
    )
    if len(rows) > len(shown):
        narrate(f"the first {limit} of {len(rows)} pairs; --limit 0 shows all")


def _narrate_trial(trial: Trial) -> None:
    from engine.results.items import cannot_tell

    count = {finding: len(trial.found(finding)) for finding in _FINDINGS}
    model = "2PL" if trial.model == "2pl" else "Rasch, shrunk"
    narrate(
        f"{trial.suite} {trial.suite_hash[:12]} · {trial.protocol}, {trial.metric} · "
        f"{len(trial.candidates)} candidates on {len(trial.pairs)} pairs · {model}; "
        f"difficulties spread by {trial.spread:.2f} logits",
        f"{count['reversed']} reversed (q ≤ {trial.q:g}), {count['suspect']} suspect, "
        f"{count['all pass']} that all pass, {count['all fail']} that all fail (these two tell nothing)",
    )
    if not math.isnan(trial.negative) and not math.isnan(trial.negative_by_chance):
        narrate(
            f"{trial.negative:.0%} of pairs have a negative item-rest correlation; "
            f"{trial.negative_by_chance:.0%} would by chance if all discriminated alike: the sign alone flags nothing"
        )
    narrate(*filter(None, [cannot_tell(trial)]), *(f"note: {note}" for note in trial.notes))


def _about(trial: Trial) -> dict[str, Any]:
    from dataclasses import asdict

    from engine.results.items import cannot_tell
    from engine.stats.irt.item_tests import HELP

    return {
        "suite": trial.suite, "suite_hash": trial.suite_hash, "protocol": trial.protocol, "metric": trial.metric,
        "model": trial.model, "spread": trial.spread, "q": trial.q, "negative": trial.negative,
        "negative_by_chance": trial.negative_by_chance, "notes": list(trial.notes), "cannot_tell": cannot_tell(trial),
        "abilities": [asdict(ability) for ability in trial.abilities], "help": HELP,
    }  # fmt: skip


def _row_json(row: PairTrial) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(row)


def _number(value: float, digits: int = 3) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _small(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2g}"
