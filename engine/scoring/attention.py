"""Attention over a slice of the tree: each token sees its ancestors and nothing else.

Registered with transformers as an attention function, so that a model's own code does everything else. What is done
token by token (projections, norms, rotary positions, MLP, experts) needs no change for tokens of many requests in
one row; only attention has to know who is whose ancestor.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.machine.kernels import Matmul
from engine.scoring import dense
from engine.scoring.dense import fused, take
from engine.scoring.path import Parts, Path, spans
from engine.scoring.tree import Ints, Tree

__all__ = ["NAME", "Slice", "Unsupported", "attend_over", "register", "visible"]

NAME = "rude_tree"
"""What transformers knows this attention by."""

_TOGETHER = 96
"""Branches of fewer tokens than this, taken together, are attended over at once, behind a mask."""


class Unsupported(Exception):
    """The model asks for something that this attention does not do; it has to be scored plainly."""


def visible(keys: Ints, ends: Ints, queries: Ints) -> Any:
    """Which tokens each query sees: itself and its ancestors. Boolean, shape (queries, keys).

    Args:
        keys, ends: place in the stream of each key, and where the tokens below it end.
        queries: place in the stream of each query.
    """
    return (keys[None, :] <= queries[:, None]) & (queries[:, None] < ends[None, :])


class _Block(NamedTuple):
    """Queries of a slice that are attended over in one go."""

    start: int
    stop: int
    keys: Ints
    """Indices, among kept and new tokens, of those that any of the queries sees."""
    single: bool
    """Whether the queries are one branch, each the ancestor of the next."""


class _Keys(NamedTuple):
    spans: list[tuple[int, int]]
    mask: Tensor | None
    """Boolean, shape (queries, keys); None where the queries are the last keys and see all up to themselves."""


class Slice:
    """Some tokens of a tree behind what was kept for them: all their ancestors are kept, or among them.

    Args:
        new: places of the tokens in the stream, ascending.
        kept: which of them, and of the path, have to be kept for what comes after this slice; boolean, by place.
        read: where in the slice the last layer's output is read; ascending. No other query is needed there.
        last: the last layer.
        products: how the model multiplies.
    """

    def __init__(
        self, tree: Tree, path: Path, new: Ints, kept: npt.NDArray[np.bool_], read: Ints, last: int,
        products: Matmul = "default",
    ) -> None:  # fmt: skip
        self._products = products
        self.size = len(new)
        self._path = path
        self._old = len(path.places)
        self._places = np.concatenate([path.places, new])
        self._ends = tree.end[self._places]
        self._depths = tree.depth[self._places]
        self._blocks = list(self._cut())
        self._last = last
        self._last_blocks = [part for block in self._blocks if (part := self._narrowed(block, read))]
        self._keys: dict[tuple[int, int, int | None, torch.device], _Keys] = {}
        self._kept_old = np.flatnonzero(kept[path.places])
        self._kept_new = np.flatnonzero(kept[new])
        self._kept_spans = spans(self._kept_new)
        self._kept: dict[int, Parts] = {}
        self.windows: dict[int, int | None] = {}
        """By layer, the sliding window that the model asked for."""

    def path(self) -> Path:
        """What has to be kept for the tokens that come after this slice, once every layer has run."""
        return Path(self._places[np.concatenate([self._kept_old, self._old + self._kept_new])], self._kept)

    def _cut(self) -> Iterator[_Block]:
        old = self._old
        new = self._places[old:]
        # A branch goes on as long as the next token is below this one.
        leaves = np.flatnonzero(self._ends[old:-1] <= new[1:]) + 1
        cuts = [0, *leaves.tolist(), self.size]
        first = 0
        while first < len(cuts) - 1:
            last = first + 1
            while last < len(cuts) - 1 and cuts[last + 1] - cuts[first] <= _TOGETHER:
                last += 1
            a, b = cuts[first], cuts[last]
            # What a branch sees of others is what its first token sees.
            seen = visible(self._places, self._ends, new[cuts[first:last]]).any(0)
            seen[old + a : old + b] = True
            yield _Block(a, b, np.flatnonzero(seen), last == first + 1)
            first = last

    def _narrowed(self, block: _Block, read: Ints) -> _Block | None:
        """The part of a block from its first to its last query that is read."""
        first, last = np.searchsorted(read, [block.start, block.stop])
        if first == last:
            return None
        start, stop = int(read[first]), int(read[last - 1]) + 1
        keys = block.keys[block.keys < self._old + stop]
        return _Block(start, stop, keys, block.single)

    def _keys_for(self, block: _Block, window: int | None, device: torch.device) -> _Keys:
        name = (block.start, block.stop, window, device)
        if name not in self._keys:
            self._keys[name] = self._make_keys(block, window, device)
        return self._keys[name]

    def _make_keys(self, block: _Block, window: int | None, device: torch.device) -> _Keys:
        queries = np.arange(self._old + block.start, self._old + block.stop)
        keys = block.keys
        reach = 0
        if window is not None:
            keys = keys[self._depths[keys] > self._depths[queries].min() - window]
            reach = int(self._depths[queries].max() - self._depths[keys].min())
        if block.single and (window is None or reach < window):
            return _Keys(spans(keys), None)
        mask = visible(self._places[keys], self._ends[keys], self._places[queries])
        if window is not None:
            mask &= self._depths[queries][:, None] - self._depths[keys][None, :] < window
        return _Keys(spans(keys), torch.from_numpy(mask).to(device))

    def _keep(self, layer: int, key: Tensor, value: Tensor) -> Parts:
        kept = self._path.some(layer, self._kept_old)
        if self._kept_spans:
            kept.append((take(key, self._kept_spans, own=True), take(value, self._kept_spans, own=True)))
        return kept

    def attend(
        self, layer: int, query: Tensor, key: Tensor, value: Tensor, scale: float, window: int | None, cap: float | None
    ) -> Tensor:
        """One layer's attention; query (1, heads, tokens, width) to (1, tokens, heads, width)."""
        if layer in self.windows:
            raise Unsupported("a layer attends more than once")
        if query.shape[2] != self.size or key.shape[2] != self.size:
            raise Unsupported("the model attends over other tokens than it was given")
        self.windows[layer] = window
        if self._products in _TYPES:
            key, value = (tensor.to(_TYPES[self._products]) for tensor in (key, value))
        self._kept[layer] = self._keep(layer, key, value)
        if old := self._path.layers.get(layer):
            key, value = (torch.cat([*(part[n] for part in old), new], 2) for n, new in ((0, key), (1, value)))
        elif self._products in dense.BY_ONEDNN:
            # Its products want rows without gaps; a model's own lie head beside head.
            key, value = key.contiguous(), value.contiguous()
        out = value.new_zeros(1, self.size, query.shape[1], value.shape[3])
        plain = cap is not None or self._products in _TYPES or _exactly(query)
        tiles = dense.Tiles(query, key, scale, cap, self._products in dense.BY_ONEDNN) if plain else None
        for block in self._last_blocks if layer == self._last else self._blocks:
            spans, mask = self._keys_for(block, window, query.device)
            if tiles is not None:
                tiles.attend(out, block.start, block.stop, key, value, spans, mask)
            else:
                q = query[:, :, block.start : block.stop]
                done = fused(q, take(key, spans), take(value, spans), mask, scale)
                out[:, block.start : block.stop] = done.transpose(1, 2)
        return out


_TYPES: Final[dict[Matmul, torch.dtype]] = {"mixed": torch.bfloat16, "wide": torch.float32}
"""Of the numbers that are multiplied, and kept, by ways that say so."""


def _exactly(query: Tensor) -> bool:
    return query.device.type == "cpu" and query.dtype == torch.float32


_current: ContextVar[Slice | None] = ContextVar("current", default=None)


@contextmanager
def attend_over(part: Slice) -> Iterator[None]:
    """Inside, models that use this attention attend over `part`."""
    token = _current.set(part)
    try:
        yield
    finally:
        _current.reset(token)


_IGNORED = frozenset({"dropout", "position_ids", "use_cache", "is_causal", "output_attentions", "output_hidden_states"})
"""Arguments that change nothing here; any other that is set may change the numbers, so it is refused."""


def _attention(
    module: torch.nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    softcap: float | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    part = _current.get()
    layer = getattr(module, "layer_idx", None)
    if part is None or attention_mask is not None or not isinstance(layer, int) or query.shape[0] != 1:
        raise Unsupported("the model does not attend the plain way")
    odd = sorted(name for name, given in others.items() if name not in _IGNORED and given is not None)
    if odd:
        raise Unsupported(f"its attention takes {', '.join(odd)}")
    scale = query.shape[-1] ** -0.5 if scaling is None else float(scaling)
    return part.attend(layer, query, key, value, scale, sliding_window, softcap), None


def register() -> None:
    """Make this attention known to transformers; without a mask function, so that models build no mask for it."""
    from transformers import AttentionInterface

    AttentionInterface.register(NAME, _attention)
