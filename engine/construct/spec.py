"""How a person names a generator or verifier: `http://host:port/v1#model` or `local:PATH`."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rubrics.errors import BadInput

__all__ = ["ModelSpec", "key_from", "parse_spec"]

_VARIABLE = re.compile(r"[A-Z]+[0-9]?(_[A-Z]+[0-9]?)*")
_FORMS = "give http://host:port/v1#model (any OpenAI-compatible chat server) or local:PATH"


@dataclass(frozen=True)
class ModelSpec:
    """A model that can be asked. Holds no secret: what is in here may be stored and shown."""

    url: str
    """Base URL of the server, to which `/chat/completions` is added; empty for a local model."""
    model: str
    """Name the server knows it by, or the folder."""

    @property
    def local(self) -> bool:
        """Whether it runs on this machine through transformers."""
        return not self.url

    @property
    def name(self) -> str:
        """The model's name alone, without where it runs."""
        return Path(self.model).name if self.local else self.model

    def __str__(self) -> str:
        return f"local:{self.model}" if self.local else f"{self.url}#{self.model}"


def parse_spec(text: str) -> ModelSpec:
    """Read a SPEC.

    Raises:
        BadInput: it has neither form, or carries a password or key, which would be stored with it.
    """
    if text.startswith("local:"):
        path = text.removeprefix("local:")
        if not os.path.isdir(os.path.expanduser(path)):
            raise BadInput("no such model folder", where=text, fix="local: takes a folder with a chat model")
        return ModelSpec("", os.path.realpath(os.path.expanduser(path)))
    head, _, model = text.partition("#")
    try:
        parts = urlsplit(head)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise BadInput("is no address", where=_bare(text), fix=_FORMS) from None
    if parts.scheme not in ("http", "https") or not host:
        raise BadInput("is neither a server nor local:PATH", where=_bare(text), fix=_FORMS)
    if parts.username or parts.password or parts.query:
        raise BadInput(
            "carries a user, password or query, which would be stored with it",
            where=f"{parts.scheme}://{host}",
            fix="put the key into an environment variable and name that one",
        )
    if not model:
        raise BadInput("names no model", where=text, fix=f"add #model: {head.rstrip('/')}#NAME")
    return ModelSpec(head.rstrip("/"), model)


def _bare(text: str) -> str:
    """What may be shown of an address that could not be read: nothing before an @."""
    return text.rpartition("@")[2][:200]


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
