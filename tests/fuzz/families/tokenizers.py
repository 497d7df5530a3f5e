"""Tokenizers of model folders: opened, held against transformers, and asked for a suite's ids."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.fuzz import scenes
from tests.fuzz.family import Case, Family, pick
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]

_TEXTS: Final = ("yes 1", "no 12\n", "\nQuestion 3?", "Zürich, 你好 ½", "def f(x): return {}  # <s> </s>", " ", "")
_ROWS: Final = 270
"""Of the embedding that the vocabulary is held against."""


@cache
def _bytes() -> tuple[str, ...]:
    """The characters that byte-level tokenizers write bytes with, by byte."""
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in kept]
    return tuple(chr(byte) if byte in kept else chr(256 + others.index(byte)) for byte in range(256))


def _added(content: str, number: int, **changes: Any) -> dict[str, Any]:
    plain = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {"id": number, "content": content, **plain, **changes}


def _whole(model: dict[str, Any], marks: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    nothing = ("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder")
    return {"version": "1.0", "added_tokens": marks, **dict.fromkeys(nothing), **parts, "model": model}


@cache
def _seeds() -> tuple[dict[str, Any], ...]:
    """One of each kind of vocabulary, cut up in a way of its own."""
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    vocabulary = {sign: at for at, sign in enumerate(_bytes())}
    merged = {**vocabulary, "ye": 256, "yes": 257, "no": 258}
    digits = {"type": "Split", "pattern": {"Regex": r"\d"}, "behavior": "Isolated", "invert": False}
    bos = {
        "type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}},
                                                 {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
        "special_tokens": {"<s>": {"id": "<s>", "ids": [259], "tokens": ["<s>"]}},
    }  # fmt: skip
    bpe = {
        "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
        "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
        "vocab": merged, "merges": [["y", "e"], ["ye", "s"], ["n", "o"]],
    }  # fmt: skip
    space = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    pieces = [
        ["<unk>", 0.0],
        ["<s>", 0.0],
        ["▁", -2.0],
        *([chr(code), -5.0] for code in range(32, 127)),
        ["▁yes", -3.0],
    ]
    words = {
        "[UNK]": 0,
        "[CLS]": 1,
        "[SEP]": 2,
        "yes": 3,
        "no": 4,
        "##1": 5,
        "1": 6,
        "?": 7,
        "question": 8,
        "a": 9,
        "b": 10,
    }
    return (
        _whole(
            bpe, [_added("<s>", 259), _added("<|x|>", 260, special=False, normalized=True)], pre_tokenizer=level,
            decoder=level, post_processor=bos,
        ),
        _whole(
            {**bpe, "byte_fallback": True}, [_added("<s>", 259)],
            pre_tokenizer={"type": "Sequence", "pretokenizers": [digits, {**level, "use_regex": False}]}, decoder=level,
        ),
        _whole(
            {"type": "Unigram", "unk_id": 0, "vocab": pieces, "byte_fallback": False}, [_added("<s>", 1)],
            pre_tokenizer=space, decoder=space, normalizer={"type": "NFKC"},
        ),
        _whole(
            {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
             "max_input_chars_per_word": 100, "vocab": words},
            [_added("[CLS]", 1), _added("[SEP]", 2)],
            normalizer={"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                        "strip_accents": None, "lowercase": True},
            pre_tokenizer={"type": "BertPreTokenizer"}, decoder={"type": "WordPiece", "prefix": "##", "cleanup": True},
        ),
        _whole(
            {"type": "WordLevel", "unk_token": "[UNK]", "vocab": words}, [_added("[SEP]", 2, lstrip=True)],
            pre_tokenizer={"type": "Whitespace"},
        ),
    )  # fmt: skip


_CLASSES: Final = (
    "PreTrainedTokenizerFast", "TokenizersBackend", "LlamaTokenizerFast", "LlamaTokenizer", "GPT2Tokenizer",
    "Qwen2TokenizerFast", "GPTNeoXTokenizerFast", "CohereTokenizerFast", "GemmaTokenizer", "BertTokenizer",
    "T5TokenizerFast", "BloomTokenizerFast", "NoSuchTokenizer", "CodeGenTokenizer", "XGLMTokenizer",
)  # fmt: skip
_TYPES: Final = ("llama", "qwen2", "qwen3", "gpt_neox", "gpt2", "gemma2", "cohere", "mistral", "phi3", "olmo2", "bloom")


class Tokenizers(Family):
    """`open_tokenizer` and what it is asked for: vocabulary, ids, both protocols, places of tokens."""

    name: ClassVar[str] = "tokenizers"
    share = 0.1
    in_slice = False
    writes = True  # transformers may make a lock file beside it

    def prepare(self, home: Path) -> None:
        from transformers import AutoTokenizer  # noqa: F401

        self.suite = scenes.small_suite(4)

    def make(self, change: Mutator) -> Case:
        whole = change.chance.choice(_seeds())
        settings: dict[str, Any] = {
            "tokenizer_class": change.chance.choice(_CLASSES), "bos_token": "<s>", "eos_token": "</s>",
            "unk_token": "<unk>", "add_bos_token": True, "model_max_length": 64, "clean_up_tokenization_spaces": True,
        }  # fmt: skip
        spoilt = pick(change.chance, (5, "tokenizer.json"), (3, "tokenizer_config.json"), (1, "none"))
        files = {}
        for name, value in (("tokenizer.json", whole), ("tokenizer_config.json", settings)):
            raw = change.json(change.value(value, 4) if spoilt == name else value)
            files[f"m/{name}"] = change.raw(raw) if spoilt == name and change.chance.random() < 0.1 else raw
        files["m/config.json"] = change.json({"model_type": change.chance.choice(_TYPES), "vocab_size": _ROWS})
        return Case(files, {"spoilt": spoilt})

    def enter(self, case: Case, folder: Path) -> Any:
        from engine.candidates.problems import read_tokenizer
        from engine.layout.lay_out import LayoutOptions, lay_out, token_lengths
        from engine.scoring.tokenizer import open_tokenizer
        from rubrics.errors import CandidateError

        names = {file.removeprefix("m/") for file in case.files}
        _, problems = read_tokenizer(folder / "m", names, _ROWS)
        if refused := next((problem for problem in problems if problem.refused), None):
            raise CandidateError(refused.what, where="m", fix=refused.fix)
        encoder = open_tokenizer(folder / "m")
        laid = lay_out(self.suite, encoder, LayoutOptions("likelihood", 0, False), 64, _ROWS)
        requests = dict(laid.requests)
        lengths = {text: token_lengths(encoder, text) for text in _TEXTS if encoder.encode(text)}
        return encoder, problems, requests, lengths

    def judge(self, case: Case, got: Any) -> str:
        from tokenizers import Tokenizer

        encoder, problems, requests, lengths = got
        plain = Tokenizer.from_buffer(case.files["m/tokenizer.json"])
        plain.no_truncation()
        plain.no_padding()
        plain.encode_special_tokens = True
        for text in _TEXTS:
            if encoder.encode(text) != plain.encode(text, add_special_tokens=False).ids:
                return f"other ids for {text!r}"
        beyond = sum(number >= _ROWS for number in plain.get_vocab(with_added_tokens=True).values())
        told = next((problem.what for problem in problems if problem.code == "vocabulary"), "knows 0 tokens")
        if f"knows {beyond:,} token" not in told:
            return f"{beyond} ids beyond the embedding: {told}"
        for text, parts in lengths.items():
            # Of a text that is one token with the line break before it nothing is left; such a response is skipped.
            if parts and sum(parts) != len(text.encode()):
                return f"the tokens of {text!r} have {parts} bytes"
        for pair, both in requests.items():
            if any(max(request.ids) >= _ROWS or min(request.ids) < 0 for request in both):
                return f"{pair} needs ids that are not there"
        return ""

    def judge_refusal(self, case: Case) -> str:
        return "refused, though nothing was changed" if case.asked["spoilt"] == "none" else ""

    def said(self, got: Any) -> str:
        encoder, problems, *_ = got
        return "\n".join([*encoder.notes, *(problem.what for problem in problems)])


FAMILIES: list[type[Family]] = [Tokenizers]
