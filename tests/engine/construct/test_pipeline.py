"""Construction against a real server: what comes out is proven, whatever the models and the network do."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from constructing import construct
from waiting import PATIENCE

from engine.candidates.server import Patience
from engine.construct import job
from engine.construct.pipeline import Construction
from engine.construct.reading import examples
from engine.construct.settings import Running, Settings
from engine.construct.spec import parse_spec
from engine.construct.watching import overview
from engine.jobs.progress import Phase
from engine.store.connection import Store
from engine.store.construct import calls_of, construct_runs, examples_of
from engine.store.runs import Status
from rubrics.best_kept import unmet_by_both
from rubrics.check import check_file
from rubrics.errors import BadInput, RudeError
from rubrics.reading import read_suite
from rubrics.taxonomy import Subcategory

QUICK = Running(concurrency=8, patience=Patience(timeout=60.0, attempts=4, pause=0.01))


def make(server, prompts, folder: Path, *, generator: str = "tags", verifier: str = "tags", **settings) -> Construction:
    specs = parse_spec(server.spec(generator)), (parse_spec(server.spec(verifier)),)
    return Construction(Settings(*specs, **settings), tuple(prompts), folder / "made.jsonl")


def world(server, proven, folder: Path, *, generator: str = "oracle", verifier: str = "oracle", **settings):
    server.script.knows(*proven)
    loose = {"length_window": 1.0, "unchanged": 1.0, "per_prompt": 2, "rounds": 2, **settings}
    return make(
        server, [p.prompt for p in proven], folder, generator=generator, verifier=verifier, **loose
    )  # fmt: skip


@pytest.fixture
def unplugged(server, monkeypatch) -> None:
    """The same play without a network between, for tests that are not about it."""
    monkeypatch.setattr(
        job, "open_models", lambda s, _: {str(m): server.inside(m.model) for m in (s.generator, *s.verifiers)}
    )


def reasons(state: SimpleNamespace, name: str) -> dict[str, int]:
    return dict(next(y for y in state.yields if y.name == name).reasons)


def accepted(state: SimpleNamespace, name: str) -> int:
    return next(y for y in state.yields if y.name == name).accepted


@pytest.mark.long
def test_every_pair_of_the_procedural_world_is_proven_right(server, store: Store, tmp_path: Path, proven) -> None:
    seen: list[SimpleNamespace] = []
    wanted = world(server, proven[:10], tmp_path)
    state = construct(store, wanted, QUICK, seen.append)
    assert state.phase is Phase.DONE
    suite = read_suite(wanted.output)
    by_text = {p.prompt.prompt_text: p for p in proven}
    for pair in suite.pairs:
        truth = by_text[pair.prompt_text]
        assert all(truth.met(pair.chosen).values())
        assert {name for name, met in truth.met(pair.rejected).items() if not met} == set(pair.violated)
        assert "method degrade" in (pair.source or "")
    assert len(suite.pairs) == state.pairs > 5
    assert check_file(wanted.output).errors == ()
    assert max(server.script.tries.values()) == 1
    assert server.script.most_at_once <= QUICK.concurrency
    assert seen[-1].phase is Phase.DONE
    assert any(s.latest and s.latest.judgements and s.latest.criteria for s in seen)


@pytest.mark.long
def test_who_looks_on_sees_each_verdict_as_it_comes(
    server, store: Store, tmp_path: Path, plain_prompts, monkeypatch
) -> None:
    go_on = threading.Event()

    class Waits(type(server.inside(""))):
        async def reply(self, request):
            _, judging, criterion = request.messages[1].content.rpartition("Requirement (")
            while judging and "rule 2" in criterion and not go_on.is_set():
                await asyncio.sleep(0.02)
            return await super().reply(request)

    monkeypatch.setattr(
        job,
        "open_models",
        lambda s, _: {str(m): Waits(server.script, m.model) for m in (s.generator, *s.verifiers)},
    )
    wanted = make(server, plain_prompts[:1], tmp_path, generator="tags+a", verifier="tags+b")
    work = threading.Thread(target=construct, args=(store, wanted, QUICK))
    work.start()
    try:
        deadline = time.monotonic() + 120
        found = None
        while not (found and found.under_way and len(found.under_way[0].judgements) == 3):
            assert time.monotonic() < deadline, found.under_way
            time.sleep(0.05)
            found = overview(store)
    finally:
        go_on.set()
        work.join(120)
    (moment,) = found.under_way
    assert (moment.kind, moment.round, moment.step, moment.awaited) == ("positive", 1, "judging", ("c2",))
    assert {judgement.met for judgement in moment.judgements} == {True}
    assert moment.response.startswith("The answer")
    assert [one.done for one in found.yields] == [0, 0]
    found = overview(store)
    assert found.under_way == ()
    assert found.pairs == 1
    with store.reading() as connection:
        assert connection.execute("select count(*) from construct_under_way").fetchone() == (0,)


@pytest.mark.long
def test_the_verifier_is_asked_alike_about_both_responses(server, store: Store, tmp_path: Path, proven) -> None:
    construct(store, world(server, proven[:3], tmp_path), QUICK)
    kinds = Counter()
    for body in server.script.requests:
        system, user = (m["content"] for m in body["messages"][:2])
        if "Requirement (" in user:
            head, _, _ = user.partition("<<<request")
            kinds[system, head, user.rpartition("Answer with one JSON")[2]] += 1
            assert "violat" not in user.replace("violated", "") or "FAIL" not in user
    assert len(kinds) == 1


@pytest.mark.long
@pytest.mark.usefixtures("unplugged")
def test_the_same_seed_gives_the_same_suite_whatever_the_order(server, tmp_path: Path, plain_prompts) -> None:
    made = []
    for number, (concurrency, prompts) in enumerate([(8, plain_prompts[:3]), (64, plain_prompts[2::-1])]):
        (tmp_path / str(number)).mkdir()
        wanted = make(server, prompts, tmp_path / str(number), per_prompt=2, generator="tags+sloppy:0.2")
        construct(Store(tmp_path / f"{number}.duckdb"), wanted, Running(concurrency=concurrency))
        made.append(wanted.output.read_bytes())
    assert made[0] == made[1]
    other = make(server, plain_prompts[:3], tmp_path, per_prompt=2, generator="tags+sloppy:0.2", seed=1)
    construct(Store(tmp_path / "other.duckdb"), other, QUICK)
    assert other.output.read_bytes() != made[0]


@pytest.mark.long
@pytest.mark.usefixtures("unplugged")
def test_lengths_stay_in_the_window_and_in_balance(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    wanted = make(server, plain_prompts, tmp_path, per_prompt=3)
    construct(store, wanted, Running(concurrency=64))
    sizes = [(len(p.chosen.encode()), len(p.rejected.encode())) for p in read_suite(wanted.output).pairs]
    assert all(0.88 * chosen <= rejected <= 1.12 * chosen for chosen, rejected in sizes)
    longer, shorter = sum(b > a for a, b in sizes), sum(b < a for a, b in sizes)
    assert abs(longer - shorter) <= max(1, 0.1 * len(sizes))
    assert len(sizes) > 25


@pytest.mark.long
@pytest.mark.usefixtures("unplugged")
@pytest.mark.parametrize(
    ("generator", "phase", "reason"),
    [
        ("tags+stubborn", "positives", "criteria not met"),
        ("tags+sloppy", "negatives", "others violated too"),
        ("tags+wordy", "negatives", "outside the length window"),
    ],
)
def test_a_generator_that_fails_is_counted_by_reason(
    server, store: Store, tmp_path: Path, plain_prompts, generator: str, phase: str, reason: str
) -> None:
    wanted = make(server, plain_prompts[:3], tmp_path, generator=generator, rounds=2)
    wanted.output.write_text("what was here before")
    with pytest.raises(RudeError, match="no pair came through"):
        construct(store, wanted, QUICK)
    assert wanted.output.read_text() == "what was here before"
    rejected = [e for e in examples_of(store, wanted.run_id) if e.status == "rejected"]
    assert {(e.kind + "s", e.reason) for e in rejected} == {(phase, reason)}
    assert construct_runs(store)[0].status is Status.FAILED


def test_a_question_that_is_refused_fails_by_itself(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    wanted = make(server, plain_prompts[:2], tmp_path, generator="tags+badrequest")
    with pytest.raises(RudeError, match="no pair came through"):
        construct(store, wanted, QUICK)
    assert {(e.kind, e.reason) for e in examples_of(store, wanted.run_id)} == {("positive", "HTTP 400")}
    assert len(server.script.requests) == 2


@pytest.mark.parametrize(
    "fault",
    ["broken", "cut", *(pytest.param(one, marks=pytest.mark.long) for one in ("busy", "flaky", "hangup", "slow"))],
)
def test_what_passes_costs_nothing_but_time(server, store: Store, tmp_path: Path, plain_prompts, fault: str) -> None:
    model = f"tags+{fault}"
    wanted = make(server, plain_prompts[:1], tmp_path, generator=model, verifier=model)
    patience = Patience(timeout=2.0 if fault == "slow" else 5.0, attempts=4, pause=0.01)
    state = construct(store, wanted, Running(concurrency=32, patience=patience))
    assert state.pairs == 1
    if fault == "busy":
        assert all(second - first >= 0.2 for first, second in server.script.times.values())
    again = construct(store, wanted, QUICK)
    assert again.fresh == 0
    assert again.remembered == state.fresh
    repaired = [c for c in calls_of(store, wanted.run_id) if c.purpose.endswith(", repair")]
    assert bool(repaired) == (fault in ("broken", "cut"))


@pytest.mark.usefixtures("unplugged")
def test_a_verdict_malformed_twice_counts_as_a_failure(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    wanted = make(server, plain_prompts[:1], tmp_path, verifier="tags+malformed", rounds=2)
    with pytest.raises(RudeError, match="no pair came through"):
        construct(store, wanted, QUICK)
    (row,) = examples_of(store, wanted.run_id)
    assert (row.status, row.reason, row.rounds) == ("rejected", "malformed answer", 2)


@pytest.mark.parametrize(("model", "what"), [("tags+lost", "404"), ("tags+refuses", "401"), ("tags+dead", "in a row")])
def test_a_model_that_answers_nobody_ends_it_with_one_error(
    server, store: Store, tmp_path: Path, plain_prompts, model: str, what: str
) -> None:
    with pytest.raises(RudeError, match=what):
        construct(store, make(server, plain_prompts, tmp_path, generator=model), QUICK)
    assert list(tmp_path.glob("made*")) == []


def test_nobody_at_the_address(store: Store, tmp_path: Path, plain_prompts, server) -> None:
    wanted = make(server, plain_prompts[:2], tmp_path)
    server.close()
    with pytest.raises(RudeError, match="cannot be reached"):
        construct(store, wanted, QUICK)
    server.thread = threading.Thread(target=lambda: None)
    server.thread.start()


@pytest.mark.long
def test_a_cap_stops_it_and_a_higher_one_goes_on(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    wanted = make(server, plain_prompts[:6], tmp_path)
    state = construct(store, wanted, Running(concurrency=2, max_calls=20))
    assert state.phase is Phase.CAPPED
    assert state.calls == len(server.script.requests) == 20
    assert len(read_suite(wanted.output).pairs) == state.pairs
    state = construct(store, wanted, QUICK)
    assert state.phase is Phase.DONE
    assert max(server.script.tries.values()) == 1
    assert state.pairs > 3


@pytest.mark.long
def test_a_cap_on_tokens_is_never_passed(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    wanted = make(server, plain_prompts[:6], tmp_path, answer_tokens=300)
    state = construct(store, wanted, Running(concurrency=4, max_tokens=8_000))
    assert state.phase is Phase.CAPPED
    assert 4_000 < state.tokens <= 8_000


def test_cancelled_at_once_and_nothing_written(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    cancel = threading.Event()
    server.script.delay = 0.05

    def tell(state: SimpleNamespace) -> None:
        if state.fresh >= 5:
            cancel.set()

    wanted = make(server, plain_prompts, tmp_path)
    state = construct(store, wanted, QUICK, tell, cancel)
    assert state.phase is Phase.CANCELLED
    assert not wanted.output.exists()
    assert construct_runs(store)[0].status is Status.CANCELLED


def test_criteria_with_a_program_are_judged_by_it(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    checked = plain_prompts[0].model_copy(update={"checks": None, "criteria": plain_prompts[0].criteria[:2]})
    told = json.loads(checked.canonical())
    told["checks"] = {"c0": {"kind": "at least", "number": 3}, "c1": {"kind": "says", "right": ["unheard-of"]}}
    prompt = type(checked).model_validate(told)
    wanted = make(server, [prompt], tmp_path, rounds=1)
    with pytest.raises(RudeError, match="no pair"):
        construct(store, wanted, QUICK)
    (row,) = examples_of(store, wanted.run_id)
    judged = {item["criterion"]: item for item in json.loads(row.judgements)}
    assert judged["c0"]["met"] is True
    assert judged["c1"]["met"] is False
    assert "decided by program" in judged["c1"]["reason"]
    assert len(server.script.requests) == 1


@pytest.mark.long
@pytest.mark.usefixtures("unplugged")
def test_criteria_are_drafted_and_marked(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    bare = [p.model_copy(update={"criteria": []}) for p in plain_prompts[:3]]
    with pytest.raises(BadInput, match="no prompt has criteria"):
        construct(store, make(server, bare, tmp_path), QUICK)
    wanted = make(server, bare, tmp_path, draft_criteria=True)
    construct(store, wanted, QUICK)
    pairs = read_suite(wanted.output).pairs
    assert {c.subcategory for p in pairs for c in p.criteria} <= set(Subcategory)
    assert all(c.id.startswith("draft-") for p in pairs for c in p.criteria)
    assert all("criteria drafted by the generator" in (p.source or "") for p in pairs)
    assert "drafted by the generator" in wanted.output.with_suffix(".md").read_text()


@pytest.mark.usefixtures("unplugged")
def test_a_reference_serves_as_the_first_draft(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    prompt = plain_prompts[0].model_copy(update={"reference": "A reference, " + "long enough to be rewritten. " * 8})
    wanted = make(server, [prompt], tmp_path, reference_first=True)
    construct(store, wanted, QUICK)
    (pair,) = read_suite(wanted.output).pairs
    assert pair.chosen == prompt.reference


@pytest.mark.usefixtures("unplugged")
def test_two_verifiers_must_agree(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    specs = parse_spec(server.spec("tags")), tuple(parse_spec(server.spec(m)) for m in ("tags", "tags+lies:1.0"))
    wanted = Construction(Settings(*specs, rounds=2), tuple(plain_prompts[:1]), tmp_path / "made.jsonl")
    with pytest.raises(RudeError, match="no pair"):
        construct(store, wanted, QUICK)
    assert examples_of(store, wanted.run_id)[0].reason == "verifiers disagree"


@pytest.mark.long
@pytest.mark.usefixtures("unplugged")
@pytest.mark.parametrize("method", ["best-of-n", "locate"])
def test_rival_constructions_are_proven_and_labelled(server, store: Store, tmp_path: Path, proven, method: str) -> None:
    few = [p for p in proven if len(p.prompt.criteria) <= 3][:6]
    generator = "oracle+varied" if method == "best-of-n" else "oracle"
    wanted = world(server, few, tmp_path, generator=generator, method=method, samples=5)
    construct(store, wanted, QUICK)
    by_text = {p.prompt.prompt_text: p for p in proven}
    pairs = read_suite(wanted.output).pairs
    assert len(pairs) > 2
    for pair in pairs:
        truth = by_text[pair.prompt_text]
        assert all(truth.met(pair.chosen).values())
        assert {name for name, met in truth.met(pair.rejected).items() if not met} == set(pair.violated)
        assert f"method {method}" in (pair.source or "")
    assert "rival construction" in wanted.output.with_suffix(".md").read_text()


@pytest.mark.long
@pytest.mark.usefixtures("unplugged")
def test_the_best_of_what_there_is_is_kept_and_marked(server, store: Store, tmp_path: Path, proven) -> None:
    """Two answers to each prompt: mostly neither meets every criterion, and at times one violates the same and more."""
    few = [p for p in proven if len(p.prompt.criteria) >= 3][:24]
    drawn = {"generator": "oracle+varied", "method": "best-of-n", "samples": 2}
    without = world(server, few, tmp_path, **drawn)
    wanted = world(server, few, tmp_path, keep_best=True, **drawn)
    assert wanted.run_id != without.run_id
    assert "keep_best" not in without.settings.identity(), "those from before go on under their ids"
    state = construct(store, wanted, QUICK)
    by_text = {p.prompt.prompt_text: p for p in few}
    marked = 0
    pairs = read_suite(wanted.output).pairs
    for pair in pairs:
        truth = by_text[pair.prompt_text]
        chosen, rejected = truth.met(pair.chosen), truth.met(pair.rejected)
        short = [name for name, met in chosen.items() if not met]
        assert [c.id for c in pair.criteria] == [name for name, met in chosen.items() if met]
        assert not any(rejected[name] for name in short), "nothing speaks against the chosen one"
        assert pair.violated == [name for name in chosen if chosen[name] and not rejected[name]]
        texts = {criterion.id: " ".join(criterion.text.split()) for criterion in truth.prompt.criteria}
        assert unmet_by_both(pair.source) == "; ".join(f"{name} “{texts[name]}”" for name in short)
        marked += bool(short)
    assert 0 < marked < len(pairs)
    assert reasons(state, "positives").keys() == {"no sample meets all criteria"}, "where neither is surely the better"
    assert f"For {marked} prompts no answer met every criterion" in wanted.output.with_suffix(".md").read_text()
    listed = examples(store, wanted.run_id)
    best = [example for example in listed if example.in_spite_of]
    assert len(best) == marked
    assert all(example.natural for example in listed)
    assert all(example.why == f"the best there was: does not meet {', '.join(example.violated)}" for example in best)


def test_the_best_can_only_be_kept_where_there_are_several(server, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no best to keep"):
        make(server, (), tmp_path, keep_best=True).settings.check()


@pytest.mark.long
def test_paused_it_asks_nothing_and_goes_on(server, store: Store, tmp_path: Path, plain_prompts) -> None:
    pause, paused = threading.Event(), threading.Event()
    phases: list[Phase] = []
    made: list[SimpleNamespace] = []
    script = server.script
    # The third question waits for its answer, so the work cannot end before it is paused.
    script.answered = 2

    def tell(told: SimpleNamespace) -> None:
        phases.append(told.phase)
        if told.phase is Phase.PAUSED:
            paused.set()

    def work() -> None:
        one_by_one = Running(concurrency=1, patience=QUICK.patience)
        made.append(construct(store, make(server, plain_prompts[:2], tmp_path), one_by_one, tell, pause=pause))

    working = threading.Thread(target=work)
    working.start()
    try:
        _until(lambda: len(script.requests) == 3)
        pause.set()
        assert paused.wait(PATIENCE)
        script.go_on.set()
        _until(lambda: script.now == 0)
        asked = len(script.requests)
        time.sleep(0.3)
        assert len(script.requests) == asked == 3
    finally:
        script.go_on.set()
        pause.clear()
        working.join(PATIENCE)
    assert made[0].phase is Phase.DONE
    assert phases.index(Phase.PAUSED) < len(phases) - 1 - phases[::-1].index(Phase.MAKING)
    assert len(script.requests) > asked


def _until(what: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)
