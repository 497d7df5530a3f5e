"""Knows but does not say: states against a plain forward, and what stands beside the accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from assaying import asked_of, do_assay, items_of

from engine.predictors.assays.assay import AssayOptions
from engine.predictors.assays.job import plan_assay
from engine.predictors.assays.linear_probe import LINEAR_PROBE, some_pairs
from engine.predictors.catalogue import catalogue
from engine.stats.linear_probe import probe
from engine.store.assays import AssayItem
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.schema import Suite
from rubrics.world.corpus import DIALOGUE
from rubrics.world.generate import generate


@pytest.fixture(scope="module")
def fresh() -> Suite:
    """24 pairs of twelve families."""
    return Suite("fresh", tuple(generate(3, 24)))


def test_states_and_likelihood_are_those_of_a_plain_forward(store: Store, small_model: Path, fresh: Suite) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    (state,) = do_assay(store, LINEAR_PROBE, small_model, suite=fresh)
    items = items_of(store, state)
    tokenizer = AutoTokenizer.from_pretrained(small_model)
    model = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32).eval()
    differences, said = [], []
    for pair in fresh.pairs:
        read = []
        for response in (pair.chosen, pair.rejected):
            head = tokenizer(DIALOGUE.format(prompt=pair.prompt), add_special_tokens=False).input_ids
            tail = tokenizer(response, add_special_tokens=False).input_ids
            if tokenizer("a").input_ids[0] == tokenizer.bos_token_id:
                head = [tokenizer.bos_token_id, *head]
            with torch.inference_mode():
                out = model(torch.tensor([[*head, *tail]]), output_hidden_states=True)
            states = np.stack([layer[0, len(head) :].mean(0).numpy() for layer in out.hidden_states])
            logprob = out.logits[0].double().log_softmax(-1)
            nats = sum(float(logprob[len(head) + i - 1, token]) for i, token in enumerate(tail))
            read.append((states, nats / len(response.encode())))
        differences.append(read[0][0] - read[1][0])
        said.append(float(read[0][1] > read[1][1]))
    assert [item.measures["said"] for item in items] == said
    layers = np.stack(differences, axis=1).astype(np.float64)
    order = list(dict.fromkeys(pair.cluster for pair in fresh.pairs))
    clusters = np.array([order.index(pair.cluster) for pair in fresh.pairs])
    found = probe([d @ d.T for d in layers], clusters, candidates=range(1, len(layers)))
    assert [item.measures["probe"] for item in items] == list(found.right)
    assert [item.measures["layer 0"] for item in items] == list(found.by_layer[0])


def test_it_says_what_was_compared() -> None:
    def items(told: int, said: int, words: int) -> list[AssayItem]:
        return [
            AssayItem(i, f"p{i}", f"c{i}", {
                "probe": float(i < told), "said": float(i < said), "layer 0": float(i < words),
                "layer 1": float(i < told), "chosen layer": 1.0,
            })
            for i in range(100)
        ]  # fmt: skip

    known = items(90, 60, 55)
    values = {measure.name: measure.of(known).value for measure in LINEAR_PROBE.measures}
    assert values == pytest.approx({"probe accuracy": 0.9, "unsaid knowledge": 0.3, "probe beyond words": 0.35})
    assert LINEAR_PROBE.read(known) == (
        "a probe of layer 1 of 1 tells 90.0 % (82.5–94.5), the likelihood says 60.0 %, a bag of its words 55.0 %: "
        "it knows what it does not say"
    )
    assert LINEAR_PROBE.read(items(90, 60, 90)).endswith("but its words alone tell as much")
    assert LINEAR_PROBE.read(items(50, 60, 50)).endswith("not told from chance")
    assert LINEAR_PROBE.read(items(70, 95, 50)).endswith("more than a line through its states shows")
    assert set(LINEAR_PROBE.details(known)) == {"likelihood per byte, same pairs", "layer 0", "layer 1"}
    assert catalogue()["probe accuracy"].chance == 0.5


def test_a_sample_is_drawn_by_the_seed_and_keeps_prompts_together(fresh: Suite) -> None:
    some = some_pairs(fresh, 10, 1)
    assert len(some) == 10
    assert [pair.id for pair in some] == [pair.id for pair in fresh.pairs if pair in some]
    assert {p.id for p in some} != {p.id for p in some_pairs(fresh, 10, 2)}
    assert some_pairs(fresh, None, 1) == list(fresh.scored)


def test_what_cannot_be_probed_is_refused_before_anything_runs(store: Store, small_model: Path, fresh: Suite) -> None:
    with pytest.raises(BadInput, match="none was named"):
        plan_assay(store, LINEAR_PROBE, asked_of(small_model))
    few = Suite("few", fresh.pairs[:4])
    with pytest.raises(BadInput, match="and a probe is judged on clusters that it was not fitted on"):
        LINEAR_PROBE.material(AssayOptions(suite=few))
