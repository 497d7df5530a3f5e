"""The second ladder in small: tiny models through all stages, stopped, gone on with, made again, reported."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tiny_ladder import TINY

import data
from engine.posttrain.ladder2 import __main__ as script
from engine.posttrain.ladder2 import report, rows
from engine.posttrain.ladder2.cell import PIECES
from engine.posttrain.ladder2.check import differences
from engine.posttrain.ladder2.design import Planned
from engine.posttrain.ladder2.evidence import read_claims, read_shared
from engine.posttrain.ladder2.measures import BaseModel
from engine.posttrain.ladder2.regimen import common
from engine.posttrain.ladder2.rows import TABLES, finished, read_finished
from engine.posttrain.ladder2.work import work
from engine.posttrain.ladder2.worked_out import Ladder2
from rubrics.errors import BadInput

pytestmark = pytest.mark.long


def test_stopped_anywhere_the_rows_are_the_same_to_the_digit(models: list[Planned], tmp_path: Path) -> None:
    said: list[str] = []
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert work(models, TINY, whole, whole / "rows", "c", say=said.append)
    assert [line.split(":")[0] for line in said] == [f"{m.name} {piece}" for m in models for piece in PIECES]
    # Time is up at once, again and again: every call does a piece at most, and pre-training stops in the midst.
    assert not work(models, TINY, broken, broken / "rows", "c", say=said.append, until=time.monotonic())
    assert finished(broken / "rows") == []
    for _ in range(200):
        if work(models[:1], TINY, broken, broken / "rows", "c", say=said.append, until=time.monotonic() + 0.05):
            break
    assert finished(broken / "rows") == [models[0].name]
    assert differences(broken / "rows", whole / "rows") == ([models[0].name], [])
    # Done once, nothing is done again; weights may be gone.
    said.clear()
    (whole / "models").rename(tmp_path / "gone")
    assert work(models, TINY, whole, whole / "rows", "c", say=said.append)
    assert said == []

    first, second = read_finished(whole / "rows")
    for model in (first, second):
        assert model.facts["claims"] == "c"
        assert model.facts["met"] == common(TINY).hash
        tables = model.tables
        assert [len(next(iter(tables[name].values()))) for name in ("pairs", "texts", "traces")] == [24, 18, 6]
        answers = tables["answers"]
        for stage in ("base", "sft", "rft"):
            own = (answers["stage"] == stage) & (answers["how"] == "greedy")
            assert np.count_nonzero(own & (answers["set"] == "outcome")) == 8 * 6
        assert np.count_nonzero(answers["how"] == "sampled") == 2 * 2 * 2 * 8
    assert (first.tables["pairs"]["ll_chosen"] != second.tables["pairs"]["ll_chosen"]).all()

    # What differs is said, with what may be its cause.
    facts = broken / "rows" / models[0].name / "cell.json"
    changed = json.loads(facts.read_text()) | {"processor": "another"}
    facts.write_text(json.dumps(changed))
    assert differences(broken / "rows", whole / "rows")[1] == []
    pairs = dict(first.tables["pairs"])
    pairs["ll_chosen"] = pairs["ll_chosen"] + np.float32(1)
    rows.write_columns(pairs, broken / "rows" / models[0].name / "pairs.parquet")
    found = differences(broken / "rows", whole / "rows")[1]
    assert "24 of 24 rows of pairs have another ll_chosen" in found[0]
    assert "processor" in found[1]


def test_base_models_are_read_as_candidates_are(small_model: Path) -> None:
    """Against the model itself, token by token, without layout or backend of ours."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    shared = common(TINY)
    base = BaseModel(small_model)
    tokenizer = AutoTokenizer.from_pretrained(small_model)
    model = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32)

    def logprobs(given: str, text: str) -> tuple[list[int], torch.Tensor]:
        head, tail = (tokenizer(part, add_special_tokens=False)["input_ids"] for part in (given, text))
        begin = [] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]
        ids = [*begin, *head, *tail]
        with torch.no_grad():
            logs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        start = len(ids) - len(tail)
        return tail, torch.stack([logs[n - 1] for n in range(start, len(ids))])

    pairs = base.pairs(shared.suite)
    for n in (0, 7, 23):
        pair = shared.suite.scored[n]
        ids, logs = logprobs(f"Request:\n{pair.prompt_text}\n\nResponse:\n", pair.chosen)
        own = logs.gather(1, torch.tensor(ids)[:, None])[:, 0]
        assert pairs["ll_chosen"][n] == pytest.approx(float(own.sum()), rel=1e-4)
        assert pairs["tokens_chosen"][n] == len(ids)
        top = logs.max(dim=1).values
        wrong = torch.where(top > own, top.exp(), torch.zeros(()))
        assert pairs["wrong_confidence"][n] == pytest.approx(float(wrong.mean()), rel=1e-3)
    assert np.isfinite(pairs["log_odds_chosen_first"]).all()

    texts = base.texts(shared)
    dialogue = shared.dialogues[2]
    head, _, response = dialogue.partition("\n\nResponse:\n")
    ids, logs = logprobs(f"{head}\n\nResponse:\n", response)
    bits = -float(logs.gather(1, torch.tensor(ids)[:, None]).sum()) / np.log(2)
    at = np.flatnonzero((texts["kind"] == "response") & (texts["text"] == 2))[0]
    assert texts["bits"][at] == pytest.approx(bits, rel=1e-4)
    assert texts["bytes"][at] == len(response.encode())
    assert set(base.seconds) == {"likelihood", "choice", "texts"}


def test_rbridge_is_that_of_a_loop(small_model: Path) -> None:
    base = BaseModel(small_model)
    traces = base.as_frontier([("Request:\nName a tool.\n\nResponse:\n", "Take the rope."), ("x", "")])
    assert len(traces) == 1
    trace = traces[0][1]
    # Read by the model that wrote it, each token's weight is its own probability.
    p = np.exp(trace.logprob)
    scaled = (p - p.min()) / (p.max() - p.min())
    assert base.traces(traces)["rbridge"][0] == pytest.approx(float(np.mean(-trace.logprob * scaled)), rel=1e-5)


def test_nothing_is_measured_before_predictors_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rows, "PLACE", tmp_path)
    assert script.main(["work", "--out", str(tmp_path / "out"), "--rows", str(tmp_path / "rows")]) == 3
    assert "no predictor is named" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_card_and_tables_from_rows_alone(simulated: Path, tmp_path: Path) -> None:
    assert "24 of 64 models: the claim is confirmed" in report.write_report(simulated, tmp_path)
    written = (tmp_path / "card.md").read_text(encoding="utf-8")
    assert "**The claim is confirmed: ρ = " in written
    ladder = Ladder2(read_finished(simulated), read_shared(simulated), read_claims())
    assert f"| `rude_difference` | primary | {ladder.claim.rho:.2f} (" in written
    assert "it is at chance and is not to be read" in written
    said = json.loads((tmp_path / "notes.json").read_text(encoding="utf-8"))
    assert f"the claim is confirmed, ρ = {ladder.claim.rho:.2f} (" in said["claim"]
    base = stats.spearmanr(ladder.predictors["base_generation"].values(), ladder.y.values()).statistic
    assert said["claim"].endswith(f"base generation has {base:.2f}")
    x, y = ladder.primary.values(), ladder.y.values()
    ahead = [(x[i] > x[j]) == (y[i] > y[j]) for i in range(24) for j in range(i) if x[i] != x[j] and y[i] != y[j]]
    assert f"ahead after post-training in {100 * np.mean(ahead):.0f} % of pairs" in said["lead"]
    for name in ("models.csv", "predictors.csv", "outcomes.csv", "named.md", "progress.md"):
        assert (tmp_path / name).is_file(), name
    with (tmp_path / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        outcomes = list(csv.DictReader(file))
    mine = {row["candidate"]: float(row["score"]) for row in outcomes if row["outcome"] == "rft_met"}
    assert list(mine) == [model.name for model in ladder.models]
    assert list(mine.values()) == pytest.approx(ladder.y.values(), abs=1e-6)
    shares = ladder.y.top[3] / ladder.y.bottom[3]
    error = next(row for row in outcomes if row["outcome"] == "rft_met" and row["candidate"] == list(mine)[3])["stderr"]
    assert float(error) == pytest.approx(stats.sem(shares), abs=1e-6)
    with (tmp_path / "predictors.csv").open(encoding="utf-8", newline="") as file:
        bits = [float(row["value"]) for row in csv.DictReader(file) if row["predictor"] == "bits_text"]
    assert bits == pytest.approx(-ladder.predictors["bits_text"].values(), abs=1e-6)
    progress = (tmp_path / "progress.md").read_text(encoding="utf-8")
    assert "24 of 64 models are finished" in progress
    assert "together 2.0 core-hours" in progress


def test_none_of_all_families_is_not_known_exactly() -> None:
    with (Path(data.__file__).parent / "ladder2" / "outcomes.csv").open(encoding="utf-8", newline="") as file:
        none = [row for row in csv.DictReader(file) if float(row["score"]) == 0 and row["n"] == "600"]
    # 600 answers of 15 families, which count once each: Wilson's end for none of 15 is z² / (15 + z²).
    z = 1.959964
    assert none
    assert [float(row["stderr"]) for row in none] == pytest.approx([z / (15 + z * z) / 2] * len(none), abs=1e-6)


def test_few_models_claim_nothing(some_rows: Callable[[int], Path], tmp_path: Path) -> None:
    rows = some_rows(3)
    assert "3 models are finished" in report.write_report(rows, tmp_path)
    assert not (tmp_path / "card.md").exists()


def test_below_the_number_that_was_named_nothing_is_tested(simulated: Path) -> None:
    ladder = Ladder2(read_finished(simulated)[:12], read_shared(simulated), read_claims())
    assert ladder.verdict() == "not tested yet"


def test_rows_under_other_claims_are_not_mixed(some_rows: Callable[[int], Path], tmp_path: Path) -> None:
    rows = some_rows(6)
    facts = next(rows.glob("*/cell.json"))
    facts.write_text(facts.read_text().replace('"claims": "c"', '"claims": "d"'))
    with pytest.raises(BadInput, match="different claims"):
        report.write_report(rows, tmp_path)


def test_every_table_is_kept() -> None:
    assert TABLES == ("pairs", "texts", "traces", "answers")
