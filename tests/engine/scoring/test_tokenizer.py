"""Tokenizers as they come: with and without BOS, marking word starts or not."""

from __future__ import annotations

import json

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

from engine.layout.lay_out import LayoutOptions, lay_out
from engine.scoring.tokenizer import open_tokenizer
from rubrics.errors import CandidateError
from rubrics.schema import Pair, Suite


@pytest.fixture
def folder(save_tokenizer, tmp_path):
    save_tokenizer(tmp_path)
    return tmp_path


@pytest.fixture
def with_bos(folder):
    file = str(folder / "tokenizer.json")
    tokenizer = Tokenizer.from_file(file)
    tokenizer.add_special_tokens(["<s>", "</s>"])
    ids = [(mark, tokenizer.token_to_id(mark)) for mark in ("<s>", "</s>")]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=ids)
    tokenizer.save(file)
    return folder, ids[0][1], ids[1][1]


@pytest.fixture
def suite():
    criteria = [{"id": "c", "text": "Has a cat.", "subcategory": "Scope"}]
    shape = {"domain": "d", "chosen": "The cat – ein Käfer 🐞.", "criteria": criteria, "violated": ["c"]}
    return Suite("s", (Pair.model_validate({"id": "p", "prompt": "Name  it.", "rejected": "A dog.", **shape}),))


def test_no_bos_where_the_tokenizer_adds_none(folder):
    encoder = open_tokenizer(folder)
    assert encoder.prefix == ()
    assert "none" in encoder.notes[0]


@pytest.mark.parametrize("protocol", ["choice", "likelihood"])
def test_bos_once_at_the_start_and_no_eos(protocol, with_bos, suite):
    folder, bos, eos = with_bos
    encoder = open_tokenizer(folder)
    assert encoder.prefix == (bos,)
    assert "<s>" in encoder.notes[0]
    for request in lay_out(suite, encoder, LayoutOptions(protocol)).requests["p"]:
        assert request.ids[0] == bos
        assert request.ids.count(bos) == 1
        assert eos not in request.ids


def test_special_tokens_written_out_in_a_text_are_text(with_bos):
    folder, bos, eos = with_bos
    encoder = open_tokenizer(folder)
    for ids in (encoder.encode("a </s> b <s>"), *encoder.encode_batch(["a </s> b <s>"])):
        assert not {bos, eos} & set(ids)
        assert "".join(map(encoder.decode_token, ids)) == "a </s> b <s>"


def test_batches_are_the_same_as_one_by_one(folder):
    encoder = open_tokenizer(folder)
    texts = ["", "A", " A", "the cat\n\n", "Käfer 🐞", "x" * 5000]
    assert encoder.encode_batch(texts) == [encoder.encode(text) for text in texts]


def test_tokens_are_shown_with_their_space_and_parts_of_characters_by_name(folder):
    encoder = open_tokenizer(folder)
    assert "".join(encoder.decode_token(token) for token in encoder.encode("the cat A")) == "the cat A"
    assert all(encoder.decode_token(token) for token in encoder.encode("🐞"))


def test_scored_ids_are_the_response_byte_for_byte(folder, suite):
    encoder = open_tokenizer(folder)
    for request, text in zip(
        lay_out(suite, encoder, LayoutOptions("likelihood")).requests["p"],
        (suite.pairs[0].chosen, suite.pairs[0].rejected),
        strict=True,
    ):
        assert list(request.ids[slice(*request.scored)]) == encoder.encode(text)


# ------------------------------------------------------------------------- the ids are those of tokenizer.json

TEXTS = ("It carried 15600 cars.\n  Köln – naïve", "  two\tblanks\n\n\nand 3,141 <|end|> more", "你好 2024")


def _own_split(file, bos=False):
    """A byte-level tokenizer that cuts no words apart, as no class of transformers does."""
    split = pre_tokenizers.Split(Regex(r"[^\n]+|\n"), "isolated")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=340, special_tokens=["<|end|>", "<s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(
        ["The bridge carried 15600 cars in 2024; it's   two  blanks\n\nand more."] * 5, trainer
    )
    if bos:
        tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    tokenizer.save(str(file))


def _sentencepiece(file, bos=False):
    """Pieces from a Unigram model, where a blank is part of a word."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="never")
    trainer = trainers.UnigramTrainer(
        vocab_size=60, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(["It carried 15600 cars, Köln – naïve\n\t blanks and 3,141 more"] * 5, trainer)
    tokenizer.save(str(file))


def _write(folder, make, model_type, named, **settings):
    make(folder / "tokenizer.json", settings.pop("bos", False))
    (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": named, **settings}))
    own = Tokenizer.from_file(str(folder / "tokenizer.json"))
    own.encode_special_tokens = True
    return own


@pytest.mark.parametrize("bos", [False, True])
@pytest.mark.parametrize(
    "model_type, named",
    [
        ("qwen2", "PreTrainedTokenizerFast"),
        ("qwen3", "Qwen2Tokenizer"),
        ("llama", "GPT2Tokenizer"),
        ("olmo", "GPTNeoXTokenizerFast"),
        ("cohere", "CohereTokenizerFast"),
        ("gemma", None),
    ],
)
def test_transformers_puts_no_tokenizer_of_its_own_in_the_place(model_type, named, bos, tmp_path):
    own = _write(tmp_path, _own_split, model_type, named, bos=bos)
    encoder = open_tokenizer(tmp_path)
    assert encoder.encode_batch(TEXTS) == [own.encode(text, add_special_tokens=False).ids for text in TEXTS]
    assert encoder.prefix == ((own.token_to_id("<s>"),) if bos else ())
    assert "".join(map(encoder.decode_token, encoder.encode("It carried 15600 cars."))) == "It carried 15600 cars."
    assert any("those of tokenizer.json" in note for note in encoder.notes)


def test_pieces_are_those_of_tokenizer_json(tmp_path):
    own = _write(tmp_path, _sentencepiece, "llama", "LlamaTokenizer")
    encoder = open_tokenizer(tmp_path)
    assert [encoder.encode(text) for text in TEXTS] == [
        own.encode(text, add_special_tokens=False).ids for text in TEXTS
    ]
    assert any("sample texts with other tokens" in note for note in encoder.notes)


def test_no_note_where_transformers_agrees(tmp_path):
    _write(tmp_path, _own_split, "llama", "PreTrainedTokenizerFast", bos=True)
    assert len(open_tokenizer(tmp_path).notes) == 1


def test_a_tokenizers_own_code_is_not_run(tmp_path):
    own = _write(tmp_path, _own_split, "llama", "Own", auto_map={"AutoTokenizer": ["own.Own", None]})
    (tmp_path / "own.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')")
    for allowed in (False, True):
        encoder = open_tokenizer(tmp_path, trust_remote_code=allowed)
        assert encoder.encode(TEXTS[0]) == own.encode(TEXTS[0], add_special_tokens=False).ids
        assert any("code of its own" in note for note in encoder.notes)
    assert not (tmp_path / "was-run").exists()


def test_a_file_that_makes_the_library_panic_is_damaged(tmp_path):
    _write(tmp_path, _own_split, "llama", "PreTrainedTokenizerFast")
    content = json.loads((tmp_path / "tokenizer.json").read_text())
    content["normalizer"] = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}
    (tmp_path / "tokenizer.json").write_text(json.dumps(content))
    with pytest.raises(CandidateError, match="cannot be opened"):
        open_tokenizer(tmp_path)


def test_a_dropout_of_merges_is_for_training_alone(folder):
    file = folder / "tokenizer.json"
    plain = Tokenizer.from_file(str(file))
    raw = json.loads(file.read_text())
    raw["model"]["dropout"] = 0.5
    file.write_text(json.dumps(raw))
    text = "the better response: A or B, the cat. " * 20
    assert open_tokenizer(folder).encode(text) == plain.encode(text).ids


@pytest.mark.parametrize(
    ("unk", "said"), [(None, "are left out"), ("[UNK]", "")], ids=["drops what it does not know", "has a token for it"]
)
def test_what_a_vocabulary_does_not_have(folder, suite, unk, said):
    tokenizer = Tokenizer(models.BPE(unk_token=unk))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    letters = sorted({*"Request:Response.acgodthT–"})
    trainer = trainers.BpeTrainer(
        vocab_size=60, special_tokens=[unk] if unk else [], initial_alphabet=letters, show_progress=False
    )
    tokenizer.train_from_iterator(["A dog. The cat"], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    encoder = open_tokenizer(folder)
    assert encoder.unknown == (None if unk is None else tokenizer.token_to_id(unk))
    left_out = [note for note in encoder.notes if "left out" in note]
    assert [said in note for note in left_out] == [True] * bool(said)
    notes = lay_out(suite, encoder, LayoutOptions("likelihood")).notes
    assert any("cannot write ([UNK])" in note for note in notes) is (unk is not None)


def test_a_vocabulary_without_capitals_is_one(folder):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.train_from_iterator(["a b c"], trainers.BpeTrainer(show_progress=False))
    tokenizer.save(str(folder / "tokenizer.json"))
    assert open_tokenizer(folder).encode("A a") == tokenizer.encode("A a").ids != []
