"""Branches, picks and searches, without a screen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.results.alike import KINDS
from engine.results.board import Board, Question, load_board
from engine.results.failures import PairVerdict, pair_view
from engine.results.pair_words import PairWords, pair_words
from engine.results.search import find_text
from engine.store.connection import Store
from engine.store.suites import load_pairs
from screens.failures.pair_list import asked_line, pair_line
from screens.failures.preview import read_preview
from screens.failures.search import find
from screens.failures.state import FailuresState, Pick, listed, pick_of, read_failures
from screens.pair.scales import scales
from screens.shell.order import Order


@pytest.fixture(scope="module")
def board(garden_file: Path) -> Board:
    return load_board(Store(garden_file), Question(protocol="choice"))


@pytest.fixture(scope="module")
def words(board: Board, garden_file: Path) -> Mapping[str, PairWords]:
    return pair_words(Store(garden_file), board.suite_hash)


def test_without_a_name_the_best_candidate_is_read(board: Board, words: Mapping[str, PairWords]) -> None:
    assert read_failures(board, words, None, Pick()).label == "oak-7m"
    assert read_failures(board, words, "gone", Pick()).label == "oak-7m"


def test_a_branch_holds_as_many_pairs_as_its_label_says(board: Board, words: Mapping[str, PairWords]) -> None:
    everything = read_failures(board, words, "moss-200k", Pick())
    assert len(everything.pairs) == everything.failed
    for category in everything.tree:
        for sub in category.children:
            found = read_failures(board, words, "moss-200k", pick_of([sub, category]))
            assert len(found.pairs) == sub.failed
            for criterion in sub.children:
                path = pick_of([criterion, sub, category])
                assert path.title == criterion.name
                assert len(read_failures(board, words, "moss-200k", path).pairs) == criterion.failed


def test_a_branch_read_after_another_is_the_same_as_read_afresh(board: Board, words: Mapping[str, PairWords]) -> None:
    before = read_failures(board, words, "moss-200k", Pick())
    for category in before.tree:
        for path in ([category], *([sub, category] for sub in category.children)):
            after = read_failures(board, words, "moss-200k", pick_of(path), before)
            assert after == read_failures(board, words, "moss-200k", pick_of(path))
            assert after.tree is before.tree
    other = read_failures(board, words, "oak-7m", Pick(), before)
    assert other == read_failures(board, words, "oak-7m", Pick())


def test_search_looks_at_ids_criteria_and_found_texts(board: Board, words: Mapping[str, PairWords]) -> None:
    failures, worst = read_failures(board, words, "moss-200k", Pick()), Order("margin")
    pairs = failures.pairs
    assert listed(failures, worst) == list(pairs)
    assert [pair.pair_id for pair in listed(failures, worst, pairs[0].pair_id.upper())] == [pairs[0].pair_id]
    assert all("c-format" in pair.violated for pair in listed(failures, worst, "c-format"))
    assert listed(failures, worst, "nothing like it") == []
    assert listed(failures, worst, "nothing like it", frozenset([pairs[2].pair_id])) == [pairs[2]]


def test_pairs_are_sorted_by_margin_by_how_many_fail_and_by_name_either_way(
    board: Board, words: Mapping[str, PairWords]
) -> None:
    failures = read_failures(board, words, "moss-200k", Pick())
    for by, of in (
        ("margin", lambda pair: pair.margin),
        ("fails", lambda pair: -pair.failed_by),
        ("pair", lambda pair: pair.pair_id),
    ):
        found = [of(pair) for pair in listed(failures, Order(by))]
        assert found == sorted(found)
        turned = [of(pair) for pair in listed(failures, Order(by).chosen(by))]
        assert turned == sorted(turned, reverse=True)
    assert len({pair.failed_by for pair in failures.pairs}) > 1


def test_text_is_found_in_prompts_responses_and_criteria(board: Board, garden_file: Path) -> None:
    store = Store(garden_file)
    assert len(find_text(store, board.suite_hash, "WEEK 3 in")) == 4
    assert len(find_text(store, board.suite_hash, "call a friend")) == 40
    assert find_text(store, board.suite_hash, "what logic asks")
    assert find_text(store, board.suite_hash, "100%_no such text") == frozenset()


@pytest.mark.parametrize(
    "phrase", ["week 3 IN", "Garden-0", "call a friend", "%", "_", "C-Logic", ". ", "nothing such"]
)
def test_what_is_found_is_what_a_plain_reading_of_all_pairs_finds(board: Board, garden_file: Path, phrase: str) -> None:
    store = Store(garden_file)
    pairs = load_pairs(store, board.suite_hash)
    texts = {
        pair.id: "\n".join((pair.id, pair.prompt_text, pair.chosen, pair.rejected, *(c.text for c in pair.criteria)))
        for pair in pairs
    }
    plainly = {pair_id for pair_id, text in texts.items() if phrase.lower() in text.lower()}
    assert find_text(store, board.suite_hash, phrase) == plainly


@pytest.mark.parametrize("order", [Order("margin"), Order("pair"), Order("pair").chosen("pair")])
def test_a_search_brings_the_pair_that_then_stands_first(
    board: Board, words: Mapping[str, PairWords], garden_file: Path, order: Order
) -> None:
    store, failures = Store(garden_file), read_failures(board, words, "moss-200k", Pick())
    found = find(store, failures, order, "call a friend", first=True)
    assert found.hits == find_text(store, board.suite_hash, "call a friend")
    pair = listed(failures, order, "call a friend", found.hits)[0]
    assert found.first == read_preview(store, board.suite_hash, pair.pair_id)
    assert found.first.pair.id == pair.pair_id
    assert find(store, failures, order, "nothing such", first=True).first is None
    assert find(store, failures, order, "call a friend", first=False).first is None
    grouped = read_failures(board, words, "moss-200k", Pick(), alike=next(iter(KINDS)))
    assert find(store, grouped, order, "call a friend", first=True).first is None


def _verdict(name: str, margin: float) -> PairVerdict:
    nothing = math.nan
    return PairVerdict(
        name, float(margin > 0), margin, margin + 0.5, margin - 0.5,
        nothing, nothing, nothing, nothing, nothing, nothing,
    )  # fmt: skip


def test_the_scale_marks_the_subject_and_never_leaves_it_out() -> None:
    verdicts = [_verdict(f"m{i:02d}", 2 - i * 0.3) for i in range(16)]
    text = scales(verdicts, "m15", "averaged", lambda name: "white", 80).plain
    (subject,) = [line for line in text.splitlines() if line.startswith("▸")]
    assert "m15" in subject
    assert subject.rstrip().endswith("✗")
    assert "… 10 more" in text
    assert "◁" in subject
    assert all(len(line) <= 80 for line in text.splitlines())


def test_likelihood_has_one_mark_a_line(garden_file: Path) -> None:
    store = Store(garden_file)
    board = load_board(store, Question(protocol="likelihood"))
    view = pair_view(store, board, "garden-001")
    text = scales(view.verdicts, "oak-7m", board.metric, lambda name: "white", 76).plain
    assert "◁" not in text
    assert "nats/byte" in text
    assert text.count("◆") == 4


def test_groups_hold_every_pair_once_under_a_heading(board: Board, words: Mapping[str, PairWords]) -> None:
    for kind in KINDS:
        state = FailuresState(alike=kind)
        state.take(read_failures(board, words, "moss-200k", Pick(), alike=kind))
        state.arrange()
        assert state.failures is not None
        assert {pair.pair_id for pair in state.shown} == {pair.pair_id for pair in state.failures.pairs}
        assert len(state.lines) == len(state.shown) + len(state.failures.groups)
        assert [pair for line in range(len(state.lines)) if (pair := state.at(line))] == state.shown
        for place in range(len(state.shown)):
            assert state.place_of(state.line_of(place)) == place
        assert state.at(0) is None
        assert state.place_of(0) == 0


def test_a_line_says_what_was_asked_and_what_is_violated(board: Board, words: Mapping[str, PairWords]) -> None:
    state = FailuresState()
    state.take(read_failures(board, words, "moss-200k", Pick()))
    state.arrange()
    pair = state.shown[0]
    wide = pair_line(state, pair, 140, lambda name: "white").plain
    assert "Plan week" in wide
    assert all(text[:20] in wide for text in words[pair.pair_id].criteria[:1])
    assert pair.pair_id not in wide
    narrow = pair_line(state, pair, 46, lambda name: "white").plain
    assert "✗ Keeps to what" in narrow
    assert "Plan week" in asked_line(state, pair, lambda name: "white").plain
