"""What the names, types and shapes of a model's tensors say of them: weights, what a program put beside them, and what
keeps them from being weights as they stand."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from engine.candidates.headers import Tensor
from engine.candidates.untrusted import shown
from rubrics.counted import agreeing

__all__ = ["UNQUANTISED", "Oddity", "beside", "is_beside", "is_buffer", "listed", "oddities"]

_BUFFER = re.compile(r"(^|\.)(inv_freq|original_inv_freq|(cos|sin)_cached|masked_bias|position_ids)$")
_MASK = re.compile(r"(^|\.)(attn|attention|self_attn|self_attention)\.(causal_mask|bias|mask)$")

_PART = re.compile(
    r"(^|[._])(vision|visual|vit|image|img|audio|speech|sound|video|multi_?modal|mm|projector|connector|mtp|nextn|medusa"
    r"|eagle|v_head|value_head|talker|(token|code)2wav)([._\d]|$)"
)
"""Names of what stands beside a decoder: what sees and hears, heads that guess several tokens ahead, values."""

_DECODER = re.compile(r"(^|\.)(language_model|text_model)\.|(^|\.)lm_head\.")
"""Names of the decoder, where it is one part among others, and of its head."""

_WRAPPER = re.compile(
    r"^(model\.)?(module|_orig_mod)\.|(^|\.)(_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module|_forward_module)\."
)
_ADAPTER = re.compile(
    r"(^|\.)(lora_\w+|lokr_\w+|hada_\w+|loha_\w+|oft_\w+|boft_\w+|vera_\w+|ia3_\w+|dora_\w+|base_layer|modules_to_save"
    r"|prompt_embeddings)(\.|$)|^base_model\.model\."
)
_SCALES = re.compile(
    r"(^|[._])(scales?|scale_inv|scale_2|zeros|zero_points?|qweight|qzeros|g_idx|absmax|quant_map|quant_state|nested_absmax"
    r"|SCB|weight_packed|weight_shape|qdata|codebooks?|qscale|amax|biases)(\.\w+)*$"
)
_PACKED = frozenset({"I8", "U8", "I16", "U16", "I32", "U32", "F4", "F6_E2M3", "F6_E3M2", "F8_E8M0"})
"""Types of matrices whose numbers are not the weights; ids and the like are kept in 64 bits."""


UNQUANTISED = "give the unquantised checkpoint; at precision int8 or nf4 it is quantised here"


class Oddity(NamedTuple):
    """Something about the tensors of a file that keeps them from being scored as they stand."""

    code: str
    """As in `Problem`: adapter, quantized or no_weights."""
    what: str
    fix: str


def is_buffer(tensor: Tensor) -> bool:
    """Whether it follows from the config, so that a model has it without being told: masks, rotary tables, position
    ids. Older versions of libraries stored them."""
    if tensor.dtype == "BOOL" or _BUFFER.search(tensor.name):
        return True
    # A mask is named as a bias would be; it has a side for heads and one for the batch.
    return _MASK.search(tensor.name) is not None and len(tensor.shape) == 4


def is_beside(name: str, layers: int | None = None) -> bool:
    """Whether a tensor belongs to a part beside the decoder, by its name: the scored text does not pass it.

    Args:
        layers: of the decoder, where layers behind them guess tokens further ahead.
    """
    before_layers, *number = re.split(r"\.(\d+)\.", name, maxsplit=1)
    return _PART.search(before_layers) is not None or (layers is not None and bool(number) and int(number[0]) >= layers)


def beside(names: Collection[str], layers: int | None = None) -> frozenset[str]:
    """Those of a model's tensors that belong to parts beside its decoder.

    Args:
        layers: as in `is_beside`.
    """
    # Where the decoder has a name of its own, everything else is beside it.
    told_apart = any(_DECODER.search(name) for name in names if "lm_head" not in name)
    return frozenset(
        name for name in names if is_beside(name, layers) or (told_apart and _DECODER.search(name) is None)
    )


def listed(names: Collection[str], most: int = 3) -> str:
    """The first few of some tensors' names, as shown in a sentence."""
    first = ", ".join(shown(name, 80) for name in sorted(names)[:most])
    return f"{first}, …" if len(names) > most else first


def oddities(tensors: Sequence[Tensor], method: str = "") -> list[Oddity]:
    """What keeps these tensors from being the weights that the model's config describes.

    Args:
        method: how a file of the folder says that they are quantised.
    """
    matrices = [tensor for tensor in tensors if not is_buffer(tensor)]
    if empty := [tensor.name for tensor in matrices if not tensor.size]:
        said = agreeing(len(empty), f"{{n}} of its {len(matrices):,} tensors [is|are] empty")
        what = f"{said} ({listed(empty)}): the weights were not gathered"
        fix = (
            "gather them when saving (DeepSpeed ZeRO-3: stage3_gather_16bit_weights_on_model_save, or zero_to_fp32.py)"
        )
        return [Oddity("no_weights", what, fix)]
    if wrapped := {match[0].strip(".") + "." for tensor in matrices if (match := _WRAPPER.search(tensor.name))}:
        prefix = listed(wrapped)
        what = f"the names of its tensors have {prefix} in them, which a wrapper around the model put there"
        return [
            Oddity("no_weights", what, f"save the model again without the wrapper, or rename them without {prefix}")
        ]
    if adapters := [tensor.name for tensor in matrices if _ADAPTER.search(tensor.name)]:
        said = agreeing(len(adapters), "{n} of its tensors [is|are] an adapter's")
        what = f"{said} ({listed(adapters)}), and would be left out"
        return [
            Oddity("adapter", what, "merge the adapter into the weights (peft: merge_and_unload, then save_pretrained)")
        ]
    if quantised := _quantised(matrices):
        named = f" ({method})" if method else ""
        what = f"its weights are stored quantised{named}: {listed(quantised)}"
        return [Oddity("quantized", what, UNQUANTISED)]
    return []


def _quantised(tensors: Sequence[Tensor]) -> list[str]:
    """Scales and zero points beside weights, and matrices of whole numbers."""
    names = {tensor.name for tensor in tensors}
    # A norm's own `scale` stands alone; that of a quantised matrix stands beside the matrix.
    stems = {tensor.name: _SCALES.sub("", tensor.name) for tensor in tensors}
    scales = [name for name, stem in stems.items() if stem != name and not names.isdisjoint({stem, f"{stem}.weight"})]
    packed = [tensor.name for tensor in tensors if len(tensor.shape) >= 2 and _is_packed(tensor)]
    return sorted({*scales, *packed})


def _is_packed(tensor: Tensor) -> bool:
    # Ids and places are kept in 64 bits; weights never are.
    return tensor.dtype in _PACKED or (tensor.dtype in ("I64", "U64") and tensor.name.endswith(".weight"))
