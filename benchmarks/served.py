"""A served candidate against the same weights in this process, on a real server: `make served`.

vLLM for CPUs, in an environment of its own below build/served, serves a bundled candidate, then a larger one with long
prompts; the same pairs are scored there and here. Printed are the largest difference a token under each protocol, the
throughput beside lm-evaluation-harness's `local-completions` on the same server and requests, and what came of a run in
which the server was killed twice.

    python -m benchmarks.served [--model FOLDER] [--pairs N] [--long-pairs N] [--port P] [--turns N] [--no-rival]

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
from engine.candidates.address import ServedAs, is_address
from engine.jobs.job import perform
from engine.jobs.planning import plan
from engine.jobs.preview import LaidRequest, requests
from engine.jobs.progress import Phase, RunState
from engine.jobs.runs import RunRequest, protocols_of
from engine.store.connection import Store
from engine.store.runs import stored_runs
from rubrics.reading import write_suite

PLACE: Final = Path("build/served")
BUNDLED: Final = next(path for path in bundled_models() if path.name == "llama-loch-0.8m")
PROTOCOLS: Final = ("likelihood", "choice")
CONTEXT: Final = 4096
"""Tokens that the server takes at most, unless the model takes fewer."""
SHOTS: Final = 2
"""Exemplars before the pairs of the larger model, under both protocols."""
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
        config = json.loads((model / "config.json").read_text(encoding="utf-8"))
        self.context = min(CONTEXT, config.get("max_position_embeddings", CONTEXT))
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
            "--max-model-len", str(self.context),
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
    print(f"{model.name}: server ready after {server.start():.0f} s", flush=True)
    try:
        yield server
    finally:
        server.kill()


def asked_for(
    model: str, suite: Path, tokenizer: Path, protocol: str, shots: int | None = None, threads: int | None = None
) -> RunRequest:
    """One candidate on the suite, nothing but its own prompts."""
    served = (ServedAs(model, str(tokenizer)),) if is_address(model) else ()
    return RunRequest(
        (model,), (str(suite),), protocols_of(protocol), device="cpu", shots=shots, served=served, threads=threads
    )


def scored(
    store: Store, model: str, suite: Path, tokenizer: Path, protocol: str, shots: int | None = None,
    threads: int | None = None,
) -> RunState:  # fmt: skip
    """One run; ends the benchmark where it does not come to its end."""
    (state,) = perform(store, plan(store, asked_for(model, suite, tokenizer, protocol, shots, threads)))
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


def tasks(suite: Path, tokenizer: Path, shots: int | None) -> dict[str, tuple[Path, str]]:
    """By protocol, the same requests as a task of lm-evaluation-harness: its folder and its name."""
    from tokenizers import Tokenizer

    decode = Tokenizer.from_file(str(tokenizer / "tokenizer.json")).decode
    made = {}
    for protocol in PROTOCOLS:
        folder, name = PLACE / f"lm-eval-{protocol}", f"rude_{protocol}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        planned = plan(Store(PLACE / "lm-eval.duckdb"), asked_for(str(tokenizer), suite, tokenizer, protocol, shots))
        laid = [request.json for _, request in requests(planned) if isinstance(request, LaidRequest)]
        docs: dict[str, dict[str, str | list[str]]] = {}
        for one in laid:
            # The harness puts the beginning of a text there itself.
            if protocol == "choice":
                choices = [decode([one["labels"][response]]) for response in ("chosen", "rejected")]
                docs[f"{one['pair_id']} {one['view']}"] = {"context": decode(one["ids"][1:]), "choices": choices}
            else:
                start = one["scored"][0]
                doc = docs.setdefault(one["pair_id"], {"context": decode(one["ids"][1:start]), "choices": ["", ""]})
                doc["choices"][one["view"] == "rejected"] = decode(one["ids"][start:])  # type: ignore[index]
        (folder / "docs.jsonl").write_text("".join(json.dumps(doc) + "\n" for doc in docs.values()), encoding="utf-8")
        (folder / f"{name}.yaml").write_text(
            f"task: {name}\ndataset_path: json\n"
            f"dataset_kwargs: {{data_files: {{test: {(folder / 'docs.jsonl').absolute()}}}}}\n"
            "test_split: test\noutput_type: multiple_choice\ndoc_to_text: context\ndoc_to_choice: choices\n"
            'doc_to_target: 0\ntarget_delimiter: ""\nnum_fewshot: 0\n',
            encoding="utf-8",
        )
        lengths = sorted(len(one["ids"]) for one in laid)
        print(f"{protocol}: {len(laid)} requests of {lengths[0]} to {lengths[-1]} tokens", flush=True)
        made[protocol] = (folder, name)
    return made


def rival(server: Served, folder: Path, task: str, tokenizer: Path, concurrent: int) -> tuple[float, float]:
    """Seconds that lm-evaluation-harness takes for a task on the same server, its start left out; and its accuracy."""
    out = PLACE / f"lm-eval-out-{time.monotonic_ns()}"
    told = (
        f"model=cand,base_url=http://127.0.0.1:{server.port}/v1/completions,num_concurrent={concurrent},"
        f"tokenized_requests=True,add_bos_token=True,tokenizer={tokenizer.absolute()},max_length={server.context - 1}"
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
    taken = time.monotonic() - first
    result = json.loads(next(out.rglob("results_*.json")).read_text(encoding="utf-8"))
    return taken, result["results"][task]["acc,none"]


def right(rows: Mapping[str, rude.VerdictRow], protocol: str) -> float:
    """Share of what the rival calls right: responses by their sums, and each order of two responses by itself."""
    if protocol == "choice":
        odds = [value for row in rows.values() for value in (row.log_odds_chosen_first, row.log_odds_rejected_first)]
        return statistics.mean((value or 0) > 0 for value in odds)
    return statistics.mean((row.ll_chosen or 0) > (row.ll_rejected or 0) for row in rows.values())


def beside(server: Served, suite: Path, model: Path, shots: int | None, turns: int) -> None:
    """Print what both take for the same pairs, in turns, since what else goes on here slows both."""
    for protocol, (folder, task) in tasks(suite, model, shots).items():
        ours, theirs, agree = [], [], True
        for _ in range(turns):
            (PLACE / "4.duckdb").unlink(missing_ok=True)
            store = Store(PLACE / "4.duckdb")
            ours.append(scored(store, server.address, suite, model, protocol, shots).seconds)
            seconds, accuracy = rival(server, folder, task, model, _AT_A_TIME)
            theirs.append(seconds)
            agree &= abs(accuracy - right(rows_of(store, "cand", protocol), protocol)) < 1e-9
        ratios = sorted(them / us for us, them in zip(ours, theirs, strict=True))
        print(
            f"{protocol}, medians of {turns} turns: {statistics.median(ours):.1f} s, lm-eval local-completions with "
            f"{_AT_A_TIME} at a time {statistics.median(theirs):.1f} s, {statistics.median(ratios):.1f} × "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f}); accuracy {'the same' if agree else 'another'}",
            flush=True,
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
    (PLACE / "2.duckdb").unlink(missing_ok=True)
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


def exact(server: Served, suite: Path, model: Path, shots: int | None) -> tuple[Store, bool]:
    """Print the largest difference to the same weights in this process; the store, and whether it is small enough."""
    for number in (1, 3):
        (PLACE / f"{number}.duckdb").unlink(missing_ok=True)
    store, one_core, good = Store(PLACE / "1.duckdb"), Store(PLACE / "3.duckdb"), True
    for protocol in PROTOCOLS:
        state = scored(store, server.address, suite, model, protocol, shots)
        scored(store, str(model), suite, model, protocol, shots)
        scored(one_core, str(model), suite, model, protocol, shots, 1)
        ours = rows_of(store, model.name, protocol)
        worst = furthest(rows_of(store, "cand", protocol), ours, protocol)
        own = furthest(rows_of(one_core, model.name, protocol), ours, protocol)
        good &= worst <= _ALLOWED[protocol]
        run = next(run for run in stored_runs(store) if run.candidate == "cand" and run.protocol == protocol)
        print(
            f"{protocol}: {state.done} pairs in {state.seconds:.1f} s ({state.done / state.seconds:.1f} pairs/s, "
            f"{run.facts['tokens'] / state.seconds:,.0f} tokens/s) by {run.facts['routes']}; largest difference "
            f"{worst:.1e} nats a token from fp32 here, which differs from itself on one core by {own:.1e}",
            flush=True,
        )
    return store, good


def some_pairs(name: str, pairs: int) -> Path:
    """A suite of the first pairs of one that ships, with its exemplars."""
    suite, whole = PLACE / f"{name}.jsonl", rude.suite(name)
    write_suite(suite, (*(pair for pair in whole.pairs if pair.split == "shot"), *whole.scored[:pairs]))
    return suite


def larger() -> Path:
    """A Qwen3 of 27 million random weights with a bundled tokenizer, made once."""
    from benchmarks.scoring.workload import build

    folder = PLACE / "qwen3-27m"
    if not (folder / "tokenizer.json").exists():
        build("qwen3-27m", "fp32", "cpu").model.save_pretrained(folder)
        for name in ("tokenizer_config.json", "tokenizer.json"):
            shutil.copy(BUNDLED / name, folder / name)
    return folder.absolute()


def main() -> int:
    """Serve, score, compare, kill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=BUNDLED)
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--long-pairs", type=int, default=16, help="of the larger model; 0 leaves it out")
    parser.add_argument("--port", type=int, default=8797)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--no-rival", action="store_true")
    asked = parser.parse_args()
    suite, model, good = some_pairs("world", asked.pairs), asked.model.absolute(), True
    if asked.pairs:
        with serving(model, asked.port) as server:
            store, good = exact(server, suite, model, None)
            peace = rows_of(store, "cand", "likelihood")
            if not asked.no_rival:
                beside(server, suite, model, None, asked.turns)
            apart, done, killer = killed(server, suite, model, peace)
            good &= apart <= _ALLOWED["likelihood"] and done == len(peace)
            print(
                f"killed {killer.kills} times in mid-run, started again by itself: {done} of {len(peace)} pairs after "
                f"{killer.stretches} stretches, {apart:.1e} nats a token apart",
                flush=True,
            )
    if asked.long_pairs:
        suite, model = some_pairs("core", asked.long_pairs), larger()
        with serving(model, asked.port) as server:
            good &= exact(server, suite, model, SHOTS)[1]
            if not asked.no_rival:
                beside(server, suite, model, SHOTS, asked.turns)
    return int(not good)


if __name__ == "__main__":
    raise SystemExit(main())
