"""A served candidate against the same weights in this process, on a real server: `make served`.

vLLM for CPUs, in an environment of its own below build/served, serves a bundled candidate; its pairs are scored there
and here. Printed are the largest difference a token under each protocol, the throughput beside lm-evaluation-harness's
`local-completions` on the same server and pairs, and what came of a run in which the server was killed twice.

    python -m benchmarks.served [--model FOLDER] [--pairs N] [--port P] [--no-rival]

Exits 1 where a response differs by more than 1e-5 nats a token, a label by more than 5e-5, or the killed run by as much
from the one in peace. What this machine's own numbers are apart with one core and with all is printed beside that.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import signal
import statistics
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import rude_tui.api as rude
from data.bundled import bundled_models
from engine.candidates.address import ServedAs
from engine.export.suites.formats import task_name
from engine.export.suites.write import export_suite
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.preview import LaidRequest, requests
from engine.jobs.progress import Phase, RunState
from engine.jobs.runs import RunRequest, protocols_of
from engine.store.connection import Store
from engine.store.runs import stored_runs
from rubrics.reading import write_suite

PLACE: Final = Path("build/served")
PYTHON: Final = PLACE / "venv" / "bin" / "python"
_READY: Final = 900.0
"""Seconds in which the server has to be there; 40 to 90 on two cores with nothing beside it."""
_AT_A_TIME: Final = 16
"""Requests that the rival sends."""
_ALLOWED: Final = {"likelihood": 1e-5, "choice": 5e-5}
"""Nats: of a response's tokens on average, and of a label, where nothing averages out."""


class Served:
    """vLLM, started and killed as it is told."""

    def __init__(self, model: Path, port: int) -> None:
        self.model, self.port = model, port
        self.address = f"http://127.0.0.1:{port}/v1#cand"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until it was ready."""
        began = time.monotonic()
        environment = {
            **os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind", "HF_HUB_OFFLINE": "1",
            "VLLM_NO_USAGE_STATS": "1", "VLLM_CACHE_ROOT": str((PLACE / "cache").absolute()),
        }  # fmt: skip
        command = [
            str(PYTHON), "-m", "vllm.entrypoints.openai.api_server", "--model", str(self.model.absolute()),
            "--served-model-name", "cand", "--port", str(self.port), "--host", "127.0.0.1", "--dtype", "float32",
            "--max-model-len", "2048",
        ]  # fmt: skip
        with (PLACE / "server.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)
        while time.monotonic() - began < _READY:
            if self._process.poll() is not None:
                raise SystemExit(f"the server ended; {PLACE / 'server.log'} says why")
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                if answer.status == 200:
                    return time.monotonic() - began
            time.sleep(0.5)
        raise SystemExit("the server did not get ready")

    def kill(self) -> None:
        """At once, with all its processes."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def serving(model: Path, port: int) -> Iterator[Served]:
    """A server for as long as it is needed."""
    server = Served(model, port)
    print(f"server ready after {server.start():.0f} s")
    try:
        yield server
    finally:
        server.kill()


def asked_for(model: str, suite: Path, tokenizer: Path, protocol: str, threads: int | None = None) -> RunRequest:
    """One candidate on the suite, nothing but its own prompts."""
    served = (ServedAs(model, str(tokenizer)),)
    return RunRequest((model,), (str(suite),), protocols_of(protocol), device="cpu", served=served, threads=threads)


def scored(
    store: Store, model: str, suite: Path, tokenizer: Path, protocol: str, threads: int | None = None
) -> RunState:
    """One run; ends the benchmark where it does not come to its end."""
    (state,) = perform(store, plan(store, asked_for(model, suite, tokenizer, protocol, threads)))
    if state.phase not in (Phase.DONE, Phase.UP_TO_DATE):
        raise SystemExit(f"{model}, {protocol}: {state.phase}: {state.error}")
    return state


def rows_of(store: Store, candidate: str, protocol: str) -> dict[str, rude.VerdictRow]:
    """A candidate's verdicts by pair."""
    return {row.pair_id: row for row in rude.verdicts(store, protocol=protocol) if row.candidate == candidate}


def furthest(one: Mapping[str, rude.VerdictRow], other: Mapping[str, rude.VerdictRow], protocol: str) -> float:
    """Largest difference between two candidates, nats a token: of a response's sum, or of a pair of labels."""
    worst = 0.0
    if one.keys() != other.keys():
        return math.inf
    for pair_id, a in one.items():
        b = other[pair_id]
        if protocol == "choice":
            parts = [(a.log_odds_chosen_first, b.log_odds_chosen_first, 2)]
            parts += [(a.log_odds_rejected_first, b.log_odds_rejected_first, 2)]
        else:
            parts = [(a.ll_chosen, b.ll_chosen, a.tokens_chosen), (a.ll_rejected, b.ll_rejected, a.tokens_rejected)]
        worst = max(worst, *(abs((x or 0) - (y or 0)) / (tokens or 1) for x, y, tokens in parts))
    return worst


def tasks(suite: Path, tokenizer: Path) -> dict[str, tuple[Path, str]]:
    """By protocol, the same pairs as a task of lm-evaluation-harness: its folder and its name."""
    from tokenizers import Tokenizer

    exported, responses, labels = rude.suite(str(suite)), PLACE / "lm-eval", PLACE / "lm-eval-choice"
    for folder in (responses, labels):
        shutil.rmtree(folder, ignore_errors=True)
    export_suite(exported, "lm-eval", responses)
    labels.mkdir()
    decode = Tokenizer.from_file(str(tokenizer / "tokenizer.json")).decode
    planned = plan(Store(PLACE / "lm-eval.duckdb"), asked_for(str(tokenizer), suite, tokenizer, "choice"))
    with (labels / "docs.jsonl").open("w", encoding="utf-8") as docs:
        for _, laid in requests(planned):
            if isinstance(laid, LaidRequest):
                choices = [decode([laid.json["labels"][response]]) for response in ("chosen", "rejected")]
                docs.write(json.dumps({"context": "".join(laid.tokens[1:]), "choices": choices}) + "\n")
    (labels / "rude_choice.yaml").write_text(
        "task: rude_choice\ndataset_path: json\n"
        f"dataset_kwargs: {{data_files: {{test: {(labels / 'docs.jsonl').absolute()}}}}}\n"
        "test_split: test\noutput_type: multiple_choice\ndoc_to_text: context\ndoc_to_choice: choices\n"
        'doc_to_target: 0\ntarget_delimiter: ""\nnum_fewshot: 0\n',
        encoding="utf-8",
    )
    return {"likelihood": (responses, task_name(exported)), "choice": (labels, "rude_choice")}


def rival(server: Served, folder: Path, task: str, tokenizer: Path, concurrent: int) -> float:
    """Seconds that lm-evaluation-harness takes for a task on the same server, its start left out."""
    out = PLACE / f"lm-eval-out-{time.monotonic_ns()}"
    told = (
        f"model=cand,base_url=http://127.0.0.1:{server.port}/v1/completions,num_concurrent={concurrent},"
        f"tokenized_requests=True,tokenizer={tokenizer.absolute()},max_length=2047"
    )
    command = [str(PYTHON), "-m", "lm_eval", "--model", "local-completions", "--model_args", told, "--batch_size", "1"]
    command += ["--include_path", str(folder), "--tasks", task, "--output_path", str(out)]
    first = began = time.monotonic()
    with (PLACE / "lm-eval.log").open("wb") as log:
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.PIPE, env=environment)
        assert process.stderr is not None
        for line in process.stderr:
            log.write(line)
            if first == began and (b"Running loglikelihood" in line or b"Requesting API" in line):
                first = time.monotonic()
        if process.wait():
            raise SystemExit(f"lm-evaluation-harness failed; {PLACE / 'lm-eval.log'} says why")
    return time.monotonic() - first


def beside(server: Served, suite: Path, model: Path, turns: int) -> None:
    """Print what both take for the same pairs, in turns, since what else goes on here slows both."""
    for protocol, (folder, task) in tasks(suite, model).items():
        ours, theirs = [], []
        for _ in range(turns):
            (PLACE / "4.duckdb").unlink(missing_ok=True)
            ours.append(scored(Store(PLACE / "4.duckdb"), server.address, suite, model, protocol).seconds)
            theirs.append(rival(server, folder, task, model, _AT_A_TIME))
        ratios = sorted(them / us for us, them in zip(ours, theirs, strict=True))
        print(
            f"{protocol}, medians of {turns} turns: {statistics.median(ours):.1f} s, lm-eval local-completions with "
            f"{_AT_A_TIME} at a time {statistics.median(theirs):.1f} s, {statistics.median(ratios):.1f} × "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f})"
        )


class Killer:
    """Kills the server when so many pairs are done, and starts it again."""

    def __init__(self, server: Served, at: list[int]) -> None:
        self._server, self._at = server, at
        self._threads: list[threading.Thread] = []
        self.kills = self.stretches = 0

    def started(self, states: tuple[RunState, ...]) -> None:
        """See `Progress`."""

    def finished(self, states: tuple[RunState, ...]) -> None:
        """See `Progress`."""

    def advanced(self, state: RunState) -> None:
        """See `Progress`."""
        if self._at and state.judged >= self._at[0]:
            self._at.pop(0)
            self.kills += 1
            self._server.kill()
            self._threads.append(threading.Thread(target=self._server.start))
            self._threads[-1].start()

    def wait(self) -> None:
        """Until the server is there again."""
        for thread in self._threads:
            thread.join()


def killed(server: Served, suite: Path, model: Path, peace: Mapping[str, rude.VerdictRow]) -> tuple[float, int, Killer]:
    """What came of a run in which the server was killed twice: the largest difference to the one in peace, nats a
    token, and the pairs scored."""
    store = Store(PLACE / "2.duckdb")
    killer = Killer(server, [len(peace) // 4, len(peace) // 2])
    request = asked_for(server.address, suite, model, "likelihood")
    while killer.stretches < 5:
        killer.stretches += 1
        (state,) = perform(store, plan(store, request), killer)
        killer.wait()
        if state.phase in (Phase.DONE, Phase.UP_TO_DATE):
            break
    rows = rude.verdicts(store, protocol="likelihood")
    apart = max(
        abs((getattr(row, side) or 0) - (getattr(peace[row.pair_id], side) or 0)) / (row.tokens_chosen or 1)
        for row in rows
        for side in ("ll_chosen", "ll_rejected")
    )
    return apart, len(rows), killer


def main() -> int:
    """Serve, score, compare, kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=next(p for p in bundled_models() if p.name == "llama-loch-0.8m"))
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--port", type=int, default=8797)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--no-rival", action="store_true")
    asked = parser.parse_args()
    suite = PLACE / "pairs.jsonl"
    whole = rude.suite("world")
    shots = [pair for pair in whole.pairs if pair.split == "shot"]
    write_suite(suite, (*shots, *whole.scored[: asked.pairs]))
    model, good = asked.model.absolute(), True
    with serving(model, asked.port) as server:
        for number in (1, 2, 3):
            (PLACE / f"{number}.duckdb").unlink(missing_ok=True)
        store, one_core = Store(PLACE / "1.duckdb"), Store(PLACE / "3.duckdb")
        for protocol in ("likelihood", "choice"):
            state = scored(store, server.address, suite, model, protocol)
            scored(store, str(model), suite, model, protocol)
            scored(one_core, str(model), suite, model, protocol, 1)
            ours = rows_of(store, model.name, protocol)
            worst = furthest(rows_of(store, "cand", protocol), ours, protocol)
            own = furthest(rows_of(one_core, model.name, protocol), ours, protocol)
            good &= worst <= _ALLOWED[protocol]
            run = next(run for run in stored_runs(store) if run.candidate == "cand" and run.protocol == protocol)
            tokens = run.facts["tokens"]
            print(
                f"{protocol}: {state.done} pairs in {state.seconds:.1f} s ({state.done / state.seconds:.1f} pairs/s, "
                f"{tokens / state.seconds:,.0f} tokens/s) by {run.facts['routes']}; largest difference {worst:.1e} "
                f"nats a token from fp32 here, which differs from itself on one core by {own:.1e}"
            )
        if not asked.no_rival:
            beside(server, suite, model, asked.turns)
        peace = rows_of(store, "cand", "likelihood")
        apart, done, killer = killed(server, suite, model, peace)
        good &= apart <= _ALLOWED["likelihood"] and done == len(peace)
        print(
            f"killed {killer.kills} times in mid-run, started again by itself: {done} of {len(peace)} pairs after "
            f"{killer.stretches} stretches, {apart:.1e} nats a token apart"
        )
    return int(not good)


if __name__ == "__main__":
    raise SystemExit(main())
