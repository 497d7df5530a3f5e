"""A candidate's tokenizer, as laying out wants it.

The ids of a text are those of the folder's tokenizer.json, wherever there is one, or of the one that a GGUF file stands
for. transformers may make another
tokenizer of the same folder: for some kinds of model, and some classes that tokenizer_config.json names, it puts a
pre-tokenizer or a BOS of its own in the place of what the file says. That is compared, and a difference is a note.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os.path import commonprefix
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from engine.candidates.gguf_tokenizer import tokenizer_json
from engine.candidates.headers import HeaderFault
from engine.scoring.growth import refuse_growing
from engine.scoring.same_ids import differences
from rubrics.errors import CandidateError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["HubTokenizer", "open_tokenizer"]

_PROBE: Final = "Request:\nname a colour"
_ANYTHING: Final = "A a 0 . \u4e00"
"""Of which a vocabulary that holds anything has something."""
_RARE: Final = "\ue000𐍈ꙮ"
"""One for private use and two of old scripts."""
_MOST_MARKS: Final = 1000
"""Added tokens that a comparison tries; some vocabularies reserve thousands."""


class HubTokenizer(ABC):
    """A tokenizer as a `TextEncoder` and more.

    In a pair what the tokenizer marks as special ("</s>") is text, and is cut up as such; only the prefix is special.
    Other tokens that were added to its vocabulary are tokens, as everywhere.
    """

    def __init__(self) -> None:
        self.remarks: tuple[str, ...] = ()
        """How else its folder could be read."""
        self._prefix = self._detect_prefix()
        self._anchor = self.encode("\n")

    @property
    def prefix(self) -> tuple[int, ...]:
        """Special tokens put before every text."""
        return self._prefix

    @property
    def notes(self) -> tuple[str, ...]:
        """What is put before every text, and the remarks."""
        if not self._prefix:
            return ("BOS: none is added, as this tokenizer adds none", *self.remarks)
        shown = " ".join(map(self.decode_token, self._prefix))
        return (f"BOS: {shown} begins every request, as this tokenizer adds it", *self.remarks)

    @property
    @abstractmethod
    def unknown(self) -> int | None:
        """Id of the token for what it cannot write; None where it has none."""

    @property
    @abstractmethod
    def vocabulary(self) -> dict[str, int]:
        """Every token's id by its name, added ones included."""

    @property
    @abstractmethod
    def added(self) -> list[str]:
        """Names of the tokens that are found in a text before it is cut up, special ones included."""

    @abstractmethod
    def encode(self, text: str, *, special: bool = False) -> list[int]:
        """Ids of a text; `special` with the special tokens that are put around every text."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without special tokens."""
        return [self.encode(text) for text in texts]

    @abstractmethod
    def ends(self, text: str) -> list[tuple[int, int]]:
        """For each id of a text, without special tokens: the id, and how many characters are read once it is."""

    def decode_token(self, token: int) -> str:
        """One token as text; its name in the vocabulary where it is no text by itself (part of a character)."""
        # Behind a line break: many tokenizers drop the space that a token at the start of a text begins with.
        text = self.decode_within([token])
        if text and "\ufffd" not in text:
            return text
        return self._name(token)

    def decode_within(self, ids: Sequence[int]) -> str:
        """Ids as the text that they are as a part of another."""
        return self._decode([*self._anchor, *ids]).removeprefix(self._decode(self._anchor))

    @abstractmethod
    def _decode(self, ids: list[int]) -> str:
        """Ids as text, special tokens included."""

    @abstractmethod
    def _name(self, token: int) -> str:
        """What the vocabulary calls a token."""

    def _detect_prefix(self) -> tuple[int, ...]:
        plain, full = self.encode(_PROBE), self.encode(_PROBE, special=True)
        for start in range(len(full) - len(plain) + 1):
            if full[start : start + len(plain)] == plain:
                return tuple(full[:start])
        raise CandidateError(
            "its tokenizer changes a text when it adds special tokens, so no boundary can be drawn",
            fix="this candidate cannot be scored",
        )


class _RustTokenizer(HubTokenizer):
    """One of the library `tokenizers`, which encodes a batch on all cores, without a dictionary per text."""

    def __init__(self, backend: Tokenizer) -> None:
        self._backend = backend
        backend.no_padding()
        backend.no_truncation()
        backend.encode_special_tokens = True
        if getattr(backend.model, "dropout", None):
            # With it every text is cut up by chance, as in training.
            backend.model.dropout = None
        super().__init__()

    @property
    def unknown(self) -> int | None:
        name = getattr(self._backend.model, "unk_token", None)
        return self._backend.token_to_id(name) if name else getattr(self._backend.model, "unk_id", None)

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self._backend.get_vocab(with_added_tokens=True))

    @property
    def added(self) -> list[str]:
        return [token.content for token in self._backend.get_added_tokens_decoder().values()]

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        return list(self._backend.encode(text, add_special_tokens=special).ids)

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        return [e.ids for e in self._backend.encode_batch_fast(list(texts), add_special_tokens=False)]

    def ends(self, text: str) -> list[tuple[int, int]]:
        encoding = self._backend.encode(text, add_special_tokens=False)
        return [(token, end) for token, (_, end) in zip(encoding.ids, encoding.offsets, strict=True)]

    def _decode(self, ids: list[int]) -> str:
        return str(self._backend.decode(ids, skip_special_tokens=False))

    def _name(self, token: int) -> str:
        return str(self._backend.id_to_token(token))


class _PythonTokenizer(HubTokenizer):
    """One that transformers has in Python alone."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        super().__init__()

    @property
    def unknown(self) -> int | None:
        number = self._tokenizer.unk_token_id
        return None if number is None else int(number)

    @property
    def vocabulary(self) -> dict[str, int]:
        return dict(self._tokenizer.get_vocab())

    @property
    def added(self) -> list[str]:
        return list(self._tokenizer.get_added_vocab())

    def encode(self, text: str, *, special: bool = False) -> list[int]:
        return list(self._tokenizer.encode(text, add_special_tokens=special, split_special_tokens=True))

    def ends(self, text: str) -> list[tuple[int, int]]:
        # It keeps no places: what the ids so far decode to says how far they reach.
        ids = self.encode(text)
        read = (self._decode(ids[:size]) for size in range(1, len(ids) + 1))
        shared = (len(commonprefix([text, so_far])) for so_far in read)  # noqa: RUF071 - characters are meant
        return list(zip(ids, shared, strict=True))

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def _name(self, token: int) -> str:
        return str(self._tokenizer.convert_ids_to_tokens(token))


def open_tokenizer(folder: str | Path, trust_remote_code: bool = False) -> HubTokenizer:
    """The tokenizer in a model's folder or GGUF file; never from the network.

    Args:
        trust_remote_code: whether code of its own is run for a folder without a tokenizer.json.

    Raises:
        CandidateError: there is none, it is damaged, or it wants to run its own code.
    """
    where = str(folder)
    try:
        with _panics_as_errors():
            opened = _of_folder(Path(folder), trust_remote_code)
            empty = not opened.encode(_ANYTHING)
    except CandidateError as error:
        raise CandidateError(error.what, where=where, fix=error.fix) from None
    except HeaderFault as error:
        raise CandidateError(str(error), where=where, fix=error.fix or "fetch the file again") from None
    except Exception as error:  # a damaged tokenizer raises almost anything
        raise CandidateError(
            f"its tokenizer cannot be opened ({_first_line(error)})",
            where=where,
            fix="put the tokenizer.json and tokenizer_config.json of this model into the folder",
        ) from error
    if empty:
        raise CandidateError("its tokenizer has no vocabulary", where=where, fix="download the tokenizer's files again")
    return opened


def _of_folder(folder: Path, trust_remote_code: bool) -> HubTokenizer:
    from tokenizers import Tokenizer

    if folder.is_file():
        return _RustTokenizer(Tokenizer.from_str(tokenizer_json(folder)))
    file = folder / "tokenizer.json"
    if not file.exists():
        return _wrapped(_made_by_transformers(folder, trust_remote_code))
    content = file.read_bytes()
    refuse_growing(content)
    own = _RustTokenizer(Tokenizer.from_buffer(content))
    own.remarks = (*_dropping(own), *_compared(own, folder))
    return own


def _dropping(own: HubTokenizer) -> tuple[str, ...]:
    """Whether characters that no vocabulary has are left out, rather than written as unknown or in bytes."""
    if any(own.encode(f"a{character}a") != own.encode("aa") for character in _RARE):
        return ()
    return ("characters that its tokenizer does not know are left out, and scored as if they were not there",)


def _compared(own: HubTokenizer, folder: Path) -> tuple[str, ...]:
    """What transformers would have made of a folder with a tokenizer.json; code that comes with it is never run."""
    taken = "the tokens scored are those of tokenizer.json"
    try:
        with _panics_as_errors():
            made = _made_by_transformers(folder, trust_remote_code=False)
            other = _wrapped(made)
            marks = list(dict.fromkeys((*own.added, *other.added)))[:_MOST_MARKS]
            phrases = differences(other, own, " ".join(marks))
    except Exception as error:  # noqa: BLE001 - whatever keeps it from being compared, there is a tokenizer to score with
        if "trust_remote_code" in str(error):
            return (f"its tokenizer brings code of its own, which is not run; {taken}",)
        return (f"{taken}; transformers makes no tokenizer of this folder ({_first_line(error)})",)
    if not phrases:
        return ()
    return (f"{taken}; {type(made).__name__}, which transformers makes of this folder, {' and '.join(phrases)}",)


def _made_by_transformers(folder: Path, trust_remote_code: bool) -> Any:
    from transformers import AutoTokenizer
    from transformers.utils import logging

    logging.disable_progress_bar()
    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=trust_remote_code)


def _wrapped(made: Any) -> HubTokenizer:
    return _RustTokenizer(made.backend_tokenizer) if getattr(made, "is_fast", False) else _PythonTokenizer(made)


@contextmanager
def _panics_as_errors() -> Iterator[None]:
    """A panic of the library in Rust, as a broken file can cause, is no `Exception`."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise ValueError(str(error)) from error


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:200]
