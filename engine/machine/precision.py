"""At which precision a candidate fits the memory of a device, worked out from its headers before anything is loaded."""

from __future__ import annotations

import importlib.util
from typing import Final, Literal, NamedTuple

from engine.candidates.candidate import Candidate, Served
from engine.candidates.untrusted import shown
from engine.machine.budgets import BUDGET_TOKENS, KEPT_BYTES, KERNELS_KEPT, LEAST_TOKENS, logit_rows
from engine.machine.devices import Device
from engine.machine.kernels import PRECISIONS, QUANTISED, SERVED, Precision, matmul_for
from engine.machine.sizes import human_bytes
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = [
    "CONTEXT_TOKENS",
    "START_BYTES",
    "PrecisionFit",
    "estimate",
    "fits",
]

CONTEXT_TOKENS: Final = 4096
"""Keys and values held at once where nobody says more: shots, a prompt and both responses."""

_ESTIMATE_OFF: Final = 0.1
"""Share of a memory that was set by a person, left alone: estimates have been up to 8 % too low."""

_KEPT_BACK: Final = 0.05
"""Share of the free memory left alone: allocators round up, and other programs live here too."""

START_BYTES: Final = {"cpu": 420 << 20, "cuda": 700 << 20}
"""What scoring takes whatever the model: libraries and their workspaces, or kernels and a context on a GPU."""

_QUANTISED_BYTES: Final = 45 << 20
"""What bitsandbytes adds to that on a CPU."""

_KERNEL_BYTES: Final = 600_000
"""Code that oneDNN writes for one shape of a product."""

_KERNEL_TOKENS: Final = 32
"""Attention is two products, and their shapes are rounded up to 64 keys."""

_WIDENED_BYTES: Final = 4 << 22
"""Weights that are fp32 numbers at one time where bf16 ones are multiplied so."""

_NF4_BLOCK: Final = 64
"""Weights that share a scale."""

_NF4_BYTES: Final = 0.5 + 1 / _NF4_BLOCK + 4 / (_NF4_BLOCK * 256)
"""Half a byte, one 8-bit scale for each block of 64, one fp32 scale for 256 of those (QLoRA, arXiv 2305.14314,
section 3: double quantisation)."""


class PrecisionFit(NamedTuple):
    """Whether a candidate can be scored on a device, at which precision, and why."""

    precision: Precision | Literal["served"] | None
    """None: it does not fit; `served`: its server has chosen one."""
    reason: str
    """One sentence with the figures."""
    needed_bytes: int
    """Estimated peak at that precision, or at the smallest one tried."""
    free_bytes: int
    budget_tokens: int | None = None
    """Tokens in one forward pass; None: as usual, since no memory was set."""
    kept_bytes: int | None = None
    """Of keys and values that outlast a call, at most; None as before."""


def estimate(
    candidate: Candidate,
    precision: Precision,
    *,
    context_tokens: int,
    budget_tokens: int,
    device_kind: str = "cpu",
) -> int:
    """Bytes that a scoring process takes at its peak, of the device's memory: its start, weights, keys and values,
    activations and logits.

    Args:
        context_tokens: tokens whose keys and values are held at one time.
        budget_tokens: tokens in one forward pass.
    """
    shape = candidate.shape
    item = 4 if precision == "fp32" else 2
    matmul = matmul_for(device_kind, precision)
    kv = 2 * context_tokens * shape.layers * shape.kv_heads * shape.head_dim * (4 if matmul == "wide" else item)
    # What lies between products is in fp32 there.
    between = 4 if matmul in ("mixed", "wide") else item
    heads = shape.heads * shape.head_dim
    # The widest moment of a layer is either its attention or its feed-forward part; the residual and its norm in fp32
    # live beside both. Grouped keys and values are repeated for every head while they are multiplied.
    repeated = 2 * context_tokens * heads if shape.kv_heads < shape.heads else 0
    attention = budget_tokens * 4 * heads + repeated
    forward = budget_tokens * 3 * shape.intermediate
    residual = budget_tokens * shape.hidden * (2 * between + 4)
    mask = budget_tokens * (budget_tokens + context_tokens) * item
    # As computed, in fp32, and once more inside the log-sum-exp.
    logits = min(budget_tokens, logit_rows(shape.vocab, device_kind)) * shape.vocab * (item + 4 + 4)
    layer = residual + max(attention, forward) * between + mask
    if matmul == "mixed":
        # What goes into a product and what comes out of it, in bf16.
        layer += budget_tokens * (shape.hidden + shape.intermediate) * item
    if matmul == "wide":
        layer += _WIDENED_BYTES
    # What a layer frees, the C library keeps for the next one; logits are too large to come from there.
    running = kv + (layer + logits if device_kind == "cpu" else max(layer, logits))
    # While a tensor is converted or quantised it exists twice.
    loading = candidate.largest_tensor * 4
    start = START_BYTES[device_kind]
    if device_kind == "cpu" and precision in QUANTISED:
        start += _QUANTISED_BYTES
    if matmul in ("onednn", "mixed"):
        start += _KERNEL_BYTES * min(KERNELS_KEPT, context_tokens // _KERNEL_TOKENS)
    weights = _weight_bytes(candidate, precision) + item * candidate.beside
    return start + weights + max(running, loading)


def _weight_bytes(candidate: Candidate, precision: Precision) -> int:
    linear = candidate.linear_parameters
    rest = candidate.parameters - linear
    match precision:
        case "fp32":
            return 4 * candidate.parameters
        case "bf16":
            return 2 * candidate.parameters
        case "int8":
            # One fp32 scale for each row of a matrix (LLM.int8(), arXiv 2208.07339, section 2).
            return 2 * rest + linear + 4 * linear // max(candidate.shape.hidden, 1)
        case "nf4":
            return 2 * rest + int(linear * _NF4_BYTES)


def fits(
    candidate: Candidate,
    device: Device,
    requested: str = "auto",
    *,
    context_tokens: int | None = None,
    budget_tokens: int | None = None,
    memory: int | None = None,
) -> PrecisionFit:
    """The precision at which a candidate can be scored on a device.

    `auto` takes the first that fits: on the CPU fp32, bf16, int8, nf4 (fp32 is the exact one, and no slower there); on
    a GPU bf16, int8, nf4. int8 and nf4 need bitsandbytes, and are not for GGUF files, which are quantised already. Any
    other request is taken at its word, if it fits.

    Args:
        requested: `auto` or one of `PRECISIONS`.
        context_tokens: as in `estimate`; by default `CONTEXT_TOKENS`, or the candidate's whole context if shorter.
        budget_tokens: as in `estimate`; by default `BUDGET_TOKENS`.
        memory: bytes that scoring may take at its peak; None: what is free. Where it is little, smaller pieces of work
            come before a smaller precision, since they give the same numbers.

    Raises:
        BadInput: no such precision.
    """
    if candidate.served is not None:
        return _as_served(candidate.served, requested)
    context = context_tokens or min(candidate.context or CONTEXT_TOKENS, CONTEXT_TOKENS)
    if requested == "auto":
        order = PRECISIONS if device.kind == "cpu" else PRECISIONS[1:]
    else:
        order = tuple(precision for precision in PRECISIONS if precision == requested)
        if not order:
            raise BadInput(
                "no such precision", where=shown(requested), fix=f"give auto or one of {', '.join(PRECISIONS)}"
            )
    has_bitsandbytes = importlib.util.find_spec("bitsandbytes") is not None
    possible = [precision for precision in order if has_bitsandbytes or precision not in QUANTISED]
    if candidate.stored:
        if requested in QUANTISED:
            text = f"{requested} would quantise once more what the file has quantised ({candidate.stored})"
            return PrecisionFit(None, text, 0, device.free)
        possible = [precision for precision in possible if precision not in QUANTISED]
    where = f"{human_bytes(device.free)} free on {device.spec}"
    usable = int(device.free * (1 - _KEPT_BACK))
    pieces = [budget_tokens or BUDGET_TOKENS[device.kind]]
    if memory is not None:
        where = f"{human_bytes(memory)} allowed, {where}"
        usable = min(usable, int(memory * (1 - _ESTIMATE_OFF)))
        while pieces[-1] > LEAST_TOKENS[device.kind]:
            pieces.append(pieces[-1] // 2)
    if "nf4" in possible and device.kind == "cpu" and (odd := _odd_width(candidate)):
        if requested == "nf4":
            text = f"nf4 on a CPU needs matrices whose width is a multiple of {_NF4_BLOCK}; this one has {odd}"
            return PrecisionFit(None, text, 0, device.free)
        possible.remove("nf4")
    if not possible:
        return PrecisionFit(
            None, f"{requested} needs the package bitsandbytes, which is not installed here", 0, device.free
        )
    needs: dict[Precision, int] = {}
    for precision in possible:
        for tokens in pieces:
            needs[precision] = estimate(
                candidate, precision, context_tokens=context, budget_tokens=tokens, device_kind=device.kind
            )
            if needs[precision] > usable:
                continue
            reason = _chosen(needs, requested, where)
            if memory is None:
                return PrecisionFit(precision, reason, needs[precision], device.free)
            if tokens < pieces[0]:
                reason += f"; {count(tokens, 'token')} at a time in place of {pieces[0]:,}"
            kept = min(KEPT_BYTES[device.kind], usable - needs[precision])
            return PrecisionFit(precision, reason, needs[precision], device.free, tokens, kept)
    smallest, needed = min(needs.items(), key=lambda item: item[1])
    text = f"{smallest} needs {human_bytes(needed)}"
    if len(pieces) > 1:
        text += f" with no more than {pieces[-1]:,} tokens at a time"
    text += f", with {where}"
    if memory is not None:
        text += f"; {human_bytes(int(needed / (1 - _ESTIMATE_OFF)) + (1 << 20))} allowed would do"
    if requested == "auto":
        text = f"even {text}"
        if not has_bitsandbytes and not candidate.stored:
            text += "; int8 and nf4 would need the package bitsandbytes"
    elif memory is not None:
        others = fits(candidate, device, context_tokens=context, budget_tokens=budget_tokens, memory=memory)
        if others.precision:
            text += f", or {others.precision}"
    return PrecisionFit(None, text, needed, device.free)


def _as_served(served: Served, requested: str) -> PrecisionFit:
    by = " ".join(filter(None, [served.engine or "a server", served.version]))
    if requested not in ("auto", SERVED):
        return PrecisionFit(None, f"{requested} cannot be asked for: it is served by {by}, which decides that", 0, 0)
    return PrecisionFit(SERVED, f"served by {by}, at the precision that was chosen there", 0, 0)


def _odd_width(candidate: Candidate) -> int | None:
    """A width of the candidate's matrices that bitsandbytes' kernels for the CPU cannot split into blocks."""
    shape = candidate.shape
    widths = (shape.hidden, shape.intermediate, shape.heads * shape.head_dim)
    return next((width for width in widths if width % _NF4_BLOCK), None)


def _chosen(needs: dict[Precision, int], requested: str, where: str) -> str:
    """Why the last of these is the one."""
    *larger, (chosen, needed) = needs.items()
    text = f"{chosen} needs {human_bytes(needed)} of {where}"
    if larger:
        named, size = larger[-1]
        return f"{text}; {named} would need {human_bytes(size)}, too much"
    return f"{text}, as asked" if requested != "auto" else text
