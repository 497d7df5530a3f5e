"""Token scores as a real run leaves them: the response cut exactly, sums that agree, and what is said without them."""

from __future__ import annotations

import itertools
import math
import shlex
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.bundled import bundled_models
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.runs import RunRequest
from engine.layout.lay_out import token_lengths
from engine.layout.requests import TokenScores
from engine.results.board import Question, load_board
from engine.results.tokens import ResponseTokens, token_view
from engine.scoring.tokenizer import open_tokenizer
from engine.store.connection import Store
from rubrics.errors import BadInput, StoreError
from rubrics.reading import write_suite
from rubrics.schema import Pair, Suite

PAIRS = tuple(
    Pair.model_validate(
        {
            "id": f"p{number}", "domain": "d", "prompt": "Name two tools.", "chosen": chosen, "rejected": rejected,
            "criteria": [{"id": "c", "text": "Is plain.", "subcategory": "Format"}], "violated": ["c"],
        }
    )
    for number, (chosen, rejected) in enumerate([
        ("A lamp and a net.\n\nThat is all.", "  A lamp,\ta net."), ("Grüße 👩‍🚀 漢字", "e\u0301 \x1b[31m✓"),
    ])
)  # fmt: skip


@pytest.fixture(scope="module")
def model() -> Path:
    return min(bundled_models(), key=lambda folder: (folder / "model.safetensors").stat().st_size)


def scored(tmp_path: Path, model: Path, *, tokens: bool) -> Store:
    store = Store(tmp_path / "tokens.duckdb")
    write_suite(tmp_path / "two words.jsonl", PAIRS)
    request = RunRequest(
        (str(model),), (str(tmp_path / "two words.jsonl"),), ("likelihood",), precision="fp32", device="cpu", threads=1,
        token_scores=tokens,
    )  # fmt: skip
    assert perform(store, plan(store, request))[0].error == ""
    return store


def test_a_run_keeps_every_token_with_its_place(tmp_path: Path, model: Path) -> None:
    store = scored(tmp_path, model, tokens=True)
    board = load_board(store, Question())
    (label,) = board.matrix.candidates
    columns = board.verdicts[label]
    for place, pair in enumerate(PAIRS):
        view = token_view(store, board, label, pair.id)
        for side, total, count, size in (
            ("chosen", columns.ll_chosen, columns.tokens_chosen, columns.bytes_chosen),
            ("rejected", columns.ll_rejected, columns.tokens_rejected, columns.bytes_rejected),
        ):
            tokens = getattr(view, side)
            assert "".join(tokens.pieces()) == getattr(pair, side)
            assert len(tokens) == count[place]
            assert len(getattr(pair, side).encode()) == size[place]
            assert tokens.sums[-1] == pytest.approx(total[place], abs=1e-3)
            assert tokens.sums[-1] == pytest.approx(math.fsum(map(float, tokens.scores.logprob)), abs=1e-9)


@pytest.mark.long
def test_without_token_scores_the_command_that_makes_them_is_named(tmp_path: Path, model: Path) -> None:
    store = scored(tmp_path, model, tokens=False)
    board = load_board(store, Question())
    with pytest.raises(BadInput) as caught:
        token_view(store, board, board.matrix.candidates[0], "p0")
    words = shlex.split(caught.value.shell)
    assert words[:4] == ["rude-tui", "run", "--model", str(model)]
    assert words[words.index("--suite") + 1] == str(tmp_path / "two words.jsonl")
    assert "--token-scores" in words
    assert words[words.index("--db") + 1] == str(store.path)
    # The command is believed only if it works: it resumes the very run on the board.
    from click.testing import CliRunner

    from rude_tui.cli import cli

    done = CliRunner().invoke(cli, words[1:])
    assert done.exit_code == 0, done.output
    assert token_view(store, board, board.matrix.candidates[0], "p0").run_id == board.entrants[0].run.run_id


@pytest.mark.long
def test_damaged_token_scores_are_an_error_of_the_store(tmp_path: Path, model: Path) -> None:
    store = scored(tmp_path, model, tokens=True)
    board = load_board(store, Question())
    for change in ("lengths = [1]", "lengths = []", "scores = 'RTS1'::blob"):
        with store.writing() as connection:
            connection.execute(f"update token_scores set {change} where pair_id = 'p0'")
        with pytest.raises(StoreError):
            token_view(store, board, board.matrix.candidates[0], "p0")


@pytest.mark.long
@pytest.mark.parametrize("folder", bundled_models(), ids=lambda folder: folder.name)
@pytest.mark.parametrize("text", ["A lamp.", " \n\n x", "Grüße 👩‍🚀 漢字\t", "\r\n", "a" * 400, "<s> </s> <|end|>"])
def test_lengths_add_up_for_every_bundled_tokenizer(folder: Path, text: str) -> None:
    encoder = open_tokenizer(folder)
    lengths = token_lengths(encoder, text)
    assert sum(lengths) == len(text.encode())
    suite = Suite("s", (PAIRS[0].model_copy(update={"chosen": text}),))
    from engine.layout.lay_out import LayoutOptions, lay_out

    laid = lay_out(suite, encoder, LayoutOptions("likelihood"))
    start, end = laid.requests["p0"][0].scored
    assert len(lengths) == end - start
    if text.isascii():
        cuts = np.cumsum([0, *lengths])
        pieces = [text[a:b] for a, b in itertools.pairwise(cuts)]
        assert pieces == [encoder.decode_token(token) for token in laid.requests["p0"][0].ids[start:end]]


class Slow:
    """A tokenizer in Python: two characters a token, no places."""

    def encode(self, text: str) -> list[int]:
        return [1] if text == "\n" else [1, *(ord(c) for c in text[1:])] if text[:1] == "\n" else [ord(c) for c in text]


@given(st.text(min_size=1, max_size=30), st.lists(st.integers(0, 30), max_size=12))
def test_places_that_a_tokenizer_reports_wrongly_never_lose_a_byte(text: str, ends: list[int]) -> None:
    class Odd(Slow):
        def ends(self, text: str) -> list[tuple[int, int]]:
            return [(1, 1), *((2, min(end, len(text))) for end in [*ends, 3])]

    lengths = token_lengths(Odd(), text)  # type: ignore[arg-type]
    assert sum(lengths) == len(text.encode())
    assert min(lengths) >= 0
    assert len(lengths) == len(ends) + 1


def made(text: str, ends: list[int], logprobs: list[float]) -> ResponseTokens:
    values = np.array(logprobs, np.float32)
    scores = TokenScores(values, np.ones(len(values), np.int32), np.zeros_like(values), np.zeros_like(values))
    return ResponseTokens(text, np.array(ends), scores)


def test_sums_inside_a_token_go_in_proportion_and_at_its_end_are_exact() -> None:
    tokens = made("abcd🙂", [2, 4, 5, 5, 5], [-1.0, -2.0, -0.5, -0.25, -0.25])
    places = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert tokens.sum_at(places).tolist() == [0.0, -0.5, -1.0, -2.0, -3.0, -4.0]
    assert [tokens.token_at(place) for place in (0.0, 1.9, 2.0, 4.5, 5.0)] == [0, 0, 1, 2, 4]
    assert tokens.pieces() == ["ab", "cd", "🙂", "", ""]
