"""What a config.json leaves to the defaults of transformers: sizes, which decide everything, and constants."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

__all__ = ["absent", "assumed_constants", "is_own", "is_size", "text_entries"]

_SIZE = re.compile(
    r"(^|_)(heads?|layers?|experts?|groups?|hidden|embd|inner|dim|rank|state|kernel|size|width|topk|tok|d)(_|$)"
)
"""Entries of a config that say how a network is cut: their names have one of these words in them."""
_NO_SIZE = re.compile(
    r"^max_|^pretraining|chunk|block_size|nextn|mtp|window|token_id|_index$|labels|summary|image|vision"
)
_CONSTANT = re.compile(
    r"eps(ilon)?$|^(hidden_act|activation|activation_function|hidden_activation|sliding_window|scoring_func|logit_scale)$"
    r"|_(scalar|multiplier|scaling|softcapping|scaling_factor)$"
)
"""Entries that change every number a little, and that a config is sometimes without."""
_NO_SWITCH: Final = re.compile(r"cache|kernel|bias|summary|tie_|return|freeze|aux|loss|upcast|fast|legacy|gradient")
"""What is switched on by default and changes no number, or shows in the tensors."""


def text_entries(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that describe the decoder: a nested config's text part, with what stands beside it."""
    text = raw.get("text_config")
    return {**raw, **text} if isinstance(text, Mapping) else dict(raw)


def absent(config: Any, raw: Mapping[str, Any], wanted: Callable[[str, object], bool]) -> list[str]:
    """Entries of the decoder's config that config.json does not have under any of their names, and whose value is the
    class's own: `wanted` is asked for each, by name and value."""
    from transformers import PretrainedConfig

    text = config.get_text_config()
    alike: dict[str, set[str]] = {}
    for alias, own in type(text).attribute_map.items():
        names = alike.setdefault(alias, set()) | alike.setdefault(own, set()) | {alias, own}
        alike.update(dict.fromkeys(names, names))
    general = getattr(PretrainedConfig, "__dataclass_fields__", {})
    fields = getattr(type(text), "__dataclass_fields__", {})
    return [
        name
        for name, field in fields.items()
        if name not in general and alike.get(name, {name}).isdisjoint(raw)
        # What is None by default the class works out from other entries.
        and field.default is not None and wanted(name, getattr(text, name, None))
    ]  # fmt: skip


def is_size(name: str, value: object) -> bool:
    return type(value) is int and value > 0 and _SIZE.search(name) is not None and _NO_SIZE.search(name) is None


def is_own(config: Any) -> bool:
    """Whether the config's class came with the model, so that its defaults are the model's own."""
    return not type(config).__module__.startswith("transformers.")


def _decides(name: str, value: object) -> bool:
    """Whether an entry is a constant, or a switch that is on: one that is off by default was made later."""
    return _CONSTANT.search(name) is not None or (value is True and _NO_SWITCH.search(name) is None)


def assumed_constants(text: Any, config: Any, raw: Mapping[str, Any]) -> dict[str, Any]:
    """Constants that config.json does not have, and what was taken for them."""
    names = absent(config, raw, _decides)
    assumed = {name: getattr(text, name) for name in names}
    rotary = getattr(text, "rope_parameters", None)
    if isinstance(rotary, Mapping) and not any("rope" in entry or "rotary" in entry for entry in raw):
        assumed |= {name: rotary[name] for name in ("rope_theta", "partial_rotary_factor") if name in rotary}
    return assumed
