"""Every stored verdict of a run against the plainest calculation there is.

    python benchmarks/scoring/agreement.py --model FOLDER --suite SUITE [--shots K] [--protocol P] [--db FILE]

Scores the suite through the command line in fp32, prints the requests with `rude-tui layout --json`, sends each of them
through transformers one at a time, and compares: 1e-4 nats for label log-odds, 1e-3 + 1e-6·|sum| for sums. Exits 1 if
any verdict is further off.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time

import torch
from transformers import AutoModelForCausalLM

COLUMNS = {
    "chosen_first": "log_odds_chosen_first", "rejected_first": "log_odds_rejected_first",
    "chosen": "ll_chosen", "rejected": "ll_rejected",
}  # fmt: skip


def rude(*arguments: str) -> str:
    """Standard output of one command."""
    done = subprocess.run([sys.executable, "-m", "rude_tui", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 4):
        raise SystemExit(done.stderr)
    return done.stdout


def plain(model: object, request: dict) -> float:
    """One request through the model by itself, in double precision after the logits."""
    log_p = model(torch.tensor([request["ids"]])).logits[0].double().log_softmax(-1)
    if request["labels"]:
        return float(log_p[-1, request["labels"]["chosen"]] - log_p[-1, request["labels"]["rejected"]])
    start, end = request["scored"]
    return float(sum(log_p[i - 1, request["ids"][i]] for i in range(start, end)))


def main() -> int:
    """Score, compare, print one line a protocol."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--suite", required=True)
    parser.add_argument("--shots", default=None)
    parser.add_argument("--protocol", default="both")
    parser.add_argument("--limit", default=None)
    asked = parser.parse_args()
    same = ["--model", asked.model, "--suite", asked.suite, "--protocol", asked.protocol]
    same += ["--shots", asked.shots] if asked.shots is not None else []
    model = AutoModelForCausalLM.from_pretrained(asked.model, dtype=torch.float32)
    worst: dict[str, tuple[float, float, int]] = {}
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        db = ["--db", f"{folder}/rude.duckdb"]
        limit = ["--limit", asked.limit] if asked.limit else []
        rude("run", *same, *limit, *db, "--precision", "fp32", "--device", "cpu")
        rude("export", "verdicts", "-o", f"{folder}/verdicts.json", *db)
        with open(f"{folder}/verdicts.json", encoding="utf-8") as file:
            stored = {(row["pair_id"], row["protocol"]): row for row in json.load(file)}
        began = time.perf_counter()
        for request in json.loads(rude("layout", *same, "--json")):
            row = stored.get((request["pair_id"], request["protocol"]))
            if row is None:
                continue
            want = plain(model, request)
            gap = abs(row[COLUMNS[request["view"]]] - want)
            allowed = 1e-4 if request["labels"] else 1e-3 + 1e-6 * abs(want)
            most, share, count = worst.get(request["protocol"], (0.0, 0.0, 0))
            worst[request["protocol"]] = max(most, gap), max(share, gap / allowed), count + 1
    for protocol, (gap, share, count) in worst.items():
        print(f"{protocol}: {count} requests, largest difference {gap:.2e} nats, {100 * share:.0f} % of the allowed")
    print(f"plain loop {time.perf_counter() - began:.0f} s")
    return int(any(share > 1 for _, share, _ in worst.values()) or not worst)


if __name__ == "__main__":
    raise SystemExit(main())
