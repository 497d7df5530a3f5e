"""Served candidates: the same numbers as a model in memory, whatever the server does in between."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from serving import KEY, ScoringServer, serving

from data.bundled import bundled_models
from engine.candidates.candidate import Served
from engine.candidates.server import Patience
from engine.layout.requests import Request, Score
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
from engine.scoring.probe import fixed_texts
from engine.scoring.served import ServedBackend
from engine.scoring.tokenizer import open_tokenizer
from rubrics.errors import CandidateError, EndpointError, RudeError

FOLDER = next(path for path in bundled_models() if path.name == "llama-brook-0.2m")
OTHER = next(path for path in bundled_models() if path.name == "llama-loch-0.8m")
QUICK = Patience(timeout=20.0, attempts=4, pause=0.01)
KINDS = ("vllm", "sglang", "echo")


@pytest.fixture(scope="module")
def encoder() -> object:
    return open_tokenizer(FOLDER)


@pytest.fixture(scope="module")
def texts(encoder) -> list[list[int]]:
    return fixed_texts(encoder, 2047)


@pytest.fixture(scope="module")
def local() -> LocalBackend:
    return LocalBackend(load_model(FOLDER, "fp32", "cpu"))


@pytest.fixture(scope="module")
def requests(encoder) -> list[Request]:
    shared = encoder.encode("Request: name a colour. " * 12)
    made = []
    for number in range(6):
        stem = tuple(shared[: 40 + 30 * number])
        for view in ("chosen", "rejected"):
            tail = tuple(
                encoder.encode(f" The colour is {'blue' if view == 'chosen' else 'a number'}. " * (1 + number))
            )
            made.append(Request(f"p{number}", "likelihood", view, stem + tail, (len(stem), len(stem + tail)), None))
        for view, labels in (("chosen_first", (40, 41)), ("rejected_first", (41, 40))):
            made.append(Request(f"p{number}", "choice", view, stem, None, labels))
    return made


@pytest.fixture
def server() -> Iterator[ScoringServer]:
    with serving(FOLDER) as server:
        yield server


def opened(server: ScoringServer, texts, **changes) -> ServedBackend:
    options = {"concurrency": 3, "patience": QUICK, **changes}
    served = Served(server.address, fingerprint=options.pop("fingerprint", ()))
    return ServedBackend(served, options.pop("key", ""), texts, **options)


def scored(backend, requests, **options) -> dict[int, Score]:
    came = list(backend.score(requests, **options))
    assert len({index for index, _ in came}) == len(came)
    return dict(came)


def iter_into(got, results) -> dict[int, Score]:
    """Keep what comes, also where that ends in an error."""
    for index, score in results:
        got[index] = score
    return got


def assert_alike(got: dict[int, Score], expected: dict[int, Score], requests: list[Request]) -> None:
    assert got.keys() == expected.keys()
    for index, score in got.items():
        tokens = len(requests[index].ids) - requests[index].scored[0] if requests[index].scored else 2
        assert score.value == pytest.approx(expected[index].value, abs=1e-5 * tokens, rel=5e-6)


@pytest.mark.parametrize("kind", ["vllm", *(pytest.param(kind, marks=pytest.mark.long) for kind in KINDS[1:])])
def test_a_server_gives_the_numbers_of_the_model_in_memory(kind: str, local, requests, texts) -> None:
    with serving(FOLDER, kind) as server:
        backend = opened(server, texts)
        assert_alike(scored(backend, requests), scored(local, requests), requests)
        # Its identity is read in company, of as many as may be under way.
        assert 1 < server.most_at_once <= 3
        assert backend.stats.tokens == sum(len(request.ids) for request in requests)
    details = [request for request in requests if request.scored]
    with serving(FOLDER, kind) as server:
        got = scored(opened(server, texts), details, token_scores=True)
    for index, score in scored(local, details, token_scores=True).items():
        mine, theirs = got[index].tokens, score.tokens
        assert np.allclose(mine.logprob, theirs.logprob, atol=1e-5, rtol=5e-6)
        assert np.abs(mine.margin - theirs.margin).max() < 1e-5
        assert np.isnan(mine.entropy).all()
        known = mine.rank > 0
        assert (mine.rank[known] == theirs.rank[known]).all()
        assert known.all() if kind == "vllm" else (known == (theirs.rank == 1)).all()


@pytest.mark.long
def test_a_short_response_behind_a_long_prompt_is_asked_id_by_id(server, local, texts, encoder) -> None:
    stem = tuple((encoder.encode("A prompt that goes on and on. ") * 200)[:1500])
    made = [
        Request("p", "likelihood", v, stem + t, (1500, 1502), None)
        for v, t in (("chosen", (9, 8)), ("rejected", (7, 6)))
    ]
    backend = opened(server, texts)
    asked = len(server.asked)
    assert_alike(scored(backend, made), scored(local, made), made)
    sent = [body for body in server.asked[asked:] if len(body["prompt"]) >= 1500]
    assert len(sent) == 4
    assert all("logprob_token_ids" in body for body in sent)


FAULTS = ("429", "500", "503", "hangup", "half", "nan", "short", "other")


@pytest.mark.parametrize("fault", ["all", *(pytest.param(fault, marks=pytest.mark.long) for fault in FAULTS)])
def test_what_fails_once_is_asked_again(fault: str, server, local, requests, texts) -> None:
    backend = opened(server, texts, patience=replace(QUICK, attempts=9), told=(said := []).append)
    several = FAULTS if fault == "all" else [fault] * 4
    server.faults.extend(each for one in several for each in ("", one))
    some = requests[:8]
    assert_alike(scored(backend, some), scored(local, some), some)
    assert not backend.stats.waiting
    reasons = {"429": "HTTP 429", "500": "HTTP 500", "503": "HTTP 503", "hangup": "connection broken"}
    assert set(said) == {
        reasons.get(one, "connection broken" if one == "half" else "unreadable answer") for one in several
    }
    assert len(said) == len(several)


@pytest.mark.long
def test_what_takes_too_long_is_asked_again(server, local, requests, texts) -> None:
    backend = opened(server, texts, patience=Patience(timeout=0.5, attempts=4, pause=0.01))
    server.faults.extend(["", "", "", "", "", "", "", "slow"])
    assert_alike(scored(backend, requests[:4]), scored(local, requests[:4]), requests[:4])


@pytest.mark.long
def test_who_answers_is_looked_at_within_what_may_be_under_way(server, requests, texts) -> None:
    scored(opened(server, texts, concurrency=1), requests[:4])
    assert server.most_at_once == 1


@pytest.mark.long
def test_what_is_never_answered_waits_and_is_not_counted(server, local, requests, texts) -> None:
    backend = opened(server, texts, concurrency=1, patience=Patience(timeout=20.0, attempts=2, pause=0.0))
    server.faults.extend(["", "", "nan", "nan"])
    got = scored(backend, requests)
    (waiting,) = backend.stats.waiting
    assert "unreadable answer: nan is no log-probability" in backend.stats.waiting[waiting]
    expected = {i: s for i, s in scored(local, requests).items() if requests[i].pair_id != waiting}
    assert_alike({i: s for i, s in got.items() if requests[i].pair_id != waiting}, expected, requests)
    assert len([i for i in got if requests[i].pair_id == waiting]) < 4


@pytest.mark.long
def test_a_server_that_fails_all_is_given_up(server, requests, texts) -> None:
    backend = opened(server, texts, concurrency=1, patience=Patience(timeout=20.0, attempts=2, pause=0.0))
    server.always = "503"
    got = []
    with pytest.raises(EndpointError, match="failed 8 requests in a row; the last: HTTP 503: oops"):
        got.extend(backend.score([replace(r, pair_id=f"{n} {r.pair_id}") for n in range(2) for r in requests]))
    assert not got


@pytest.mark.long
def test_a_server_that_is_started_again_goes_on(server, local, requests, texts) -> None:
    backend = opened(server, texts, patience=Patience(timeout=20.0, attempts=8, pause=0.05))

    def restart() -> None:
        def again() -> None:
            server.stop()
            server.start()

        thread = threading.Thread(target=again)
        thread.start()

    server.after, server.then = 12, restart
    assert_alike(scored(backend, requests), scored(local, requests), requests)
    assert server.then is restart
    assert server.after is None


@pytest.mark.long
def test_another_model_behind_the_same_name_does_not_go_on(server, requests, texts) -> None:
    backend = opened(server, texts)
    first = dict(backend.score(requests[:4]))
    assert first
    server.model = type(server.model)(OTHER)
    with pytest.raises(RudeError, match="another model answers under this name"):
        list(backend.score(requests[4:]))
    with pytest.raises(RudeError, match="another model answers under this name"):
        opened(server, texts, fingerprint=backend._known)


@pytest.mark.long
def test_a_model_that_changes_in_mid_run_is_noticed_before_its_numbers_are_believed(server, requests, texts) -> None:
    backend = opened(server, texts, concurrency=1)
    other = type(server.model)(OTHER)

    def swap() -> None:
        server.model = other

    server.after, server.then = 9, swap
    got: dict[int, Score] = {}
    with pytest.raises(RudeError, match="another model"):
        got.update(iter_into(got, backend.score(requests)))
    assert not got


@pytest.mark.parametrize(
    ("kind", "reason", "fix"),
    [
        ("leaky", "after others with the same beginning: 1 nats off", "vLLM or SGLang"),
        pytest.param(
            "llamacpp", "echo: unreadable answer: 1 log-probability for 50 ids", "gguf", marks=pytest.mark.long
        ),
        pytest.param("transformers", "no log-probabilities of the prompt", "vLLM or SGLang", marks=pytest.mark.long),
    ],
)
def test_a_server_that_cannot_answer_is_refused_with_the_reason(kind: str, reason: str, fix: str, texts) -> None:
    with serving(FOLDER, kind) as server, pytest.raises(CandidateError) as caught:
        ServedBackend(Served(server.address, engine=kind), "", texts, patience=QUICK)
    assert reason in caught.value.what
    assert fix in caught.value.fix


@pytest.mark.long
def test_a_key_is_sent_and_never_said(requests, texts) -> None:
    with serving(FOLDER, key=KEY) as server:
        backend = opened(server, texts, key=KEY)
        assert len(scored(backend, requests[:4])) == 4
        server.faults.extend(["500"] * 3)
        assert len(scored(backend, requests[:4])) == 4
        with pytest.raises(EndpointError) as caught:
            opened(server, texts, key=KEY[:-1])
        assert KEY[:20] not in str(caught.value)
        server.always = "500"
        assert not scored(backend, requests[:4])
        assert "oops, Bearer [key]" in str(backend.stats.waiting)
        assert KEY[:20] not in str(backend.stats.waiting) + str(backend.facts)


@pytest.mark.parametrize("fault", ["503", pytest.param("429", marks=pytest.mark.long)])
def test_a_server_that_is_not_ready_is_not_said_to_be_of_the_wrong_kind(fault: str, server, texts) -> None:
    server.always = fault
    with pytest.raises(EndpointError, match=f"does not answer now: HTTP {fault}"):
        opened(server, texts)


def test_nobody_at_the_address_is_said(texts) -> None:
    with serving(FOLDER) as server:
        address = server.address
    with pytest.raises(EndpointError, match="cannot be reached"):
        ServedBackend(Served(address), "", texts, patience=QUICK)
