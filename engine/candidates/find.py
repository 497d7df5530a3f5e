"""Base models under comparison: found on this machine and described from their small files, never loaded.

Nothing in a model folder or a GGUF file is believed or run. What makes one unfit to be scored is named as a `Problem`,
so that a list of candidates can show the good ones beside the bad ones and say what to do about each.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from data.bundled import bundled_models
from engine.candidates import hub
from engine.candidates.address import ServedAs, is_address, served_as
from engine.candidates.candidate import Candidate
from engine.candidates.gguf_header import SUFFIX, is_first_part, stem
from engine.candidates.gguf_reading import read_file
from engine.candidates.headers import INDEX, SINGLE, Tensor, equal_contents
from engine.candidates.parts import beside, is_buffer
from engine.candidates.problems import (
    Problem,
    about_adapter,
    about_head,
    about_kind,
    about_path,
    has_pickled,
    read_config,
    read_tensors,
    read_tokenizer,
)
from engine.candidates.served import served_candidate
from engine.candidates.shape import read_shape
from engine.candidates.untrusted import shown
from rubrics.errors import CandidateError

__all__ = ["BUNDLED", "Candidate", "Problem", "distinct", "find", "hub_cache", "inspect"]

BUNDLED = "bundled"
"""Stands for all models that ship with the program."""
_DEPTH = 4
"""Levels below a given folder that are searched; a Hugging Face home needs four."""
_VISITED = 20_000
"""Folders looked into before the search gives up: someone named the root of a disk."""


def find(
    paths_or_ids: Iterable[str],
    *,
    allow_remote_code: bool | Collection[str] = False,
    fetch: Callable[[str], Path] | None = None,
    served: tuple[ServedAs, ...] = (),
) -> list[Candidate]:
    """The candidates in model folders, GGUF files, folders of either (searched a few levels deep, in sorted order),
    under hub ids (`ORG/MODEL`, `ORG/MODEL@REVISION`) and behind addresses of servers (`http://HOST:PORT/v1#NAME`), and
    those that ship, by their names or all together as `bundled`, where no such folder is. One found twice is listed
    once; equal names are told apart.

    Every GGUF file of a folder is a candidate, unless the folder is one by its safetensors weights: then they are other
    forms of the same model, and candidates only if they are named.

    Args:
        allow_remote_code: for all, or for those whose item, path or name is listed.
        fetch: called with a hub id that is not in the cache; gives its folder. Without it such an id is an error.
        served: what is said of candidates that servers hold; those are asked who they are.

    Raises:
        BadInput: an address that cannot be read.
        CandidateError: a path that is not there, a file that is none of GGUF, a folder without a model, a copy in the
            cache that is not whole and cannot be completed.
    """
    by_path: dict[str, Candidate] = {}
    for item in paths_or_ids:
        if is_address(item):
            by_path[item] = served_candidate(served_as(item, served), inspect, may_fetch=fetch is not None)
            continue
        for folder in _folders(item, fetch):
            real = os.path.realpath(folder)
            if real in by_path:
                continue
            if isinstance(allow_remote_code, bool):
                allowed = allow_remote_code
            else:
                allowed = not {item, str(folder), _identity(folder)[0]}.isdisjoint(allow_remote_code)
            by_path[real] = inspect(folder, allowed)
    return distinct(by_path.values())


def hub_cache(*, allow_remote_code: bool | Collection[str] = False) -> list[Candidate]:
    """Everything in the Hugging Face cache, by name; revisions of one model that all hold weights are all listed."""
    snapshots = [snapshot.path for snapshot in hub.snapshots()]
    folders = [folder for folder in snapshots if _models_in(folder, names := _listing(folder)) or _is_model(names)]
    return find(map(str, folders), allow_remote_code=allow_remote_code)


def distinct(candidates: Iterable[Candidate]) -> list[Candidate]:
    """The same candidates with names that differ: equal ones gain their revision, or the folder they lie in."""
    listed = list(candidates)
    for attempt in range(1, 6):
        count = Counter(candidate.name for candidate in listed)
        if max(count.values(), default=0) < 2:
            break
        listed = [replace(c, name=_longer_name(c, attempt)) if count[c.name] > 1 else c for c in listed]
    return listed


def _longer_name(candidate: Candidate, parents: int) -> str:
    if candidate.served:
        return f"{candidate.served.name} at {candidate.place.partition('://')[2].partition('/')[0]}"
    if candidate.revision:
        return f"{_identity(candidate.path)[0]}@{candidate.revision[: 4 + 3 * parents]}"
    return shown("/".join(candidate.path.parts[-1 - parents :]))


def _folders(item: str, fetch: Callable[[str], Path] | None) -> list[Path]:
    """The model folders and GGUF files that one argument stands for."""
    path = Path(os.path.expanduser(item))
    try:
        # The empty string, often a variable that was not set, is not meant as the folder we are in.
        is_folder, is_there = bool(item) and path.is_dir(), bool(item) and os.path.lexists(path)
    except (OSError, ValueError):
        is_folder = is_there = False
    if is_folder:
        return _search(path)
    if is_there and path.name.endswith(SUFFIX):
        return [path]
    if is_there:
        fix = "name the folder that the model lies in, or a .gguf file"
        raise CandidateError("is neither a folder nor a GGUF file", where=shown(item), fix=fix)
    if shipped := [one for one in bundled_models() if item in (BUNDLED, one.name)]:
        return shipped
    if hub.is_hub_id(item):
        snapshot = hub.whole(item, fetch)
        return _models_in(snapshot, _listing(snapshot)) or [snapshot]
    raise CandidateError("no such folder", where=shown(item), fix="check the path")


def _search(root: Path) -> list[Path]:
    """Model folders and GGUF files at or below a folder, sorted; none is looked for inside a model's folder, links are
    followed once. A model's config without weights, as a training has begun it or a download left it, is one only
    where no model lies below.

    Raises:
        CandidateError: there is none, or there are too many folders.
    """
    names = _listing(root)
    models = _models_in(root, names)
    if models == [root]:
        return models
    begun = [root] * _is_model(names)
    seen = {os.path.realpath(root)}
    level = [root]
    looked: list[Path] = []
    for _ in range(_DEPTH):
        below: list[Path] = []
        for folder in level:
            for child in _children(folder):
                if (real := os.path.realpath(child)) in seen:
                    continue
                seen.add(real)
                names = _listing(child)
                found = _models_in(child, names)
                models += found
                # Beside GGUF files may lie folders of others.
                below += [child] * (found != [child])
                begun += [child] * (not found and (_is_model(names) or _has_config(child, names)))
        if len(seen) > _VISITED:
            raise CandidateError(
                f"holds more than {_VISITED:,} folders", where=shown(root), fix="name a folder nearer to the models"
            )
        level = below
        looked += below
    models += [folder for folder in set(begun) - set(models) if not any(folder in model.parents for model in models)]
    # A lone config.json is a model without its weights only where no other model is near.
    if models or "config.json" in _listing(root):
        return sorted(models) or [root]
    if closed := [folder for folder in (root, *looked) if not os.access(folder, os.R_OK | os.X_OK)]:
        raise CandidateError(
            "there is no right to look into it", where=shown(closed[0]), fix="get the right to read it (chmod u+rx)"
        )
    raise CandidateError(
        f"no model found in {shown(root)}",
        fix="a model folder holds config.json, tokenizer.json and model.safetensors; name one, a folder of them, or a "
        ".gguf file",
    )


def _children(folder: Path) -> Iterator[Path]:
    try:
        names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return
    # A link that leads nowhere, or back to itself, is no folder, and no reason to leave out those beside it.
    yield from (child for name in names if os.path.isdir(child := folder / name))


def _listing(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _models_in(folder: Path, names: Collection[str]) -> list[Path]:
    """The folder itself where its weights lie in it, else its GGUF files."""
    if not {SINGLE, INDEX, "adapter_config.json"}.isdisjoint(names):
        return [folder]
    if files := sorted(name for name in names if is_first_part(name) and not name.startswith(".")):
        return [folder / name for name in files]
    weights = has_pickled(names) or any(name.endswith(".safetensors") for name in names)
    return [folder] * ("config.json" in names and weights)


def _is_model(names: Collection[str]) -> bool:
    return {"config.json", "tokenizer.json"} <= set(names)


def _has_config(folder: Path, names: Collection[str]) -> bool:
    """Whether there is the config of a model, which other programs' files of this name are not."""
    if "config.json" not in names:
        return False
    return _model_type(read_config(folder, names)[0]) != ""


def _identity(place: Path) -> tuple[str, str | None]:
    """Name and revision."""
    is_file = place.name.endswith(SUFFIX) and not place.is_dir()
    snapshot = hub.snapshot_of(place.parent if is_file else place)
    if snapshot is not None:
        return shown(snapshot.repo + f"/{stem(place)}" * is_file), shown(snapshot.revision)
    name = stem(place) if is_file else place.name
    if name == "model" and (place.parent / "scores.json").is_file():
        # What post-training leaves: FOLDER/STAGE/model, beside what its answers were worth.
        name = "/".join(place.parts[-3:-1])
    return shown(name or place), None


def inspect(path: Path, allow_remote_code: bool = False) -> Candidate:
    """Describe one model folder or GGUF file. Reads config, tokenizer settings and the headers of weights; loads and
    runs nothing.

    Raises:
        CandidateError: there is no such folder or file. Everything wrong *in* it is among the candidate's problems.
    """
    place = Path(os.path.abspath(os.path.expanduser(path)))
    if place.is_file() and place.name.endswith(SUFFIX):
        file = read_file(place)
        problems = [*file.problems, *about_path(place)]
        if file.config:
            problems += about_kind(file.config, str(file.config["model_type"]), _architecture(file.config))
        return replace(_described(place, file.config, file.tokenizer, file.tensors, problems), stored=file.stored)
    if not place.is_dir():
        raise CandidateError("no such folder", where=shown(path), fix="check the path")
    names = _listing(place)
    config, problems = read_config(place, names)
    tokenizer, about_tokenizer = read_tokenizer(place, names, read_shape(config).vocab)
    tensors, about_weights = read_tensors(place, names)
    if config:
        problems += about_kind(config, _model_type(config), _architecture(config))
    if tensors and not any(problem.refused for problem in about_weights):
        about_weights += about_head(config, read_shape(config).vocab, tensors)
    # That weights are quantised is said once, by the config if it says so.
    said = {problem.code for problem in problems}
    problems += [problem for problem in about_weights if problem.code != "quantized" or problem.code not in said]
    problems += about_path(place) + about_tokenizer
    if "adapter_config.json" in names:
        problems = [about_adapter(place, names)]
    problems += about_path(place)
    if any(problem.code == "remote_code" for problem in problems) and allow_remote_code:
        problems = [p._replace(refused=False) if p.code == "remote_code" else p for p in problems]
    return _described(place, config, tokenizer, tensors, problems)


def _described(
    place: Path, config: Mapping[str, Any], tokenizer: str, tensors: Sequence[Tensor], problems: Sequence[Problem]
) -> Candidate:
    name, revision = _identity(place)
    shape = read_shape(config)
    names_of = [tensor.name for tensor in tensors]
    ahead = config.get("num_nextn_predict_layers")
    guesses = beside(names_of, shape.layers if type(ahead) is int and ahead > 0 else None)
    weights = _parameters(place, [tensor for tensor in tensors if tensor.name not in guesses], config)
    loaded_too = beside(names_of)
    return Candidate(
        path=place,
        name=name,
        architecture=_architecture(config),
        model_type=_model_type(config),
        parameters=sum(tensor.size for tensor in weights),
        weight_bytes=sum(tensor.nbytes for tensor in tensors),
        dtype=_dtype(weights),
        context=shape.context,
        tokenizer=tokenizer,
        vocab_size=shape.vocab,
        shape=shape,
        linear_parameters=sum(tensor.size for tensor in weights if _is_linear(tensor, shape.vocab)),
        largest_tensor=max((tensor.size for tensor in weights), default=0),
        revision=revision,
        problems=tuple(dict.fromkeys(problems)),
        beside=sum(tensor.size for tensor in tensors if not is_buffer(tensor) and tensor.name in loaded_too),
    )


def _model_type(config: Mapping[str, Any]) -> str:
    return shown(config["model_type"]) if isinstance(config.get("model_type"), str) else ""


def _architecture(config: Mapping[str, Any]) -> str:
    listed = config.get("architectures")
    return shown(listed[0]) if isinstance(listed, list) and listed and isinstance(listed[0], str) else ""


def _parameters(folder: Path, tensors: Iterable[Tensor], config: Mapping[str, Any]) -> tuple[Tensor, ...]:
    """Those of the decoder's tensors that are weights: no stored masks and rotary tables, and no second copy of a tied
    output head. A head that differs from the embedding is used, whatever the config says of tying."""
    kept = [tensor for tensor in tensors if not is_buffer(tensor)]
    if config.get("tie_word_embeddings") is not False:
        heads = [tensor for tensor in kept if re.search(r"(^|\.)(lm_head|embed_out)\.weight$", tensor.name)]
        embeddings = [tensor for tensor in kept if re.search(r"embed_(tokens|in)|\bwte\b", tensor.name)]
        for head in heads:
            if any(head[1:] == other[1:] and equal_contents(folder, head.name, other.name) for other in embeddings):
                kept.remove(head)
    return tuple(kept)


def _is_linear(tensor: Tensor, vocab: int) -> bool:
    # transformers fuses the experts into one array of three dimensions, which bitsandbytes leaves as it is.
    return (
        len(tensor.shape) == 2
        and tensor.name.endswith(".weight")
        and vocab not in tensor.shape
        and not any(part in tensor.name for part in ("embed", ".wte.", ".wpe.", ".experts."))
    )


_IN_BLOCKS = ("q", "iq", "tq", "mxfp")
"""What the names of GGUF's ways to quantise begin with: a file mixes them by design, and goes by the one for most."""
_NAMES = {"F64": "fp64", "F32": "fp32", "F16": "fp16", "BF16": "bf16", "F4": "fp4", "I8": "int8", "U8": "uint8"}


def _dtype(tensors: Iterable[Tensor]) -> str:
    count: Counter[str] = Counter()
    for tensor in tensors:
        kind = "fp8" if tensor.dtype.startswith("F8") else _NAMES.get(tensor.dtype, tensor.dtype.lower())
        count[kind] += tensor.nbytes
    if not count:
        return ""
    kind, most = count.most_common(1)[0]
    return kind if most >= 0.9 * count.total() or kind.startswith(_IN_BLOCKS) else "mixed"
