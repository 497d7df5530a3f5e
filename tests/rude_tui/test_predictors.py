"""`predictors`, `correlate` and `outcomes` as a person uses them."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from click import UsageError
from click.testing import CliRunner, Result
from scripted import said, scripted

from data.bundled import bundled_models
from engine.predictors.proxy import FEATURES
from rubrics.errors import BadInput
from rude_tui.cli import cli

Rude = Callable[..., Result]


@pytest.fixture
def rude(tmp_path: Path) -> Rude:
    """Runs a command in this process, on a database of its own."""

    def run(*arguments: str | Path) -> Result:
        given = ["--db", str(tmp_path / "x.duckdb"), *map(str, arguments)]
        return CliRunner().invoke(cli, given, standalone_mode=False)

    return run


def told(done: Result) -> Result:
    """The result, where nothing went wrong."""
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


SMALL = min(bundled_models(), key=lambda folder: (folder / "model.safetensors").stat().st_size)
TRACES = Path(__file__).parents[2] / "data" / "traces" / "world.jsonl"


@pytest.mark.long
def test_from_a_trace_file_to_the_list(rude: Rude, tmp_path: Path) -> None:
    file = tmp_path / "few.jsonl"
    file.write_text("\n".join(TRACES.read_text().splitlines()[:3]))
    asked = ("predictors", "rbridge", "--model", SMALL, "--traces", file, "--threads", "1", "--precision", "fp32")
    done = told(rude(*asked, "--device", "cpu", "--json"))
    rows = json.loads(done.stdout)
    assert [row["predictor"] for row in rows] == ["rBridge", "rBridge over the set", "rBridge masked", "trace NLL"]
    for row in rows:
        assert row["candidate"] == SMALL.name
        assert row["ci_low"] < row["value"] < row["ci_high"]
        assert (row["traces"], row["clusters"], row["method"]) == (3, 3, "cluster t")
    assert 0 < rows[0]["value"] < rows[3]["value"], "weights are at most 1"
    again = told(rude(*asked, "--device", "cpu"))
    assert "up to date" in again.stderr
    assert "arXiv 2509.21013" in again.stderr
    assert f"{rows[0]['value']:.4g}" in again.stdout
    listed = {row["predictor"]: row for row in json.loads(told(rude("predictors", "list", "--json")).stdout)}
    assert listed["rBridge (few)"]["better"] == "lower"
    assert all(row[part] for row in listed.values() for part in ("help", "needs", "cost", "source"))


@pytest.mark.long
def test_proxy_metrics_of_a_run(rude: Rude, tmp_path: Path) -> None:
    told(
        rude(
            "run", "--model", SMALL, "--suite", "world", "--protocol", "likelihood", "--limit", "6", "--token-scores",
            "--threads", "1", "--precision", "fp32", "--device", "cpu", "--controls", "0",
        )
    )  # fmt: skip
    out = tmp_path / "p.csv"
    told(rude("predictors", "proxy", "-o", out))
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert [row["predictor"] for row in rows] == [f"proxy {feature}" for feature in FEATURES]
    shown = {row["predictor"]: row for row in json.loads(told(rude("predictors", "proxy", "--json")).stdout)}
    assert all(math.isclose(float(row["value"]), shown[row["predictor"]]["value"]) for row in rows)
    other = {
        row["predictor"]: row for row in json.loads(told(rude("predictors", "proxy", "--last", "1", "--json")).stdout)
    }
    assert other["proxy cross-entropy, uniform"]["value"] != shown["proxy cross-entropy, uniform"]["value"]
    scores = tmp_path / "o.csv"
    scores.write_text(f"candidate,outcome,score\n{SMALL.name},sft,0.5\n")
    told(rude("outcomes", "add", scores))
    with pytest.raises(BadInput, match="1 candidate has token scores"):
        told(rude("predictors", "proxy", "--outcome", "sft"))
    known = {row["predictor"]: row for row in json.loads(told(rude("predictors", "list", "--all", "--json")).stdout)}
    assert known["proxy rank, uniform"]["values"][SMALL.name]["value"] == shown["proxy rank, uniform"]["value"]


@pytest.mark.long
def test_spectra_of_bundled_models(rude: Rude) -> None:
    models = bundled_models()[:2]
    done = told(rude("predictors", "spectral", "--model", models[0], "--model", models[1], "--json"))
    rows = json.loads(done.stdout)
    assert {row["candidate"] for row in rows} == {model.name for model in models}
    assert all(1 < row["spectral α"] < 20 and row["matrices"] == len(row["spectra"]) for row in rows)
    assert "no interval" in done.stderr
    assert models[0].name in told(rude("predictors", "spectral", "--model", models[0])).stdout
    layered = told(rude("predictors", "spectral", "--model", models[0], "--by-layer")).stdout
    for layer in next(row for row in rows if row["candidate"] == models[0].name)["layers"]:
        assert any(
            line.split()[:3] == [models[0].name, str(layer["layer"]), str(layer["matrices"])]
            and f"{layer['alpha']:.4g}" in line
            for line in layered.splitlines()
        )
    drawn = told(rude("plot", "spectra", "-o", "-")).stdout
    assert all(model.name in drawn for model in models)
    assert "trace-log" in drawn
    written = told(rude("export", "spectra", "-o", "-")).stdout.splitlines()
    assert len(written) == 1 + sum(row["matrices"] for row in rows)


def test_columns_of_ones_own(rude: Rude, tmp_path: Path) -> None:
    file = tmp_path / "own.csv"
    file.write_text("candidate,luck\nllama,1\n")
    assert "1 value stored" in told(rude("predictors", "add", file, "--lower-is-better", "luck")).stderr
    listed = {row["predictor"]: row for row in json.loads(told(rude("predictors", "list", "--json")).stdout)}
    assert (listed["luck"]["better"], listed["luck"]["source"]) == ("lower", "own.csv")


def test_a_form_goes_from_one_corpus_to_another(rude: Rude, tmp_path: Path) -> None:
    """y = 3 − 2x; there it is one too high."""
    here, there, fit = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "fit.json"
    here.write_text("name,proxy,target\n" + "".join(f"a{x},{x},{3 - 2 * x}\n" for x in range(1, 6)))
    there.write_text("name,proxy,target\n" + "".join(f"b{x},{x},{2 - 2 * x}\n" for x in range(3)) + "c,9,\n")
    done = told(rude("scaling", "proxies", here, "--lower-is-better", "--fit", fit, "--form", "linear"))
    assert "the linear form from proxy to target" in done.stderr
    applied = json.loads(told(rude("scaling", "proxies", there, "--apply", fit, "--json")).stdout)
    assert (applied["known"], applied["mae"], applied["bias"]) == (3, pytest.approx(1), pytest.approx(1))
    shown = told(rude("scaling", "proxies", there, "--apply", fit))
    assert "off by 1 on average" in shown.stderr
    assert "2 of 4 proxies lie outside 1 to 5: extrapolated" in shown.stderr
    with pytest.raises(UsageError, match="nothing is fitted"):
        told(rude("scaling", "proxies", there, "--apply", fit, "--fit", fit))


def test_traces_are_made_by_a_server(rude: Rude, tmp_path: Path) -> None:
    prompts, out = tmp_path / "p.jsonl", tmp_path / "t.jsonl"
    rows = [{"id": n, "domain": "d", "prompt": f"Say {n}.", "criteria": []} for n in "ab"]
    prompts.write_text("\n".join(map(json.dumps, rows)))
    with scripted() as script:
        script.answer = lambda asked: said("So.", [("So.", -0.5)])
        given = ("traces", "make", "--model", str(script.address), "--prompts", prompts, "-o", out, "--limit", "1")
        made = json.loads(told(rude(*given, "--json")).stdout)
        assert (made["traces"], made["asked_for"], made["writer"]) == (1, 1, "sage")
        assert "1 of 1 trace by sage" in told(rude(*given)).stderr
        assert len(script.asked) == 1
    assert json.loads(out.read_text())["tokens"] == [{"token": "So.", "logprob": -0.5}]
    with pytest.raises(UsageError, match="--prompts"):
        told(rude("traces", "make", "--model", str(script.address), "-o", out))


def test_an_outcome_names_its_expert_traces(rude: Rude, tmp_path: Path) -> None:
    scores = tmp_path / "o.csv"
    scores.write_text("candidate,outcome,score,traces\na,x,1,sums\na,y,2,\n")
    told(rude("outcomes", "add", scores))
    assert "expert traces law" in told(rude("outcomes", "tie", "y", "--traces", "law.jsonl")).stderr
    told(rude("outcomes", "tie", "y", "finance"))
    listed = {row["outcome"]: row for row in json.loads(told(rude("outcomes", "list", "--json")).stdout)}
    assert (listed["x"]["traces"], listed["y"]["traces"], listed["y"]["domain"]) == ("sums", "law", "finance")
    scores.write_text("candidate,outcome,score,traces\nb,x,1,law\n")
    with pytest.raises(BadInput, match="several files of expert traces"):
        told(rude("outcomes", "add", scores))
    with pytest.raises(BadInput, match="no outcome 'z'"):
        told(rude("outcomes", "tie", "z", "--traces", "law"))


@pytest.mark.long
def test_scorers_on_the_ladder(rude: Rude) -> None:
    done = told(rude("predictors", "proxy", "--ladder", "--json"))
    found = json.loads(done.stdout)
    assert [row["name"] for row in found["scorers"]] == [
        "best single", "3-sparse linear", "linear RankSVM", "RBF RankSVM",
    ]  # fmt: skip
    assert all(0.2 < row["tasks"] < 0.6 and row["tasks_chance"] > 0.1 for row in found["scorers"])


@pytest.mark.parametrize("bad", ["{", '{"prompt": "a", "trace": "b", "tokens": []}', ""])
def test_trace_files_that_are_none(rude: Rude, tmp_path: Path, bad: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(bad)
    with pytest.raises(BadInput) as caught:
        told(rude("predictors", "rbridge", "--model", SMALL, "--traces", file))
    assert caught.value.where == str(file)


def test_one_published_correlation_in_full(rude: Rude) -> None:
    done = told(rude("correlate", "--published", "--predictor", "SuperGPQA", "--outcome", "PRBench"))
    assert "0.799" in done.stdout
    assert "GLM-4.5" in done.stdout, "left out one by one"
    for word in ("given size, r", "family Qwen3:", "permutation", "arXiv 2605.11978"):
        assert word in done.stderr


def test_a_league_of_the_published(rude: Rude) -> None:
    done = told(rude("correlate", "--published", "--outcome", "HealthBench", "--league", "--statistic", "spearman"))
    order = [line.split("  ")[0] for line in done.stdout.splitlines()[2:]]
    assert order == ["RuDE (published)", "log10 parameters", "SuperGPQA", "MMLU", "C-Eval"]
    assert "the best of 5 tried" in done.stderr
    found = json.loads(told(rude("correlate", "--published", "--outcome", "HealthBench", "--json")).stdout)
    first, rival = found[0], found[3]
    assert (first["versus"], first["reference"]) == (None, "RuDE (published)")
    assert rival["versus"]["pearson"]["first"] == first["statistics"]["pearson"]["value"]
    assert {left["name"] for left in first["leave_family_out"]} >= {"Qwen3", "Gemma3"}
    assert first["given_size"]["pearson"]["n"] == 16


def test_a_league_turns_its_signs_and_says_so_once(rude: Rude) -> None:
    done = told(rude("correlate", "--ladder", "--league"))
    assert done.stderr.count("p (Holm): ") == 1 < done.stdout.count("p (Holm)")
    assert done.stderr.count("a good predictor correlates above zero") == 1
    assert "correlates below zero" not in done.stderr


def test_the_published_matrix(rude: Rude) -> None:
    """The study's four printed correlations stand on the diagonal, marked."""
    done = told(rude("correlate", "--published", "--matrix"))
    for name, printed in {
        "AdvancedIF": ".907",
        "PRBench": ".796",
        "HealthBench": ".671",
        "WritingBench": ".619",
    }.items():
        (line,) = (line for line in done.stdout.splitlines() if line.startswith(f"{name} "))
        assert f"▸ 0{printed}" in line
    assert "Holm over every cell" in done.stderr
    assert "note: 16 candidates from 7 families: fewer independent points than it looks" in done.stderr
    found = json.loads(told(rude("correlate", "--published", "--matrix", "--json", "--statistic", "spearman")).stdout)
    assert (found["by"], found["statistic"], len(found["cells"])) == ("domain", "spearman", 16)
    for wrong in (("--matrix", "--league"), ("--by", "domain")):
        with pytest.raises(UsageError):
            told(rude("correlate", "--published", *wrong))


def test_the_matrix_is_exported_by_the_split_asked_for(rude: Rude) -> None:
    found = json.loads(told(rude("correlate", "--ladder", "--matrix", "--by", "category", "--json")).stdout)
    shown = {(cell["part"], cell["outcome"]): (cell["value"], cell["p_holm"]) for cell in found["cells"]}
    written = told(rude("export", "matrix", "--ladder", "--by", "category", "-o", "-")).stdout
    rows = [
        row for row in csv.DictReader(io.StringIO(written)) if (row["kind"], row["statistic"]) == ("cell", "pearson")
    ]
    assert {row["by"] for row in rows} == {"category"}
    assert {(row["part"], row["outcome"]): (float(row["value"]), float(row["p_adjusted"])) for row in rows} == shown
    with pytest.raises(BadInput, match="no accuracies by violations are known of this source"):
        told(rude("export", "matrix", "--ladder", "--by", "violations", "-o", "-"))


def test_one_suite_is_asked_about_where_one_can_be(rude: Rude) -> None:
    with pytest.raises(UsageError, match="asked for once here: a, b"):
        told(rude("correlate", "--suite", "a", "--suite", "b"))
    with pytest.raises(UsageError, match="--weights are on parts of one suite"):
        told(rude("rank", "--suite", "a", "--suite", "b", "--weights", "Control 1"))


def test_outcomes_are_tied_by_a_column_or_by_hand(rude: Rude, tmp_path: Path) -> None:
    file = tmp_path / "o.csv"
    file.write_text("candidate,outcome,score,domain\na,exam,1,law\nb,exam,2,\na,essay,3,\n")
    told(rude("outcomes", "add", file))
    told(rude("outcomes", "tie", "essay", "Persona"))
    listed = {(row["outcome"], row["domain"]) for row in json.loads(told(rude("outcomes", "list", "--json")).stdout)}
    assert listed >= {("exam", "law"), ("essay", "Persona")}
    told(rude("outcomes", "tie", "essay"))
    (essay,) = (row for row in json.loads(rude("outcomes", "list", "--json").stdout) if row["outcome"] == "essay")
    assert essay["domain"] is None
    with pytest.raises(BadInput, match="no outcome 'essays'"):
        told(rude("outcomes", "tie", "essays", "law"))


def test_families_that_are_said(rude: Rude) -> None:
    asked = ("correlate", "--published", "--predictor", "MMLU", "--outcome", "PRBench", "--json", "--families")
    (found,) = json.loads(told(rude(*asked, "Kimi-K2=big,GLM-4.5=big")).stdout)
    assert {left["n"] for left in found["leave_family_out"] if left["name"] == "big"} == {14}
    with pytest.raises(BadInput, match="is not CANDIDATE=FAMILY"):
        told(rude(*asked, "Kimi-K2"))


@pytest.mark.long
def test_the_ladder_needs_no_run(rude: Rude) -> None:
    done = told(rude("correlate", "--ladder", "--outcome", "rl_met", "--predictor", "RuDE accuracy"))
    assert "post-trained here" in done.stderr
    assert told(rude("export", "correlations", "--ladder", "-o", "-")).stdout.count("rl_met,spearman") > 20


def test_published_outcomes_are_marked(rude: Rude) -> None:
    found = json.loads(told(rude("outcomes", "list", "--published", "--json")).stdout)
    assert {row["source"].rpartition(", ")[2] for row in found} <= {"printed", "digitised"}
    assert len(found) == 64


def test_what_was_added_by_mistake_is_taken_back(rude: Rude, tmp_path: Path) -> None:
    scores, column = tmp_path / "scores.csv", tmp_path / "column.csv"
    scores.write_text("candidate,outcome,score\na,sft,1\nb,sft,2\na,rl,3\n")
    column.write_text("candidate,mine,other\na,1,2\nb,2,3\n")
    told(rude("outcomes", "add", scores))
    told(rude("outcomes", "remove", "sft", "--candidate", "b"))
    told(rude("outcomes", "remove", "rl"))
    assert [(row["candidate"], row["outcome"]) for row in json.loads(rude("outcomes", "list", "--json").stdout)] == [
        ("a", "sft")
    ]
    with pytest.raises(BadInput, match="no outcome 'rl' is stored"):
        told(rude("outcomes", "remove", "rl"))
    told(rude("predictors", "add", column))
    told(rude("predictors", "remove", "mine"))
    names = {row["predictor"] for row in json.loads(rude("predictors", "list", "--json").stdout)}
    assert "other" in names
    assert "mine" not in names
    with pytest.raises(BadInput, match="no predictor 'mine' was added"):
        told(rude("predictors", "remove", "mine"))


@pytest.mark.long
def test_an_assay_from_the_command_to_the_list(rude: Rude, tmp_path: Path) -> None:
    told(rude("suite", "generate", "--pairs", "30", "--seed", "7", "-o", tmp_path / "fresh.jsonl"))
    asked = ("predictors", "probe", "--model", SMALL, "--suite", tmp_path / "fresh.jsonl", "--threads", "1")
    done = told(rude(*asked, "--precision", "fp32", "--device", "cpu", "--json"))
    (row,) = json.loads(done.stdout)
    assert row["candidate"] == SMALL.name
    assert row["chances"]["probe accuracy"] == 0.5
    assert 0 <= row["values"]["probe accuracy"]["ci_low"] <= row["values"]["probe accuracy"]["value"] <= 1
    assert row["cost"]["seconds"] > 0
    assert row["cost"]["flops"] > 0
    again = told(rude(*asked, "--precision", "fp32", "--device", "cpu"))
    assert "up to date" in again.stderr
    assert "probe accuracy" in again.stdout
    assert "(chance 0.5)" in again.stderr
    listed = json.loads(told(rude("predictors", "list", "--json")).stdout)
    chances = {one["predictor"]: one["chance"] for one in listed}
    assert (chances["probe accuracy"], chances["unsaid knowledge"], chances["dialogue lean"]) == (0.5, 0.0, None)


def test_an_assay_without_its_suite_is_refused(rude: Rude) -> None:
    done = rude("predictors", "seen", "--model", SMALL)
    assert isinstance(done.exception, BadInput)
    assert "none was named" in str(done.exception)
