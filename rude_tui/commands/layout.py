"""`rude-tui layout`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, protocol_option, served_of, served_options, store_of
from rude_tui.output import narrate, narrate_skips
from screens.shell.plain import one_line

__all__ = ["layout"]


@click.command()
@click.option("--model", required=True, help="Folder, hub id or address; only its tokenizer is used.")
@click.option("--suite", required=True, help="Built-in name or .jsonl file.")
@click.option("--pair", "pairs", multiple=True, metavar="ID", help="Only this pair; repeatable.")
@protocol_option
@click.option("--shots", type=click.IntRange(0), help="Exemplars shown (default: 2 for choice, 0 for likelihood).")
@click.option("--show-criteria", is_flag=True, help="Show the rubric to the candidate.")
@served_options
@click.option("--allow-remote-code", is_flag=True, help="Let the model's own tokenizer code run.")
@as_json
@database
def layout(
    model: str, suite: str, pairs: tuple[str, ...], protocol: str, shots: int | None, show_criteria: bool,
    tokenizer: str | None, key_variable: str | None, allow_remote_code: bool, as_json: bool, db: Path | None,
) -> None:  # fmt: skip
    """Show every request exactly as it will be scored: token ids, text, scored span, label ids, BOS policy.

    In the table view the scored tokens of `likelihood` stand between ⟦ and ⟧.
    """
    from engine.jobs.planning import plan
    from engine.jobs.preview import LaidRequest, requests
    from engine.jobs.runs import RunRequest, protocols_of
    from rubrics.errors import BadInput
    from rude_tui.downloads import downloader

    request = RunRequest(
        models=(model,), suites=(suite,), protocols=protocols_of(protocol), shots=shots,
        show_criteria=show_criteria, device="cpu",
        allow_remote_code=frozenset([model] if allow_remote_code else []),
        served=served_of([model], tokenizer, key_variable),
    )  # fmt: skip
    planned = plan(
        store_of(db, new=True), request, fetch=downloader([model] if allow_remote_code else []), layout_only=True
    )
    scored = {pair.id for run in planned.runs for pair in run.suite.scored}
    unknown = [pair for pair in pairs if pair not in scored]
    if unknown:
        raise BadInput(
            f"no pair {unknown[0]!r} to score", where=suite, fix=f"rude-tui suite show {suite} lists the ids"
        )
    first = True
    if as_json:
        sys.stdout.write("[")
    for run, laid in requests(planned, pairs):
        if isinstance(laid, LaidRequest):
            if as_json:
                # Item by item: a suite of 30,000 pairs need not fit in memory as JSON.
                sys.stdout.write(("\n" if first else ",\n") + json.dumps(laid.json))
                first = False
            else:
                _print(laid)
        else:
            narrate(
                f"{run.protocol}: {count(laid.total, 'pair')}, {count(laid.tokens, 'token')}",
                *(f"note: {n}" for n in laid.notes),
            )
            narrate_skips((skip.pair_id, skip.reason) for skip in laid.skipped)
    if as_json:
        sys.stdout.write("\n]\n")


def _print(laid: object) -> None:
    from engine.jobs.preview import LaidRequest

    assert isinstance(laid, LaidRequest)
    request = laid.json
    start, end = request["scored"] or (len(laid.tokens), len(laid.tokens))
    marked = [*laid.tokens[:start], *(["⟦"] if request["scored"] else []), *laid.tokens[start:end]]
    marked += [*(["⟧"] if request["scored"] else []), *laid.tokens[end:]]
    labels = request["labels"]
    sys.stdout.write(
        f"{one_line(request['pair_id'])} · {request['protocol']} · {request['view']} · "
        f"{count(len(request['ids']), 'token')}"
        + (f" · labels: chosen {labels['chosen']}, rejected {labels['rejected']}" if labels else "")
        + "\n  "
        + "|".join(one_line(token, 80) or "␠" for token in marked)
        + "\n  "
        + " ".join(map(str, request["ids"]))
        + "\n"
    )
