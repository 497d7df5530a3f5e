"""A candidate's tokenizer, as laying out wants it."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import commonprefix
from pathlib import Path
from typing import Any

from rubrics.errors import CandidateError

__all__ = ["HubTokenizer", "open_tokenizer"]

_PROBE = "Request:\nname a colour"


class HubTokenizer:
    """A `transformers` tokenizer: a `TextEncoder` that also encodes in parallel where it is a fast one."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        # The Rust tokenizer under a fast one encodes a batch on all cores, and without a dictionary per text.
        self._fast = tokenizer.backend_tokenizer if getattr(tokenizer, "is_fast", False) else None
        if self._fast is not None:
            self._fast.no_padding()
            self._fast.no_truncation()
        self._prefix = _detect_prefix(tokenizer)
        if self._fast is not None:
            # In a pair, "</s>" and the like are text; only the prefix is special.
            self._fast.encode_special_tokens = True
        self._anchor = self.encode("\n")
        self.vocab_size = len(tokenizer)

    @property
    def prefix(self) -> tuple[int, ...]:
        """Special tokens put before every text."""
        return self._prefix

    @property
    def bos_policy(self) -> str:
        """What is put before every text, for a reader."""
        if not self._prefix:
            return "BOS: none is added, as this tokenizer adds none"
        shown = " ".join(self.decode_token(token) for token in self._prefix)
        return f"BOS: {shown} begins every request, as this tokenizer adds it"

    def encode(self, text: str) -> list[int]:
        """Ids of a text, without special tokens."""
        if self._fast is not None:
            return list(self._fast.encode(text, add_special_tokens=False).ids)
        return list(self._tokenizer.encode(text, add_special_tokens=False, split_special_tokens=True))

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without special tokens."""
        if self._fast is not None:
            return [e.ids for e in self._fast.encode_batch_fast(list(texts), add_special_tokens=False)]
        return [self.encode(text) for text in texts]

    def ends(self, text: str) -> list[tuple[int, int]]:
        """For each id of a text, without special tokens: the id, and how many characters are read once it is."""
        if self._fast is not None:
            encoding = self._fast.encode(text, add_special_tokens=False)
            return [(token, end) for token, (_, end) in zip(encoding.ids, encoding.offsets, strict=True)]
        # A tokenizer in Python keeps no places: what the ids so far decode to says how far they reach.
        ids = self.encode(text)
        read = (self._decode(ids[:size]) for size in range(1, len(ids) + 1))
        shared = (len(commonprefix([text, so_far])) for so_far in read)  # noqa: RUF071 - characters are meant
        return list(zip(ids, shared, strict=True))

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def decode_token(self, token: int) -> str:
        """One token as text; its name in the vocabulary where it is no text by itself (part of a character)."""
        # Behind a line break: many tokenizers drop the space that a token at the start of a text begins with.
        text = self._decode([*self._anchor, token]).removeprefix(self._decode(self._anchor))
        if text and "\ufffd" not in text:
            return text
        return str(self._tokenizer.convert_ids_to_tokens(token))


def _detect_prefix(tokenizer: Any) -> tuple[int, ...]:
    plain = list(tokenizer.encode(_PROBE, add_special_tokens=False))
    full = list(tokenizer.encode(_PROBE, add_special_tokens=True))
    for start in range(len(full) - len(plain) + 1):
        if full[start : start + len(plain)] == plain:
            return tuple(full[:start])
    raise CandidateError(
        "its tokenizer changes a text when it adds special tokens, so no boundary can be drawn",
        fix="this candidate cannot be scored",
    )


def open_tokenizer(folder: str | Path, trust_remote_code: bool = False) -> HubTokenizer:
    """The tokenizer in a model's folder; never from the network.

    Raises:
        CandidateError: there is none, it is damaged, or it wants to run its own code.
    """
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    where = str(folder)
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, local_files_only=True, trust_remote_code=trust_remote_code)
        opened = HubTokenizer(tokenizer)
    except CandidateError as error:
        raise CandidateError(error.what, where=where, fix=error.fix) from None
    except Exception as error:  # a damaged tokenizer raises almost anything
        raise CandidateError(
            f"its tokenizer cannot be opened ({_first_line(error)})",
            where=where,
            fix="put the tokenizer.json and tokenizer_config.json of this model into the folder",
        ) from error
    if opened.vocab_size == 0 or not opened.encode("A"):
        raise CandidateError("its tokenizer has no vocabulary", where=where, fix="download the tokenizer's files again")
    return opened


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:200]
