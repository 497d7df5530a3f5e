"""What stands behind the screens of constructions, without an event loop."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.construct.blind import blind_result, correct_labels, keep_answer, lay_out_sheet
from engine.construct.estimate import CostEstimate, RoleCost
from engine.construct.reading import _example
from engine.construct.request import ConstructRequest
from engine.construct.watching import money, overview, stop
from engine.jobs.detached import Ended
from engine.store.connection import Store
from engine.store.construct_review import readings_of
from engine.store.construct_watch import Spend
from engine.store.runs import Status
from rubrics.best_kept import best_kept
from rubrics.errors import BadInput, RudeError
from rubrics.schema import Criterion, Pair
from rubrics.taxonomy import Subcategory
from rude_tui.commands.construct import typed_request
from screens.construct.command import arguments, plan_words, shown_command
from screens.construct.example_list import example_line, filters, passes
from screens.construct.example_text import example_text
from screens.construct.jobs import ended
from screens.construct.prices import read_price
from screens.pair.text import criteria_plain, criteria_text

FORM = {"prompts": "in.jsonl", "generator": "http://h/v1#g", "verifier": "http://h/v1#v", "output": "out.jsonl"}


@given(st.text())
def test_any_text_is_a_price_or_none(text: str) -> None:
    price = read_price(text)
    assert price is None or (price[0] >= 0 and price[1] >= 0)


@pytest.mark.parametrize(("text", "price"), [("1.25,10", (1.25, 10.0)), ("3", (3.0, 3.0)), ("-1", None), ("inf", None)])
def test_prices(text: str, price: object) -> None:
    assert read_price(text) == price


def test_money_is_tokens_times_price_of_the_models_that_have_one() -> None:
    spent = [Spend("g", 3, 2_000_000, 500_000), Spend("v", 9, 1_000_000, 1_000_000)]
    assert money(spent, {"g": (1.5, 10.0)}) == pytest.approx(2 * 1.5 + 0.5 * 10)


def test_what_was_typed_becomes_one_command_and_no_shell_reads_it() -> None:
    form = {**FORM, "output": "a b; rm -rf x.jsonl", "more": "--votes 3 --limit '5'", "max-calls": "9"}
    args = arguments(form)
    assert "--output=a b; rm -rf x.jsonl" in args
    assert args[-4:] == ["--votes", "3", "--limit", "5"]
    assert "--max-calls=9" in args
    assert shlex.split(shown_command(args)) == ["rude-tui", "construct", *args]


@pytest.mark.parametrize("changes", [{"prompts": " "}, {"output": ""}, {"more": "--note 'open"}])
def test_what_lacks_something_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        arguments({**FORM, **changes})


@pytest.mark.parametrize(
    ("more", "what"), [("--help", "help"), ("--votes two", "'two'"), ("--nonsense", "--nonsense"), ("--json", "plan")]
)
def test_options_that_ask_for_something_else_or_nothing_are_refused(more: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        typed_request(arguments({**FORM, "more": more}))


def test_what_was_typed_asks_for_what_the_command_would_and_survives_the_way_to_another_process() -> None:
    request = typed_request(arguments({**FORM, "more": "--votes 3 --violations 1,2 --generator-price 1,2"}))
    assert (request.settings.votes, request.settings.violations) == (3, (1, 2))
    assert str(request.settings.generator) == FORM["generator"]
    again = ConstructRequest.of_json(json.loads(json.dumps(request.to_json())))
    assert again == replace(request, prompts=request.prompts.absolute(), output=request.output.absolute())


def test_a_plan_in_words() -> None:
    def role(calls: int, tokens: int, money: float) -> RoleCost:
        return RoleCost("owl", calls, tokens, 0, 6.0, measured=False, money=money)

    courses = (("least", (role(100, 50_000, 0.0),)), ("most", (role(4_000, 2_000_000, 12.5),)))
    words = plan_words(CostEstimate(12, 2, 30, (), (), courses, 8))
    assert "12 prompts, 30 pairs planned; 2 prompts without criteria" in words
    assert "2,000,000" in words
    assert "12.50" in words
    assert "times assumed" in words


class Over:
    """A construction that has ended."""

    def __init__(self, failed_for: RudeError | None = None, **state: object) -> None:
        whole = {"suite": "out", "phase": "done", "done": 12, "notes": [], "error": "", **state}
        self.end = Ended(failed_for, () if failed_for else (whole,))

    def ended(self) -> Ended:
        return self.end


def test_how_it_ended_in_words() -> None:
    def words(**how: object) -> object:
        return ended(Over(**how))  # type: ignore[arg-type]

    assert words() == (None, "out: 12 pairs written")
    assert words(notes=["2 set aside"], phase="stopped at a cap", error="a cap is reached") == (
        None, "out: 12 pairs written\n2 set aside\na cap is reached",
    )  # fmt: skip
    assert words(phase="cancelled") == (None, "")
    error, _ = ended(Over(phase="failed", error="no such host\n  → look")) or (None, "")  # type: ignore[arg-type]
    assert error is not None
    assert (error.what, error.fix) == ("no such host", "look")
    assert words(failed_for=(bad := BadInput("no such file"))) == (bad, "")


def test_each_filter_keeps_as_many_as_it_says(beds: Path) -> None:
    found = overview(Store(beds))
    assert found is not None
    options = filters(found.examples)
    for value, label in options:
        words = label.removeprefix("all ")
        assert sum(passes(example, value) for example in found.examples) == int(words.split()[0].replace(",", ""))
    assert "2 negatives rejected: others violated too" in dict(options).values()
    assert found.pairs == 4


def test_a_construction_without_a_living_process_has_no_time_left_and_cannot_be_stopped(beds: Path) -> None:
    store = Store(beds)
    found = overview(store)
    assert found is not None
    assert found.eta_seconds is None
    assert not stop(store, found.row.run_id)
    assert overview(Store(beds.with_name("new.duckdb"))) is None


def test_the_time_left_is_at_the_rate_of_the_last_minute(tmp_path: Path, fill_construction) -> None:
    path = tmp_path / "rude.duckdb"
    fill_construction(path, end=None)
    found = overview(Store(path))
    assert found is not None
    assert found.row.status is Status.STARTED
    # 28 calls in the last minute; all 16 examples are settled: ten accepted, four rejected, two without a positive.
    assert found.eta_seconds == 0
    more = replace(found, yields=tuple(replace(one, planned=one.planned + 4) for one in found.yields))
    assert more.eta_seconds == pytest.approx(8 * 28 / 16 / (28 / 60))


def test_what_works_on_another_machine_is_left_alone(tmp_path: Path, fill_construction) -> None:
    path = tmp_path / "rude.duckdb"
    fill_construction(path, end=None)
    with Store(path).writing() as connection:
        connection.execute("update construct_runs set owner_host = 'elsewhere', owner_boot = 'another'")
    with pytest.raises(RudeError, match="another machine"):
        stop(Store(path), "0123456789abcdef")


def test_stopping_ends_the_process(tmp_path: Path, fill_construction) -> None:
    import psutil

    path = tmp_path / "rude.duckdb"
    fill_construction(path, end=None)
    code = "import time; print(flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "\n"
        with Store(path).writing() as connection:
            values = [process.pid, psutil.Process(process.pid).create_time()]
            connection.execute("update construct_runs set owner_pid = ?, owner_started = ?, owner_boot = null", values)
        assert stop(Store(path), "0123456789abcdef")
        assert process.wait(30) != 0
    assert process.pid != os.getpid()


@pytest.mark.long
def test_a_reader_sees_no_disagreement_about_what_they_have_not_read(beds: Path) -> None:
    store = Store(beds)
    run_id = "0123456789abcdef"
    mine, yours = lay_out_sheet(store, run_id, "me", 40), lay_out_sheet(store, run_id, "you", 40)
    assert [item.item for item in mine.items] == [item.item for item in yours.items]
    first, second = mine.items[:2]
    for page, item in ((yours, first), (yours, second), (mine, second)):
        label = blind_result(store, run_id, "me").agreement
        keep_answer(store, page, item, 0, True)
        keep_answer(store, page, item, 1, False)
        assert blind_result(store, run_id, "me").agreement.readings == label.readings + 2
    mine_now = blind_result(store, run_id, "me")
    assert {finding.reading.example_id for finding in mine_now.findings} <= {mine.examples[second.item]}
    assert len(mine_now.findings) < len(mine_now.agreement.disagreements)
    assert dict(lay_out_sheet(store, run_id, "me", 40).answers) == {(second.item, 0): True, (second.item, 1): False}
    correct_labels(store, run_id, [finding.reading for finding in mine_now.findings], corrects=True)
    assert any(reading.corrects for reading in readings_of(store, run_id))
    keep_answer(store, mine, second, 0, None)
    assert dict(lay_out_sheet(store, run_id, "me", 40).answers) == {(second.item, 1): False}


def test_the_best_there_was_is_not_said_to_meet_everything(construct_rows_of: Callable[..., Any]) -> None:
    """Kept though it violates something: the list and the text of an example say so, and praise nothing as planned."""
    _, _, (positive, negative, *_) = construct_rows_of("best")
    best = replace(positive, status="accepted", reason="", violated=(json.loads(positive.judgements)[0]["criterion"],))
    name = best.violated[0]
    shown = _example(best, None, set(), {best.prompt_id}, "", natural=True)
    assert shown.in_spite_of == (name,)
    assert shown.why == f"the best there was: does not meet {name}"
    text = str(example_text(shown, str))
    assert f"kept as the best there was: no answer met everything, and it violates {name}" in text
    assert "is to meet everything" not in text
    assert f"the best there was: does not meet {name}" in str(example_line(shown, str))
    assert ("best", "1 kept as the best there was") in filters([shown])
    assert passes(shown, "best")
    worst = _example(negative, None, set(), set(), "", natural=True)
    told = str(example_text(worst, str))
    assert "a natural answer that meets less" in told
    assert "planned" not in told
    assert not worst.in_spite_of
    assert _example(positive, None, set(), set(), "", natural=False).in_spite_of == ()


def test_a_pair_says_what_neither_response_meets() -> None:
    """Its own criteria cannot: the pair is not about that."""
    criteria = [Criterion(id=f"c{n}", text=f"Rule {n}.", subcategory=Subcategory.SCOPE) for n in range(3)]
    pair = Pair(
        id="p", domain="beds", prompt="Plan.", chosen="Dig.", rejected="No.", criteria=criteria[:2], violated=["c0"],
        source=f"rude-tui construct ab, {best_kept(criteria[2:])}",
    )  # fmt: skip
    line = "best there was, neither response meets"
    assert str(criteria_text(pair, str)).splitlines()[-1] == f"○ {line}: c2 “Rule 2.”"
    assert f"[{line}] c2 “Rule 2.”" in criteria_plain(pair)
    assert line not in str(criteria_text(pair.model_copy(update={"source": "mine"}), str))
