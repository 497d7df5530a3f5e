"""`rude-tui construct`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.jobs.cancelling import cancelled_by_signals
from rubrics.counted import count
from rude_tui.options import as_json, database, store_of, take_over_option, telling_options
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.construct.account import Account
    from engine.construct.estimate import CostEstimate
    from engine.construct.request import ConstructRequest
    from engine.jobs.progress import RunState

__all__ = ["ConstructProgress", "construct", "patience_options", "request_of", "typed_request"]

F = TypeVar("F", bound=Callable[..., Any])

_SPEC = "http://host:port/v1#model (any OpenAI-compatible chat server) or local:PATH."


def patience_options(command: F) -> F:
    """How servers are asked; the same for `construct` and `trial`."""
    for option in (
        click.option("--max-calls", type=click.IntRange(1), metavar="N", help="Ask no more than N questions in all."),
        click.option("--concurrency", type=click.IntRange(1, 256), default=8, show_default=True,
                     help="Questions under way at a time."),
        click.option("--timeout", type=click.FloatRange(1), default=300, show_default=True, help="Seconds for one."),
        click.option("--attempts", type=click.IntRange(1, 50), default=6, show_default=True,
                     help="For each question, with growing pauses or those the server asks for."),
    ):  # fmt: skip
        command = option(command)
    return command


def _pair_of_prices(_: click.Context, __: click.Parameter, value: str | None) -> tuple[float, float]:
    if value is None:
        return 0.0, 0.0
    try:
        input_price, output_price = (float(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter("give READ,WRITTEN, for example 1.25,10") from None
    return input_price, output_price


def _sizes(_: click.Context, __: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in value.split(","))
    except ValueError:
        raise click.BadParameter("give sizes of V, for example 1,2,3") from None


@click.command()
@click.option(
    "--prompts",
    "prompts_file",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="Prompts with criteria, JSON lines.",
)
@click.option("--generator", required=True, metavar="SPEC", help=_SPEC)
@click.option("--verifier", required=True, metavar="SPEC", help="The same; better another model than the generator.")
@click.option("--second-verifier", metavar="SPEC", help="Must agree with the first on every criterion.")
@click.option("--generator-key", metavar="VARIABLE", help="Environment variable that holds the generator's key.")
@click.option("--verifier-key", metavar="VARIABLE", help="The verifier's.")
@click.option("--second-verifier-key", metavar="VARIABLE", help="The second verifier's.")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="Suite file to write (.jsonl).")
@click.option(
    "--method",
    type=click.Choice(["degrade", "best-of-n", "locate"]),
    default="degrade",
    show_default=True,
    help="The last two are rivals, for comparison.",
)
@click.option("--violations", default="1,2,3", show_default=True, callback=_sizes, help="Sizes of V to plan for.")
@click.option(
    "--per-prompt",
    type=click.IntRange(1, 50),
    default=1,
    show_default=True,
    metavar="N",
    help="Negatives for each positive.",
)
@click.option("--rounds", type=click.IntRange(1, 50), default=4, show_default=True, help="Attempts at each response.")
@click.option(
    "--votes",
    type=click.IntRange(1, 15),
    default=1,
    show_default=True,
    metavar="K",
    help="Verdicts on each criterion; odd, the majority decides.",
)
@click.option("--samples", type=click.IntRange(2, 64), default=8, show_default=True, help="Of best-of-n: n.")
@click.option(
    "--keep-best", is_flag=True, help="Of best-of-n: where none meets all criteria, keep the best, marked so."
)
@click.option(
    "--length-window",
    type=float,
    default=0.12,
    show_default=True,
    help="How far a negative's bytes may be from its positive's, as a share.",
)
@click.option(
    "--length-floor",
    type=click.IntRange(0),
    default=24,
    show_default=True,
    metavar="BYTES",
    help="The least that window is to be, either way: a share of a short answer leaves no room.",
)
@click.option(
    "--unchanged",
    type=click.FloatRange(0, 1),
    default=0.6,
    show_default=True,
    help="Most of the positive a rewrite may begin and end with.",
)
@click.option("--draft-criteria", is_flag=True, help="Let the generator propose criteria where a prompt has none.")
@click.option("--reference-first", is_flag=True, help="A prompt's reference is the first draft.")
@click.option("--blind-draft", is_flag=True, help="Do not show the criteria with the first request for an answer.")
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.8, show_default=True, help="The generator's.")
@click.option("--answer-tokens", type=click.IntRange(16), default=4096, show_default=True, help="Longest answer.")
@click.option("--schema", is_flag=True, help="Ask servers to hold JSON answers to a schema (response_format).")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Only the first N prompts of the file.")
@click.option("--seed", type=int, default=0, show_default=True)
@patience_options
@click.option("--max-tokens", type=click.IntRange(1), metavar="N", help="Read and write no more than N tokens in all.")
@click.option(
    "--generator-price",
    callback=_pair_of_prices,
    metavar="READ,WRITTEN",
    help="Money for a million tokens, for --dry-run.",
)
@click.option("--verifier-price", callback=_pair_of_prices, metavar="READ,WRITTEN", help="The same.")
@telling_options
@take_over_option
@click.option("--dry-run", is_flag=True, help="Say what it would cost, and stop.")
@as_json
@database
@click.pass_context
def construct(ctx: click.Context, /, **options: Any) -> None:
    """Build a suite of pairs from prompts: a generator writes, a verifier judges every criterion by itself.

    Every answer is kept under the hash of what was asked: the same command again goes on where it stopped and asks
    nothing twice. Ctrl-C keeps what is done.
    """
    from engine.construct.job import ConstructJob
    from engine.jobs.job import exit_code, perform
    from rude_tui.terminal_progress import asked_progress

    request = request_of(options)
    store = store_of(options["db"], new=True)
    if options["dry_run"]:
        _show_estimate(request.estimate(store), options["as_json"])
        return
    job = ConstructJob(request.construction(), request.running)
    progress = ConstructProgress()
    try:
        (state,) = perform(store, job, asked_progress(progress), cancelled_by_signals(), take_over=options["take_over"])
    finally:
        progress.end()
    _show_end(state, options["as_json"], _untried(store, request.settings))
    ctx.exit(exit_code([state]))


def request_of(options: Mapping[str, Any]) -> ConstructRequest:
    """What the options ask for.

    Raises:
        BadInput: a SPEC that names no model.
    """
    from engine.candidates.server import Patience
    from engine.construct.estimate import Price
    from engine.construct.request import ConstructRequest
    from engine.construct.settings import Running, Settings
    from engine.construct.spec import parse_spec

    specs = [options["verifier"], *([options["second_verifier"]] if options["second_verifier"] else [])]
    names = (
        "method", "violations", "per_prompt", "rounds", "votes", "samples", "keep_best", "length_window",
        "length_floor", "unchanged", "draft_criteria", "reference_first", "blind_draft", "temperature",
        "answer_tokens", "schema", "seed",
    )  # fmt: skip
    settings = Settings(
        parse_spec(options["generator"]), tuple(map(parse_spec, specs)), **{name: options[name] for name in names}
    )
    running = Running(
        options["generator_key"], (options["verifier_key"], options["second_verifier_key"]), options["concurrency"],
        options["max_calls"], options["max_tokens"], Patience(options["timeout"], options["attempts"]),
    )  # fmt: skip
    return ConstructRequest(
        options["prompts_file"], options["output"], settings, running, options["limit"],
        Price(*options["generator_price"]), Price(*options["verifier_price"]),
    )  # fmt: skip


def typed_request(arguments: Sequence[str]) -> ConstructRequest:
    """What options typed elsewhere ask for, read as the command reads its own.

    Raises:
        BadInput: they cannot be read, or ask for something else than a construction.
    """
    from rubrics.errors import BadInput

    try:
        options = construct.make_context("construct", list(arguments), resilient_parsing=False).params
    except click.exceptions.Exit:
        raise BadInput("they ask for help, not for a construction", fix="leave that option out") from None
    except click.UsageError as error:
        raise BadInput(error.format_message(), fix="look at what was typed") from None
    if options["take_over"]:
        raise BadInput("whether to take over is asked where it matters", fix="leave that option out")
    if options["dry_run"] or options["as_json"]:
        raise BadInput("they ask for a plan, which comes by itself", fix="leave that option out")
    return request_of(options)


def _untried(store: Any, settings: Any) -> list[str]:
    from engine.construct.wording import wording_hash
    from engine.store.construct import trials_of

    tried = {trial.verifier for trial in trials_of(store) if trial.wording_hash == wording_hash()}
    return [str(spec) for spec in settings.verifiers if str(spec) not in tried]


class ConstructProgress:
    """Progress on standard error: a live line in a terminal, a plain one now and then elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._spoke = 0.0

    def started(self, states: tuple[RunState, ...]) -> None:
        """Nothing is known yet."""

    def finished(self, states: tuple[RunState, ...]) -> None:
        """What is left to say is said by whoever asked."""

    def advanced(self, state: RunState) -> None:
        """One snapshot."""
        from screens.shell.plain import one_line

        line = one_line(_line(state), 400)
        if self._live:
            import shutil

            sys.stderr.write("\r\x1b[2K" + one_line(line, shutil.get_terminal_size().columns - 1))
            sys.stderr.flush()
        elif time.monotonic() - self._spoke > 10:
            self._spoke = time.monotonic()
            narrate(line)

    def end(self) -> None:
        """Leave the line clean."""
        if self._live:
            sys.stderr.write("\r\x1b[2K")


def _line(state: RunState) -> str:
    account = _account(state)
    parts = [state.phase.value]
    parts += [f"{y.name} {y.accepted} of {y.done} (planned {y.planned})" for y in account.yields]
    parts.append(f"{count(account.calls, 'question')}, {count(account.tokens, 'token')}, {account.in_flight} under way")
    if account.remembered:
        parts.append(f"{account.remembered:,} remembered")
    if state.eta_seconds is not None:
        parts.append(f"{state.eta_seconds:.0f} s left")
    return " · ".join(parts)


def _account(state: RunState) -> Account:
    from engine.construct.account import Account

    assert isinstance(state.account, Account)
    return state.account


def _show_end(state: RunState, as_json: bool, untried: list[str]) -> None:
    account = _account(state)
    if as_json:
        counts = ("calls", "fresh", "remembered", "failed_calls", "in_flight", "tokens")
        print_json({
            "run_id": state.run_id, "name": state.suite, "phase": state.phase.value,
            "yields": [asdict(y) for y in account.yields], **{name: getattr(account, name) for name in counts},
            "seconds": state.seconds, "eta_seconds": None, "latest": None, "notes": list(state.notes),
            "error": state.error, "pairs": account.pairs, "output": account.output,
        })  # fmt: skip
    else:
        print_table(
            ["phase", "planned", "accepted", "rejected", "why"],
            [
                [y.name, y.planned, y.accepted, y.rejected, "; ".join(f"{n} {reason}" for reason, n in y.reasons)]
                for y in account.yields
            ],
            right=["planned", "accepted", "rejected"],
        )
    narrate(*(f"note: {note}" for note in state.notes))
    if state.phase.value == "cancelled":
        narrate("stopped; the same command goes on where it stopped")
    if state.error:
        narrate(f"{state.phase.value}: {state.error}")
    for spec in untried:
        narrate(f"note: {spec} has not been tried on pairs whose truth is known: rude-tui trial --verifier {spec}")
    if account.output:
        narrate(f"{count(account.pairs, 'pair')} → {account.output}, construction {state.run_id}; read "
                "some: rude-tui review "
                f"{state.run_id}")  # fmt: skip


def _show_estimate(planned: CostEstimate, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(planned), "totals": {name: planned.totals(name) for name, _ in planned.courses}})
        return
    print_table(
        ["planned pairs", *(f"|V|={size}" for size in planned.sizes)],
        [[name, *(count or "–" for count in counts)] for name, counts in planned.cells],
        right=[f"|V|={size}" for size in planned.sizes],
    )
    print_table(
        ["if", "model", "questions", "tokens read", "tokens written", "money"],
        [
            [name, c.model, f"{c.calls:,}", f"{c.tokens_read:,}", f"{c.tokens_written:,}", f"{c.money:,.2f}"]
            for name, costs in planned.courses
            for c in costs
        ],
        right=["questions", "tokens read", "tokens written", "money"],
    )
    for name, costs in planned.courses:
        calls, tokens, seconds, money = planned.totals(name)
        basis = "measured" if all(c.measured for c in costs) else "assumed"
        narrate(
            f"{name}: {count(calls, 'question')}, {count(tokens, 'token')}, {_duration(seconds)} at "
            f"{planned.concurrency} at a time "
            f"(times {basis}), {money:,.2f} at the prices given"
        )
    narrate(
        f"{count(planned.prompts, 'prompt')}, {count(planned.pairs, 'pair')} planned; least: every first "
        "attempt holds; likely: two "
        "rounds each; most: every round is used"
    )
    if planned.without_criteria:
        narrate(f"{count(planned.without_criteria, 'prompt')} without criteria: left out (--draft-criteria)")


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
