"""`rude-tui run`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, Literal

import click

from engine.jobs.cancelling import cancelled_by_signals
from rude_tui.options import (
    as_json,
    attention_option,
    concurrency_option,
    database,
    device_option,
    memory_option,
    models_option,
    precision_option,
    protocol_option,
    remote_code_option,
    served_of,
    served_options,
    store_of,
    take_over_option,
    telling_options,
    threads_option,
    workers_option,
)
from rude_tui.output import narrate, narrate_refused, narrate_skips, print_json, print_table

__all__ = ["run"]


@click.command()
@models_option
@click.option(
    "--suite", "suites", multiple=True, required=True, metavar="S", help="Built-in name or .jsonl file; repeatable."
)
@protocol_option
@precision_option
@device_option
@memory_option
@threads_option
@attention_option
@click.option("--shots", type=click.IntRange(0), help="Exemplars shown (default: 2 for choice, 0 for likelihood).")
@click.option("--show-criteria", is_flag=True, help="Show the rubric to the candidate.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Score only the first N pairs of the random order.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Decides the order of scoring and what `single` reads."
)
@click.option("--token-scores", is_flag=True, help="Keep every response token's log-probability, rank and entropy.")
@click.option(
    "--controls",
    type=click.IntRange(0),
    metavar="N",
    help="For likelihood, score N of the pairs also without their prompt and with another pair's (default: 150).",
)
@click.option(
    "--wordings",
    metavar="W",
    default="",
    help="Score in other wordings too: all, some by name, or a TOML file of your own. See `wordings`.",
)
@click.option(
    "--shot-draws",
    type=click.IntRange(0, 20),
    default=0,
    metavar="N",
    help="And with so many other draws of exemplars.",
)
@click.option(
    "--until-decided",
    "until",
    type=click.Choice(["best", "order"]),
    is_flag=False,
    flag_value="best",
    help="Score in rounds, and stop when the best candidate (or the whole order) is settled.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.05,
    show_default=True,
    help="How often such a decision may be wrong.",
)
@click.option("--backend", default="", metavar="NAME", help="What scores instead of transformers: a plugin's backend.")
@workers_option
@click.option(
    "--ray",
    default="",
    metavar="auto|ADDRESS",
    help="Workers run on the nodes of this Ray cluster (auto: the one that this machine is a node of).",
)
@served_options
@concurrency_option
@telling_options
@remote_code_option
@take_over_option
@click.option("--dry-run", is_flag=True, help="Say what would be done, over-long pairs included, and stop.")
@as_json
@database
@click.pass_context
def run(
    ctx: click.Context, models: tuple[str, ...], suites: tuple[str, ...], protocol: str, precision: str, device: str,
    memory: int | None, threads: int | None, attention: str, shots: int | None, show_criteria: bool,
    limit: int | None, seed: int, token_scores: bool, controls: int | None, wordings: str, shot_draws: int,
    until: Literal["best", "order"] | None, alpha: float, backend: str, workers: int | None, ray: str,
    tokenizer: str | None, key_variable: str | None, concurrency: int | None, allow_remote_code: tuple[str, ...],
    take_over: bool, dry_run: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Score candidates on suites, each candidate in a process of its own, one at a time or --workers side by side.

    With --ray those processes are on the nodes of a cluster; where there is room for more of them than there are
    candidates, a candidate's pairs are shared out. Every node has to see the models, under the same path or in its
    Hugging Face cache.

    Running the same command again scores only what is missing. Ctrl-C keeps what is done.

    With --until-decided all candidates are scored on the same pairs, round by round, each round reading about as many
    again as before, so that a candidate is loaded few times; who is out of the race is not scored further. The test
    holds whenever it stops. Its claim is about the suite named, not about others like it.

    A model of a server (http://HOST:PORT/v1#NAME: vLLM, SGLang, or another that gives the log-probability of every id)
    is tried before anything of it is believed, and recognised by its numbers, not by its name.
    """
    from engine.jobs.planning import plan
    from engine.jobs.runs import CONTROL_PAIRS, RunRequest, protocols_of
    from engine.layout.wordings import wordings_asked
    from rude_tui.downloads import downloader
    from rude_tui.terminal_progress import asked_progress

    store = store_of(db, new=True)
    request = RunRequest(
        models=models, suites=suites, protocols=protocols_of(protocol), precision=precision,
        device=device, threads=threads, attention=attention, shots=shots, show_criteria=show_criteria,
        limit=limit, seed=seed, token_scores=token_scores,
        wordings=wordings_asked(protocols_of(protocol), wordings, shot_draws),
        controls=CONTROL_PAIRS if controls is None else controls, until=until, alpha=alpha,
        allow_remote_code=frozenset(allow_remote_code), backend=backend,
        served=served_of(models, tokenizer, key_variable), concurrency=concurrency, workers=workers,
        memory=memory, ray=ray,
    )  # fmt: skip
    planned = plan(store, request, asked_progress(), fetch=downloader(allow_remote_code))
    narrate_refused(planned.refused)
    narrate(*planned.left_out)
    if dry_run:
        ctx.exit(_preview(planned, as_json))
    else:
        ctx.exit(carry_out(store, planned, as_json=as_json, take_over=take_over))


def carry_out(store: Any, planned: Any, *, as_json: bool, take_over: bool = False) -> int:
    """Do what is planned, telling the terminal; prints how each run ended.

    Returns:
        The exit code.
    """
    from engine.jobs.job import exit_code, perform
    from engine.jobs.progress import Phase, shown_phase
    from engine.jobs.race import decisions_of
    from engine.results.decisions import claim
    from rude_tui.terminal_progress import asked_progress

    states = perform(store, planned, asked_progress(), cancelled_by_signals(), take_over=take_over)
    stopped = any(state.phase is Phase.CANCELLED for state in states)
    decisions = [] if stopped else decisions_of(store, planned)
    if as_json:
        rows = [state.to_json() for state in states]
        claimed = [{**asdict(decision), "claim": claim(decision)} for decision in decisions]
        print_json(rows if planned.request.until is None else {"runs": rows, "decisions": claimed})
    else:
        print_table(
            ["candidate", "suite", "protocol", "precision", "ended", "scored", "skipped", "pairs/s"],
            [
                [
                    s.candidate, s.suite, s.way, s.precision, shown_phase(str(s.phase), s.done, s.skipped),
                    f"{s.done} of {s.total}", s.skipped,
                    f"{s.pairs_per_second:.0f}" if s.judged and s.seconds > 0.1 else "–",
                ]
                for s in states
            ],
            right=["scored", "skipped", "pairs/s"],
        )  # fmt: skip
        if decisions:
            print_table(
                ["place", *_RACE], [row for decision in decisions for row in _raced(decision)], right=list(_RACE[1:])
            )
    claims = [claim(decision) for decision in decisions]
    narrate(*claims)
    notes = ((note, state) for state in states for note in state.notes if note not in claims)
    for note, runs in _by_text(notes):
        narrate(f"note: {note} ({runs})")
    if not stopped:
        narrate(*(f"warning: {text}" for text in _inverted(store, planned)))
    for error, runs in _by_text((state.error, state) for state in states if state.error):
        narrate(f"{runs}: {error}")
    return int(exit_code(states, planned.refused))


def _inverted(store: Any, planned: Any) -> list[str]:
    """What looks changed over in the suites that were scored."""
    from engine.results.board import Question
    from engine.results.suspicions import inverted

    asked = dict.fromkeys(
        (run.suite.hash, run.protocol) for run in planned.runs if run.prompt == "own" and not run.wording.label
    )
    return [text for suite, protocol in asked if (text := inverted(store, Question(suite, protocol)))]


def _by_text(texts: Iterable[tuple[str, Any]]) -> list[tuple[str, str]]:
    """Each text once, with the first run that it was said of and how many more there are."""
    runs: dict[str, list[str]] = {}
    for text, state in texts:
        runs.setdefault(text, []).append(f"{state.candidate}, {state.suite}, {state.way}")
    return [(text, f"{of[0]} and {len(of) - 1} more" if len(of) > 1 else of[0]) for text, of in runs.items()]


_RACE: Final = ("candidate", "suite", "protocol", "raced", "groups read")


def _raced(decision: Any) -> list[list[Any]]:
    """A decision's candidates, best first. Places below the first are claims only where the order was asked for."""
    rows = []
    for place, name in enumerate(decision.ranked, 1):
        out = decision.out_at.get(name)
        won = decision.state == "decided" and place == 1
        claimed = decision.state == "decided" and (won or decision.goal == "order")
        raced = "still racing" if name in decision.racing else "best" if won else "placed" if claimed else "out"
        rows.append([
            place if claimed else "–", name, decision.suite, decision.protocol, raced, out or decision.groups_read,
        ])  # fmt: skip
    return rows


def _preview(planned: Any, as_json: bool) -> int:
    """Show what would be done.

    Returns:
        The exit code: some are left out where a candidate would be refused once it is loaded.

    Raises:
        RudeError: all would be.
    """
    from engine.jobs.preview import preview
    from engine.jobs.progress import way_of
    from rubrics.errors import Exit, RudeError

    rows: list[dict[str, Any]] = []
    failures: dict[str, RudeError] = {}
    for run, laid in preview(planned, failed=lambda run, error: failures.setdefault(run.candidate.name, error)):
        rows.append({
            "candidate": run.candidate.name, "suite": run.suite.name, "protocol": run.protocol, "prompt": run.prompt,
            "wording": run.wording.label,
            "precision": run.precision, "device": run.device, "why": run.why, "pairs": laid.total, "done": run.done,
            "left": max(0, laid.total - run.done), "tokens": laid.tokens, "skipped": [asdict(s) for s in laid.skipped],
            "notes": list(laid.notes),
        })  # fmt: skip
    if failures and not rows:
        raise next(iter(failures.values()))
    code = int(Exit.SOME_SKIPPED if failures else Exit.DONE)
    narrate_refused((name, error.what, error.fix) for name, error in failures.items())
    if as_json:
        print_json(rows)
        return code
    print_table(
        ["candidate", "suite", "protocol", "precision", "pairs", "done", "left", "tokens", "skipped"],
        [
            [
                r["candidate"], r["suite"], way_of(r["protocol"], r["prompt"], r["wording"]), r["precision"],
                r["pairs"], r["done"], r["left"], f"{r['tokens']:,}", len(r["skipped"]),
            ]
            for r in rows
        ],
        right=["pairs", "done", "left", "tokens", "skipped"],
    )  # fmt: skip
    if planned.request.until is not None:
        narrate("these at most: candidates are scored in rounds, until it is decided or the pairs are used up")
    # What is said of one run is mostly said of its other wordings and controls too.
    narrate(*dict.fromkeys(f"{row['candidate']}, {row['protocol']}: {row['why']}" for row in rows))
    for notes in dict.fromkeys((row["candidate"], note) for row in rows for note in row["notes"]):
        narrate("note: {1} ({0})".format(*notes))
    for skips in dict.fromkeys(tuple((s["pair_id"], s["reason"]) for s in row["skipped"]) for row in rows):
        narrate_skips(skips)
    return code
