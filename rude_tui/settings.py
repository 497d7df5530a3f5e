"""What a person has chosen, in a TOML file that stays theirs: comments and order survive what the program writes."""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from engine.candidates.address import ServedAs
from rubrics.errors import BadInput, RudeError
from rubrics.sources import read_text
from rubrics.targets import write_whole

__all__ = ["Settings", "load_settings", "save_setting", "settings_file"]


@dataclass(frozen=True)
class Settings:
    """The settings the app knows; what else the file holds is left alone."""

    theme: str = ""
    """Name of a theme; empty: the dark one."""
    folders: tuple[str, ...] = ()
    """Folders watched for candidates."""
    served: tuple[ServedAs, ...] = ()
    """Models of servers."""
    suites: tuple[str, ...] = ()
    """Suite files offered beside the built-in ones."""
    hide_bundled: bool = False
    """Whether the candidates and suites that ship are left out of lists."""
    requirements: str = ""
    """File of what is asked of a candidate beside its accuracy."""
    place: str = ""
    """The screen that was open last."""
    weights: dict[str, str] = field(default_factory=dict)
    """Weights on parts of a suite, by the name they were saved under."""
    mappings: dict[str, str] = field(default_factory=dict)
    """Which columns of other people's data hold what, by the name they were kept under: `prompt=question,…`."""
    keys: dict[str, str] = field(default_factory=dict)
    """Remapped keys: id of a binding → keys, separated by commas."""


_FILE: Final = "settings.toml"


def settings_file() -> Path:
    """`settings.toml` in the folder `RUDE_TUI_CONFIG` names, else in the user's configuration folder."""
    if named := os.environ.get("RUDE_TUI_CONFIG"):
        return Path(os.path.expanduser(named)) / _FILE
    import platformdirs

    return Path(platformdirs.user_config_dir("rude-tui", appauthor=False)) / _FILE


def load_settings() -> Settings:
    """The settings, or defaults where there is no file.

    Raises:
        BadInput: the file cannot be read, is not TOML, or a setting has the wrong type.
    """
    file = settings_file()
    try:
        document = tomllib.loads(_content(file))
    except (ValueError, RecursionError) as error:
        raise _not_toml(error, file) from None
    folders, suites, keys = document.get("folders", []), document.get("suites", []), document.get("keys", {})
    weights, mappings = document.get("weights", {}), document.get("mappings", {})
    for name, value, kind in (
        ("theme", document.get("theme", ""), str),
        ("place", document.get("place", ""), str),
        ("requirements", document.get("requirements", ""), str),
        ("hide_bundled", document.get("hide_bundled", False), bool),
        *(
            (f"folders, entry {i + 1}", entry, str)
            for i, entry in enumerate(folders if _is_list("folders", folders, file) else [])
        ),
        *(
            (f"suites, entry {i + 1}", entry, str)
            for i, entry in enumerate(suites if _is_list("suites", suites, file) else [])
        ),
        ("weights", weights, dict),
        *((f"weights.{name}", own, str) for name, own in (weights.items() if isinstance(weights, dict) else ())),
        ("mappings", mappings, dict),
        *((f"mappings.{name}", own, str) for name, own in (mappings.items() if isinstance(mappings, dict) else ())),
        ("keys", keys, dict),
        *((f"keys.{name}", key, str) for name, key in (keys.items() if isinstance(keys, dict) else ())),
    ):
        if not isinstance(value, kind):
            words = {dict: "a table of names and keys", bool: "true or false"}.get(kind, "a text in quotes")
            raise BadInput(f"{name} is {value!r}, not {words}", where=str(file), fix="mend this setting")
    return Settings(
        theme=document.get("theme", ""),
        folders=tuple(folders),
        served=_served(document.get("served", []), file),
        suites=tuple(suites),
        requirements=document.get("requirements", ""),
        hide_bundled=document.get("hide_bundled", False),
        place=document.get("place", ""),
        weights=weights,
        mappings=mappings,
        keys=keys,
    )


def _served(entries: object, file: Path) -> tuple[ServedAs, ...]:
    """Tables with `address`, and `tokenizer` and `key_variable` where there are such."""
    whole = isinstance(entries, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("address"), str) and set(entry) <= set(ServedAs._fields)
        and all(isinstance(value, str) for value in entry.values())
        for entry in entries
    )  # fmt: skip
    if not whole or not isinstance(entries, list):
        fix = 'write [[served]] and below it address = "http://HOST:PORT/v1#NAME"'
        raise BadInput(f"served is {entries!r}, not tables with an address", where=str(file), fix=fix)
    return tuple(ServedAs(**entry) for entry in entries)


def _content(file: Path) -> str:
    """What stands in it; nothing where there is none.

    Raises:
        BadInput: it cannot be read.
    """
    return read_text(file, BadInput) if os.path.lexists(file) else ""


def _not_toml(error: Exception, file: Path) -> BadInput:
    what = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    return BadInput(f"cannot be read: {what}", where=str(file), fix="mend or delete it")


def _is_list(name: str, value: object, file: Path) -> bool:
    if not isinstance(value, list):
        raise BadInput(f"{name} is {value!r}, not a list", where=str(file), fix=f'write {name} = ["/path"]')
    return True


def save_setting(name: str, value: Any, file: Path | None = None) -> None:
    """Write one setting, leaving everything else in the file as it is.

    Args:
        file: where; `settings_file()` if not said.

    Raises:
        RudeError: the file cannot be written.
        BadInput: what is there is not TOML, so it is left alone.
    """
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    file = file or settings_file()
    try:
        document = tomlkit.parse(_content(file))
        document[name] = value
        file.parent.mkdir(parents=True, exist_ok=True)
        with write_whole(file) as out:
            out.write(tomlkit.dumps(document))
    except (TOMLKitError, RecursionError) as error:
        raise _not_toml(error, file) from None
    except OSError as error:
        raise RudeError(
            f"the setting could not be kept ({error.strerror})", where=str(file), fix="check the folder's rights"
        ) from None
