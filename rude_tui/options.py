"""Options that several commands share, and the two things most of them need: the store and the question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from engine.layout.protocols import PROTOCOLS
from engine.machine.kernels import ATTENTIONS
from engine.store.connection import Store

__all__ = ["as_json", "attention_option", "database", "question_options", "source_options", "store_of"]

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


def source_options(command: F) -> F:
    """`--ladder`, `--published`: a study that ships instead of the stored runs and outcomes; gives `source`."""
    for option in (
        click.option("--published", "source", flag_value="published", help="The published points, not your runs."),
        click.option("--ladder", "source", flag_value="ladder", help="The ladder's measured outcomes, not your runs."),
        click.option("--own", "source", flag_value="own", default="own", hidden=True),
    ):
        command = option(command)
    return command


def store_of(db: Path | None) -> Store:
    """The store of `--db`, given after the command or before it."""
    return Store(db or click.get_current_context().find_root().obj)


def question_options(command: F) -> F:
    """`--suite`, `--protocol`, `--metric`, `--with-excluded`: which stored verdicts are meant."""
    for option in (
        click.option("--with-excluded", is_flag=True, help="Count pairs too that you excluded."),
        click.option("--metric", help="single, averaged, strict; sum, per_token, per_byte. Default: the headline."),
        click.option("--protocol", type=click.Choice(PROTOCOLS), help="Default: what most runs used."),
        click.option("--suite", help="Suite by name or hash. Default: the one run last."),
    ):
        command = option(command)
    return command
