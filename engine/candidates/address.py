"""How a person names a model of a server, `http://HOST:PORT/v1#NAME`, and where its key is."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

from rubrics.errors import BadInput

__all__ = ["Address", "ServedAs", "is_address", "key_from", "parse_address", "served_as"]

_VARIABLE = re.compile(r"[A-Z]+[0-9]?(_[A-Z]+[0-9]?)*")
_HEAD = re.compile(r"[!-~]+")
"""ASCII without spaces, which is what is sent; a name in other letters has a form in these (`xn--…`)."""
_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|[0-9a-f.]*:[0-9a-f:.]+(%[a-z0-9]+)?")
_LONGEST = 2_000


@dataclass(frozen=True)
class Address:
    """A model of a server. Holds no secret: what is in here may be stored and shown."""

    url: str
    """Base URL of the server, which mostly ends in `/v1`."""
    model: str
    """Name the server knows it by."""

    @property
    def root(self) -> str:
        """The server itself, where what is no part of OpenAI's interface stands."""
        return self.url.removesuffix("/v1") if urlsplit(self.url).path.endswith("/v1") else self.url

    @property
    def is_here(self) -> bool:
        """Whether the server is on this machine."""
        return urlsplit(self.url).hostname in ("127.0.0.1", "localhost", "::1")

    def __str__(self) -> str:
        return f"{self.url}#{self.model}"


class ServedAs(NamedTuple):
    """What a person says of a served candidate, beside its address. Plain text, as another process can be told."""

    address: str
    tokenizer: str = ""
    """Folder, GGUF file or hub id with its tokenizer; empty: the model that the server says it serves."""
    key_variable: str = ""
    """Environment variable that holds the server's key; empty where it asks for none."""


def served_as(address: str, said: tuple[ServedAs, ...]) -> ServedAs:
    """What was said of this address."""
    return next((one for one in said if one.address == address), ServedAs(address))


def is_address(text: str) -> bool:
    """Whether this is meant as a server, not as a folder or hub id."""
    return text.startswith(("http://", "https://"))


def parse_address(text: str, forms: str = "give http://HOST:PORT/v1#NAME") -> Address:
    """Read an address.

    Args:
        forms: what to do about one that cannot be read.

    Raises:
        BadInput: it has another form, or carries a password or key, which would be stored with it.
    """
    head, _, model = text.partition("#")
    try:
        parts = urlsplit(head)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise BadInput("is no address", where=_bare(text), fix=forms) from None
    plain = len(text) <= _LONGEST and _HEAD.fullmatch(head) is not None and model.isprintable()
    # A scheme written twice makes a host of the second, and a path of all that was meant.
    plain &= host not in ("http", "https")
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or not plain:
        raise BadInput("is no address of a server", where=_bare(text), fix=forms)
    if "@" in head or "?" in head:
        raise BadInput(
            "carries a user, password or query, which would be stored with it",
            where=_bare(text),
            fix="put the key into an environment variable and name that one",
        )
    if not model:
        raise BadInput("names no model", where=_bare(text), fix=f"add #model: {_bare(head).rstrip('/')}#NAME")
    return Address(head.rstrip("/"), model)


def _bare(text: str) -> str:
    """What may be shown of an address that could not be read.

    Nothing before an @, nothing of a query, and nothing behind a colon that is no port: it may be a password whose @
    is missing.
    """
    before, _, behind = text.rpartition("@")
    if "?" in before:
        return "…"  # the @ may be one of a query
    head, mark, model = re.sub(r"\?[^#]*", "?…", behind).partition("#")
    scheme, slashes, rest = head.rpartition("//")
    place, slash, path = rest.partition("/")
    literal, bracket, name = place.rpartition("]")
    host, colon, port = name.partition(":")
    known = port if re.fullmatch(r"\d*(\?…)?", port) else "…"
    path = re.sub(r":[^/?]+", ":…", path)
    return "".join((scheme, slashes, literal, bracket, host, colon, known, slash, path, mark, model))[:200]


def key_from(variable: str | None) -> str:
    """The key in an environment variable; empty where none is named.

    Raises:
        BadInput: the variable is named and not set, or holds what cannot be sent.
    """
    if not variable:
        return ""
    key = os.environ.get(variable, "").strip()
    # What looks like no name may be the key itself, given in its place.
    where = variable if _VARIABLE.fullmatch(variable) else "the variable for the key"
    if not key:
        raise BadInput("is not set or empty", where=where, fix="export it before, or name another variable")
    if not key.isascii() or not key.isprintable():
        raise BadInput("holds characters that no key has", where=where, fix="check what was exported")
    return key
