"""Micro-probe: losses and gradients against a plain adapter, and what follows by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assaying import asked_of, do_assay, here, items_of, of_first, own_prompts

from engine.jobs.child import Events, Gate
from engine.jobs.inside import inside
from engine.jobs.job import perform
from engine.layout.wording import before_response
from engine.predictors.assays.assay import AssayOptions
from engine.predictors.assays.job import plan_assay
from engine.predictors.assays.micro_probe import MICRO_PROBE, beyond_form, fall
from engine.predictors.catalogue import catalogue
from engine.store.assays import AssayItem, assay_runs
from engine.store.connection import Store
from rubrics.errors import BadInput


def test_what_follows_is_what_a_hand_worked_case_gives() -> None:
    def item(at: int, before: float, after: float, dealt: float) -> AssayItem:
        nats = {"before": before, "after": after, "after dealt": dealt}
        measures = {name: value * math.log(2) for name, value in nats.items()}
        return AssayItem(at, f"d{at}", f"c{at}", measures | {"bytes": 10.0, "alignment": 0.5})

    items = [item(0, 30.0, 20.0, 25.0), item(1, 30.0, 10.0, 20.0), item(2, 30.0, 15.0, 24.0)]
    assert fall(items) == pytest.approx([1.0, 2.0, 1.5])
    assert beyond_form(items) == pytest.approx([0.5, 1.0, 0.9])
    assert MICRO_PROBE.read(items) == (
        "10 steps lower the loss on other demonstrations by 1.500 bits a byte, "
        "0.800 of it beyond the form of a response"
    )
    assert MICRO_PROBE.read([item(at, 30.0, 20.0, 20.0 + at % 2 - 0.5) for at in range(6)]).endswith(
        "none of it told from learning the form of a response"
    )
    # A mean of −0.05 with a spread of 0.1 among two clusters: nothing is lowered.
    worse = MICRO_PROBE.read([item(0, 30.0, 29.5, 29.0), item(1, 30.0, 31.5, 30.0)])
    assert worse.startswith("10 steps are not shown to lower the loss on other demonstrations (a fall of -0.050 bits")
    assert catalogue()["micro-probe beyond form"].chance == 0


def test_no_family_is_both_shown_and_measured() -> None:
    material = MICRO_PROBE.material(AssayOptions(number=8))
    shown = {prompt for prompt, _ in material.settings["demonstrations"]}
    assert len(shown) == 8
    assert len(material.items) == 24
    assert not shown & {item.payload[0] for item in material.items}


def test_of_one_s_own_half_are_shown_and_the_others_measured() -> None:
    own = own_prompts(10, without=2)
    material = MICRO_PROBE.material(AssayOptions(prompts=own, number=16))
    shown = [tuple(pair) for pair in material.settings["demonstrations"]]
    held = [tuple(item.payload) for item in material.items]
    assert (len(shown), len(held)) == (4, 4)
    assert {*shown, *held} == {(before_response(p.prompt_text), p.reference) for p in own if p.reference}
    assert material.notes == ("2 prompts without a reference left out",)
    assert MICRO_PROBE.material(AssayOptions(prompts=own, seed=1)).settings != material.settings
    with pytest.raises(BadInput, match="four demonstrations or more, and 3 prompts have a reference"):
        MICRO_PROBE.material(AssayOptions(prompts=own_prompts(4, without=1)))


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_what_is_told_while_it_goes_on_is_what_is_done(store: Store, small_model: Path) -> None:
    """Ten steps, twice; no demonstration counts as done before all that it rests on is."""
    told: list[str] = []

    def work(message: Mapping[str, Any], events: Events, gate: Gate) -> None:
        class Told:
            def send(self, event: str, **fields: Any) -> None:
                told.append(fields["changes"]["stage"] if event == "advanced" else event)
                events.send(event, **fields)

        here(message, Told(), gate)

    few = of_first(MICRO_PROBE, 3)
    perform(store, plan_assay(store, few, asked_of(small_model, number=4)), runner=inside(work))
    steps = [stage for stage in told if stage.startswith("step ")]
    assert steps == [f"step {n} of 10" for n in range(1, 11)] + [
        f"step {n} of 10, responses dealt out" for n in range(1, 11)
    ]
    assert told.count("items") == 1
    assert told.index("items") > max(map(told.index, [*steps, "loss after the steps, 3 of 3 demonstrations"]))
    assert told.index("loss before the steps, 1 of 3 demonstrations") < told.index("step 1 of 10")


@pytest.mark.long
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_losses_and_gradients_are_those_of_a_plain_adapter(store: Store, small_model: Path) -> None:
    """Adapters written by hand: W + (α / r) B A with B at 0, ten steps of Adam on the mean loss a token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    few = of_first(MICRO_PROBE, 3)
    (state,) = do_assay(store, few, small_model, number=4)
    items = items_of(store, state)
    material = few.material(AssayOptions(number=4))
    settings = material.settings
    tokenizer = AutoTokenizer.from_pretrained(small_model)
    model = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32).eval()

    def nats(prompt: str, response: str) -> Any:
        head, tail = (tokenizer(text, add_special_tokens=False).input_ids for text in (prompt, response))
        if tokenizer("a").input_ids[0] == tokenizer.bos_token_id:
            head = [tokenizer.bos_token_id, *head]
        logs = model(torch.tensor([[*head, *tail]])).logits[0].log_softmax(-1)
        return -sum(logs[len(head) + i - 1, token] for i, token in enumerate(tail)), len(tail)

    for item, stored in zip(material.items, items, strict=True):
        with torch.no_grad():
            assert stored.measures["before"] == pytest.approx(float(nats(*item.payload)[0]), rel=1e-4)

    from peft import LoraConfig, get_peft_model

    torch.manual_seed(settings["seed"])
    model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.eval()
    parameters = [p for p in model.parameters() if p.requires_grad]

    def flat(pairs: list[list[str]]) -> np.ndarray:
        model.zero_grad()
        losses = [loss / size for loss, size in (nats(*pair) for pair in pairs)]
        (sum(losses) / len(losses)).backward()
        return torch.cat([p.grad.flatten() for p in parameters]).numpy().astype(float)

    shown = settings["demonstrations"]
    own, other = flat(shown), flat([material.items[0].payload])
    cosine = own @ other / math.sqrt((own @ own) * (other @ other))
    assert items[0].measures["alignment"] == pytest.approx(cosine, abs=1e-3)
    first, second = ([torch.zeros_like(p) for p in parameters] for _ in range(2))
    for step in range(1, settings["steps"] + 1):
        flat(shown)
        with torch.no_grad():
            for p, m, v in zip(parameters, first, second, strict=True):
                m.mul_(0.9).add_(p.grad, alpha=0.1)
                v.mul_(0.999).addcmul_(p.grad, p.grad, value=0.001)
                p -= settings["rate"] * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt() + 1e-8)
    for item, stored in zip(material.items, items, strict=True):
        with torch.no_grad():
            assert stored.measures["after"] == pytest.approx(float(nats(*item.payload)[0]), rel=1e-3)
        assert stored.measures["after"] != stored.measures["after dealt"]
    (run,) = assay_runs(store, "micro")
    each = sum(p.numel() for name, p in model.named_parameters() if "lora_" not in name)
    assert run.facts["flops"] == pytest.approx(each * (2 * run.facts["tokens"] + 6 * run.facts["trained"]))
