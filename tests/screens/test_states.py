"""What places hold, and what becomes of it by what a person does, without an event loop."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rubrics.errors import BadInput
from screens.candidates.state import CandidateEntry, Inventory
from screens.candidates.state import toggle as toggle_candidate
from screens.correlation.state import CorrelationState, Highlight, ScatterData
from screens.items.state import ItemsState
from screens.pair.state import PairState
from screens.review.state import ReviewState
from screens.run.state import RunChoices
from screens.shell.pair_walk import PairWalk
from screens.short_suite.state import ShortSuiteState, file_name
from screens.suite_pairs.state import Matches, SuitePairsState
from screens.suites.state import SuitesState
from screens.suites.state import toggle as toggle_suite
from screens.tokens.state import TokensState


def _thing(**values: Any) -> Any:
    return SimpleNamespace(**values)


def test_candidates_that_cannot_be_scored_lose_their_mark() -> None:
    fits = _thing(precision="fp32")
    good = CandidateEntry(_thing(path="/good", place="/good", name="good", usable=True), "bundled", fits)
    large = CandidateEntry(
        _thing(path="/large", place="/large", name="large", usable=True), "cache", _thing(precision=None)
    )
    marks: dict[str, str] = {"/gone": "gone", "/large": "large"}
    assert toggle_candidate(marks, good)
    Inventory((good, large), _thing(), ()).unmark_unusable(marks)
    assert marks == {"/good": "good"}
    assert not toggle_candidate(marks, large)
    assert toggle_candidate(marks, good)
    assert marks == {}


def test_a_run_is_asked_for_as_it_was_chosen() -> None:
    choices = RunChoices()
    assert choices.protocols == ["likelihood", "choice"]
    assert "mark" in choices.lacking(1, 0)
    assert choices.lacking(1, 1) == ""
    assert not choices.limit_to("many")
    assert choices.limit_to("12")
    seen = []
    for _ in range(5):
        seen.append(choices.precision)
        choices.next_precision()
    assert seen == ["auto", "fp32", "bf16", "int8", "nf4"]
    assert choices.precision == "auto"
    choices.next_goal()
    request = choices.request(["/m"], ["world"])
    assert (request.limit, request.until, request.models, request.suites) == (12, "best", ("/m",), ("world",))
    assert choices.limit_to("0")
    assert "limit pairs        all" in choices.about(str)


def _scatter(names: str, families: dict[str, str] | None = None) -> ScatterData:
    points = [_thing(name=name, x=x, y=x, family=(families or {}).get(name, "")) for x, name in enumerate(names)]
    left_out = [_thing(name=name, pearson=0.9 - x / 10) for x, name in enumerate(names)]
    view: Any = _thing(points=points, statistics=_thing(leave_one_out=left_out, leave_family_out=[]))
    return ScatterData("own", "own outcomes", ("p", "q"), ("o",), "p", "o", view, ())


def test_points_are_walked_round_and_left_out() -> None:
    state = CorrelationState()
    assert state.take(_scatter("abc", {"a": "oak"}))
    state.step(-1)
    assert state.highlight.candidate == "c"
    state.step(1)
    assert state.highlight.candidate == "a"
    assert state.toggle_left_out()
    assert state.highlight == Highlight("a", True)
    state.highlight = Highlight(family="oak")
    assert state.toggle_left_out(), "without a cursor, the one that matters most"
    assert state.highlight == Highlight("c", True, "oak")
    assert not state.take(_scatter("ab")), "the same axes"
    assert state.highlight == Highlight()
    state.choose(predictor="q")
    assert (state.axes.source, state.axes.predictor, state.axes.outcome) == ("own", "q", "o")


def test_sources_come_one_after_the_other() -> None:
    from engine.correlation.sources import SOURCES

    state = CorrelationState()
    seen = []
    for _ in SOURCES:
        state.next_source()
        seen.append(state.axes.source)
    assert sorted(map(str, seen)) == sorted(SOURCES)
    assert seen[-1] == "own"


def test_a_trial_of_another_suite_begins_with_all_its_pairs() -> None:
    pairs = [_thing(pair_id="a", findings=("suspect",)), _thing(pair_id="b", findings=())]
    trial: Any = _thing(model="rasch", sorted=lambda by, reverse: pairs)
    state = ItemsState()
    assert not state.take(_thing(suite_hash="1"), trial)
    state.keep("suspect")
    state.arrange()
    assert [pair.pair_id for pair in state.shown] == ["a"]
    assert state.at(1) is None
    assert state.take(_thing(suite_hash="1"), trial)
    assert state.finding == "suspect"
    assert not state.take(_thing(suite_hash="2"), trial)
    assert state.finding == ""
    state.other_model()
    assert state.model == "2pl"


def test_pairs_far_from_the_one_looked_at_are_forgotten() -> None:
    def shown(pair_id: str) -> Any:
        return _thing(view=_thing(pair=_thing(id=pair_id), verdicts=[_thing(candidate="oak")]))

    state = PairState(_thing(), "oak", PairWalk("abcdef", 0))
    assert state.take(shown("a")) == ["b", "c"]
    state.ahead.update({"b": shown("b"), "c": shown("c")})
    state.walk.step(1)
    assert state.take(shown("b")) == ["d"]
    state.walk.step(3)
    state.take(shown("e"))
    assert set(state.ahead) == {"e"}
    assert state.verdict is not None


def test_tokens_are_there_or_why_not() -> None:
    state = TokensState(_thing(), "oak", PairWalk(["a"], 0))
    state.lack(BadInput("none are kept"))
    assert state.missing is not None
    state.take(_thing())
    assert state.missing is None


def test_short_suites_are_of_sizes_that_can_be() -> None:
    trial: Any = _thing(pairs=range(100), suite="my/suite")
    state = ShortSuiteState(trial)
    assert sorted(state.sizes) == [5, 10, 20, 30, 40, 50, 75]
    assert not state.add_size("100")
    assert not state.add_size("few")
    assert state.add_size("33")
    suites: Any = [_thing(pair_ids=range(size)) for size in sorted(state.sizes)]
    state.suites = suites
    assert state.nearest(None) == 2
    assert state.at(state.nearest(34)) is suites[4]
    assert file_name(trial, suites[0]) == "my-suite-short-5.jsonl"
    state.toggle_suspected()
    assert state.leave_out == ("reversed", "suspect")


def test_a_suite_that_cannot_be_read_is_not_marked_and_shows_its_card() -> None:
    good, broken = _thing(fault="", path="world"), _thing(fault="cut short", path="/x")
    state, marks = SuitesState([good, broken]), list[str]()
    assert toggle_suite(marks, broken) == "It cannot be read"
    assert toggle_suite(marks, _thing(fault="", path="")) == "Its file is not known: add it with a"
    assert toggle_suite(marks, good) == ""
    assert marks == ["world"]
    assert state.summary(1) == "2 suites · 1 marked · ✗ 1 cannot be used"
    assert (state.pane_for(good), state.pane_for(broken)) == ("coverage", "card")
    assert toggle_suite(marks, good) == ""
    assert marks == []


def test_pages_of_pairs_come_and_go() -> None:
    from engine.results.suites import PairFilter

    entry: Any = _thing(name="many", n_scored=2500, n_shots=0)
    state = SuitePairsState(entry, PairFilter(text="peas"))
    assert state.place_at(0) is None
    state.take(Matches(_thing(), np.arange(2500, dtype=np.int32)[::-1], {}))
    assert (state.place_at(0), state.place_at(9999)) == (2499, 0)
    assert state.places_of(24) == list(range(99, -1, -1))
    assert state.line(2400) is None
    for page in range(25):
        state.keep_page(page, [_thing(page=page)] * 100)
    assert state.line(2400) is not None
    assert state.line(0) is None, "the page read first went"
    assert state.question(state.count_text()) == "many · 2,500 pairs · with “peas”"
    state.change(text="")
    assert not state.narrowed


def _sheet(items: int, answers: dict[Any, bool] | None = None) -> Any:
    return _thing(items=[_thing(item=str(n), criteria="xyz") for n in range(items)], answers=answers or {}, reader="me")


def test_a_blind_reading_goes_on_where_it_stopped_and_takes_answers_back() -> None:
    state = ReviewState()
    state.take(_sheet(3, {("0", 1): True}))
    assert (state.at, state.unread_count) == (1, 2)
    state.say(0, True)
    state.say(0, False)
    assert state.open_criteria() == [1, 2]
    state.go(2)
    assert state.undo() == (1, 0)
    assert state.sheet is not None
    assert state.answer_of(state.sheet.items[1], 0) is True
    assert state.undo() == (1, 0)
    assert state.answer_of(state.sheet.items[1], 0) is None
    assert state.undo() is None
    assert state.unread(2) == 2
    assert (state.step(5), state.step(-5)) == (3, 0)
    state.mark(9)
    assert state.criterion == 2
    state.go(3)
    assert state.item is None
    assert state.open_criteria() == []


@pytest.mark.parametrize("items", [0, 2])
def test_what_is_read_to_the_end_has_no_item(items: int) -> None:
    state = ReviewState()
    state.take(_sheet(items, {(str(n), 0): True for n in range(items)}))
    assert state.at == items
    assert state.item is None
