"""A byte-level BPE tokenizer for small models: single digits, few words, every byte known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from rubrics.world import documents

__all__ = ["BEGIN", "END", "train_tokenizer"]

BEGIN = "<s>"
END = "<|end|>"

_SEED = 7
_WORDS = 300_000
_LABELS = "Answer: A\nAnswer: B\n"
"""Label tokens of two-way choices; repeated in the training text so that each becomes a single token."""


def train_tokenizer(
    folder: Path, *, vocabulary: int, bos: bool, positions: int, texts: Iterable[str] | None = None
) -> None:
    """Train a tokenizer on documents of a world and write tokenizer.json and tokenizer_config.json into a folder.

    Args:
        folder: where to write; must exist.
        vocabulary: number of tokens, special ones and the 256 bytes included.
        bos: whether a begin mark exists and stands before every text.
        positions: longest text, in tokens, that the model is made for.
        texts: to learn words from; those of the first world where none are given.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    special = [END, BEGIN] if bos else [END]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    if texts is None:
        texts = [*documents(_SEED, _WORDS, dialogue_share=0.4), *[_LABELS] * 2000]
    tokenizer.train_from_iterator(texts, trainer)
    settings: dict[str, object] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": END,
        "clean_up_tokenization_spaces": False,
        "model_max_length": positions,
    }
    if bos:
        begin = tokenizer.token_to_id(BEGIN)
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{BEGIN} $A", pair=f"{BEGIN} $A $B", special_tokens=[(BEGIN, begin)]
        )
        settings["bos_token"] = BEGIN
    tokenizer.save(str(folder / "tokenizer.json"))
    text = json.dumps(settings, indent=2) + "\n"
    (folder / "tokenizer_config.json").write_text(text, encoding="utf-8")
