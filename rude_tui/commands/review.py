"""`rude-tui review`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, store_of
from rude_tui.output import interval, narrate, percent, print_json, print_table

__all__ = ["review"]


@click.command()
@click.argument("construction", required=False, metavar="[CONSTRUCTION]")
@click.option(
    "--sheet",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="Write responses without their labels, to be read; fill in the column met with yes or no.",
)
@click.option(
    "--sample", "count", type=click.IntRange(1), default=40, show_default=True, help="Responses in the sheet."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the sample.")
@click.option("--read", "filled", type=click.Path(path_type=Path), metavar="FILE.csv", help="Take in a sheet.")
@click.option("--reader", default="me", show_default=True, help="Who filled it in.")
@click.option("--correct", is_flag=True, help="With --read: these readings overrule the labels.")
@click.option("--examples", "list_examples", is_flag=True, help="List all examples and how each one stands.")
@click.option("--calls", "example", metavar="EXAMPLE", help="Print every question and answer about an example.")
@click.option("--accept", multiple=True, metavar="EXAMPLE", help="Take it in whatever the verifier said; repeatable.")
@click.option("--drop", multiple=True, metavar="EXAMPLE", help="Leave it out; repeatable.")
@click.option(
    "--edit",
    nargs=2,
    type=(str, click.Path(path_type=Path)),
    multiple=True,
    metavar="EXAMPLE FILE",
    help="Put the text of a file in its place; repeatable.",
)
@click.option("--take-back", multiple=True, metavar="EXAMPLE", help="Undo a decision; repeatable.")
@click.option("--note", default="", help="A word on the decisions.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the suite anew, as things now stand.")
@as_json
@database
def review(**options: Any) -> None:
    """Read a sample of constructed responses blind, decide about examples, and write the suite anew.

    CONSTRUCTION is an id, the beginning of one, or the name of the suite. Without it, constructions are listed; with
    nothing else, agreement so far is shown.
    """
    from engine.construct import reading
    from engine.construct.output import write_construction
    from engine.construct.review import agreement_of, keep_readings, read_sheet, sample, write_sheet

    store, run_id = store_of(options["db"]), options["construction"]
    if run_id is None:
        _show_constructions(reading.construct_runs(store), options["as_json"])
        return
    run_id = reading.find_construction(store, run_id).run_id
    if options["example"]:
        _show_calls(reading.calls(store, run_id, options["example"]), options["as_json"])
        return
    for name in options["take_back"]:
        reading.take_back(store, run_id, name)
    for name in options["accept"]:
        reading.accept(store, run_id, name, options["note"])
    for name in options["drop"]:
        reading.drop(store, run_id, name, options["note"])
    for name, file in options["edit"]:
        reading.edit(store, run_id, name, _text_of(file), options["note"])
    if options["filled"]:
        answers = read_sheet(options["filled"])
        n_readings = keep_readings(store, run_id, answers, options["reader"], corrects=options["correct"])
        narrate(f"{n_readings} readings kept" + (", which overrule the labels" if options["correct"] else ""))
    if options["sheet"]:
        items = sample(store, run_id, options["count"], options["seed"])
        write_sheet(items, options["sheet"])
        narrate(
            f"{count(len(items), 'response')} → {options['sheet']}; fill in met, then: rude-tui review "
            f"{run_id} --read FILE"
        )
    if options["output"]:
        written = write_construction(store, run_id, options["output"])
        narrate(f"{count(written.pairs, 'pair')} → {options['output']}", *(f"note: {note}" for note in written.notes))
    if options["list_examples"]:
        _show_examples(reading.examples(store, run_id), options["as_json"])
    elif not options["sheet"] and not options["output"]:
        _show_agreement(agreement_of(store, run_id), options["as_json"])


def _text_of(file: Path) -> str:
    from rubrics.errors import BadInput
    from rubrics.sources import read_text

    return read_text(file, BadInput).strip()


def _show_constructions(rows: list[Any], as_json: bool) -> None:
    if as_json:
        print_json([
            {"id": r.run_id, "name": r.name, "method": r.method, "generator": r.generator, "verifier": r.verifier,
             "status": str(r.status), "error": r.error, "facts": r.facts, "created_at": r.created_at}
            for r in rows
        ])  # fmt: skip
        return
    print_table(
        ["construction", "suite", "method", "generator", "verifier", "status", "begun"],
        [[r.run_id, r.name, r.method, r.generator, r.verifier, str(r.status), r.created_at] for r in rows],
    )


def _show_examples(examples: list[Any], as_json: bool) -> None:
    if as_json:
        print_json([{**asdict(e), "criteria": [c.model_dump(mode="json") for c in e.criteria]} for e in examples])
        return
    print_table(
        ["example", "kind", "violates", "verifier", "rounds", "decision", "in the suite", "why"],
        [
            [
                e.example_id, e.kind, ", ".join(e.violated), e.status, e.rounds, e.decision,
                "yes" if e.in_suite else "no", e.why,
            ]
            for e in examples
        ],
        right=["rounds"],
    )  # fmt: skip


def _show_calls(calls: list[Any], as_json: bool) -> None:
    if as_json:
        print_json([{**asdict(c), "messages": [m._asdict() for m in c.messages]} for c in calls])
        return
    import sys

    from screens.shell.plain import plain

    for call in calls:
        head = f"━━ {call.purpose} · {call.model} · vote {call.vote} · {call.asked_at} · {call.seconds:.1f} s"
        parts = [
            head,
            *(f"── {m.role}\n{m.content}" for m in call.messages),
            f"── answer ({call.finish})\n{call.answer}",
        ]
        sys.stdout.write(plain("\n".join(parts)) + "\n\n")


def _show_agreement(agreement: Any, as_json: bool) -> None:
    if as_json:
        print_json(asdict(agreement))
        return
    if not agreement.readings:
        narrate("nobody has read a sample yet: --sheet FILE.csv writes one")
        return
    print_table(
        ["readings", "responses", "readers", "agree %", "95 %", "Cohen's κ"],
        [
            [
                agreement.readings, agreement.examples, agreement.readers, percent(agreement.share),
                interval(agreement.ci_low, agreement.ci_high), f"{agreement.kappa:.2f}",
            ]
        ],
    )  # fmt: skip
    print_table(
        ["against the label", "criterion", "reader", "reads it as"],
        [[r.example_id, r.criterion, r.reader, "met" if r.met else "violated"] for r in agreement.disagreements],
    )
