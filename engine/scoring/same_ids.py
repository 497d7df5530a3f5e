"""Do two tokenizers write texts with the same ids? Tried on texts on which those that differ are likely to."""

from __future__ import annotations

from typing import Final

from engine.layout.lay_out import TextEncoder
from rubrics.counted import count

__all__ = ["SAMPLE", "differences"]

SAMPLE: Final = (
    "The ferry leaves at 07:45; nobody's late, so don't wait.",
    " one blank,  two blanks,   three\tand a tab ",
    "first line\nsecond line\n\nfourth\r\n\n\n    indented\n\tby a tab\n",
    "7 42 317 2024 15600 3.14159 1,284,000 2019-05-01",
    "Zürich, Köln, naïve cafés – “quoted” … ½ ① e\u0301",
    "Привет, мир. 你好，世界。 こんにちは 안녕하세요 שלום مرحبا नमस्ते สวัสดี",
    "👩‍👩‍👧 🐞 🇳🇿\u00a0\u200b",
    "def f(x): return {'a': x[0]}  # <b>HTML</b> &amp; https://a.b/c?d=e_f",
    "<s> </s> <|endoftext|> <unk> <pad> [CLS] [MASK] <|im_start|>user",
)
"""Spaces, line breaks, digits, scripts, signs, code, the names of special tokens."""


def differences(other: TextEncoder, own: TextEncoder, marks: str) -> list[str]:
    """What one tokenizer does otherwise than another, in phrases; none where they agree.

    Args:
        marks: a further text, of the tokens that these two add to their vocabularies.
    """
    texts = [*SAMPLE, marks]
    apart = [text for text in texts if other.encode(text) != own.encode(text)]
    phrases = []
    if apart:
        phrases.append(f"writes {len(apart)} of {count(len(texts), 'sample text')} with other tokens")
    if other.prefix != own.prefix:
        shown = " ".join(map(other.decode_token, other.prefix)) or "nothing"
        phrases.append(f"puts {shown} before every text")
    return phrases
