"""Traces by a model behind a real HTTP server that follows a script: what is asked, kept, asked again and left out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted import Script, said, scripted

from engine.jobs.job import Exit, exit_code, perform
from engine.jobs.progress import Phase, RunState
from engine.predictors.trace_file import read_traces
from engine.predictors.trace_writing import Asking, TraceTask, tasks_of_prompts, tasks_of_suite
from engine.predictors.trace_writing_job import plan_trace_writing
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.prompts import CheckSpec, RubricPrompt
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory


@pytest.fixture
def script() -> Iterator[Script]:
    with scripted() as playing:
        yield playing


def tasks(*names: str, checks: tuple[CheckSpec, ...] = ()) -> list[TraceTask]:
    return [TraceTask(name, name, f"Q {name}\n", (("user", f"Q {name}"),), checks) for name in names]


def written(
    script: Script, store: Store, output: Path, given: list[TraceTask], asking: Asking | None = None
) -> RunState:
    job = plan_trace_writing(store, script.address, given, output, asking, concurrency=1)
    (state,) = perform(store, job)
    return state


def test_a_trace_with_what_its_writer_thought_of_it(script: Script, store: Store, tmp_path: Path) -> None:
    """Greedy, once; bytes count before text, and the token that ends the turn is no part of it."""
    script.answer = lambda asked: said("é so", [(b"\xc3", -1.5), (b"\xa9", 0.0), (" so", -0.25), ("<|end|>", -0.1)])
    output = tmp_path / "sums.jsonl"
    state = written(script, store, output, tasks("a"))
    assert (state.phase, state.done, state.skipped) == (Phase.DONE, 1, 0)
    (asked,) = script.asked
    assert (asked["model"], asked["temperature"], asked["logprobs"]) == ("sage", 0.0, True)
    assert asked["messages"] == [{"role": "user", "content": "Q a"}]
    (record,) = read_traces(output).records
    assert (record.id, record.prompt, record.trace, record.writer) == ("a", "Q a\n", "é so", "sage")
    assert (record.lengths, record.logprob) == ((1, 1, 3), (-1.5, 0.0, -0.25))
    assert record.frontier.characters().tolist() == pytest.approx([math.exp(-1.5), *[math.exp(-0.25)] * 3])


def test_one_retry_and_no_more(script: Script, store: Store, tmp_path: Path) -> None:
    """Cut off, empty or against its checks: asked once more, not greedily. What is no trace then is left out."""
    script.answer = lambda asked: {
        "Q cut": said("So it", finish="length"),
        "Q later": said("Good.") if asked["temperature"] else said("  "),
        "Q wrong": said("Five words are in here"),
    }[asked["messages"][-1]["content"]]
    given = tasks("cut", "later")
    given += tasks("wrong", checks=(CheckSpec(kind="at most", number=2),))
    output = tmp_path / "t.jsonl"
    state = written(script, store, output, given, Asking(most_tokens=9))
    assert [asked["temperature"] for asked in script.asked] == [0.0, 0.7] * 3
    assert {asked["max_tokens"] for asked in script.asked} == {9}
    assert {record.id: record.trace for record in read_traces(output).records} == {
        "later": "Good.", "wrong": "Five words are in here",
    }  # fmt: skip
    assert (state.done, state.skipped, exit_code((state,))) == (2, 1, Exit.SOME_SKIPPED)
    assert "cut: the answer was cut off at 9 tokens" in state.notes
    assert any(note.startswith("1 trace did not pass the checks and stay") for note in state.notes)


def test_a_trace_ends_before_the_final_answer(script: Script, store: Store, tmp_path: Path) -> None:
    script.answer = lambda asked: said("2 + 2 #### no.\n#### 4", [("2 +", -1.0), (" 2 ####", -2.0), (" no.", -3.0),
                                                                 ("\n##", -4.0), ("## 4", -5.0)])  # fmt: skip
    output = tmp_path / "t.jsonl"
    written(script, store, output, tasks("a"), Asking(until="####"))
    (record,) = read_traces(output).records
    assert (record.trace, record.logprob) == ("2 + 2 #### no.", (-1.0, -2.0, -3.0))
    script.answer = lambda asked: said("nothing of the kind")
    state = written(script, store, tmp_path / "u.jsonl", tasks("a"), Asking(until="####"))
    assert (state.done, state.notes) == (0, ("a: the answer has no '####' that ends the trace",))
    assert not (tmp_path / "u.jsonl").exists()


def test_a_server_without_log_probabilities(script: Script, store: Store, tmp_path: Path) -> None:
    """One that refuses to tell is asked without; then the file has none, and says so."""
    script.answer = lambda asked: {"status": 400, "error": "no logprobs"} if "logprobs" in asked else said("So.")
    output = tmp_path / "t.jsonl"
    state = written(script, store, output, tasks("a", "b"))
    assert ["logprobs" in asked for asked in script.asked] == [True, False, False]
    assert not read_traces(output).weighted
    assert any("no log-probabilities for 2 traces" in note for note in state.notes)
    # What a server tells does not make up the text: as if it had told nothing.
    script.answer = lambda asked: said("So.", [("So", -1.0), ("!", -1.0)])
    written(script, store, tmp_path / "u.jsonl", tasks("a"))
    assert not read_traces(tmp_path / "u.jsonl").weighted


def test_asked_again_it_goes_on(script: Script, store: Store, tmp_path: Path) -> None:
    output = tmp_path / "t.jsonl"
    script.answer = lambda asked: said("Ja é.", [("Ja", -1.0), (b" \xc3", -0.5), (b"\xa9.", -0.25)])
    written(script, store, output, tasks("b"))
    before = read_traces(output).records
    script.asked.clear()
    state = written(script, store, output, tasks("a", "b"))
    assert [asked["messages"][-1]["content"] for asked in script.asked] == ["Q a"]
    assert state.done == 2
    after = read_traces(output)
    assert [record.id for record in after.records] == ["a", "b"]
    assert after.records[1].to_json() == before[0].to_json()
    assert after.weighted
    script.asked.clear()
    assert written(script, store, output, tasks("a", "b")).phase is Phase.UP_TO_DATE
    assert script.asked == []
    with pytest.raises(BadInput, match="holds 'b'"):
        plan_trace_writing(store, script.address, tasks("a"), output)
    for name, what in (("t.txt", ".jsonl"), ("no/such/t.jsonl", "no such folder")):
        with pytest.raises(BadInput, match=what):
            plan_trace_writing(store, script.address, tasks("a"), tmp_path / name)
    with pytest.raises(BadInput, match="no prompts"):
        plan_trace_writing(store, script.address, [], tmp_path / "v.jsonl")


def test_prompts_of_files_and_of_suites() -> None:
    criterion = Criterion(id="c", text="Is short.", subcategory=Subcategory.LENGTH)
    check = CheckSpec(kind="at most", number=3)
    (task,) = tasks_of_prompts([
        RubricPrompt(id="p", domain="d", prompt="Say it.", criteria=[criterion], checks={"c": check})
    ])  # fmt: skip
    assert task == TraceTask("p", "p", "Request:\nSay it.\n\nResponse:\n", (("user", "Say it."),), (check,))
    pairs = [
        Pair(id=f"x{i}", domain="d", prompt=f"P{i // 2}", chosen="a", rejected="b", criteria=[criterion],
             violated=["c"], cluster="k")
        for i in range(4)
    ]  # fmt: skip
    assert [(t.id, t.cluster, t.messages) for t in tasks_of_suite(Suite("s", tuple(pairs)))] == [
        ("x0", "k", (("user", "P0"),)), ("x2", "k", (("user", "P1"),)),
    ]  # fmt: skip
