"""Suites as they are exported, run by the harnesses they are exported to.

lm-evaluation-harness scores bundled models on a task folder, and each pair is held against the verdict that is stored
here. Inspect, where it is installed too, asks a model that always answers A. `make harnesses` installs the first into
an environment of its own.

    python -m benchmarks.harnesses.agree [--suite world] [--model NAME ...]

Exits 1 where a verdict differs, or a difference of log-likelihoods by more than 1e-3 nats + 1e-6 of their size.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import rude_tui.api as rude
from data.bundled import bundled_models
from engine.export.suites.formats import task_name
from engine.export.suites.write import export_suite
from engine.outcomes.outcomes import read_outcomes
from rubrics.schema import Suite


def scored_there(model: Path, folder: Path, out: Path, task: str) -> dict[str, tuple[float, float]]:
    """The two log-likelihoods of every pair, by lm-evaluation-harness's own command."""
    asked = f"pretrained={model},dtype=float32"
    command = [sys.executable, "-m", "lm_eval", "--model", "hf", "--model_args", asked, "--device", "cpu"]
    command += ["--batch_size", "1", "--include_path", str(folder), "--tasks", task]
    command += ["--output_path", str(out), "--log_samples"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    (samples,) = out.rglob("samples_*.jsonl")
    found = {}
    for line in samples.read_text(encoding="utf-8").splitlines():
        sample = json.loads(line)
        chosen, rejected = (float(response[0][0]) for response in sample["resps"])
        found[sample["doc"]["id"]] = chosen, rejected
    return found


def held_against(model: Path, suite: Suite, folder: Path) -> bool:
    """Whether both come to the same, pair by pair; prints the figures."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        store = rude.open_store(out / "rude.duckdb")
        rude.run(store, rude.RunRequest((str(model),), (suite.name,), ("likelihood",), precision="fp32", device="cpu"))
        here = {row.pair_id: row for row in rude.verdicts(store, protocol="likelihood")}
        there = scored_there(model, folder, out, task_name(suite))
        (result,) = out.rglob("results_*.json")
        (outcome,) = (o for o in read_outcomes(result).outcomes if o.outcome.endswith("/sum"))
    worst = other = 0.0
    for pair_id, (chosen, rejected) in there.items():
        row = here[pair_id]
        assert row.ll_chosen is not None
        assert row.ll_rejected is not None
        allowed = 1e-3 + 1e-6 * (abs(row.ll_chosen) + abs(row.ll_rejected))
        worst = max(worst, abs((chosen - rejected) - (row.ll_chosen - row.ll_rejected)) / allowed)
        won = 1.0 if chosen > rejected else 0.5 if chosen == rejected else 0.0
        other += won != row.sum
    mean = sum(row.sum or 0 for row in here.values()) / len(here)
    print(
        f"{model.name}: {len(there)} of {len(here)} pairs, {other:g} verdicts differ, largest difference "
        f"{100 * worst:.0f} % of the allowed; sum {100 * mean:.2f} % here, "
        f"{100 * outcome.score:.2f} ± {100 * (outcome.stderr or 0):.2f} there"
    )
    return there.keys() == here.keys() and not other and worst <= 1 and abs(mean - outcome.score) < 1e-9


def asked_by_inspect(suite: Suite, folder: Path) -> bool:
    """Whether a model that always says A is right half of the time and never in both orders."""
    script = (
        "import json, sys; from inspect_ai import eval; from inspect_ai.model import ModelOutput, get_model\n"
        "def says(input, tools, choice, config): return ModelOutput.from_content('mockllm', 'ANSWER: A')\n"
        "model = get_model('mockllm/model', custom_outputs=says)\n"
        "log, = eval('task.py', model=model, display='none', log_dir='logs')\n"
        "print(json.dumps({m: v.value for s in log.results.scores for m, v in s.metrics.items()} | "
        "{'samples': log.results.completed_samples}))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-4000:])
    told = json.loads(done.stdout.splitlines()[-1])
    print(f"Inspect, always A: {told}")
    return (told["samples"], told["accuracy"], told["strict"]) == (2 * len(suite.scored), 0.5, 0)


def main() -> int:
    """Export, run, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="world")
    parser.add_argument("--model", action="append")
    asked = parser.parse_args()
    models = [path for path in bundled_models() if path.name in (asked.model or ("llama-loch-0.8m", "qwen3-fell-0.3m"))]
    suite = rude.suite(asked.suite)
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("lm-eval", "transformers", "torch"))
    print(versions)
    with tempfile.TemporaryDirectory() as scratch:
        folders = {name: Path(scratch) / name for name in ("lm-eval", "inspect")}
        for name, folder in folders.items():
            export_suite(suite, name, folder)
        same = [held_against(model, suite, folders["lm-eval"]) for model in models]
        if importlib.util.find_spec("inspect_ai"):
            same.append(asked_by_inspect(suite, folders["inspect"]))
        else:
            print("Inspect is not installed here: its task was not run")
    return int(not all(same))


if __name__ == "__main__":
    raise SystemExit(main())
