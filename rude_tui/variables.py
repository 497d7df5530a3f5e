"""Where an option gets its value if nobody types it: an environment variable of its own, or a profile in the settings.

The variable of `--precision` of `rude-tui run` is `RUDE_TUI_RUN_PRECISION`; a profile says the same in its table
`[run]` as `precision = "bf16"`. What is typed comes first, then the variable, then the profile.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from rubrics.errors import BadInput
from rubrics.faults import nearest, shown

__all__ = [
    "give_variables",
    "option_name",
    "profile_file",
    "profile_names",
    "read_profile",
    "values_for",
    "variable_of",
]

_PREFIX: Final = "RUDE_TUI"


def option_name(option: click.Option) -> str:
    """What an option is called, without dashes before it: its longest name."""
    return max((name for name in (*option.opts, *option.secondary_opts)), key=len).lstrip("-")


def variable_of(path: tuple[str, ...], option: click.Option) -> str:
    """The environment variable of an option of a command, `path` being the words that lead to it."""
    return "_".join((_PREFIX, *path, option_name(option))).replace("-", "_").upper()


def give_variables(command: click.Command, path: tuple[str, ...]) -> None:
    """Let every option of a command, and of those below it, be heard from its environment variable."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.envvar is None:
            parameter.envvar = variable_of(path, parameter)
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            give_variables(below, (*path, name))


def profile_file(name: str) -> Path:
    """The file of a profile, `profiles/NAME.toml` beside the settings."""
    from rude_tui.settings import settings_file

    return settings_file().parent / "profiles" / f"{name}.toml"


def profile_names() -> list[str]:
    """The profiles there are."""
    return sorted(file.stem for file in profile_file("x").parent.glob("*.toml"))


def read_profile(name: str, commands: Mapping[str, str]) -> dict[str, Any]:
    """What a profile says: `db`, and a table for each command.

    Args:
        commands: the commands there are.

    Raises:
        BadInput: no such profile, not TOML, or it names what is no command.
    """
    from rubrics.sources import read_text

    file = profile_file(name)
    if name not in (known := profile_names()):
        close = nearest(name, known)
        hint = f"did you mean {close}? " if close else ""
        there = f"profiles: {', '.join(known)}" if known else f"write {file}"
        raise BadInput(f"no profile {name!r}", fix=f"{hint}{there}")
    try:
        said = tomllib.loads(read_text(file, BadInput))
    except (ValueError, RecursionError) as error:
        raise BadInput(f"cannot be read: {error}", where=str(file), fix="mend it") from None
    for entry, value in said.items():
        if entry == "db":
            if not isinstance(value, str):
                raise BadInput(f"db is {shown(value)}, not a text in quotes", where=str(file), fix="mend it")
        elif entry not in commands:
            close = nearest(entry, commands)
            hint = f"did you mean {close}? " if close else ""
            raise BadInput(f"{entry!r} is no command", where=str(file), fix=f"{hint}give each command its own table")
        elif not isinstance(value, dict):
            fix = f"write [{entry}] and its options below"
            raise BadInput(f"{entry} is {shown(value)}, not a table", where=str(file), fix=fix)
    return said


def values_for(command: click.Command, said: Mapping[str, Any], where: str, path: tuple[str, ...]) -> dict[str, Any]:
    """What a profile's table says of a command, by the names that click knows, for `Context.default_map`.

    Raises:
        BadInput: an option that the command does not have, or a value that is none for it.
    """
    own = {option_name(option): option for option in command.params if isinstance(option, click.Option)}
    below = command.commands if isinstance(command, click.Group) else {}
    values: dict[str, Any] = {}
    for name, value in said.items():
        if name in below and isinstance(value, dict):
            values[name] = values_for(below[name], value, where, (*path, name))
        elif name in own and name != "help":
            values[str(own[name].name)] = _value(own[name], value, f"{where}, [{'.'.join(path)}]")
        else:
            close = nearest(name, [*own, *below])
            hint = f"did you mean {close}? " if close else ""
            raise BadInput(
                f"{name!r} is no option of {' '.join(path)}", where=where,
                fix=f"{hint}options: {', '.join(known for known in own if known != 'help')}",
            )  # fmt: skip
    return values


def _value(option: click.Option, value: Any, where: str) -> Any:
    name = option_name(option)
    if option.is_flag:
        if not isinstance(value, bool):
            raise BadInput(f"{name} is {shown(value)}, not true or false", where=where, fix="mend it")
        return (option.flag_value if value else None) if not option.is_bool_flag else value
    if isinstance(value, dict) or (isinstance(value, list) and not option.multiple and option.nargs == 1):
        raise BadInput(f"{name} is {shown(value)}, not one value", where=where, fix="mend it")
    if option.multiple and not isinstance(value, list):
        return [value]
    return value
