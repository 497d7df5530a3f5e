"""Both protocols as ids: boundaries, labels, exemplars, what is skipped, and what goes into the hash."""

from __future__ import annotations

import dataclasses
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.layout.lay_out import BEYOND, LayoutOptions, default_shots, lay_out, template_hash
from rubrics.errors import BadInput, CandidateError
from rubrics.schema import Pair, Suite

CHOICE, LIKELIHOOD = LayoutOptions("choice"), LayoutOptions("likelihood")


class Words:
    """A tokenizer of words with the space before them, as byte-level BPE makes them; a vocabulary that grows."""

    pattern = re.compile(r" ?[^\s]+|\s")
    prefix: tuple[int, ...] = ()
    notes = ("BOS: none",)

    def __init__(self):
        self.vocabulary: dict[str, int] = {}
        self.seen: list[str] = []

    def pieces(self, text):
        return self.pattern.findall(text)

    def encode(self, text):
        self.seen.append(text)
        return [self.vocabulary.setdefault(piece, len(self.vocabulary)) for piece in self.pieces(text)]

    def decode_token(self, token):
        return list(self.vocabulary)[token]

    def text(self, ids):
        return "".join(map(self.decode_token, ids))


class Characters(Words):
    pattern = re.compile(r"(?s).")


class WithBos(Words):
    prefix = (0,)
    notes = ("BOS: <s>",)

    def __init__(self):
        super().__init__()
        self.encode("<s>")


class MarksWordStarts(Words):
    """Like SentencePiece: a text begins with a space that is not there, and a space is part of a word."""

    def pieces(self, text):
        return re.findall(r"▁?[^▁\n]+|\n|▁", ("▁" + text).replace(" ", "▁"))


class MergesBreaks(Words):
    """Line breaks in a row are one token, so a boundary between two of them is not there."""

    pattern = re.compile(r" ?[^\s]+|\n+|\s")


class NoLabels(Words):
    """Cannot say A in one token, in whatever place."""

    pattern = re.compile(r"(?s)[^A]|A")

    def encode(self, text):
        return super().encode(text.replace("A", "A\u0301"))


def pair(number=0, **changes):
    return Pair.model_validate(
        {
            "id": f"p{number}",
            "domain": "home",
            "prompt": f"Name {number + 2} birds.",
            "chosen": f"Owl and lark, {number}.",
            "rejected": f"Owl and cod, {number}.",
            "criteria": [
                {"id": "birds", "text": "Names birds.", "subcategory": "Factuality"},
                {"id": "two", "text": "Names two.", "subcategory": "Length"},
            ],
            "violated": ["birds"],
            **changes,
        }
    )


def suite_of(*pairs):
    return Suite("birds", pairs or (pair(),))


@pytest.mark.parametrize("encoder", [Words(), Characters(), WithBos(), MarksWordStarts(), MergesBreaks()])
def test_choice_reads_as_a_document_that_stops_before_the_label(encoder):
    laid = lay_out(suite_of(), encoder, CHOICE)
    first, second = laid.requests["p0"]
    assert (first.view, second.view) == ("chosen_first", "rejected_first")
    for request, a, b in (
        (first, "Owl and lark, 0.", "Owl and cod, 0."),
        (second, "Owl and cod, 0.", "Owl and lark, 0."),
    ):
        text = encoder.text(request.ids[len(encoder.prefix) :]).replace("▁", " ")
        ending = f"\n\nRequest:\nName 2 birds.\n\nResponse A:\n{a}\n\nResponse B:\n{b}\n\nBetter response:"
        assert text.rstrip(" ").endswith(ending)
        assert request.scored is None
        assert request.ids[: len(encoder.prefix)] == encoder.prefix
    assert first.labels == second.labels[::-1]
    a, b = (encoder.decode_token(label).strip(" ▁") for label in first.labels)
    assert (a, b) == ("A", "B")


@pytest.mark.parametrize("encoder", [Words(), Characters(), WithBos(), MarksWordStarts(), MergesBreaks()])
def test_likelihood_scores_exactly_the_response(encoder):
    laid = lay_out(suite_of(), encoder, LIKELIHOOD)
    chosen, rejected = laid.requests["p0"]
    for request, text in ((chosen, "Owl and lark, 0."), (rejected, "Owl and cod, 0.")):
        start, stop = request.scored
        assert stop == len(request.ids)
        assert encoder.text(request.ids[start:stop]).replace("▁", " ").strip() == text
        context = encoder.text(request.ids[len(encoder.prefix) : start]).replace("▁", " ").strip()
        assert context == "Request:\nName 2 birds.\n\nResponse:"
        assert request.labels is None


def test_no_space_is_made_up_at_a_boundary():
    encoder = MarksWordStarts()
    start, stop = lay_out(suite_of(), encoder, LIKELIHOOD).requests["p0"][0].scored
    ids = lay_out(suite_of(), encoder, LIKELIHOOD).requests["p0"][0].ids
    assert encoder.decode_token(ids[start]) == "Owl"
    assert encoder.decode_token(ids[start + 1]) == "▁and"
    assert stop == len(ids)


def test_a_text_that_begins_with_a_line_break_keeps_it():
    encoder = MergesBreaks()
    suite = suite_of(pair(chosen="\n\nOwl."))
    request = lay_out(suite, encoder, LIKELIHOOD).requests["p0"][0]
    assert encoder.text(request.ids[slice(*request.scored)]) == "\n\nOwl."


def test_views_share_all_that_stands_before_the_responses():
    for options in (CHOICE, LIKELIHOOD):
        one, other = lay_out(suite_of(), Words(), options).requests["p0"]
        shared = next(n for n, (a, b) in enumerate(zip(one.ids, other.ids, strict=False)) if a != b)
        assert shared >= len(one.ids) - 40


def test_labels_on_their_own_line_where_a_space_before_them_is_in_the_way():
    class SplitsSpaceA(Words):
        pattern = re.compile(r" (?=A)| ?[^\s]+|\s")

    encoder = SplitsSpaceA()
    laid = lay_out(suite_of(), encoder, CHOICE)
    request = laid.requests["p0"][0]
    assert encoder.text(request.ids).endswith("Better response:\n")
    assert encoder.text(request.ids).count("Better response:\nA") == 1  # the exemplars answer in the same form
    assert [encoder.decode_token(label) for label in request.labels] == ["A", "B"]
    assert any("single tokens" in note for note in laid.notes)


def test_labels_that_are_no_single_tokens_are_an_error():
    with pytest.raises(CandidateError, match="not single, distinct tokens") as caught:
        lay_out(suite_of(), NoLabels(), CHOICE)
    assert "likelihood" in caught.value.fix
    assert lay_out(suite_of(), NoLabels(), LIKELIHOOD).requests


def test_labels_that_are_the_same_unknown_token_are_an_error():
    class Unknown(Words):
        def encode(self, text):
            return super().encode(re.sub(r"\b[AB]\b", "?", text))

    with pytest.raises(CandidateError, match="distinct"):
        lay_out(suite_of(), Unknown(), CHOICE)


def shot(number, domain="home"):
    return pair(100 + number, split="shot", domain=domain, chosen=f"Right {number}.", rejected=f"Wrong {number}.")


def test_a_domains_own_exemplars_are_shown_and_answered_in_turn():
    encoder = Words()
    laid = lay_out(suite_of(pair(), shot(0), shot(1)), encoder, CHOICE)
    text = encoder.text(laid.requests["p0"][0].ids)
    assert "Response A:\nRight 0.\n\nResponse B:\nWrong 0.\n\nBetter response: A\n\n" in text
    assert "Response A:\nWrong 1.\n\nResponse B:\nRight 1.\n\nBetter response: B\n\n" in text
    assert text.index("Right 0.") < text.index("Right 1.") < text.index("Name 2 birds.")
    assert list(laid.requests) == ["p0"]
    assert not any("general" in note for note in laid.notes)


@pytest.mark.parametrize("own", [[], [0]])
def test_a_domain_with_too_few_exemplars_gets_the_general_ones_and_a_note(own):
    encoder = Words()
    laid = lay_out(suite_of(pair(), *map(shot, own), shot(1, "other")), encoder, CHOICE)
    text = encoder.text(laid.requests["p0"][0].ids)
    assert "Right" not in text
    assert text.count("Better response: A\n\n") == text.count("Better response: B\n\n") == 1
    assert [note for note in laid.notes if "'home'" in note and "general" in note]


def test_likelihood_shows_the_good_response_only():
    encoder = Words()
    suite = suite_of(pair(), shot(0), shot(1))
    laid = lay_out(suite, encoder, LayoutOptions("likelihood", shots=2))
    text = encoder.text(laid.requests["p0"][0].ids)
    assert "Response:\nRight 0.\n\nRequest:\n" in text
    assert "Wrong" not in text


def test_default_shots():
    assert (default_shots("choice"), default_shots("likelihood")) == (2, 0)


@pytest.mark.parametrize("shots", [-1, 99])
def test_more_shots_than_there_are(shots):
    options = LayoutOptions("choice", shots=shots)
    with pytest.raises(BadInput):
        lay_out(suite_of(), Words(), options)
    with pytest.raises(BadInput):
        template_hash(options, suite_of())


@pytest.mark.parametrize("protocol", ["choice", "likelihood"])
def test_criteria_are_shown_only_where_asked(protocol):
    encoder = Words()
    shown = lay_out(suite_of(), encoder, LayoutOptions(protocol, show_criteria=True)).requests["p0"][0]
    hidden = lay_out(suite_of(), encoder, LayoutOptions(protocol)).requests["p0"][0]
    assert "- Names birds.\n- Names two.\n\nResponse" in encoder.text(shown.ids)
    assert "- Names" not in encoder.text(hidden.ids)


@pytest.mark.parametrize("options", [CHOICE, LIKELIHOOD])
def test_what_is_too_long_is_skipped_whole_and_named_with_its_length(options):
    long = pair(1, chosen="Owl. " * 300)
    everything = lay_out(suite_of(pair(), long), Words(), options)
    assert everything.lengths["p1"] == max(len(request.ids) for request in everything.requests["p1"])
    limit = everything.lengths["p1"]
    assert not lay_out(suite_of(pair(), long), Words(), options, limit).skipped
    laid = lay_out(suite_of(pair(), long), Words(), options, limit - 1)
    assert list(laid.requests) == list(laid.lengths) == ["p0"]
    (skip,) = laid.skipped
    assert (skip.pair_id, skip.tokens, skip.limit) == ("p1", limit, limit - 1)
    assert "context" in skip.reason


@pytest.mark.parametrize("options", [CHOICE, LIKELIHOOD])
def test_pairs_that_need_an_id_beyond_the_embedding_are_skipped_and_the_rest_is_laid_out(options):
    encoder = Words()
    lay_out(suite_of(pair()), encoder, options)
    rows = len(encoder.vocabulary)
    laid = lay_out(suite_of(pair(), pair(1, rejected="Quagga.")), encoder, options, vocabulary=rows)
    assert "Quagga." in encoder.vocabulary
    assert list(laid.requests) == list(laid.lengths) == ["p0"]
    (skip,) = laid.skipped
    assert (skip.pair_id, skip.reason, skip.limit) == ("p1", BEYOND, None)


@pytest.mark.parametrize("number", [2**31, 2**32 - 1])
def test_an_id_that_no_table_could_have_a_row_for_costs_its_pairs_alone(number):
    encoder = Words()
    encoder.vocabulary["Quagga."] = number
    laid = lay_out(suite_of(pair(), pair(1, rejected="Quagga.")), encoder, LIKELIHOOD, vocabulary=10_000)
    assert list(laid.requests) == ["p0"]
    assert [(skip.pair_id, skip.reason) for skip in laid.skipped] == [("p1", BEYOND)]


def test_nothing_is_left_where_what_every_request_has_lies_beyond_the_embedding():
    assert {skip.reason for skip in lay_out(suite_of(), Words(), CHOICE, vocabulary=2).skipped} == {BEYOND}
    assert not lay_out(suite_of(), Words(), CHOICE, vocabulary=2).requests


def test_a_response_without_tokens_is_skipped():
    class DropsOne(Words):
        def encode(self, text):
            return super().encode(text.replace("Owl and cod, 0.", ""))

    laid = lay_out(suite_of(pair()), DropsOne(), LIKELIHOOD)
    assert not laid.requests
    assert laid.skipped[0].reason == "a response has no tokens"


def test_each_distinct_text_is_tokenised_once():
    encoder = Words()
    lay_out(suite_of(*(pair(n, prompt="Same.") for n in range(50))), encoder, CHOICE)
    assert len([text for text in encoder.seen if "Same." in text]) == 1


def test_a_tokenizer_that_takes_batches_is_given_batches():
    class Batches(Words):
        calls = 0

        def encode_batch(self, texts):
            self.calls += 1
            return [self.encode(text) for text in texts]

    encoder = Batches()
    laid = lay_out(suite_of(*map(pair, range(40))), encoder, CHOICE)
    assert encoder.calls < 12
    plain = Words()
    assert [encoder.text(r.ids) for r in laid.requests["p7"]] == [
        plain.text(r.ids) for r in lay_out(suite_of(*map(pair, range(40))), plain, CHOICE).requests["p7"]
    ]


def test_braces_in_texts_are_texts():
    encoder = Words()
    laid = lay_out(suite_of(pair(prompt="Use {prompt} and {response} {0}.", chosen="{criteria}")), encoder, CHOICE)
    text = encoder.text(laid.requests["p0"][0].ids)
    assert "Use {prompt} and {response} {0}." in text
    assert "Response A:\n{criteria}\n" in text


def test_notes_say_what_is_done_about_bos():
    assert "BOS: <s>" in lay_out(suite_of(), WithBos(), LIKELIHOOD).notes


class TestHash:
    def test_same_for_the_same(self):
        assert template_hash(CHOICE, suite_of()) == template_hash(LayoutOptions("choice", shots=2), suite_of(pair(3)))
        assert re.fullmatch(r"[0-9a-f]{64}", template_hash(CHOICE, suite_of()))

    def test_differs_with_everything_that_is_shown(self):
        suite = suite_of(pair(), shot(0), shot(1))
        hashes = [
            template_hash(CHOICE, suite_of()),
            template_hash(CHOICE, suite),
            template_hash(CHOICE, suite_of(pair(), shot(1), shot(0))),
            template_hash(dataclasses.replace(CHOICE, shots=1), suite),
            template_hash(dataclasses.replace(CHOICE, shots=0), suite),
            template_hash(dataclasses.replace(CHOICE, show_criteria=True), suite),
            template_hash(LIKELIHOOD, suite),
        ]
        assert len(set(hashes)) == len(hashes)

    def test_exemplars_that_are_not_shown_do_not_matter(self):
        suite = suite_of(pair(), shot(0), shot(1))
        assert template_hash(CHOICE, suite) == template_hash(CHOICE, suite_of(pair(), shot(0), shot(1), shot(2)))


letters = st.one_of(st.characters(exclude_categories=["C"], exclude_characters="▁"), st.sampled_from(" \n\t"))
texts = st.text(letters, min_size=1, max_size=30).filter(str.strip)


@given(texts, texts, texts, st.sampled_from([Words, Characters, MergesBreaks, MarksWordStarts]))
def test_any_text_comes_through_whole(prompt, chosen, rejected, kind):
    assume(chosen != rejected)
    encoder = kind()
    suite = suite_of(pair(prompt=prompt, chosen=chosen, rejected=rejected))
    for request, response in zip(lay_out(suite, encoder, LIKELIHOOD).requests["p0"], (chosen, rejected), strict=True):
        got = encoder.text(request.ids[slice(*request.scored)]).replace("▁", " ")
        assert got.removeprefix(" " if not response.startswith(" ") else "") == response
        assert f"\n{prompt}\n\nResponse:\n" in encoder.text(request.ids).replace("▁", " ")


class Small(Words):
    """A tokenizer that does not tell capitals apart, and writes what is not in its vocabulary as one token."""

    unknown = 0

    def __init__(self):
        super().__init__()
        self.known = {"\n", "yes", " no", "no"}
        self.encode("<unk>")

    def pieces(self, text):
        return [piece if piece in {*self.known, "<unk>"} else "<unk>" for piece in super().pieces(text.lower())]


def _pairs(*responses):
    criteria = [{"id": "c", "text": "Is so.", "subcategory": "Scope"}]
    return Suite("s", tuple(
        Pair.model_validate({"id": f"p{n}", "domain": "d", "prompt": "Is it?", "chosen": one, "rejected": other,
                             "criteria": criteria, "violated": ["c"]})
        for n, (one, other) in enumerate(responses)
    ))  # fmt: skip


def test_responses_that_a_tokenizer_writes_alike_are_skipped_and_what_it_cannot_write_is_counted():
    # Told apart by bytes alone, the second would be won by the longer one.
    laid = lay_out(_pairs(("Yes", "yes"), ("groß", "grün"), ("yes", "no"), ("yes", "perhaps no")), Small(), LIKELIHOOD)
    assert [(skip.pair_id, skip.reason) for skip in laid.skipped] == [
        ("p0", "its tokenizer writes both responses alike"), ("p1", "its tokenizer writes both responses alike"),
    ]  # fmt: skip
    assert set(laid.requests) == {"p2", "p3"}
    assert "in 1 of 2 pairs a response holds what its tokenizer cannot write (<unk>)" in laid.notes
