"""`rude-tui fidelity`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rude_tui.options import as_json, attention_option, database, store_of
from rude_tui.output import interval, narrate, percent, points, points_between, print_json, print_table

if TYPE_CHECKING:
    from engine.results.fidelity import Fidelity

__all__ = ["fidelity"]

_PRECISIONS = click.Choice(["fp32", "bf16", "int8", "nf4"])


@click.command()
@click.option("--model", required=True, metavar="M", help="Folder or hub id.")
@click.option("--suite", required=True, metavar="S", help="Built-in name or .jsonl file.")
@click.option("--protocol", type=click.Choice(["choice", "likelihood", "both"]), default="both", show_default=True)
@click.option("--reference", type=_PRECISIONS, help="Held against (default: fp32 on a CPU, bf16 on a GPU).")
@click.option("--precision", type=_PRECISIONS, help="Tried (default: bf16 on a CPU, nf4 on a GPU).")
@click.option("--limit", type=click.IntRange(1), default=200, show_default=True, metavar="N",
              help="Size of the sample: the first N pairs of the random order.")  # fmt: skip
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or cuda:all.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads (default: all cores, at lowered priority).")
@attention_option
@click.option("--allow-remote-code", is_flag=True, help="Let the model run code of its own. Only if you trust it.")
@as_json
@database
@click.pass_context
def fidelity(
    ctx: click.Context, model: str, suite: str, protocol: str, reference: str | None, precision: str | None,
    limit: int, device: str, threads: int | None, attention: str, allow_remote_code: bool, as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Score the same sample at two precisions, and say what the smaller one costs.

    Agreement of verdicts, shift in accuracy, and whether the candidate would be ranked elsewhere among those stored.
    Both runs are kept; a sample never narrows a ranking. Running it again scores only what is missing.
    """
    from engine.jobs.job import exit_code, perform
    from engine.jobs.planning import plan
    from engine.jobs.runs import RunRequest, protocols_of
    from engine.machine.devices import resolve_device
    from engine.results.fidelity import fidelity as read
    from rubrics.errors import BadInput
    from rude_tui.downloads import downloader
    from rude_tui.terminal_progress import TerminalProgress

    on_cpu = resolve_device(device).kind == "cpu"
    pair = (reference or ("fp32" if on_cpu else "bf16"), precision or ("bf16" if on_cpu else "nf4"))
    if pair[0] == pair[1]:
        raise BadInput(f"{pair[0]} cannot be held against itself", fix="name two precisions")
    store, allowed = store_of(db), (model,) if allow_remote_code else ()
    runs: dict[tuple[str, str], dict[str, str]] = {}
    for one in pair:
        planned = plan(
            store,
            RunRequest(
                models=(model,), suites=(suite,), protocols=protocols_of(protocol), precision=one, device=device,
                threads=threads, attention=attention, limit=limit, allow_remote_code=frozenset(allowed),
            ),
            TerminalProgress(),
            fetch=downloader(allowed),
        )  # fmt: skip
        states = perform(store, planned, TerminalProgress())
        if any(state.error for state in states):
            for state in states:
                narrate(*filter(None, [state.error and f"{state.candidate}, {one}: {state.error}"]))
            ctx.exit(int(exit_code(states, planned.refused)))
        for run in planned.runs:
            runs.setdefault((run.protocol, run.suite.hash), {})[one] = run.run_id
    found = [read(store, protocol, suite_hash, ids) for (protocol, suite_hash), ids in runs.items()]
    if as_json:
        print_json([{**asdict(one), "ranking_changes": one.ranking_changes} for one in found])
    else:
        _print(found)


def _print(found: list[Fidelity]) -> None:
    a, b = found[0].reference, found[0].precision
    rows: list[list[Any]] = []
    for one in found:
        change = one.comparison
        rows.append([
            one.protocol, one.metric, one.n_pairs, percent(one.agreement.value),
            interval(one.agreement.ci_low, one.agreement.ci_high), percent(one.accuracy[0]), percent(one.accuracy[1]),
            points(change.difference), points_between(change.ci_low, change.ci_high),
            f"{change.p_value:.3f}", f"{one.moved_median:.2g} / {one.moved_95:.2g}",
        ])  # fmt: skip
    columns = [
        "protocol", "metric", "pairs", "same verdict", "95 %", a, b, "shift", "95 % of it", "p", "margin moved by",
    ]  # fmt: skip
    print_table(columns, rows, right=columns[2:])
    for one in found:
        narrate(f"{one.protocol}: {_place(one)}")
    narrate(
        f"{found[0].candidate} · {found[0].suite} · shift: {b} minus {a}, in points ({found[0].comparison.method}; "
        f"p: {found[0].comparison.test}) · same verdict: {found[0].agreement.method} · margin moved by: median and "
        "95th percentile, nats (per byte for likelihood)"
    )


def _place(one: Fidelity) -> str:
    if one.rank is None:
        return "no other stored candidate has read these pairs, so no place can change"
    first, second = (
        f"{row.rank} ({'tied with ' + ', '.join(row.tied_with) if row.tied_with else 'tied with none'})"
        for row in one.rank
    )
    if not one.ranking_changes:
        return f"the ranking would not change: place {first} at both precisions"
    return f"THE RANKING WOULD CHANGE: place {first} at {one.reference}, {second} at {one.precision}"
