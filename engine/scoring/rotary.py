"""Are the rotary frequencies that a file holds those that its config gives? Older libraries stored what they used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import torch

from engine.candidates.headers import Tensor, weight_files
from engine.candidates.parts import is_beside
from rubrics.errors import CandidateError

__all__ = ["assert_frequencies"]

_STORED: Final = "rotary_emb.inv_freq"
_RELATIVE, _ABSOLUTE = 0.01, 1e-6
"""How far apart they may be: they may have been stored in 16 bits."""


def assert_frequencies(folder: Path, stored: Sequence[Tensor], model: Any) -> None:
    """Stop where the model would turn positions at other frequencies than those it was saved with.

    Args:
        stored: the tensors of the folder.
        model: as transformers makes it of config.json; without contents, if need be.

    Raises:
        CandidateError: config.json has another base, or another scaling, than the frequencies that are stored.
    """
    names = {tensor.name for tensor in stored if tensor.name.endswith(_STORED) and not is_beside(tensor.name)}
    if not names:
        return
    given = list(_given(model))
    for name, found in _read(folder, names):
        alike = [own for own in given if own.shape == found.shape]
        if alike and not any(torch.allclose(found, own, _RELATIVE, _ABSOLUTE) for own in alike):
            raise CandidateError(
                f"its weights hold rotary frequencies ({name}) that are not those of config.json",
                where=str(folder),
                fix="fetch config.json again, from the source of the weights; it may lack rope_theta, or a scaling",
            )


def _given(model: Any) -> Iterator[torch.Tensor]:
    """The frequencies of the config: scaled, and before that, since some libraries scaled positions instead."""
    for module in model.modules():
        if not any(name.endswith("inv_freq") for name, _ in module.named_buffers(recurse=False)):
            continue
        kind = type(module)
        try:
            frequencies = [buffer for _, buffer in kind(module.config).named_buffers(recurse=False)]
            if hasattr(kind, "compute_default_rope_parameters"):
                frequencies.append(kind.compute_default_rope_parameters(module.config)[0])
        except Exception:  # noqa: BLE001, S112 - classes with other signatures raise anything, and are not judged
            continue
        yield from (found.float() for found in frequencies)


def _read(folder: Path, names: set[str]) -> Iterator[tuple[str, torch.Tensor]]:
    from safetensors import safe_open

    for file in weight_files(folder):
        with safe_open(file, framework="pt") as source:
            for name in sorted(names.intersection(source.keys())):
                yield name, source.get_tensor(name).float()
