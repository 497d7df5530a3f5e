"""The command line: exit codes, one clear error for each bad input, data on standard output and narration beside it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from command import rude

from data.bundled import bundled_models
from engine.jobs.progress import Phase, RunState
from engine.store.connection import Store
from rubrics.reading import find_suite, write_suite
from rude_tui.cli import _COMMANDS
from rude_tui.commands.run import _by_text, carry_out

GOOD = json.loads(find_suite("world").scored[0].canonical())


def small() -> Path:
    return min(bundled_models(), key=lambda folder: (folder / "model.safetensors").stat().st_size)


def one_error(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith(("error:", "left out:"))]
    assert len(errors) == 1 or (len(errors) == 2 and errors[0].startswith("left out:")), done.stderr
    for word in words:
        assert word in done.stderr, done.stderr


def suite_file(folder: Path, *lines: object) -> Path:
    path = folder / "suite.jsonl"
    path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
    return path


BAD_SUITES = {
    "bad JSON at a line": ([GOOD, '{"id": '], "line 2"),
    "duplicate ids": ([GOOD, GOOD], "line 2"),
    "chosen equals rejected": ([{**GOOD, "rejected": GOOD["chosen"]}], "same text"),
    "empty response": ([{**GOOD, "rejected": ""}], "rejected"),
    "unknown subcategory": ([{**GOOD, "criteria": [{**GOOD["criteria"][0], "subcategory": "Lenght"}]}], "Length"),
    "nothing to score": ([{**GOOD, "split": "shot"}], "no pair"),
}


@pytest.mark.parametrize("name", BAD_SUITES)
def test_bad_suites(name: str, tmp_path: Path) -> None:
    lines, word = BAD_SUITES[name]
    done = rude("run", "--model", small(), "--suite", suite_file(tmp_path, *lines))
    one_error(done, 3, word, "→")


def test_a_suite_that_is_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "latin.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n" + "é".encode("latin-1"))
    one_error(rude("run", "--model", small(), "--suite", path), 3, "UTF-8", "line 2")


def truncated(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def pickled(folder: Path) -> None:
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def no_labels(folder: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"] = {"type": "WordLevel", "vocab": {"<unk>": 0, "the": 1}, "unk_token": "<unk>"}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def no_tokenizer(folder: Path) -> None:
    for file in folder.glob("tokenizer*"):
        file.unlink()


@pytest.mark.parametrize(
    "spoil, word",
    [
        (truncated, "cut short"),
        (pickled, "pickle"),
        (no_tokenizer, "tokenizer"),
        pytest.param(no_labels, "label", marks=pytest.mark.long),
    ],
)
def test_bad_models(spoil: object, word: str, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(small(), folder)
    assert callable(spoil)
    spoil(folder)
    done = rude("run", "--model", folder, "--suite", "world", "--limit", "4", "--protocol", "choice")
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr
    assert word in done.stderr
    assert "→" in done.stderr


def test_paths_that_are_not_there(tmp_path: Path) -> None:
    one_error(rude("run", "--model", tmp_path / "nowhere", "--suite", "world"), 3, "nowhere")
    one_error(rude("run", "--model", tmp_path, "--suite", "world"), 3, "no model found")
    one_error(rude("run", "--model", small(), "--suite", "nothing"), 3, "world")
    one_error(rude("outcomes", "add", tmp_path / "none.csv"), 3, "none.csv")


def test_no_gpu(tmp_path: Path) -> None:
    one_error(rude("run", "--model", small(), "--suite", "world", "--device", "cuda:7"), 3, "cuda:7")


def test_wrong_usage() -> None:
    assert rude("run", "--nonsense").returncode == 2
    assert rude("nonsense").returncode == 2
    assert rude("rank", "--by", "nonsense").returncode == 2


def test_nothing_scored_yet() -> None:
    one_error(rude("rank"), 3, "rude-tui run")
    one_error(rude("export", "rankings", "-o", "x.csv"), 3, "rude-tui run")


def test_a_database_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes" * 500)
    one_error(rude("rank", "--db", path), 1, "notes.txt", "--db")
    assert path.read_text().startswith("these are my notes")


@pytest.mark.long
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_for_an_export(tmp_path: Path) -> None:
    rude("run", "--model", small(), "--suite", "world", "--limit", "4", "--protocol", "likelihood")
    done = subprocess.run(
        f"{sys.executable} -m rude_tui export rankings -o - > /dev/full",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


@pytest.mark.long
def test_run_rank_export_and_failures_agree(tmp_path: Path) -> None:
    model, suite = small(), tmp_path / "few.jsonl"
    write_suite(suite, find_suite("world").scored[:20])
    done = rude("run", "--model", model, "--suite", suite, "--protocol", "likelihood", "--json")
    assert done.returncode == 0, done.stderr
    state = json.loads(done.stdout)[0]
    assert (state["phase"], state["done"], state["skipped"]) == ("done", 20, 0)
    ranked = json.loads(rude("rank", "--json").stdout)
    overall = next(row for row in ranked["rows"] if row["scope"] == "overall")
    assert overall["n_pairs"] == 20
    lost = json.loads(rude("failures", "--model", model.name, "--json").stdout)
    assert sum(1 - pair["score"] for pair in lost) == pytest.approx(20 * (1 - overall["value"]))
    exported = rude("export", "verdicts", "-o", "-").stdout.splitlines()
    assert len(exported) == 21
    assert exported[0].startswith("candidate,weights_hash,precision,suite,pair_id,group,cluster,domain,categories")
    written = rude("export", "rankings", "-o", tmp_path / "r.csv")
    assert written.returncode == 0
    header = (tmp_path / "r.csv").read_text().splitlines()[0]
    assert header.startswith(
        "rank,candidate,parameters,precision,protocol,metric,scope,value,ci_low,ci_high,chance,n_pairs,n_clusters,"
        "p_best,tied_with,p_value,p_adjusted,without_prompt_value,without_prompt_ci_low,without_prompt_ci_high,"
    )


@pytest.mark.long
def test_two_precisions_of_one_candidate(tmp_path: Path) -> None:
    asked = ("fidelity", "--model", small(), "--suite", "world", "--protocol", "likelihood", "--limit", "12", "--json")
    done = rude(*asked)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["reference"], found["precision"], found["n_pairs"]) == ("fp32", "bf16", 12)
    assert found["moved_95"] > 0, "bf16 is another arithmetic"
    assert json.loads(rude(*asked).stdout) == [found]


@pytest.mark.long
def test_a_dry_run_scores_nothing(tmp_path: Path) -> None:
    done = rude("run", "--model", small(), "--suite", "world", "--limit", "5", "--dry-run", "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert {row["protocol"]: row["left"] for row in rows} == {"choice": 5, "likelihood": 5}
    assert all(row["tokens"] > 0 for row in rows)
    assert rude("rank").returncode == 3


def test_draws_of_two_exemplars_are_no_more_than_their_two_orders(tmp_path: Path) -> None:
    shots = [{**GOOD, "id": f"shot{n}", "prompt": f"Request {n}", "split": "shot"} for n in (1, 2)]
    asked = ("run", "--model", small(), "--suite", suite_file(tmp_path, *shots, GOOD), "--shot-draws", "6", "--dry-run")
    done = rude(*asked)
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    assert "suite, choice: of 6 other draws of exemplars 1 shows something new; no more are scored" in said
    assert "suite, likelihood: of 6 other draws of exemplars 0 show something new; no more are scored" in said
    assert sum("BOS:" in line for line in said) == 1, "what all runs of a candidate have in common is said once"
    assert done.stdout.count("choice") == 2


def test_commands_that_need_no_store() -> None:
    assert {row["name"] for row in json.loads(rude("models", "--json").stdout)} == {m.name for m in bundled_models()}
    assert "world" in {row["name"] for row in json.loads(rude("suite", "list", "--json").stdout)}
    published = json.loads(rude("correlate", "--published", "--predictor", "RuDE (published)", "--json").stdout)
    found = {view["outcome"]: round(view["statistics"]["pearson"]["value"], 3) for view in published}
    assert found == {"AdvancedIF": 0.907, "PRBench": 0.796, "HealthBench": 0.671, "WritingBench": 0.619}
    assert rude("--version").stdout.startswith("rude-tui")


def test_help_of_every_command() -> None:
    for name in _COMMANDS:
        done = rude(name, "--help")
        assert done.returncode == 0
        assert done.stdout.startswith(f"Usage: rude-tui {name} ")


def test_what_several_runs_have_in_common_is_said_once() -> None:
    runs = [SimpleNamespace(candidate="oak", suite="garden", way=way) for way in ("choice", "likelihood", "sum")]
    told = _by_text([("no weights", runs[0]), ("too long", runs[1]), ("no weights", runs[2])])
    assert told == [("no weights", "oak, garden, choice and 1 more"), ("too long", "oak, garden, likelihood")]


def test_a_run_in_which_nothing_could_be_scored_is_not_called_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ended = RunState("k", "oak", "garden", "choice", "fp32", phase=Phase.DONE, skipped=20)
    monkeypatch.setattr("engine.jobs.job.perform", lambda *_, **__: (ended,))
    monkeypatch.setattr("engine.jobs.race.decisions_of", lambda *_: [])
    planned = SimpleNamespace(runs=(), refused=(), request=SimpleNamespace(until=None))
    carry_out(Store(tmp_path / "x.duckdb"), planned, as_json=False)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("oak")]
    assert "none scored" in line
