"""Tokenizers as they come: with and without BOS, marking word starts or not."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, processors

from engine.layout.lay_out import LayoutOptions, lay_out
from engine.scoring.tokenizer import open_tokenizer
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
