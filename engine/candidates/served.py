"""A candidate that a server holds: what the server says of itself, and the tokenizer that goes with it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from engine.candidates import hub
from engine.candidates.address import Address, ServedAs, key_from, parse_address
from engine.candidates.candidate import Candidate, Served
from engine.candidates.problems import Problem
from engine.candidates.server import CallFailed, Patience, Server, read_json
from engine.candidates.shape import Shape
from engine.candidates.untrusted import shown
from rubrics.errors import BadInput, CandidateError, EndpointError

__all__ = ["served_candidate"]

_PATIENCE: Final = Patience(timeout=30.0, attempts=2, pause=0.2)
"""Whoever asks who is there waits for the answer."""
_OF_TOKENIZER: Final = ("no_tokenizer", "remote_code", "chat_template", "tokens", "bad_path")
"""Problems of a folder that concern its tokenizer."""


def served_candidate(said: ServedAs, inspect: Callable[[Path], Candidate], *, may_fetch: bool) -> Candidate:
    """The candidate behind an address. Asks the server who it is; whether it can be scored is for the probe to say.

    Args:
        inspect: describes a folder or GGUF file.
        may_fetch: whether a tokenizer that is named by hub id may be downloaded.

    Raises:
        BadInput: the address cannot be read.
    """
    address = parse_address(said.address)
    served, context, problems = _asked(address, said.key_variable)
    described, about = _tokenizer(said.tokenizer, served, inspect, may_fetch)
    return replace(
        described, name=shown(address.model), context=context or described.context, weight_bytes=0, revision=None,
        problems=tuple(dict.fromkeys((*problems, *about))), served=served, stored="", beside=0,
    )  # fmt: skip


def _asked(address: Address, key_variable: str) -> tuple[Served, int | None, list[Problem]]:
    """What the server says, the longest request that it takes, in tokens, and what is wrong with it."""
    served = Served(str(address), key_variable)
    try:
        key = key_from(key_variable)
    except BadInput as error:
        return served, None, [Problem("unreachable", True, f"{error.where} {error.what}", error.fix)]
    try:
        entries, about = asyncio.run(_answers(address, key))
    except (CallFailed, EndpointError) as error:
        what = error.what if isinstance(error, EndpointError) else f"its server does not say what it serves: {error}"
        fix = error.fix if isinstance(error, EndpointError) else "check the address, which mostly ends in /v1"
        return served, None, [Problem("unreachable", True, shown(what, 400), fix)]
    entry = next((entry for entry in entries if entry.get("id") == address.model), None)
    if entry is None:
        names = ", ".join(shown(entry.get("id"), 80) for entry in entries[:8]) or "nothing"
        fix = "write one of these behind the #"
        return served, None, [Problem("unreachable", True, f"its server serves no such model, but {names}", fix)]
    root = entry.get("root")
    length = entry.get("max_model_len")
    # To score a request one more token is generated, and there must be room for it.
    context = length - 1 if type(length) is int and length > 1 else None
    served = replace(
        served, engine=_text(entry.get("owned_by")), version=_text(about.get("version") or about.get("build_info")),
        root=_text(root if root != address.model else about.get("model_path") or root),
    )  # fmt: skip
    return served, context, []


async def _answers(address: Address, key: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The models it lists, and what it says of itself elsewhere."""
    server = Server(address, key, _PATIENCE)
    try:
        entries = (await server.ask(f"{address.url}/models", None, _entries)).value
        about: dict[str, Any] = {}
        # vLLM; SGLang, by both names it has had; llama.cpp.
        for place in ("version", "server_info", "get_server_info", "props"):
            try:
                about = (await server.ask(f"{address.root}/{place}", None, _object)).value | about
            except (CallFailed, EndpointError):
                continue
            if about.get("version") or about.get("build_info"):
                break
        return entries, about
    finally:
        await server.close()


def _entries(body: bytes) -> list[dict[str, Any]]:
    value = read_json(body)
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
        raise ValueError("not a list of models")
    return data


def _object(body: bytes) -> dict[str, Any]:
    value = read_json(body)
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _text(value: object) -> str:
    return shown(value, 400) if isinstance(value, str) else ""


def _tokenizer(
    said: str, served: Served, inspect: Callable[[Path], Candidate], may_fetch: bool
) -> tuple[Candidate, list[Problem]]:
    """What holds its tokenizer, described, and what is wrong with that."""
    # A relative path is one of the server's own.
    named = said or (served.root if os.path.isabs(served.root) or hub.is_hub_id(served.root) else "")
    fix = "name the folder or hub id that its tokenizer is in"
    try:
        path = Path(os.path.expanduser(named))
        if named and os.path.exists(path):
            described = inspect(path)
        elif hub.is_hub_id(named):
            described = inspect(hub.tokenizer_folder(named, may_fetch=may_fetch))
        else:
            sought = named or served.root
            why = f"{shown(sought)} is not here" if sought else "none was named"
            return _NOTHING, [Problem("no_tokenizer", True, f"there is no tokenizer for it: {why}", fix)]
    except CandidateError as error:
        return _NOTHING, [Problem("no_tokenizer", True, shown(f"there is no tokenizer for it: {error.what}"), fix)]
    about = [problem for problem in described.problems if problem.code in _OF_TOKENIZER]
    if named != served.root and not _is(path, served.root):
        # What lies beside a tokenizer may be another model.
        described = replace(
            described, architecture="", model_type="", parameters=0, dtype="", shape=Shape(), context=None,
            vocab_size=0, linear_parameters=0, largest_tensor=0,
        )  # fmt: skip
    return described, about


def _is(path: Path, root: str) -> bool:
    """Whether a path here is the one that the server says it loaded."""
    return os.path.isabs(root) and os.path.exists(root) and os.path.realpath(path) == os.path.realpath(root)


_NOTHING: Final = Candidate(
    path=Path(), name="", architecture="", model_type="", parameters=0, weight_bytes=0, dtype="", context=None,
    tokenizer="", vocab_size=0, shape=Shape(), linear_parameters=0, largest_tensor=0, revision=None, problems=(),
)  # fmt: skip
