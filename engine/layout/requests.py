"""What is asked of a model and what comes back, in numbers alone: no text, no tokenizer, no torch.

This is the seam of scoring. Whatever can turn a `Request` into a `Score` can stand behind it.
"""

from __future__ import annotations

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from engine.layout.protocols import Protocol, View

__all__ = ["Request", "Score", "TokenScores"]


@dataclass(frozen=True)
class Request:
    """One sequence of token ids and what to read from it.

    Exactly one of `scored` and `labels` is set: `scored` under `likelihood`, `labels` under `choice`.
    """

    pair_id: str
    protocol: Protocol
    view: View
    ids: tuple[int, ...]
    """Everything the model reads, special tokens included."""
    scored: tuple[int, int] | None
    """Half-open span of `ids` whose log-likelihood is summed."""
    labels: tuple[int, int] | None
    """Ids compared after the last of `ids`: the chosen response's label, the rejected response's label."""
    common: int | None = None
    """So many of `ids` stand before the prompt: what all of its domain begin with. None: not told."""

    def to_json(self) -> dict[str, object]:
        """The request as one JSON object."""
        labels = None if self.labels is None else {"chosen": self.labels[0], "rejected": self.labels[1]}
        return {
            "pair_id": self.pair_id,
            "protocol": self.protocol,
            "view": self.view,
            "ids": list(self.ids),
            "scored": None if self.scored is None else list(self.scored),
            "labels": labels,
        }


_HEADER = struct.Struct("<4sI")
_MAGIC = b"RTS1"
_WANTED_MAGIC = b"RTS2"
"""With the texts of the tokens that were wanted behind the numbers."""


@dataclass(frozen=True)
class TokenScores:
    """One number of each kind for every scored token, in order; all arrays have shape (tokens,)."""

    logprob: npt.NDArray[np.float32]
    """log p(token | everything before it), nats."""
    rank: npt.NDArray[np.int32]
    """1 + how many tokens of the vocabulary are strictly more probable; 0 where a server does not tell."""
    entropy: npt.NDArray[np.float32]
    """Entropy of the distribution the token was drawn from, nats; NaN where a server does not tell."""
    margin: npt.NDArray[np.float32]
    """Largest probability less this token's; 0 where the token is the likeliest (arXiv 2605.18607, §3), NaN where a
    server does not tell."""
    best: npt.NDArray[np.int32] | None = None
    """Id of the likeliest token; only as it comes from a model, whose tokenizer alone knows what it stands for."""
    wanted: tuple[str, ...] = ()
    """The likeliest token as text, where the token is another one, else empty; no texts at all where not kept."""

    def __len__(self) -> int:
        return len(self.logprob)

    def to_bytes(self) -> bytes:
        """Packed: log-probabilities and ranks exact, entropy and margin at half precision (about 3 digits).

        The texts of wanted tokens follow as JSON, where there are any.
        """
        body = b"".join(
            (
                self.logprob.astype("<f4").tobytes(),
                self.rank.astype("<i4").tobytes(),
                self.entropy.astype("<f2").tobytes(),
                self.margin.astype("<f2").tobytes(),
                json.dumps(self.wanted).encode() if self.wanted else b"",
            )
        )
        return _HEADER.pack(_WANTED_MAGIC if self.wanted else _MAGIC, len(self)) + zlib.compress(body, 1)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """What `to_bytes` packed.

        Raises:
            ValueError: the bytes are not such a package, or are cut short.
        """
        if len(raw) < _HEADER.size or raw[:4] not in (_MAGIC, _WANTED_MAGIC):
            raise ValueError("not a package of token scores")
        count = _HEADER.unpack_from(raw)[1]
        try:
            body = zlib.decompress(raw[_HEADER.size :])
        except zlib.error as error:
            raise ValueError(f"token scores are damaged ({error})") from None
        wanted: tuple[str, ...] = ()
        if raw[:4] == _WANTED_MAGIC:
            body, texts = body[: 12 * count], body[12 * count :]
            try:
                wanted = tuple(map(str, json.loads(texts)))
            except ValueError:
                raise ValueError("token scores are cut short") from None
        if len(body) != 12 * count or len(wanted) not in (0, count):
            raise ValueError("token scores are cut short")
        return cls(
            logprob=np.frombuffer(body, "<f4", count, 0).astype(np.float32),
            rank=np.frombuffer(body, "<i4", count, 4 * count).astype(np.int32),
            entropy=np.frombuffer(body, "<f2", count, 8 * count).astype(np.float32),
            margin=np.frombuffer(body, "<f2", count, 10 * count).astype(np.float32),
            wanted=wanted,
        )


@dataclass(frozen=True)
class Score:
    """What one request came to."""

    value: float
    """Nats. `choice`: log p(label of chosen) − log p(label of rejected). `likelihood`: log-likelihood, summed."""
    tokens: TokenScores | None = None
    """Only under `likelihood`, and only where asked for."""
