"""Abilities by topic over a store: what is told, what is said not to be, and where it can be read."""

from __future__ import annotations

import csv
import io
import json
import math

import numpy as np
import pytest
from click.testing import CliRunner, Result

from engine.export.tables import table
from engine.results.board import Question, load_board
from engine.results.failures import margins
from engine.results.pair_trial import cannot_tell, try_pairs
from engine.results.topic_abilities import (
    TopicAbilities,
    TopicCell,
    WholeAbility,
    between_words,
    place_words,
    said_of,
    topic_abilities,
)
from engine.stats.irt.responses import Margins, Wins
from engine.stats.irt.topics import Topics, fit_topics
from engine.store.connection import Store
from engine.store.runs import Status, close_run, open_run
from engine.store.suites import add_suite
from engine.store.verdicts import Verdict, add_verdicts
from rubrics.errors import BadInput
from rubrics.schema import Criterion, Pair, Suite
from rubrics.taxonomy import Subcategory

KINDS = (Subcategory.LOGIC, Subcategory.FORMAT, Subcategory.PERSONA)
NAMES = ("ash", "birch", "cedar", "elm", "fir")
ABILITY = np.array([0.7, 0.9, 1.1, 1.3, -2.0])
_FILLED: dict[str, bytes] = {}


def made_suite() -> Suite:
    """120 pairs in 40 clusters, three a cluster; fir is weak but for Format. Every tenth is of two subcategories."""
    pairs = []
    for i in range(120):
        kind = KINDS[(0, 1, 2, 0, 2)[i // 3 % 5]]
        criteria = [Criterion(id=f"c-{k}", text=f"Meets {k}.", subcategory=k) for k in (*KINDS, Subcategory.SAFETY)]
        violated = [f"c-{kind}"] + ([f"c-{KINDS[(KINDS.index(kind) + 1) % 3]}"] if i % 10 == 0 else [])
        violated = ["c-Safety"] if i >= 117 else violated
        pairs.append(
            Pair(
                id=f"p{i:03}", domain="one" if i % 2 else "two", prompt=f"Prompt {i}", chosen=f"Yes {i}",
                rejected=f"No {i}", criteria=criteria, violated=violated, cluster=f"t{i // 3}",
            )
        )  # fmt: skip
    return Suite("topics", tuple(pairs))


def fill(store: Store, name: str, won: np.ndarray, suite: Suite, skip: int = 0) -> None:
    key = {
        "suite_hash": suite.hash, "suite": suite.name, "weights_hash": f"w-{name}", "tokenizer_hash": "t",
        "candidate": name, "protocol": "choice", "precision": "fp32", "device": "cpu", "attention": "sdpa",
        "template_hash": "x", "shots": None, "show_criteria": False, "prompt": "own", "seed": 0, "versions": {},
    }  # fmt: skip
    open_run(store, name, key, n_wanted=len(suite.scored))
    pairs = zip(suite.scored[skip:], won[skip:].tolist(), strict=True)
    add_verdicts(store, name, [Verdict(pair.id, m, m, single_chosen_first=True) for pair, m in pairs])
    close_run(store, name, Status.DONE)


@pytest.fixture
def topics(store: Store) -> Store:
    """Five candidates: fir wins all of Format, birch has every margin thrice as wide."""
    if "topics" in _FILLED:
        store.path.write_bytes(_FILLED["topics"])
        return store
    suite = made_suite()
    add_suite(store, suite)
    rng = np.random.default_rng(0)
    formats = np.array(["c-Format" in pair.violated for pair in suite.scored])
    hard = rng.normal(0.3, 1, 120)
    for name, ability in zip(NAMES, ABILITY, strict=True):
        ahead = ability + 5 * (formats & (name == "fir")) - hard + rng.normal(0, 0.8, 120)
        ahead = np.where(formats & (name == "fir"), np.abs(ahead), ahead) * (3 if name == "birch" else 1)
        fill(store, name, ahead, suite)
    _FILLED["topics"] = store.path.read_bytes()
    return store


def invoke(store: Store, *arguments: str) -> Result:
    from rude_tui.cli import cli

    return CliRunner().invoke(cli, [*arguments, "--db", str(store.path)])


@pytest.mark.parametrize("response", ["wins", "margins"])
def test_what_is_told_is_the_fit_of_the_stored_verdicts(topics: Store, response) -> None:
    board = load_board(topics, Question())
    found = topic_abilities(board, by="subcategory", response=response)
    assert found.topics == ("Logic", "Format", "Persona")
    assert any(note.startswith("Safety: 1 cluster of pairs cannot tell") for note in found.notes)
    shares = np.zeros((3, 120))
    for i, violated in enumerate(board.index.violated_subcategory):
        for kind in violated:
            if kind in KINDS:
                shares[KINDS.index(Subcategory(kind)), i] = 1 / len(violated)
    assert sorted(set(shares.sum(axis=0))) == [0, 1]
    at = np.flatnonzero(shares.sum(axis=0))
    assert found.n_pairs == len(at) == 117
    scores = np.stack([(margins(board, name) > 0).astype(float) for name in NAMES])[:, at]
    plain = Wins(scores, 1.0) if response == "wins" else Margins(np.stack([margins(board, name)[at] for name in NAMES]))
    fit = fit_topics(plain, Topics(shares[:, at], np.arange(120)[at] // 3))
    for one in found.candidates:
        j = NAMES.index(one.candidate)
        assert one.ability == pytest.approx(fit.whole[j], abs=1e-3)
        for t, cell in enumerate(one.cells):
            assert (cell.ability, cell.error, cell.shift) == pytest.approx(
                (fit.ability[j, t], fit.error[j, t], fit.shift[j, t]), abs=1e-3
            )
            assert cell.ci_low < cell.ability < cell.ci_high
    assert [one.candidate for one in found.candidates] == sorted(NAMES, key=lambda n: -fit.whole[NAMES.index(n)])


def test_weak_on_the_whole_and_first_in_one(topics: Store) -> None:
    found = topic_abilities(load_board(topics, Question()), by="subcategory")
    (fir,) = (one for one in found.candidates if one.candidate == "fir")
    form = fir.cells[1]
    assert form.mark == "▲"
    assert (form.place_low, fir.place_low) == (1, 5)
    assert said_of(found) == [f"fir: place 5 overall, {place_words(form)} in Format"]
    # It won all of them: that bounds its ability there on one side alone.
    assert math.isnan(form.raw)
    assert any(note.startswith("Format, fir: won every pair") for note in found.notes)
    assert math.isfinite(form.ability)
    by_domain = topic_abilities(load_board(topics, Question()), by="domain")
    assert said_of(by_domain) == ["no candidate's place in a domain is surely another than overall"]


def whole(low: int, high: int, *cells: tuple[int, int]) -> WholeAbility:
    made = (TopicCell(f"t{k}", 0, 1, -1, 1, 0, -1, 1, 0, 1, *places, note="") for k, places in enumerate(cells))
    return WholeAbility("elm", 0, 1, -1, 1, low, high, tuple(made))


def test_a_place_is_told_only_where_the_intervals_part() -> None:
    one = whole(3, 5, (1, 2), (1, 3), (5, 9), (6, 6))
    found = TopicAbilities(
        "s", "h", "choice", "averaged", "category", "wins", (), (), (), 0, 0, (one,), (0.1, 0.0, 0.2), 1.0, ()
    )
    assert said_of(found) == [
        "elm: places 3–5 overall, places 1–2 in t0",
        "elm: places 3–5 overall, place 6 in t3",
    ]


@pytest.mark.parametrize(
    ("low", "high", "nothing"), [(0.01, 0.07, True), (0.03, 0.07, False), (0.05, 0.6, True), (0.1, 0.6, False)]
)
def test_what_cannot_be_told_from_nothing_is_said_to_be_so(low: float, high: float, nothing: bool) -> None:
    between = (math.sqrt(low * high), low, high)
    found = TopicAbilities(
        "s", "h", "choice", "averaged", "category", "margins", (), (), (), 0, 0, (), between, 1.0, ()
    )
    assert ("as good as nothing is possible" in between_words(found)) is nothing


@pytest.mark.long
def test_candidates_that_agree_have_no_abilities_in_logits_and_no_difficulties(store: Store) -> None:
    suite = made_suite()
    add_suite(store, suite)
    won = np.where(np.arange(120) % 3 > 0, 1.0, -1.0)
    for number, name in enumerate(NAMES):
        mine = won * np.linspace(1, 2, 120)
        mine[number] *= -1 if number < 2 else 1
        fill(store, name, mine, suite)
    board = load_board(store, Question())
    with pytest.raises(BadInput, match="sets abilities in logits no bound"):
        topic_abilities(board, by="subcategory")
    assert topic_abilities(board, by="subcategory", response="margins").candidates
    trial = try_pairs(board)
    assert all(math.isnan(pair.difficulty) for pair in trial.pairs)
    assert "no pair's difficulty is known" in cannot_tell(trial)
    assert any("of abilities only the order holds" in note for note in trial.notes)
    assert {pair.pair_id for pair in trial.sorted("difficulty")} == {pair.pair_id for pair in trial.pairs}
    shown = invoke(store, "pairs", "table", "--limit", "3")
    assert "nan" not in shown.output
    # The table has what there is: margins by every split that the suite allows.
    rows = list(table(store, "topics", Question()).records())
    assert {row["response"] for row in rows} == {"margins"}


@pytest.mark.long
def test_too_few_are_told_so(store: Store) -> None:
    suite = made_suite()
    add_suite(store, suite)
    rng = np.random.default_rng(1)
    for name in NAMES[:2]:
        fill(store, name, rng.normal(0.3, 1, 120), suite)
    with pytest.raises(BadInput, match="2 candidates cannot show abilities"):
        topic_abilities(load_board(store, Question()))
    fill(store, NAMES[2], rng.normal(0.3, 1, 120), suite, skip=114)
    found = topic_abilities(load_board(store, Question()), by="subcategory")
    cells = next(one for one in found.candidates if one.candidate == NAMES[2]).cells
    assert [cell.note for cell in cells][1:] == ["no pair scored"] * 2
    assert math.isnan(cells[1].ability)
    assert (cells[1].place_low, cells[1].place_high) == (1, 3)
    assert not cells[1].mark
    with pytest.raises(BadInput, match="cannot split abilities by 'mood'"):
        topic_abilities(load_board(store, Question()), by="mood")  # type: ignore[arg-type]


@pytest.mark.long
def test_by_command(topics: Store) -> None:
    found = topic_abilities(load_board(topics, Question()), by="subcategory")
    printed = invoke(topics, "pairs", "abilities", "--by", "subcategory")
    assert printed.exit_code == 0, printed.output
    first = found.candidates[0]
    (line,) = (line for line in printed.stdout.splitlines() if line.startswith(first.candidate))
    assert f"{first.ability:+.2f}±{first.error:.2f} (" in line
    for cell in first.cells:
        assert f"{cell.ability:+.2f}±{cell.error:.2f} (" in line
    assert said_of(found)[0] in printed.stderr
    assert "note: Safety" in printed.stderr
    read = json.loads(invoke(topics, "pairs", "abilities", "--by", "subcategory", "--json").stdout)
    assert read["said"] == said_of(found)
    assert read["candidates"][0]["cells"][1]["ability"] == pytest.approx(first.cells[1].ability)
    assert any(cell["raw"] is None for one in read["candidates"] for cell in one["cells"])
    for wrong in (["--response", "margins"], ["--by", "category", "--model", "2pl"]):
        assert invoke(topics, "pairs", "abilities", *wrong).exit_code == 2


@pytest.mark.long
def test_in_the_table_that_is_exported(topics: Store) -> None:
    found = topic_abilities(load_board(topics, Question()), by="subcategory")
    first = found.candidates[0]
    out = invoke(topics, "export", "topics", "-o", "-")
    assert out.exit_code == 0, out.output
    rows = list(csv.DictReader(io.StringIO(out.stdout)))
    # Of the suite's one C for each topic, its subcategories and its two domains.
    assert {row["by"] for row in rows} == {"category", "subcategory", "domain"}
    (row,) = (
        row for row in rows
        if (row["by"], row["response"], row["topic"], row["candidate"])
        == ("subcategory", "wins", "Format", first.candidate)
    )  # fmt: skip
    assert float(row["ability"]) == pytest.approx(first.cells[1].ability)
    assert (int(row["place_low"]), int(row["n_pairs"])) == (first.cells[1].place_low, found.pairs[1])
