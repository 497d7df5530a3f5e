"""Memory that really runs out: the system refuses it to a process that scores."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from engine.jobs.child import environment
from engine.machine import kernels

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no other system refuses address space")

SCRIPT = """
import json, resource, sys, torch
from pathlib import Path
from transformers import LlamaConfig, LlamaForCausalLM
from engine.layout.requests import Request
from engine.scoring import matmul
from engine.scoring.backend import LocalBackend
from engine.scoring.load import LoadedModel

precision, way = sys.argv[1:]
torch.set_num_threads(1)
torch.manual_seed(0)
# Of a layer's 200 KB for each token (fp32) nearly all is its feed-forward part.
config = LlamaConfig(vocab_size=64, hidden_size=64, intermediate_size=16384, num_hidden_layers=2,
                     num_attention_heads=2, max_position_embeddings=2048)
model = LlamaForCausalLM(config).eval().to(torch.float32 if precision == "fp32" else torch.bfloat16)
assert matmul.use(model, way) == way
ids = torch.randint(1, 64, (2, 1000)).tolist()
requests = [Request("p", "likelihood", view, tuple(own), (900, 1000), None)
            for view, own in zip(("chosen", "rejected"), ids)]

def scored(budget):
    backend = LocalBackend(LoadedModel(model, precision, "sdpa", {}), budget)
    return [score.value for _, score in sorted(backend.score(requests))], backend.stats.notes

plenty = scored(128)
taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + (160 << 20), resource.RLIM_INFINITY))
little = scored(2048)
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps([plenty, little]))
"""


@pytest.mark.long
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_scoring_goes_on_with_less_at_once_and_says_so(precision: str) -> None:
    way = kernels.matmul_for("cpu", precision)
    command = [sys.executable, "-c", SCRIPT, precision, way]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment())
    assert done.returncode == 0, done.stderr[-2000:]
    (expected, quiet), (found, notes) = json.loads(done.stdout.splitlines()[-1])
    assert quiet == []
    assert notes[0] == "out of memory with 1,998 tokens at once; going on with 999"
    assert found == pytest.approx(expected, abs=1e-3 if precision == "fp32" else 0.5)
