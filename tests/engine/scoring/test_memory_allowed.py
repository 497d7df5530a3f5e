"""Memory that a person sets: the pieces of work that follow from it, and the same numbers in them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.candidates.find import find
from engine.jobs.child import environment
from engine.layout.requests import Request
from engine.machine.precision import CONTEXT_TOKENS, estimate
from engine.scoring.backend import LocalBackend
from engine.scoring.memory import Pieces, within
from rubrics.errors import CandidateError

PEAK = """
import json, sys
from engine.scoring.memory import within
from engine.layout.requests import Request
from engine.scoring.backend import LocalBackend
from engine.scoring.load import load_model
folder, memory, asked = json.loads(sys.argv[1])
message = {"model": folder, "precision": "fp32", "device": "cpu", "memory": memory, "trust_remote_code": False}
pieces = within(message, 0)
backend = LocalBackend(load_model(folder, "fp32", "cpu", threads=1), *pieces)
requests = [Request(str(n), "likelihood", "chosen", tuple(ids), (len(ids) - 20, len(ids)), None)
            for n, ids in enumerate(asked)]
values = [score.value for _, score in sorted(backend.score(requests))]
# What getrusage calls the peak begins at that of the process that started this one.
(peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps([pieces, values, int(peak.split()[1]) * 1024]))
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model whose forward pass takes most of its memory: 200 KB a token."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64, hidden_size=64, intermediate_size=16384, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=2048,
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("wide")
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


def message(folder: Path, memory: int | None) -> dict[str, Any]:
    return {
        "model": str(folder), "precision": "fp32", "device": "cpu", "memory": memory, "trust_remote_code": False,
    }  # fmt: skip


def needed(folder: Path, tokens: int, context: int) -> int:
    (candidate,) = find([str(folder)])
    return estimate(candidate, "fp32", context_tokens=context, budget_tokens=tokens)


def test_pieces_are_as_large_as_the_memory_allows(wide: Path) -> None:
    assert within(message(wide, None), 5000) == Pieces()
    for tokens in (1024, 256, 64):
        memory = int(needed(wide, tokens, 2048) / 0.9) + 10
        assert within(message(wide, memory), 30).budget_tokens == tokens
        # What a longer request holds is taken from the same memory.
        more = needed(wide, tokens, CONTEXT_TOKENS) - needed(wide, tokens, 2048)
        assert within(message(wide, memory + int(more / 0.9) + 10), CONTEXT_TOKENS).budget_tokens == tokens
    with pytest.raises(CandidateError, match=r"longest request has 9,000 tokens.*would do"):
        within(message(wide, memory), 9000)


def test_smaller_pieces_give_the_same_numbers(build: Callable[..., Any]) -> None:
    loaded = build("qwen3")
    ids = [tuple((7 * n + k * k) % 290 + 1 for k in range(180)) for n in range(4)]
    requests = [Request(str(n), "likelihood", "chosen", own, (150, 180), None) for n, own in enumerate(ids)]
    whole, pieces = (
        [score.value for _, score in sorted(LocalBackend(loaded, *sizes).score(requests))]
        for sizes in (Pieces(), Pieces(64, 0))
    )
    assert pieces == pytest.approx(whole, abs=1e-4)


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted otherwise elsewhere")
def test_the_peak_stays_below_what_is_allowed(wide: Path) -> None:
    asked = [[(7 * n + k * k) % 60 + 1 for k in range(1000)] for n in range(4)]
    found = {}
    for tokens in (1024, 128):
        memory = int(needed(wide, tokens, 2048) / 0.9) + 10
        done = subprocess.run(
            [sys.executable, "-c", PEAK, json.dumps([str(wide), memory, asked])],
            capture_output=True, text=True, check=False, env=environment(),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        (budget, _), values, peak = json.loads(done.stdout.splitlines()[-1])
        assert budget == tokens
        assert peak <= memory
        found[tokens] = values, peak
    assert found[128][0] == pytest.approx(found[1024][0], abs=1e-3)
    assert found[128][1] < found[1024][1] - (50 << 20)
