"""How a person names a generator or verifier: `http://host:port/v1#model` or `local:PATH`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from engine.candidates.address import parse_address
from rubrics.errors import BadInput

__all__ = ["ModelSpec", "parse_spec"]

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
    address = parse_address(text, _FORMS)
    return ModelSpec(address.url, address.model)
