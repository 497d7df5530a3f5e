"""From a small valid value to something that somebody, or something, has spoilt. All of it follows from one seed."""

from __future__ import annotations

import codecs
import json
import pickle
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Literal", "Mutator", "Twice"]


@dataclass(frozen=True)
class Literal:
    """Text that stands in JSON as it is, such as a number that no float holds."""

    text: str


@dataclass
class Twice:
    """An object one of whose names is given twice."""

    members: dict[str, Any]
    name: str
    value: Any


_CODES = [
    "\x00",
    "\x01",
    "\x07",
    "\x08",
    "\x0b",
    "\x0c",
    "\r",
    "\n",
    "\r\n",
    "\t",
    "\x1b[31m",
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\x7f",
    "\x85",
    "\x9b31m",
    "\x9d0;x\x9c",
    "\xa0",
    "\xad",
    "\u061c",
    "\u200b",
    "\u200d",
    "\u200e",
    "\u2028",
    "\u2029",
    "\u202e",
    "\u2066",
    "\u3000",
    "\ufe0f",
    "\ufeff",
    "\ufffd",
    "\uffff",
    "\U000e0001",
    "\U0001f1e6",
    "\ud800",
    "\udfff",
    "\udc80",
]
_WORDS = [
    "",
    " ",
    "a",
    "null",
    "None",
    "nan",
    "NaN",
    "inf",
    "-Infinity",
    "true",
    "0",
    "-1",
    "1e400",
    "1,5",
    "0,5",
    "1_0",
    "٣",
    "²",
    "=1+1",
    "@x",
    "../../x",
    "/dev/zero",
    "~nobody",
    "%s%n",
    "{0}",
    "{__class__}",
    "$(x)",
    "'",
    '"',
    "\\",
    "ß",
    "İ",
    "é",
    "漢字",
    "A>B",
    "[[A]]",
    "tie",
    "chosen",
    "\U0001f600",
    "[red]x[/]",
    "a=b",
    "NULL",
    "#N/A",
    "-",
    "x" * 201,
    "x" * 5_000,
]
_NUMBERS: list[Any] = [
    0,
    -0.0,
    1,
    -1,
    2,
    0.5,
    -0.5,
    1e-300,
    5e-324,
    1e100,
    1.7e308,
    2**31,
    2**53 + 1,
    2**63,
    2**64,
    10**40,
    10**400,
    -(10**400),
    Literal("1e400"),
    Literal("-1e999"),
    Literal("NaN"),
    Literal("Infinity"),
    Literal("-Infinity"),
    Literal("1" * 5000),
    Literal("0x10"),
    Literal("01"),
    Literal("1."),
    Literal(".5"),
    Literal("+1"),
    Literal("1e"),
    3.0,
    1e16,
]
_PLAIN: list[Any] = [None, True, False, [], {}, "", [None], {"": None}, [[]], "text", 0, 1.5]


def _nested(depth: int, kind: int) -> Literal:
    opening, closing = (("[", "]"), ('{"a":', "}"), ('[{"role":', "}]"))[kind]
    return Literal(opening * depth + "1" + closing * depth)


class Mutator:
    """Changes to values and to bytes, drawn from one source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def value(self, value: Any, most: int = 3) -> Any:
        """A copy with one change or a few, somewhere inside; now and then with none."""
        value = deepcopy(value)
        for _ in range(self.chance.choice([0, *([1] * 6), *range(1, most + 1)])):
            value = self._somewhere(value)
        return value

    def _somewhere(self, value: Any) -> Any:
        places = list(_places(value))
        if not places:
            return self.leaf(value)
        # Leaves and inner places alike; the root now and then.
        holder, key = self.chance.choice(places)
        at = holder[key]
        change = self.chance.randrange(12)
        if change == 0:
            del holder[key]
        elif change == 1 and isinstance(holder, dict):
            holder[self.name(str(key))] = holder.pop(key)
        elif change == 2 and isinstance(holder, list):
            holder.insert(self.chance.randrange(len(holder) + 1), deepcopy(self.chance.choice(holder)))
        elif change == 2:
            holder[self.name(str(key))] = deepcopy(at)
        elif change == 3:
            other, place = self.chance.choice(places)
            try:
                other[place], holder[key] = deepcopy(at), deepcopy(other[place])
            except (KeyError, IndexError):
                holder[key] = None
        elif change == 4 and isinstance(at, dict) and at:
            name = self.chance.choice(list(at))
            holder[key] = Twice(at, name, self.chance.choice([at[name], *_PLAIN]))
        elif change == 5:
            holder[key] = self.chance.choice([[at], {"a": at}, {str(key): at}, json.dumps(_bare(at)), repr(at)])
        elif change == 6:
            holder[key] = _nested(
                self.chance.choice([3, 3, 40, 90, 400, 930, 950, 970, 990, 3000]), self.chance.randrange(3)
            )
        elif change == 7 and isinstance(at, list | str) and at:
            holder[key] = at * self.chance.choice([2, 2, 2, 3, 3, 40])
        else:
            holder[key] = self.leaf(at)
        return value

    def leaf(self, value: Any) -> Any:
        """Another value for one that holds no others."""
        kind = self.chance.randrange(6)
        if isinstance(value, str) and kind < 3:
            return self.text(value)
        if kind == 3 or (isinstance(value, int | float) and kind < 3):
            return self.chance.choice(_NUMBERS)
        if kind == 4:
            return self.chance.choice(_WORDS)
        return deepcopy(self.chance.choice(_PLAIN))

    def name(self, name: str) -> str:
        """Another name for a member or a column."""
        return self.chance.choice(
            [
                name.upper(),
                name + " ",
                " " + name,
                name[:-1],
                name + "s",
                name.replace("_", "-"),
                "",
                "\ufeff" + name,
                self.text(name),
                self.chance.choice(_WORDS),
            ]
        )

    def text(self, text: str) -> str:
        """Another text."""
        at = self.chance.randrange(len(text) + 1)
        way = self.chance.randrange(9)
        if way < 4:
            return text[:at] + self.chance.choice(_CODES) + text[at:]
        if way == 4:
            return self.chance.choice(_WORDS)
        if way == 5:
            return text[:at]
        if way == 6:
            return text[:at] + self.chance.choice(_WORDS) + text[at:]
        if way == 7:
            return self.chance.choice([text.upper(), text[::-1], text + " ", " " + text, text * 3])
        return "".join(self.chance.choice(_CODES) for _ in range(self.chance.randrange(1, 5)))

    def json(self, value: Any) -> bytes:
        """A value as JSON, in one of the ways it is written."""
        ascii_only = self.chance.random() < 0.3
        return _written(value, ascii_only).encode("utf-8", "surrogatepass")

    def lines(self, values: Any) -> bytes:
        """Values as JSON lines."""
        end = self.chance.choice([b"\n"] * 8 + [b"\r\n", b"\n\n", b"\r", b" \n"])
        last = self.chance.choice([end, end, b""])
        return end.join(map(self.json, values if isinstance(values, list) else [values])) + last

    def raw(self, content: bytes) -> bytes:
        """The same bytes with damage, as disks, editors and programs do it."""
        for _ in range(self.chance.choice([1, 1, 1, 2, 4])):
            content = self._damage(content)
        return content

    def _damage(self, content: bytes) -> bytes:
        at = self.chance.randrange(len(content) + 1)
        to = min(len(content), at + self.chance.choice([1, 1, 2, 5, 40, 1000]))
        ways: list[Callable[[], bytes]] = [
            lambda: content[:at] + content[to:],
            lambda: content[:at],
            lambda: (
                content[:at]
                + bytes(self.chance.randrange(256) for _ in range(self.chance.choice([1, 2, 9])))
                + content[to:]
            ),
            lambda: (
                content[:at] + bytes([content[at] ^ (1 << self.chance.randrange(8))]) + content[at + 1 :]
                if at < len(content)
                else b""
            ),
            lambda: content[:at] + self.chance.choice(_CODES).encode("utf-8", "surrogatepass") + content[at:],
            lambda: content[:at] + content[at:to] * self.chance.choice([2, 30]) + content[to:],
            lambda: content + content,
            lambda: content[at:] + content[:at],
            lambda: codecs.BOM_UTF8 + content,
            lambda: content.replace(b"\n", b"\r\n"),
            lambda: content.decode("utf-8", "replace").encode(
                self.chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"]), "replace"
            ),
            lambda: content.decode("utf-8", "replace").encode("latin-1", "replace"),
            lambda: (
                content[:at]
                + self.chance.choice(
                    [b'"', b"{", b"[", b",", b";", b"\t", b"'", b"=", b"#", b"0", b"-", b"e9", b"\0" * 16]
                )
                + content[at:]
            ),
            lambda: self.chance.choice(
                [b"", b"\0", b"[]", b"{}", b"null", b"\xff\xfe", b"PK\x03\x04", b"\n" * 50, b"[" * 100_000, b'"' * 999]
            ),
        ]
        return self.chance.choice(ways)()


def _places(value: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    open_ = [value]
    while open_ and len(found) < 400:
        holder = open_.pop()
        if isinstance(holder, Twice):
            holder = holder.members
        if isinstance(holder, dict):
            found += [(holder, key) for key in holder]
            open_ += list(holder.values())
        elif isinstance(holder, list):
            found += [(holder, at) for at in range(len(holder))]
            open_ += holder
    return found


def _bare(value: Any) -> Any:
    if isinstance(value, Literal):
        return value.text[:100]
    if isinstance(value, Twice):
        return _bare(value.members)
    if isinstance(value, dict):
        return {str(key): _bare(item) for key, item in value.items()}
    return [_bare(item) for item in value] if isinstance(value, list) else value


_HALF: Final = re.compile("[\ud800-\udfff]")


def deepcopy(value: Any) -> Any:
    """A copy of plain values, faster than `copy.deepcopy` makes it."""
    return pickle.loads(pickle.dumps(value))


def _written(value: Any, ascii_only: bool) -> str:
    try:
        text = json.dumps(value, ensure_ascii=ascii_only)
    except (TypeError, ValueError):
        return _spelt(value, ascii_only)
    # Halves of characters can be written as escapes alone.
    return json.dumps(value) if _HALF.search(text) else text


def _spelt(value: Any, ascii_only: bool) -> str:
    """The same piece by piece, with what JSON does not have."""
    if isinstance(value, Literal):
        return value.text
    if isinstance(value, Twice):
        twice = f"{json.dumps(value.name)}: {_spelt(value.value, ascii_only)}"
        inner = _spelt(value.members, ascii_only)
        return "{" + twice + (", " if value.members else "") + inner[1:]
    if isinstance(value, dict):
        members = (f"{json.dumps(str(k), ensure_ascii=ascii_only)}: {_spelt(v, ascii_only)}" for k, v in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_spelt(item, ascii_only) for item in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=ascii_only or bool(_HALF.search(value)))
    if isinstance(value, int) and not isinstance(value, bool):
        return "-" * (value < 0) + "1" + "0" * 400 if abs(value) > 10**300 else str(value)
    return json.dumps(value)
