"""Whether the tensors in a folder are those of the model that its config describes, found out without reading one.

The model is loaded as for scoring, but from the headers alone: transformers' own renaming and fusing is applied to
tensors that have a shape and no contents. What it takes, what it lacks and what it leaves is then known.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from engine.candidates.headers import Tensor
from engine.candidates.parts import is_beside, is_buffer, listed
from engine.candidates.untrusted import CONFIG_BYTES, read_object
from engine.jobs.child import is_out_of_memory
from engine.scoring.auto_class import auto_classes, decoder_of
from engine.scoring.config_entries import absent, assumed_constants, is_own, is_size, text_entries
from engine.scoring.rotary import assert_frequencies
from engine.scoring.source import Source, found_in_files, source_of
from rubrics.counted import agreeing, count
from rubrics.errors import CandidateError

__all__ = ["Checked", "Match", "assert_complete", "checked", "match"]

_PARTS = 1_000
"""Layers or experts that a model may have, however few tensors it stores: some are fused, or shared."""


class Match(NamedTuple):
    """What transformers makes of the tensors in a folder."""

    auto: Any
    """The class of transformers that it was loaded by."""
    config: Any
    heads: frozenset[str]
    """Names of the output head's tensors."""
    missing: tuple[str, ...]
    """Tensors that the model wants and that are not there."""
    misfits: tuple[tuple[str, tuple[int, ...], tuple[int, ...]], ...]
    """Tensors whose shape is not the model's: name, shape as stored, shape as wanted."""
    unused: tuple[Tensor, ...]
    """Tensors that nothing was made of, but for buffers that follow from the config."""
    twice: tuple[str, ...]
    """Tensors that are there under two names, of which one would be taken."""
    ignored: frozenset[str]
    """Names among them that the architecture's code says it does without."""
    idle: tuple[str, ...]
    """Names of the model's tensors that a text does not pass: what sees and hears beside the decoder."""

    @property
    def whole(self) -> bool:
        """Whether every tensor that the model wants is there and fits."""
        return not self.missing and not self.misfits

    @property
    def left(self) -> list[str]:
        """Names of the unused tensors that may not be left out: they are no parts beside the decoder."""
        return [tensor.name for tensor in self.unused if not _may_stay_out(tensor.name, self)]


class Checked(NamedTuple):
    """A folder whose tensors are those of its model."""

    auto: Any
    """The class of transformers to load it by."""
    config: Any
    notes: list[str]
    """What a reader of the numbers should know: parts that are left out, entries that were taken as transformers has
    them."""


def assert_complete(path: Path, *, trust_remote_code: bool = False) -> Checked:
    """`checked` for a folder or a GGUF file.

    Raises:
        CandidateError: as `checked`, or its weights cannot be read.
    """
    with source_of(path) as source:
        return checked(source, trust_remote_code=trust_remote_code)


def checked(source: Source, *, trust_remote_code: bool = False) -> Checked:
    """Stop where the tensors used would not be the tensors stored, or where the config leaves open what is computed.

    Raises:
        CandidateError: tensors are missing, left over, do not fit or are there twice, or the config says too little.
    """
    where, folder, stored = source.where, source.folder, source.stored
    raw = text_entries(read_object(folder / "config.json", CONFIG_BYTES))
    config = _config(folder, trust_remote_code)
    _assert_possible(config, source)
    open_entries = [] if is_own(config) else absent(config, raw, is_size)
    try:
        loaded = _matched(folder, stored, config, trust_remote_code)
    except Exception as error:
        # Sizes that do not go together: some of them may be the library's own.
        if open_entries and not is_out_of_memory(error):
            raise _unsaid(config, open_entries, where) from error
        raise
    if loaded.whole:
        open_entries = [
            entry for entry in open_entries if not _follows(entry, loaded, folder, stored, raw, trust_remote_code)
        ]
    if open_entries:
        raise _unsaid(config, open_entries, where)
    _assert_fits(loaded, source)
    _assert_used(loaded, source)
    return Checked(loaded.auto, config, [*source.notes, *_notes(loaded, raw)])


def _matched(folder: Path, stored: Sequence[Tensor], config: Any, trust_remote_code: bool) -> Match:
    """By the first class that takes every tensor; by the first of all where none does."""
    tried = []
    for auto in auto_classes(config):
        tried.append(match(folder, stored, auto, trust_remote_code=trust_remote_code))
        if tried[-1].whole and not tried[-1].left:
            return tried[-1]
    return tried[0]


def match(
    folder: Path, stored: Sequence[Tensor], auto: Any, *, trust_remote_code: bool = False, **changes: object
) -> Match:
    """Load the model from the shapes of its tensors alone.

    Args:
        auto: the class of transformers that loads it.
        changes: entries of the (text) config that are to be other than config.json has them.

    Raises:
        CandidateError: it would turn positions at other frequencies than those that are stored.
        OSError, ValueError, …: whatever transformers raises about a folder it cannot load.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()
    config = _config(folder, trust_remote_code)
    if changes:
        config = _changed(folder, config, changes)
    taken: set[str] = set()
    raw: dict[str, set[Any]] = {}
    with found_in_files({tensor.name: _Shape(tensor, taken) for tensor in stored}), _unfiltered(raw):
        model, info = auto.from_pretrained(
            folder, config=config, dtype=torch.float32, device_map={"": "meta"}, use_safetensors=True,
            output_loading_info=True, ignore_mismatched_sizes=True, trust_remote_code=trust_remote_code,
            local_files_only=True,
        )  # fmt: skip
    assert_frequencies(folder, stored, model)
    parameters = {name for name, _ in model.named_parameters(remove_duplicate=False)}
    missing = set(info["missing_keys"]) | (raw["missing"] & parameters)
    misfits = {(name, tuple(have), tuple(want)) for name, have, want in info["mismatched_keys"]}
    unused = tuple(tensor for tensor in stored if tensor.name not in taken and not is_buffer(tensor))
    ignored = raw["unexpected"] - set(info["unexpected_keys"])
    names = {tensor.name for tensor in stored}
    twice = sorted(name for name in names if f"{model.base_model_prefix}.{name}" in names)
    head = model.get_output_embeddings()
    own = {id(parameter) for parameter in head.parameters()} if head is not None else set()
    passed = {id(parameter) for parameter in decoder_of(model).parameters()} | own
    idle = [name for name in parameters if id(model.get_parameter(name)) not in passed]
    # What no text passes may as well be random: a decoder that was saved without the parts beside it is whole.
    missing -= {name for name in idle if is_beside(name)}
    return Match(
        auto=auto,
        config=model.config,
        heads=frozenset(name for name in parameters if id(model.get_parameter(name)) in own),
        missing=tuple(sorted(missing)),
        misfits=tuple(sorted(misfits)),
        unused=unused,
        twice=tuple(twice),
        ignored=frozenset(ignored),
        idle=tuple(idle),
    )


def _config(folder: Path, trust_remote_code: bool) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(folder, trust_remote_code=trust_remote_code, local_files_only=True)


def _unsaid(config: Any, entries: Sequence[str], where: str) -> CandidateError:
    text = config.get_text_config()
    defaults = ", ".join(f"{entry} {getattr(text, entry)}" for entry in entries[:3])
    return CandidateError(
        f"config.json does not say {listed(entries)}; transformers would take defaults ({defaults})",
        where=where,
        fix="add what is missing to config.json, from the model's source",
    )


class _Shape:
    """A tensor of a file, without contents; that it is asked for is remembered."""

    def __init__(self, tensor: Tensor, taken: set[str]) -> None:
        self._tensor, self._taken = tensor, taken

    def get_shape(self) -> list[int]:
        return list(self._tensor.shape)

    def get_dtype(self) -> str:
        return self._tensor.dtype

    def __getitem__(self, _: object) -> torch.Tensor:
        self._taken.add(self._tensor.name)
        return torch.empty(self._tensor.shape, dtype=torch.float32, device="meta")


@contextlib.contextmanager
def _unfiltered(raw: dict[str, set[Any]]) -> Iterator[None]:
    """Within it, what is missing and left over is noted before an architecture's list of exceptions is applied."""
    from transformers import PreTrainedModel

    adjust = PreTrainedModel._adjust_missing_and_unexpected_keys

    def noting(model: Any, info: Any) -> None:
        raw.update(missing=set(info.missing_keys), unexpected=set(info.unexpected_keys))
        adjust(model, info)

    PreTrainedModel._adjust_missing_and_unexpected_keys = noting
    try:
        yield
    finally:
        PreTrainedModel._adjust_missing_and_unexpected_keys = adjust


def _follows(
    entry: str, loaded: Match, folder: Path, stored: Sequence[Tensor], raw: Mapping[str, Any], trust_remote_code: bool
) -> bool:
    """Whether the shapes of the tensors leave one value for an entry that config.json does not have: no other fits."""
    value = getattr(loaded.config.get_text_config(), entry)
    for other in {2 * value, max(1, value // 2), value + 1, max(1, value - 1)} - {value}:
        try:
            changed = match(folder, stored, loaded.auto, trust_remote_code=trust_remote_code, **{entry: other})
        except Exception:  # noqa: BLE001, S112 - a size that cannot be raises almost anything
            continue
        if changed.whole and len(changed.unused) == len(loaded.unused):
            return False
    return True


def _changed(folder: Path, config: Any, changes: Mapping[str, object]) -> Any:
    """The same config with other entries, made anew, so that what follows from them follows."""
    from transformers import PretrainedConfig

    raw, _ = PretrainedConfig.get_config_dict(folder, local_files_only=True)
    if isinstance(raw.get("text_config"), Mapping):
        return type(config).from_dict({**raw, "text_config": {**raw["text_config"], **changes}})
    return type(config).from_dict({**raw, **changes})


def _assert_possible(config: Any, source: Source) -> None:
    """Stop before a model is built of far more parts than there are tensors for: that alone can take hours."""
    text, tensors = config.get_text_config(), len(source.stored)
    for entry in ("num_hidden_layers", "num_experts", "num_local_experts", "n_routed_experts"):
        parts = getattr(text, entry, None)
        if isinstance(parts, int) and parts > max(_PARTS, tensors):
            raise CandidateError(
                f"{source.config} has {entry} {parts:,}, and its weights are {count(tensors, 'tensor')}",
                where=source.where,
                fix=source.fix or "download config.json again, from the source of the weights",
            )
    window, kinds = getattr(text, "sliding_window", None), getattr(text, "layer_types", None)
    slides = isinstance(kinds, list | tuple) and "sliding_attention" in kinds
    if (window is None and slides) or (isinstance(window, int) and window < 1 and (slides or kinds is None)):
        said = "null" if window is None else window
        raise CandidateError(
            f"{source.config} has layers with a sliding window, and sliding_window {said}",
            where=source.where,
            fix=source.fix or "fetch config.json again, from the source of the weights",
        )


def _assert_fits(loaded: Match, source: Source) -> None:
    if loaded.misfits:
        name, have, want = loaded.misfits[0]
        more = f", and {len(loaded.misfits) - 1} more do not fit either" if len(loaded.misfits) > 1 else ""
        raise CandidateError(
            f"{name} has the shape {_sides(have)}, and {source.config} wants {_sides(want)}{more}",
            where=source.where,
            fix=source.fix or "fetch config.json and the weights again, from one and the same source",
        )
    if loaded.missing and set(loaded.missing) <= loaded.heads:
        raise CandidateError(
            f"has no output head among its weights ({listed(loaded.missing)}); it would be random",
            where=source.where,
            fix=source.fix or "fetch the version for causal language modelling",
        )
    if loaded.missing:
        others = f"{count(len(loaded.unused), 'other')}, such as {listed(_names(loaded.unused), 1)}"
        left = f"; without a place in it: {others}" if loaded.unused else ""
        raise CandidateError(
            agreeing(len(loaded.missing), "{n} [tensor is|tensors are] missing from its weights")
            + f" ({listed(loaded.missing)}), which would be "
            f"random{left}",
            where=source.where,
            fix=source.fix or "download the weights and config.json again, from one and the same source",
        )


def _assert_used(loaded: Match, source: Source) -> None:
    if loaded.twice:
        raise CandidateError(
            agreeing(len(loaded.twice), "{n} of its tensors [is|are] there under two names")
            + f" ({listed(loaded.twice)}, with a prefix and "
            "without), and one would be taken",
            where=source.where,
            fix="take those that are not meant out of the file",
        )
    left = loaded.left
    if not left:
        return
    layers = getattr(loaded.config.get_text_config(), "num_hidden_layers", None)
    if isinstance(layers, int) and (further := [name for name in left if (_layer(name) or 0) >= layers]):
        raise CandidateError(
            f"its weights hold layers that {source.config} does not name ({listed(further)}), and would be scored "
            "without",
            where=source.where,
            fix=source.fix or "download config.json again, or set num_hidden_layers in it to what the weights hold",
        )
    raise CandidateError(
        agreeing(len(left), "{n} of its tensors [has|have] no place in the model")
        + f" that {source.config} describes ({listed(left)}), and "
        "would be left out",
        where=source.where,
        fix=source.fix
        or "fetch config.json again, from the source of the weights; it may lack an entry (biases: attention_bias)",
    )


def _may_stay_out(name: str, loaded: Match) -> bool:
    config = loaded.config.get_text_config()
    layers = getattr(config, "num_hidden_layers", None)
    ahead = int(getattr(config, "num_nextn_predict_layers", None) or 0)
    layer = _layer(name)
    guesses = isinstance(layers, int) and layer is not None and layers <= layer < layers + ahead
    return is_beside(name) or guesses or any(other.endswith(name) or name.endswith(other) for other in loaded.ignored)


def _layer(name: str) -> int | None:
    found = re.search(r"(?:^|\.)(\d+)\.", name)
    return int(found[1]) if found else None


def _notes(loaded: Match, raw: Mapping[str, Any]) -> list[str]:
    notes = []
    if beside := [*_names(loaded.unused), *loaded.idle]:
        parts = sorted({re.split(r"\.\d+\.", name)[0].removesuffix(".weight") for name in beside})
        notes.append(f"left out, as parts beside the decoder: {count(len(beside), 'tensor')} ({listed(parts, 8)})")
    if not is_own(loaded.config) and (
        assumed := assumed_constants(loaded.config.get_text_config(), loaded.config, raw)
    ):
        values = ", ".join(f"{name} {value}" for name, value in assumed.items())
        notes.append(f"config.json does not say, and transformers' default was taken: {values}")
    return notes


def _names(tensors: Sequence[Tensor]) -> list[str]:
    return [tensor.name for tensor in tensors]


def _sides(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "of a single number"
