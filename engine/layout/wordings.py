"""Wordings: how else a pair can be put, so that it can be seen whether a ranking is that of the wording.

Those that come with the program are data, in `engine/layout/templates/wordings.toml`; own ones are a file of the same
form. A wording may also be the plain one with another draw of exemplars.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from engine.layout.protocols import PROTOCOLS, Protocol
from rubrics.errors import BadInput
from rubrics.sources import read_text

__all__ = ["PLAIN", "PLAIN_NAME", "Wording", "wordings_asked", "wordings_in"]

PLAIN_NAME: Final = "plain"

_TEXTS: Final = ("preamble", "prompt", "criteria", "first", "second", "response", "between")
_PLACES: Final = {"prompt": "prompt", "criteria": "criteria", "response": "response"}
"""Parts that something is filled into, and what."""
_OF_CHOICE: Final = frozenset({"second", "between", "answers"})
_MOST: Final = 64
"""Wordings in one file: each costs a run of every candidate."""
_NAME: Final = re.compile(r"[^\W_][\w .,/()+-]{0,39}")


@dataclass(frozen=True)
class Wording:
    """One way to put pairs under a protocol."""

    protocol: str = ""
    """Empty: any."""
    name: str = PLAIN_NAME
    parts: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Parts of a template that stand in place of the protocol's own."""
    draw: int = 0
    """Which exemplars are shown, and in which order: 0 for the first ones, else another draw of those there are."""

    @property
    def label(self) -> str:
        """What it is called where runs are told apart; empty for the plain one."""
        drawn = f", draw {self.draw}" if self.draw else ""
        return "" if self == PLAIN else f"{self.name}{drawn}"

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)

    @staticmethod
    def of_json(values: Mapping[str, Any]) -> Wording:
        """The same wording."""
        return Wording(values["protocol"], values["name"], dict(values["parts"]), values["draw"])


PLAIN: Final = Wording()


def wordings_asked(protocols: Sequence[Protocol], named: str = "", draws: int = 0) -> tuple[Wording, ...]:
    """The plain wording, then those asked for, for these protocols.

    Args:
        named: `all` for those that come with the program, some of their names with commas between, or a TOML file.
        draws: so many other draws of exemplars, each in the plain wording; they change nothing where no exemplar is
            shown, and are then not scored again.

    Raises:
        BadInput: no such wording, or a file that is none of wordings; says where.
    """
    found: list[Wording] = []
    if named:
        path = Path(named).expanduser()
        offered = wordings_in(path) if path.suffix == ".toml" or path.exists() else _bundled()
        wanted = None if named == "all" or offered is not _bundled() else [n.strip() for n in named.split(",")]
        for name in wanted or ():
            if name not in {PLAIN_NAME, *(wording.name for wording in offered)}:
                names = ", ".join(dict.fromkeys(wording.name for wording in offered))
                raise BadInput(f"no wording {name!r}", fix=f"wordings: {names}; all of them: all; or a TOML file")
        found = [w for w in offered if w.protocol in protocols and (wanted is None or w.name in wanted)]
        if not found and wanted != [PLAIN_NAME]:
            raise BadInput(f"no wording of these is for {' or '.join(protocols)}", where=named)
    drawn = [replace(PLAIN, draw=draw) for draw in range(1, draws + 1)]
    return (PLAIN, *found, *drawn)


@cache
def _bundled() -> tuple[Wording, ...]:
    text = (resources.files("engine.layout") / "templates" / "wordings.toml").read_text(encoding="utf-8")
    return tuple(_read(text, "wordings.toml"))


def wordings_in(path: Path) -> tuple[Wording, ...]:
    """The wordings of a TOML file.

    Raises:
        BadInput: it cannot be read, or a part is not as it has to be; says which.
    """
    return tuple(_read(read_text(path, BadInput), str(path)))


def _read(text: str, where: str) -> Iterator[Wording]:
    try:
        listed = tomllib.loads(text).get("wordings")
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise BadInput(f"not TOML: {error}", where=where) from None
    if not isinstance(listed, list) or not listed or not all(isinstance(item, dict) for item in listed):
        raise BadInput("holds no [[wordings]]", where=where, fix="give each wording a name, a protocol and its parts")
    if len(listed) > _MOST:
        raise BadInput(f"{len(listed)} wordings", where=where, fix=f"name at most {_MOST}")
    seen: set[tuple[str, str]] = set()
    for number, item in enumerate(listed, 1):
        wording = _wording(item, f"{where}, wording {number}")
        if (wording.protocol, wording.name) in seen:
            raise BadInput(f"two wordings {wording.name!r} for {wording.protocol}", where=where, fix="rename one")
        seen.add((wording.protocol, wording.name))
        yield wording


def _wording(item: Mapping[str, Any], where: str) -> Wording:
    name, protocol = item.get("name"), item.get("protocol")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name == PLAIN_NAME or "," in name:
        raise BadInput(
            f"its name is {name!r}", where=where, fix=f"up to 40 letters, digits and blanks, and not {PLAIN_NAME}"
        )
    if protocol not in PROTOCOLS:
        raise BadInput(f"its protocol is {protocol!r}", where=where, fix=f"protocols: {', '.join(PROTOCOLS)}")
    parts = {key: value for key, value in item.items() if key not in ("name", "protocol")}
    known = {*_TEXTS, "answers"} - (_OF_CHOICE if protocol == "likelihood" else set())
    if unknown := sorted(parts.keys() - known):
        raise BadInput(
            f"no part {unknown[0]!r} under {protocol}", where=where, fix=f"parts: {', '.join(sorted(known))}"
        )
    if not parts:
        raise BadInput("it says nothing other than the plain wording", where=where)
    for key, value in parts.items():
        if key == "answers":
            _check_answers(value, where)
        else:
            _check_text(key, value, where)
    return Wording(protocol, name, parts)


def _check_text(key: str, value: object, where: str) -> None:
    if not isinstance(value, str):
        raise BadInput(f"{key} is no text", where=where)
    if value and not value.endswith("\n"):
        # Parts are tokenised one by one, and a boundary is exact only behind a line break.
        raise BadInput(f"{key} does not end in a line break", where=where, fix="end it with one")
    place = _PLACES.get(key)
    if place is not None and value.count("{" + place + "}") != 1:
        raise BadInput(
            f"{key} names {{{place}}} {value.count('{' + place + '}')} times", where=where, fix="name it once"
        )


def _check_answers(value: object, where: str) -> None:
    forms = value if isinstance(value, list) else []
    for form in forms or [None]:
        labels = form.get("labels") if isinstance(form, dict) else None
        cue = form.get("cue") if isinstance(form, dict) else None
        if not isinstance(cue, str) or not isinstance(labels, list) or len(labels) != 2:
            raise BadInput(
                "answers are not a cue and two labels", where=where, fix="write [[wordings.answers]] with both"
            )
        if not all(isinstance(label, str) and label.strip() for label in labels) or labels[0] == labels[1]:
            raise BadInput(f"the labels are {labels!r}", where=where, fix="give two that differ")
