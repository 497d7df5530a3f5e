"""Mean hidden states of both responses of every pair, their likelihood in the same pass, and a probe of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from engine.jobs.child import Events, Gate
from engine.layout.lay_out import LayoutOptions, lay_out
from engine.layout.requests import Request
from engine.scoring.assays.items import WorkItem, items_of, metered
from engine.scoring.checked import load_checked
from engine.scoring.model import Halves
from engine.scoring.readout import read
from engine.stats.linear_probe import probe
from rubrics.errors import CandidateError
from rubrics.schema import Pair, Suite

__all__ = ["mean_states", "measure_probe"]

_LEAST_CLUSTERS = 4


def measure_probe(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
    """Measure what a message asks for: the event `items` at the end, since each pair is judged by the others.

    Args:
        message: as `engine.predictors.assays.job` writes it; a pair each item.

    Raises:
        CandidateError: too few of the pairs fit the candidate.
    """
    events.send("phase", phase="tokenising")
    from engine.scoring.tokenizer import open_tokenizer

    items = items_of(message)
    pairs = [Pair.model_validate(item.payload) for item in items]
    encoder = open_tokenizer(Path(message["model"]), trust_remote_code=message["trust_remote_code"])
    options = LayoutOptions("likelihood")
    laid = lay_out(Suite("probed", tuple(pairs)), encoder, options, message["context"], message["vocabulary"])
    kept = [(item, pair) for item, pair in zip(items, pairs, strict=True) if pair.id in laid.requests]
    if len({item.cluster for item, _ in kept}) < _LEAST_CLUSTERS:
        raise CandidateError("too few of the pairs fit its context", where=message["model"], fix="take a shorter suite")
    events.send("phase", phase="loading")
    loaded = load_checked(message)
    halves = Halves(loaded.model)
    events.send("phase", phase="scoring")
    differences: list[npt.NDArray[np.float32]] = []
    said = []
    with metered(message, events, halves.device) as meter:
        for number, (_, pair) in enumerate(kept, 1):
            (chosen, rejected) = (mean_states(halves, request) for request in laid.requests[pair.id])
            differences.append(chosen[0] - rejected[0])
            said.append(
                (1 + np.sign(chosen[1] / len(pair.chosen.encode()) - rejected[1] / len(pair.rejected.encode()))) / 2
            )
            meter.add(tokens=sum(len(request.ids) for request in laid.requests[pair.id]))
            events.send("advanced", changes={"stage": f"{number:,} of {len(kept):,} pairs read"})
            gate.wait("scoring")
        rows = _judged([item for item, _ in kept], differences, said, message["settings"]["seed"])
    events.send("items", rows=rows)
    events.send("notes", notes=[*loaded.notes, *(f"{s.pair_id}: {s.reason}" for s in laid.skipped)])


def mean_states(halves: Halves, request: Request) -> tuple[npt.NDArray[np.float32], float]:
    """Of one response: the mean over its tokens of every layer's states, (layers + 1, width), the embeddings first; and
    its log-likelihood, nats."""
    assert request.scored is not None
    start, end = request.scored
    with torch.inference_mode():
        ids = torch.tensor(request.ids)
        layers = halves.layers(ids)
        means = torch.stack([states[start:end].float().mean(0).cpu() for states in layers]).numpy()
        before = layers[-1][start - 1 : end - 1]
        readout = read(halves.head, before, torch.arange(end - start), ids[start:end], False)
    return means, float(readout.logprob.double().sum())


def _judged(
    items: list[WorkItem], differences: list[npt.NDArray[np.float32]], said: list[float], seed: int
) -> list[list[Any]]:
    layers = np.stack(differences, axis=1).astype(np.float64)
    names = {cluster: at for at, cluster in enumerate(dict.fromkeys(item.cluster for item in items))}
    clusters = np.array([names[item.cluster] for item in items])
    # Layer 0 is a bag of words: shown beside the others, and never the one that is said to know.
    found = probe([d @ d.T for d in layers], clusters, candidates=range(1, len(layers)), seed=seed)
    rows = []
    for at, item in enumerate(items):
        measures = {
            "probe": float(found.right[at]), "said": float(said[at]), "chosen layer": float(found.chosen[at]),
            **{f"layer {layer}": float(found.by_layer[layer, at]) for layer in range(len(layers))},
        }  # fmt: skip
        rows.append(item.row(measures))
    return rows
