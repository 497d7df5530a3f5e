"""Options that several commands share, and the two things most of them need: the store and the question."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from engine.layout.protocols import PROTOCOLS
from engine.machine.kernels import ATTENTIONS, PRECISIONS
from engine.store.connection import Store
from rude_tui.notify import WAYS, Way, ask

if TYPE_CHECKING:
    from engine.candidates.address import ServedAs
    from engine.results.weights import Weights

__all__ = [
    "as_json", "attention_option", "concurrency_option", "database", "device_option", "memory_option", "models_option",
    "precision_option", "protocol_option", "question_options", "remote_code_option", "served_of", "served_options",
    "source_options", "store_of", "suite_names", "suites_options", "take_over_option", "telling_options",
    "threads_option", "weights_option", "workers_option",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])


def database(command: F) -> F:
    """`--db`, on the command itself as well as before it."""
    return click.option("--db", type=click.Path(path_type=Path), help="Database file.")(command)


def as_json(command: F) -> F:
    """`--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")(command)


def attention_option(command: F) -> F:
    """`--attention`."""
    return click.option(
        "--attention", type=click.Choice(ATTENTIONS), default="auto", show_default=True,
        help="The model's own attention, used where prefixes cannot be shared and to check that they can.",
    )(command)  # fmt: skip


def models_option(command: F) -> F:
    """`--model`, one or more: gives `models`."""
    return click.option(
        "--model",
        "models",
        multiple=True,
        required=True,
        metavar="M",
        help="Folder, folder of folders, GGUF file, hub id, http://HOST:PORT/v1#NAME, or a bundled model's name "
        "(bundled: all); repeatable.",
    )(command)


def remote_code_option(command: F) -> F:
    """`--allow-remote-code`, for each model by itself."""
    return click.option(
        "--allow-remote-code", multiple=True, metavar="M",
        help="Let this model run code of its own. Only if you trust it.",
    )(command)  # fmt: skip


def served_options(command: F) -> F:
    """`--tokenizer` and `--key`, of the candidates that servers hold; `served_of` makes them one thing."""
    for option in (
        click.option(
            "--key", "key_variable", metavar="VARIABLE", help="Environment variable that holds the server's key."
        ),
        click.option(
            "--tokenizer", metavar="T",
            help="Folder or hub id with the tokenizer of a served model (default: the model the server names).",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def concurrency_option(command: F) -> F:
    """`--concurrency`."""
    help = "Requests that a server is sent at a time (default: as many as make it faster)."
    return click.option("--concurrency", type=click.IntRange(1, 1024), metavar="N", help=help)(command)


class _Workers(click.ParamType[int | None]):
    name = "workers"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int | None:
        if value is None or value == "auto":
            return None
        if str(value).isdecimal() and 1 <= int(value) <= 64:
            return int(value)
        raise click.BadParameter(f"{value!r} is neither auto nor a number from 1 to 64", ctx, param)


def workers_option(command: F) -> F:
    """`--workers`: a number, or None for `auto`."""
    help = "Candidates scored side by side, each by a worker, where memory allows (auto: one a GPU, else one; with "
    help += "--ray as many as the cluster has room for)."
    return click.option("--workers", type=_Workers(), default="auto", show_default=True, metavar="N|auto", help=help)(
        command
    )


def served_of(models: Iterable[str], tokenizer: str | None, key_variable: str | None) -> tuple[ServedAs, ...]:
    """What is said of the served candidates among the models.

    Raises:
        BadInput: there is none that it could be said of.
    """
    from engine.candidates.address import ServedAs, is_address
    from rubrics.errors import BadInput

    served = tuple(ServedAs(model, tokenizer or "", key_variable or "") for model in models if is_address(model))
    if not served and (tokenizer or key_variable):
        raise BadInput(
            "a tokenizer and a key are told for served candidates only", fix="give http://HOST:PORT/v1#NAME as a model"
        )
    return served


def take_over_option(command: F) -> F:
    """`--take-over`."""
    return click.option(
        "--take-over", is_flag=True, help="Take up what another machine is said to be at work on: it is gone for good."
    )(command)


def telling_options(command: F) -> F:
    """`--progress` and `--notify`, of whatever may take long; they give the command nothing."""
    for option in (
        click.option(
            "--notify", is_flag=False, flag_value="auto", type=click.Choice(WAYS), callback=_notify, expose_value=False,
            help="Tell when it has ended: by a bell, and by the terminal's message to the desktop where it has one.",
        ),
        click.option(
            "--progress", type=click.Choice(["auto", "json", "none"]), default="auto", callback=_progress,
            expose_value=False, help="How standard error tells how far it is; json: one object a line, for scripts.",
        ),
    ):  # fmt: skip
        command = option(command)
    return command


def _notify(context: click.Context, parameter: click.Parameter, way: Way | None) -> None:
    if way is not None:
        ask(way, context.command_path)


def _progress(context: click.Context, parameter: click.Parameter, how: str) -> None:
    from rude_tui.output import say_json
    from rude_tui.terminal_progress import keep_quiet

    say_json(how == "json")
    keep_quiet(how == "none")


def protocol_option(command: F) -> F:
    """`--protocol`: one, or both."""
    names = click.Choice([*PROTOCOLS, "both"])
    return click.option("--protocol", type=names, default="both", show_default=True)(command)


def precision_option(command: F) -> F:
    """`--precision`: one, or the one that fits."""
    names = click.Choice(["auto", *PRECISIONS])
    return click.option("--precision", type=names, default="auto", show_default=True)(command)


def device_option(command: F) -> F:
    """`--device`."""
    help = "auto, cpu, cuda, cuda:N or cuda:all."
    return click.option("--device", default="auto", show_default=True, help=help)(command)


def threads_option(command: F) -> F:
    """`--threads`."""
    help = "CPU threads (default: all cores, at lowered priority)."
    return click.option("--threads", type=click.IntRange(1), help=help)(command)


class _Memory(click.ParamType[int]):
    """An amount of memory, in bytes."""

    name = "memory"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from engine.machine.sizes import bytes_of
        from rubrics.errors import BadInput

        try:
            return bytes_of(str(value))
        except BadInput as error:
            self.fail(f"{error.what}; {error.fix}", param, ctx)


def memory_option(command: F) -> F:
    """`--memory`."""
    help = "Memory that scoring a candidate may take at its peak, such as 12GB (default: what is free)."
    return click.option("--memory", type=_Memory(), metavar="BUDGET", help=help)(command)


def source_options(command: F) -> F:
    """`--ladder`, `--published`: a study that ships instead of the stored runs and outcomes; gives `source`."""
    for option in (
        click.option("--published", "source", flag_value="published", help="The published points, not your runs."),
        click.option("--ladder", "source", flag_value="ladder", help="The ladder's measured outcomes, not your runs."),
        click.option("--own", "source", flag_value="own", default="own", hidden=True),
    ):
        command = option(command)
    return command


def over_option(command: F) -> F:
    """`--over`: what intervals that speak of candidates take for independent."""
    return click.option(
        "--over", type=click.Choice(["candidates", "families"]), default="candidates", show_default=True,
        help="What intervals and p take for independent (rude-tui families).",
    )(command)  # fmt: skip


def store_of(db: Path | None, *, new: bool = False) -> Store:
    """The store of `--db`, given after the command or before it.

    Args:
        new: the command stores something that a database may begin with; one that only reads, or changes what is
            stored, wants a database that is named to be there.
    """
    named = db or click.get_current_context().find_root().obj
    return Store(named, must_exist=named is not None and not new)


def weights_option(command: F) -> F:
    """`--weights`: gives `weights`, read or looked up by name."""
    return click.option(
        "--weights", metavar="W", callback=_weights,
        help="How much parts count: “Control 60, Content 40” (categories, subcategories or domains), or a saved name.",
    )(command)  # fmt: skip


def _weights(context: click.Context, parameter: click.Parameter, text: str | None) -> Weights | None:
    if text is None:
        return None
    from engine.results.weights import read_weights
    from rude_tui.settings import load_settings

    return read_weights(load_settings().weights.get(text.strip(), text))


def suite_names(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """What a shell may complete a suite to: those that ship."""
    from rubrics.reading import built_in_names

    return [name for name in built_in_names() if name.startswith(incomplete)]


def question_options(command: F) -> F:
    """`--suite`, `--protocol`, `--metric`, `--with-excluded`: which stored verdicts are meant."""
    # Given twice, click would take the last without a word.
    suite = click.option(
        "--suite",
        multiple=True,
        callback=_only_one,
        shell_complete=suite_names,
        help="Suite by name or hash. Default: the one run last.",
    )
    return _question_options(command, suite)


def suites_options(command: F) -> F:
    """The same with any number of suites: gives `suites`."""
    help = "Suite by name or hash; several: a table over them. Default: the one run last."
    return _question_options(
        command, click.option("--suite", "suites", multiple=True, shell_complete=suite_names, help=help)
    )


def _question_options(command: F, suite: Callable[[F], F]) -> F:
    for option in (
        click.option("--with-excluded", is_flag=True, help="Count pairs too that you excluded."),
        click.option("--metric", help="single, averaged, strict; sum, per_token, per_byte. Default: the headline."),
        click.option("--protocol", type=click.Choice(PROTOCOLS), help="Default: what most runs used."),
        suite,
    ):
        command = option(command)
    return command


def _only_one(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> str | None:
    if len(values) > 1:
        raise click.UsageError(f"{param.opts[0]} is asked for once here: {', '.join(values)}", ctx)
    return values[0] if values else None
