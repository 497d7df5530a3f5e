"""Attention by dense products: of some queries over some keys, with or without a mask."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import torch
from torch import Tensor
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import linear, scaled_dot_product_attention

from engine.machine.kernels import Matmul
from engine.scoring.matmul import product

__all__ = ["BY_ONEDNN", "Tiles", "fused", "take"]

BY_ONEDNN: Final[tuple[Matmul, ...]] = ("onednn", "mixed")
"""Ways to multiply that take one head after the other, each a product by oneDNN."""

_SCORES = 1 << 18
"""Attention scores held at once for each thread, in elements: a megabyte, which stays in a core's cache."""

_ROWS = 256
"""Rows of a product for each thread; more would compute more of what is right of the diagonal."""

_STEP = 64
"""Rows and keys of a product by oneDNN are rounded up to this: for a new shape it writes code, for a millisecond."""

_WORTH = 1 << 21
"""Multiplications from which a product by oneDNN is faster than one for all heads by the BLAS."""


def take(tensor: Tensor, spans: list[tuple[int, int]], own: bool = False) -> Tensor:
    """Spans of dimension 2 in a row; a view where there is one span and it need not outlive `tensor`."""
    parts = [tensor[:, :, start:stop] for start, stop in spans]
    if len(parts) == 1:
        return parts[0].clone(memory_format=torch.contiguous_format) if own else parts[0]
    return torch.cat(parts, 2)


def fused(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scale: float) -> Tensor:
    """PyTorch's kernels; heads stay grouped where the kernel without a mask takes them so."""
    groups = query.shape[1] // key.shape[1]
    if mask is None and query.shape[2] == key.shape[2]:
        return scaled_dot_product_attention(query, key, value, is_causal=True, scale=scale, enable_gqa=groups > 1)
    if mask is None and query.device.type == "cuda":
        bias = causal_lower_right(query.shape[2], key.shape[2])
        return scaled_dot_product_attention(query, key, value, attn_mask=bias, scale=scale, enable_gqa=groups > 1)
    if mask is None:
        mask = torch.ones(query.shape[2], key.shape[2], dtype=torch.bool, device=query.device)
        mask = mask.tril(key.shape[2] - query.shape[2])
    if groups > 1:
        key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)


class Tiles:
    """Plain matrix products over tiles of queries: little right of the diagonal is computed, and tiles stay in cache.

    On a CPU in fp32 faster than the fused kernel; also the way to cap scores (Gemma 2, arXiv 2408.00118, §2).

    Args:
        query: of a whole slice; shape (1, heads, tokens, width).
        key: of the slice and what is before it; shape (1, kv heads, keys, width). Products are of numbers as it has.
        cap: scores s become cap · tanh(s / cap).
        onednn: whether large products are oneDNN's.
    """

    def __init__(self, query: Tensor, key: Tensor, scale: float, cap: float | None, onednn: bool) -> None:
        _, heads, tokens, width = query.shape
        kv_heads = key.shape[1]
        self._groups = heads // kv_heads
        self._cap = cap
        self._onednn = onednn
        self._product = product if key.dtype == torch.float32 else linear
        # The heads of a group stand side by side, token by token, so that any run of tokens is one matrix.
        rows = key.new_zeros(kv_heads, tokens + _STEP, self._groups, width)
        torch.mul(
            query[0].float().reshape(kv_heads, self._groups, tokens, width).transpose(1, 2), scale, out=rows[:, :tokens]
        )
        self._query = rows.flatten(1, 2)

    def attend(
        self, out: Tensor, start: int, stop: int, key: Tensor, value: Tensor, spans: list[tuple[int, int]],
        mask: Tensor | None,
    ) -> None:  # fmt: skip
        """Queries `start:stop` over some spans of the keys, into the same rows of `out` (1, tokens, heads, width).

        Args:
            mask: boolean, shape (queries, keys of the spans); None where the queries are the last of these keys and
                each sees all up to itself.
        """
        count = sum(b - a for a, b in spans)
        kv_heads, width, length = key.shape[1], key.shape[3], stop - start
        before = count - length
        threads = torch.get_num_threads()
        most = max(16, min(_ROWS * threads, _SCORES * threads // count) // self._groups)
        tiles = -(-length // most)
        size = -(-length // tiles)
        dense = self._onednn and size * self._groups * count * width >= _WORTH
        step = max(1, _STEP // self._groups)
        size = -(-size // step) * step if dense else size
        k, v = _lengthened(key, value, spans, _STEP if dense else 1)
        for a in range(0, length, size):
            b = min(length, a + size)
            rows = -(-(b - a) // step) * step if dense else b - a
            end = count if mask is not None else before + b
            end = -(-end // _STEP) * _STEP if dense else end
            first = (start + a) * self._groups
            q = self._query[:, first : first + rows * self._groups]
            hidden = None if mask is None else ~mask[a:b]
            target = out[0, start + a : start + b].view(b - a, kv_heads, self._groups, -1)
            if dense:
                for head in range(kv_heads):
                    scores = self._product(q[head], k[head, :end])[None]
                    done = self._product(self._weights(scores, b - a, before + a, hidden)[0], v[head, :end].t())
                    target[:, head] = done.view(rows, self._groups, -1)[: b - a]
            else:
                scores = torch.bmm(q, k[:, :end].transpose(1, 2))
                done = torch.bmm(self._weights(scores, b - a, before + a, hidden), v[:, :end])
                target.copy_(done.view(kv_heads, rows, self._groups, -1).transpose(0, 1))

    def _weights(self, scores: Tensor, real: int, seen: int, hidden: Tensor | None) -> Tensor:
        """Softmax of scores (heads, rows, keys); row r sees seen + r + 1 keys, or what is not hidden."""
        if self._cap is not None:
            scores = self._cap * torch.tanh(scores.float() / self._cap)
        grid = scores.view(len(scores), -1, self._groups, scores.shape[2])
        if hidden is None:
            above = _above_diagonal(grid.shape[1], grid.shape[3] - seen, scores.device)
            grid[..., seen:].masked_fill_(above[:, None], -torch.inf)
        else:
            grid[:, :real, :, : hidden.shape[1]].masked_fill_(hidden[:, None], -torch.inf)
            grid[..., hidden.shape[1] :].fill_(-torch.inf)
        return torch.softmax(scores, -1).to(self._query.dtype)


def _lengthened(key: Tensor, value: Tensor, spans: list[tuple[int, int]], step: int) -> tuple[Tensor, Tensor]:
    """Keys and values of some spans, each (heads, n, width); n is rounded up to `step` by rows of anything."""
    count = sum(b - a for a, b in spans)
    short = -count % step
    (first, last), *more = spans
    if not more and last + short <= key.shape[2]:
        return key[0, :, first : last + short], value[0, :, first : last + short]
    spans = [*spans, (0, short)] if short else spans
    return take(key, spans)[0], take(value, spans)[0]


@lru_cache(maxsize=64)
def _above_diagonal(rows: int, columns: int, device: torch.device) -> Tensor:
    """Few shapes, asked for by every tile, head and layer: what is kept is a megabyte or two."""
    return torch.ones(rows, columns, dtype=torch.bool, device=device).triu(1)
