"""Both protocols as token ids with explicit boundaries.

A request is the tokenizer's own prefix (BOS, where it adds one) followed by segments that are encoded one by one.
Boundaries are therefore exact, and two requests share every leading segment that they have in common, token for token.
Every segment but the last ends in a line break, and each is encoded behind a line break whose tokens are dropped again:
a tokenizer that marks the start of a text as the start of a word then sees the middle of a text, which it is.

What the segments say is in `engine/layout/wording.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, runtime_checkable
from typing import Protocol as Interface

import numpy as np
import numpy.typing as npt

from engine.layout.protocols import VIEWS, Protocol
from engine.layout.requests import Request
from engine.layout.wording import (
    LayoutOptions,
    default_shots,
    fill,
    prompt_blocks,
    shot_blocks,
    template_hash,
)
from rubrics.counted import count
from rubrics.errors import CandidateError

if TYPE_CHECKING:
    from rubrics.schema import Pair, Suite

__all__ = [
    "BEYOND",
    "BatchEncoder",
    "Laid",
    "LayoutOptions",
    "LossyEncoder",
    "PlacingEncoder",
    "Skipped",
    "TextEncoder",
    "default_shots",
    "lay_out",
    "template_hash",
    "token_lengths",
]

Ids = npt.NDArray[np.int32]

BEYOND: Final = "needs tokens that the candidate's embedding has no row for"
"""Why something is skipped whose ids the tokenizer knows and the model does not."""

_ALIKE: Final = "its tokenizer writes both responses alike"
"""Then a difference in bytes, which is none in tokens, would decide."""


class TextEncoder(Interface):
    """What laying out needs of a tokenizer."""

    @property
    def prefix(self) -> tuple[int, ...]:
        """Special tokens that this tokenizer puts before every text (BOS); what it puts after one is left out."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the numbers should know: the same in a phrase, and how else the ids could be taken."""
        ...

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without special tokens."""
        ...

    def decode_token(self, token: int) -> str:
        """One token as text."""
        ...


@runtime_checkable
class LossyEncoder(Interface):
    """A tokenizer that has a token for what it cannot write; may be offered beside `TextEncoder`."""

    @property
    def unknown(self) -> int | None:
        """Id of that token; None where there is none."""
        ...


@runtime_checkable
class BatchEncoder(Interface):
    """A tokenizer that encodes many texts at once faster than one by one; may be offered beside `TextEncoder`."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without special tokens."""
        ...


class PlacingEncoder(TextEncoder, Interface):
    """A tokenizer that knows where in a text its tokens end."""

    def ends(self, text: str) -> list[tuple[int, int]]:
        """For each id of a text, without special tokens: the id, and how many characters are read once it is."""
        ...


class Skipped(NamedTuple):
    """A pair that cannot be scored, and why; found before anything runs."""

    pair_id: str
    reason: str
    tokens: int
    """Length of its longest request, in tokens."""
    limit: int | None
    """The candidate's context length, where that is the reason."""


@dataclass(frozen=True)
class Laid:
    """A suite as requests."""

    requests: Mapping[str, tuple[Request, ...]]
    """By pair, in suite order; put together when asked for, so that a large suite stays small in memory."""
    skipped: tuple[Skipped, ...]
    notes: tuple[str, ...]
    """What a reader of the numbers should know."""
    lengths: Mapping[str, int]
    """Tokens in the longest request of each pair that is not skipped."""


def _ids(numbers: Sequence[int]) -> Ids:
    """Ids as they are kept; a tokenizer may hold some that are beyond that, and beyond every embedding."""
    return np.minimum(np.asarray(numbers, np.int64), np.iinfo(np.int32).max).astype(np.int32)


class _Segments:
    """Texts as segments of token ids; each distinct text is tokenised once."""

    def __init__(self, encoder: TextEncoder) -> None:
        self._encoder = encoder
        self._anchor = encoder.encode("\n")
        self._known: dict[str, Ids] = {"": np.empty(0, np.int32)}

    def learn(self, texts: Iterable[str]) -> None:
        """Encode those of `texts` that are new, many at a time where the tokenizer can."""
        new = list(dict.fromkeys(text for text in texts if text not in self._known))
        if isinstance(self._encoder, BatchEncoder):
            encoded = self._encoder.encode_batch(["\n" + text for text in new])
        else:
            encoded = [self._encoder.encode("\n" + text) for text in new]
        size = len(self._anchor)
        for text, ids in zip(new, encoded, strict=True):
            # Where the line break merged with what follows it, there is no boundary to cut at.
            kept = ids[size:] if ids[:size] == self._anchor else self._encoder.encode(text)
            self._known[text] = _ids(kept)

    def __getitem__(self, text: str) -> Ids:
        if text not in self._known:
            self.learn([text])
        return self._known[text]


@dataclass(frozen=True)
class _PairIds:
    """One pair in parts: what both requests begin with, then the two responses."""

    head: tuple[Ids, ...]
    """The prompt last."""
    chosen: Ids
    rejected: Ids


class _Requests(Mapping[str, tuple[Request, ...]]):
    """Requests by pair id, each put together from its parts when it is looked up."""

    def __init__(self, protocol: Protocol, frame: _Frame, pairs: dict[str, _PairIds]) -> None:
        self._protocol = protocol
        self._frame = frame
        self._pairs = pairs

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def __getitem__(self, pair_id: str) -> tuple[Request, ...]:
        pair = self._pairs[pair_id]
        first, second = VIEWS[self._protocol]
        frame = self._frame
        common = sum(map(len, pair.head[:-1]))
        if self._protocol == "likelihood":
            parts = ((first, pair.chosen), (second, pair.rejected))
            requests = []
            for view, response in parts:
                ids = _joined(*pair.head, frame.first, response)
                span = (len(ids) - len(response), len(ids))
                requests.append(Request(pair_id, self._protocol, view, ids, span, None, common))
            return tuple(requests)
        label_a, label_b = frame.labels
        orders = (
            (first, pair.chosen, pair.rejected, (label_a, label_b)),
            (second, pair.rejected, pair.chosen, (label_b, label_a)),
        )
        return tuple(
            Request(
                pair_id,
                self._protocol,
                view,
                _joined(*pair.head, frame.first, a, frame.second, b, frame.cue),
                None,
                labels,
                common,
            )
            for view, a, b, labels in orders
        )


@dataclass(frozen=True)
class _Frame:
    """The fixed parts of every request."""

    first: Ids
    second: Ids
    cue: Ids
    labels: tuple[int, int]

    @property
    def size(self) -> int:
        return len(self.first) + len(self.second) + len(self.cue)


def _largest(ids: Ids) -> int:
    return int(ids.max(initial=-1))


def _joined(*parts: Ids) -> tuple[int, ...]:
    return tuple(np.concatenate(parts).tolist())


def _frame(options: LayoutOptions, segments: _Segments, encoder: TextEncoder) -> tuple[_Frame, int]:
    """The fixed parts, and which of the template's forms of answer they use.

    Raises:
        CandidateError: in no form are the labels single, distinct tokens.
    """
    template = options.template
    first = segments[template["first"]]
    if options.protocol == "likelihood":
        nothing = np.empty(0, np.int32)
        return _Frame(first, nothing, nothing, (-1, -1)), 0
    tried = []
    for form, answer in enumerate(template["answers"]):
        cue, rest = _behind(answer["cue"], answer["labels"], segments)
        if len(rest[0]) == len(rest[1]) == 1:
            return _Frame(first, segments[template["second"]], cue, (rest[0][0], rest[1][0])), form
        written = (" + ".join(repr(encoder.decode_token(token)) for token in ids) or "nothing" for ids in rest)
        shown = (f"{text!r} as {tokens}" for text, tokens in zip(answer["labels"], written, strict=True))
        tried.append(f"behind {answer['cue']!r} it writes {' and '.join(shown)}")
    raise CandidateError(
        "the labels are not single, distinct tokens of this tokenizer: " + "; ".join(tried),
        fix="compare responses by likelihood instead",
        shell="--protocol likelihood",
    )


def _behind(cue: str, labels: Sequence[str], segments: _Segments) -> tuple[Ids, tuple[list[int], list[int]]]:
    """A cue's ids as they are in front of either label, and what follows them for each label."""
    with_a, with_b = (segments[cue + text].tolist() for text in labels)
    shared = 0
    while shared < min(len(with_a), len(with_b)) and with_a[shared] == with_b[shared]:
        shared += 1
    return np.asarray(with_a[:shared], np.int32), (with_a[shared:], with_b[shared:])


def lay_out(
    suite: Suite,
    encoder: TextEncoder,
    options: LayoutOptions,
    context: int | None = None,
    vocabulary: int | None = None,
) -> Laid:
    """Every scored pair of a suite as two requests; what cannot be scored is skipped whole, and named.

    Args:
        context: most tokens that the candidate can read at once; None for no limit.
        vocabulary: rows of the candidate's embedding; None where that is not known.

    Raises:
        CandidateError: the tokenizer cannot write the labels as single, distinct tokens (`choice`).
        BadInput: more shots asked for than there are exemplars.
    """
    segments = _Segments(encoder)
    frame, form = _frame(options, segments, encoder)
    blocks, notes = shot_blocks(options, suite, form)
    notes += encoder.notes
    template = options.template
    if form > 0:
        cue, labels = (template["answers"][form][part] for part in ("cue", "labels"))
        notes.append(
            f"labels are {labels[0]!r} and {labels[1]!r} behind {cue!r}, to be single tokens of this tokenizer"
        )
    # Under `likelihood` exactly the response is scored, so nothing may be glued to its end.
    shape = template["response"] if options.protocol == "choice" else "{response}"
    prefix = _ids(encoder.prefix)

    fixed = max(*frame.labels, *map(_largest, (frame.first, frame.second, frame.cue)))

    by_pair: dict[str, _PairIds] = {}
    lengths: dict[str, int] = {}
    skipped: list[Skipped] = []
    unknown = encoder.unknown if isinstance(encoder, LossyEncoder) else None
    unwritten = 0
    prompts = prompt_blocks(options, suite.scored)
    for batch in _batches(suite.scored, 2048):
        texts = [
            (
                prompts[pair.id],
                fill(shape, response=pair.chosen),
                fill(shape, response=pair.rejected),
            )
            for pair in batch
        ]
        segments.learn(text for row in texts for text in row)
        for pair, (prompt, chosen, rejected) in zip(batch, texts, strict=True):
            head = (prefix, segments[blocks[pair.domain]], segments[prompt])
            ids = _PairIds(head, segments[chosen], segments[rejected])
            sizes = (len(ids.chosen), len(ids.rejected))
            longest = sum(sizes) if options.protocol == "choice" else max(sizes)
            length = sum(map(len, head)) + frame.size + longest
            if min(sizes) == 0:
                skipped.append(Skipped(pair.id, "a response has no tokens", length, None))
            elif np.array_equal(ids.chosen, ids.rejected):
                skipped.append(Skipped(pair.id, _ALIKE, length, None))
            elif context is not None and length > context:
                skipped.append(Skipped(pair.id, "longer than the candidate's context", length, context))
            elif vocabulary is not None and max(fixed, *map(_largest, (*head, ids.chosen, ids.rejected))) >= vocabulary:
                skipped.append(Skipped(pair.id, BEYOND, length, None))
            else:
                by_pair[pair.id] = ids
                lengths[pair.id] = length
                unwritten += unknown is not None and (unknown in ids.chosen or unknown in ids.rejected)
    if unwritten and unknown is not None:
        mark = encoder.decode_token(unknown)
        notes.append(
            f"in {unwritten} of {count(len(by_pair), 'pair')} a response holds what its tokenizer cannot write ({mark})"
        )
    return Laid(_Requests(options.protocol, frame, by_pair), tuple(skipped), tuple(notes), lengths)


def token_lengths(encoder: PlacingEncoder, text: str) -> list[int]:
    """How many UTF-8 bytes of a response each of its tokens under `likelihood` stands for.

    The lengths add up to those of the text, so that it can be cut into its tokens without the tokenizer. Of the tokens
    that share one character the first has all its bytes and the others none.
    """
    anchor = encoder.encode("\n")
    placed = encoder.ends("\n" + text)
    if [token for token, _ in placed[: len(anchor)]] == anchor:
        ends = [end - 1 for _, end in placed[len(anchor) :]]
    else:
        ends = [end for _, end in encoder.ends(text)]
    if ends:
        ends[-1] = len(text)
    lengths = []
    start = 0
    for end in ends:
        end = max(start, end)
        lengths.append(len(text[start:end].encode()))
        start = end
    return lengths


def _batches(pairs: Sequence[Pair], size: int) -> Iterator[Sequence[Pair]]:
    for start in range(0, len(pairs), size):
        yield pairs[start : start + size]
