"""The report says what the rankings say, holds no text that acts, asks nothing of a network, and stays small."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.export.report import ReportRequest, gather, page
from engine.export.report.failed_pairs import _LONGEST, _text, choose_pairs, visible
from engine.export.report.topics_and_spectra import spectra_of, topics_of
from engine.results.board import Question, load_board
from engine.results.controls import stored_controls
from engine.results.failures import failed_pairs
from engine.results.rankings import rankings
from engine.results.topic_abilities import between_words, place_words, said_of, topic_abilities
from engine.results.word_difference import compare_words
from engine.store.connection import Store
from engine.store.spectra import Spectrum, add_spectra
from rubrics.errors import BadInput

WHEN = datetime(2026, 5, 1, 12, 30, tzinfo=UTC)
Study = Callable[..., Store]


def made(store: Store, **wanted: Any) -> str:
    return page(gather(store, ReportRequest(**wanted), made_at=WHEN, resamples=500))


@pytest.fixture(scope="module")
def store(study: Study) -> Store:
    return study()


@pytest.fixture(scope="module")
def text(store: Store) -> str:
    """The whole page of it."""
    return made(store)


class Reader(HTMLParser):
    """Tags, attributes and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.said: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        inside = self.tags[-1] if self.tags else ""
        if inside in self.raw and self.cdata_elem:
            self.raw[inside].append(data)
        else:
            self.said.append(data)


@pytest.mark.long
def test_the_numbers_are_those_of_the_rankings(store: Store, text: str) -> None:
    said = "".join(Reader(text).said)
    for row in rankings(store, Question(), resamples=500).overall.rows:
        assert f"{100 * row.value:.1f}" in said
        assert f"{100 * row.ci_low:.1f}–{100 * row.ci_high:.1f}" in said
        assert row.candidate in said
    assert "2026-05-01 12:30" in said
    assert load_board(store, Question()).suite_hash in said
    assert "w-0" in said
    assert "torch 2.x" in said


@pytest.mark.long
def test_the_same_study_gives_the_same_page(store: Store) -> None:
    assert made(store, predictors=("RuDE accuracy",)) == made(store, predictors=("RuDE accuracy",))


@pytest.mark.long
def test_no_text_of_the_data_acts(text: str, hostile: str) -> None:
    read = Reader(text)
    assert read.tags.count("script") == 1
    assert not {"img", "b$x_1$", "i", "u", "iframe", "object"} & set(read.tags)
    assert not [name for _, name, _ in read.attributes if name.startswith("on") or name == "style"]
    assert not set("\x1b\u202e\u2066") & set(text)
    said = "".join(read.said)
    assert "<script>window.pwned = 1</script>" in said  # as text
    assert "{{ 7 * 7 }}" in said
    assert "␛[31mred" in said
    assert "⟨U+202E⟩left" in said
    assert "\x1b" in hostile


def test_nothing_leads_out_of_the_page(text: str) -> None:
    read = Reader(text)
    links = [value for _, name, value in read.attributes if name in ("href", "src", "srcset", "action", "data")]
    assert links
    assert all(value.startswith("#") or value == "data:," for value in links)
    assert not re.findall(r"@import|url\((?!#)", text)
    ids = [value for _, name, value in read.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in links if value.startswith("#")} <= set(ids)


def test_the_policy_admits_the_page_s_own_style_and_script_and_no_other(text: str) -> None:
    read = Reader(text)
    (policy,) = [value for tag, name, value in read.attributes if (tag, name) == ("meta", "content") and "src" in value]
    for kind in ("style", "script"):
        (source,) = read.raw[kind]
        digest = base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


def test_each_candidate_s_widest_loss_in_each_subcategory_is_there(store: Store) -> None:
    board = load_board(store, Question())
    chosen = choose_pairs(store, board, 200)
    shown = {pair.view.pair.id for pair in chosen.pairs}
    failed = {label: failed_pairs(board, label) for label in board.matrix.candidates}
    assert shown == {pair.pair_id for pairs in failed.values() for pair in pairs}
    assert chosen.failed == len(shown)
    assert "p00" not in shown  # excluded
    few = choose_pairs(store, board, 5)
    assert len(few.pairs) == 5
    first = min(failed["model-0"], key=lambda pair: pair.margin)
    widest = {min((p for p in failed["model-0"] if s in p.subcategories), key=lambda p: p.margin).pair_id
              for pair in failed["model-0"] for s in pair.subcategories}  # fmt: skip
    assert first.pair_id in widest
    assert widest <= {pair.view.pair.id for pair in choose_pairs(store, board, 60).pairs}
    for label, (there, everything) in few.by_candidate.items():
        ids = {pair.view.pair.id for pair in few.pairs}
        assert (there, everything) == (sum(p.pair_id in ids for p in failed[label]), len(failed[label]))


@pytest.mark.long
def test_no_pairs_are_shown_where_none_are_asked_for(store: Store) -> None:
    assert '<details class="pair"' not in made(store, pairs=0, predictors=("RuDE accuracy",))


@pytest.mark.long
def test_long_texts_are_cut_around_the_difference_and_say_so(study: Study) -> None:
    text = made(study(2, filler=" word" * 800), pairs=3, predictors=("RuDE accuracy",))
    assert re.search(r"characters 1 to 3,000 of 4,\d\d\d", text)


@pytest.mark.long
def test_pairs_past_the_page_s_size_are_counted_as_left_out(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["engine.export.report.page"], "_PAIRS_BYTES", 12_000)
    text = made(store, predictors=("RuDE accuracy",))
    shown = text.count('<details class="pair"')
    assert 0 < shown < 10
    assert f"<p>{shown} of the " in text


@pytest.mark.long
def test_without_outcomes_the_published_points_are_named_as_such(study: Study) -> None:
    store = study(outcomes=False)
    text = made(store, pairs=0)
    assert "other models, other suites" in text
    assert "AdvancedIF" in text
    with pytest.raises(BadInput, match="outcome"):
        made(store, predictors=("log10 parameters",))


@pytest.mark.long
def test_own_outcomes_predictors_and_controls(store: Store) -> None:
    said = "".join(Reader(made(store, pairs=0, predictors=("RuDE accuracy",), outcomes=("sft <i>",))).said)
    assert "sft <i>" in said
    assert "Source: here" in said
    assert "no rival to compare with" in said
    assert "without it" in said  # the control
    assert "not run" in said
    with pytest.raises(BadInput, match="no outcome"):
        made(store, outcomes=("sfft",))
    with pytest.raises(BadInput, match="no predictor"):
        made(store, predictors=("luck",))


def test_over_families_the_page_names_them(store: Store, text: str) -> None:
    assert "over families" not in text.partition('<section id="methods">')[0]
    said = made(store, question=Question(over="families"), pairs=0)
    assert "Intervals and p are over families: " in said
    assert "95 % band by least squares, over families" in said


def test_controls_are_the_share_won_without_the_prompt(store: Store) -> None:
    board = load_board(store, Question())
    with store.reading() as connection:
        rows = connection.execute(
            "select run_id, ll_chosen / bytes_chosen > ll_rejected / bytes_rejected from verdicts_raw "
            "where run_id in ('run-0-own', 'run-0-none') and position <> 0"
        ).fetchall()
    found = stored_controls(store, board)
    assert list(found) == ["model-0"]
    values = {row.candidate: row.value for row in found["model-0"]["overall"].rows}
    for run, name in (("run-0-own", "with the prompt"), ("run-0-none", "without it")):
        won = [bool(win) for run_id, win in rows if run_id == run]
        assert len(won) == 23
        assert values[name] == pytest.approx(sum(won) / len(won))


@given(st.text())
def test_visible_text_hides_and_acts_nowhere(text: str) -> None:
    shown = visible(text)
    kept = {"\n", "\t", "\u200c", "\u200d"}
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") and c not in kept]
    if text.isprintable():
        assert shown == text


@given(st.text(max_size=60), st.text(max_size=60))
def test_pieces_are_the_text_with_its_differences_marked(left: str, right: str) -> None:
    found = _text(left, compare_words(left, right).left, None)
    assert "".join(piece.text for piece in found.pieces).replace("\r\n", "\n") == visible(left)
    assert (not [piece for piece in found.pieces if piece.differs]) == (not compare_words(left, right).left)


@given(st.integers(0, 9_000), st.integers(1, 50))
def test_what_differs_is_inside_what_is_shown(place: int, length: int) -> None:
    text = "x" * 9_100
    found = _text(text, [(place, place + length)], None)
    assert sum(len(piece.text) for piece in found.pieces) == _LONGEST
    assert sum(len(piece.text) for piece in found.pieces if piece.differs) == length


def test_abilities_by_topic_are_those_of_the_screen(store: Store, text: str) -> None:
    said = " ".join("".join(Reader(text).said).split())
    board = load_board(store, Question())
    found = topic_abilities(board, by="domain")
    for sentence in (*said_of(found), between_words(found)):
        assert visible(sentence) in said
    for one in found.candidates:
        for cell in (one, *one.cells):
            ends = f"{cell.ability:+.2f} {cell.ci_low:+.2f} to {cell.ci_high:+.2f}".replace("-", "−")
            assert f"{ends} {getattr(cell, 'mark', '')}".strip() in said
            assert place_words(cell) in said
    assert "Not estimated: 0 topics with 4 clusters of pairs or more: two are needed." in said  # by category


def test_topics_that_cannot_be_estimated_say_why(study: Study) -> None:
    store = study(2)
    found = topics_of(load_board(store, Question()))
    assert [(one.by, one.found) for one in found] == [("category", None), ("subcategory", None), ("domain", None)]
    said = " ".join("".join(Reader(made(store, pairs=0, predictors=("RuDE accuracy",))).said).split())
    assert "Not estimated: 2 candidates cannot show abilities: at least 3 are needed." in said


def test_spectra_are_those_of_the_page_s_candidates(study: Study) -> None:
    store = study(3)
    assert spectra_of(store, load_board(store, Question())) is None
    assert "Spectra of the weights" not in made(store, pairs=0, predictors=("RuDE accuracy",))
    spectra = [
        Spectrum("layers.0.a", 64, 64, 2.5, 10.0, 1.0, 20, 0.1, 0.25),
        Spectrum("layers.1.a", 64, 64, 3.0, 100.0, 1.0, 20, 0.1, -0.75),
        Spectrum("layers.1.b", 64, 64, None, 1.0, None, 0, None),
    ]
    add_spectra(store, "w-1", spectra)
    found = spectra_of(store, load_board(store, Question()))
    assert found is not None
    assert (list(found.means), found.unmeasured) == (["model-1"], ("<b>$x_1$</b>", "model-0"))
    # α̂ is the mean of 2.5·1 and 3·2; the distances from 2 are .5 and 1, those from 0 .25 and .75.
    assert list(found.means["model-1"].values()) == pytest.approx([2.75, 4.25, 0.75, 0.5])
    read = Reader(made(store, pairs=0, predictors=("RuDE accuracy",)))
    said = " ".join("".join(read.said).split())
    assert "2.75 4.25 0.75 0.50" in " ".join("  ".join(read.said).split())
    assert "Not measured: <b>$x_1$</b>, model-0." in said
    assert ("svg", "aria-label", "α and trace-log by layer, 1 candidate") in read.attributes
