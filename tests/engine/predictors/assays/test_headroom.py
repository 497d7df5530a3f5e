"""Headroom: answers against the library's own generation, and what they come to by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from assaying import do_assay, items_of, of_first, own_prompts

from engine.layout.wording import before_response
from engine.predictors.assays.assay import AssayOptions
from engine.predictors.assays.headroom import HEADROOM, beyond_guessing, headroom, overconfidence
from engine.predictors.catalogue import catalogue
from engine.store.assays import AssayItem
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.world.generate import prompts
from rubrics.world.verifiers import verify


def item(at: int, **measures: float) -> AssayItem:
    kept = {"drawn": 4.0, "k": 2.0, "mirrored": 0.0, "greedy mirrored": 0.0}
    return AssayItem(at, f"p{at}", f"c{at}", kept | measures)


def test_what_follows_is_what_a_hand_worked_case_gives() -> None:
    items = [item(0, met=1.0, greedy=0.0), item(1, met=4.0, greedy=1.0), item(2, met=1.0, greedy=0.0, mirrored=2.0)]
    # One right of four: two tries hold it in 3 of 6 choices; two right of four, in 5 of 6.
    assert beyond_guessing(items) == pytest.approx([0.5, 1.0, 0.5 - 5 / 6])
    assert headroom(items) == pytest.approx([0.5, 0.0, 0.5 - 5 / 6])
    sure = [
        item(0, **{"greedy probability": 0.9, "greedy": 0.0}),
        item(1, **{"greedy probability": 0.9, "greedy": 1.0}),
    ]
    assert overconfidence(sure) == pytest.approx([0.9, -0.1])


def test_who_does_not_read_the_prompt_has_no_headroom() -> None:
    import numpy as np

    rng = np.random.default_rng(0)
    names = ("met", "mirrored"), ("greedy", "greedy mirrored")
    items = [
        item(
            at,
            **{n: float(rng.binomial(4, 0.25)) for n in names[0]},
            **{n: float(rng.random() < 0.25) for n in names[1]},
        )
        for at in range(4000)
    ]
    values = {measure.name: measure.of(items) for measure in HEADROOM.measures}
    for name in ("headroom", "pass@k beyond guessing"):
        assert values[name].ci_low < 0 < values[name].ci_high
        assert catalogue()[name].chance == 0
    assert HEADROOM.read(items[:50]).endswith("no headroom that could be told from not reading the prompt")
    able = [item(at, met=3.0 - at % 2, greedy=0.0) for at in range(20)]
    assert HEADROOM.read(able) == (
        "greedy 0.0 %, pass@2 91.7 %, and 0.0 % of what was not asked: it finds more in 2 tries than it says at once, "
        "and more than not reading the prompt would"
    )


def test_nothing_found_at_all_is_not_known_to_be_nothing() -> None:
    items = [item(at, met=0.0, greedy=0.0) for at in range(12)]
    values = {measure.name: measure.of(items) for measure in HEADROOM.measures if measure.chance == 0}
    # Bonett and Price with one prompt added to either side: (1 + 1)/14 differ, so 1.96 √(2/14 / 14) either way.
    reach = 1.959964 * math.sqrt(2 / 14 / 14)
    assert len(values) == 2
    for found in values.values():
        assert (found.value, found.ci_low, found.ci_high) == pytest.approx((0, -reach, reach), abs=1e-6)


def test_what_rests_on_few_prompts_is_said_to() -> None:
    items = [item(at, met=2.0, greedy=0.0, **({"ordered": 1.0} if at < 3 else {})) for at in range(20)]
    assert "(right over wrong is of 3 prompts with answers of both kinds)" in HEADROOM.read(items)
    assert "right over wrong" not in HEADROOM.read(items[:3])


def test_prompts_are_new_ones_with_one_criterion_and_a_known_chance() -> None:
    material = HEADROOM.material(AssayOptions(number=30, samples=6, seed=4))
    assert len(material.items) == 30
    assert material.settings["k"] == 3
    assert all(item.payload["mirrored"] != item.payload["checks"] for item in material.items)
    assert max(len(item.payload["checks"]) for item in material.items) <= 3
    for task in prompts(4, 30, "unseen", criteria=1):
        # A response that meets what was asked does not meet what was not.
        assert all(verify(check, task.response) for check in task.checks)
        assert not all(verify(check, task.response) for check in task.mirrored)
    assert HEADROOM.asked_hash(material) != HEADROOM.asked_hash(HEADROOM.material(AssayOptions(number=30, samples=6)))


def test_of_one_s_own_the_next_prompt_says_what_was_not_asked() -> None:
    own = own_prompts(5, without=1)
    material = HEADROOM.material(AssayOptions(prompts=own, number=3, tokens=200))
    assert [item.name for item in material.items] == ["p1", "p2", "p3"]
    checks = [["says", [str(at)], [], 0] for at in (1, 2, 3)]
    assert [item.payload["checks"] for item in material.items] == [[check] for check in checks]
    assert [item.payload["mirrored"] for item in material.items] == [[checks[1]], [checks[2]], [checks[0]]]
    assert material.items[0].payload["text"] == before_response(own[1].prompt_text)
    assert material.settings["tokens"] == 200
    assert material.notes == ("1 prompt without checks left out",)
    with pytest.raises(BadInput, match="and 1 have checks"):
        HEADROOM.material(AssayOptions(prompts=own_prompts(3, without=2)))


@pytest.mark.long
def test_answers_are_those_of_the_model(store: Store, small_model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    few = of_first(replace(HEADROOM), 2)
    (state,) = do_assay(store, few, small_model, samples=3)
    tokenizer = AutoTokenizer.from_pretrained(small_model)
    model = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32).eval()
    material = few.material(AssayOptions(samples=3))
    tasks = list(prompts(0, 2, "unseen", criteria=1))
    for item, task, stored in zip(material.items, tasks, items_of(store, state), strict=True):
        head = tokenizer(item.payload["text"], return_tensors="pt", add_special_tokens=False).input_ids
        if tokenizer("a").input_ids[0] == tokenizer.bos_token_id:
            head = torch.tensor([[tokenizer.bos_token_id, *head[0].tolist()]])
        with torch.inference_mode():
            made = model.generate(head, max_new_tokens=64, do_sample=False, pad_token_id=0)[0]
            logs = model(made[None]).logits[0].double().log_softmax(-1)
        text = tokenizer.decode(made[head.shape[1] :], skip_special_tokens=True)
        assert stored.measures["greedy"] == float(all(verify(check, text) for check in task.checks))
        taken = [float(logs[at - 1, made[at]]) for at in range(head.shape[1], len(made))]
        assert stored.measures["greedy probability"] == pytest.approx(math.exp(sum(taken) / len(taken)), rel=1e-4)
        assert 0 <= stored.measures["met"] <= stored.measures["drawn"] == 3
        assert 0 < stored.measures["entropy"] < math.log(model.config.vocab_size)


@pytest.mark.long
def test_what_is_drawn_follows_the_chances_and_the_seed(small_model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from engine.scoring.assays.answers import answers

    model = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32).eval()
    ids = [5, 6, 7, 8]
    (drawn,) = answers(model, [ids], 2000, 1, frozenset(), [1])
    assert [drawn] == answers(model, [ids], 2000, 1, frozenset(), [1])
    assert [drawn] != answers(model, [ids], 2000, 1, frozenset(), [2])
    with torch.inference_mode():
        chances = model(torch.tensor([ids])).logits[0, -1].double().softmax(-1)
    entropy = -float((chances * chances.log()).sum())
    assert drawn[1].entropy == pytest.approx(entropy, rel=1e-4)
    likeliest = int(chances.argmax())
    assert drawn[0].ids == [likeliest]
    share = sum(answer.ids == [likeliest] for answer in drawn[1:]) / 2000
    p = float(chances[likeliest])
    assert share == pytest.approx(p, abs=4 * math.sqrt(p * (1 - p) / 2000))
    (ended,) = answers(model, [ids], 1, 5, frozenset({likeliest}), [1])
    assert ended[0].ids == []
    assert ended[0].logprob == pytest.approx(math.log(p), rel=1e-4)


@pytest.mark.long
def test_prompts_side_by_side_are_answered_as_alone(small_model: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    from engine.scoring.assays.answers import answers

    model = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32).eval()
    prompts, seeds, ends = [[5, 6, 7, 8], [9, 4, 3, 11], [5, 6, 7, 9]], [1, 2, 1], frozenset(range(20))
    together = answers(model, prompts, 5, 12, ends, seeds)
    assert len({len(answer.ids) for own in together for answer in own}) > 1, "some end before others"
    for own, prompt, seed in zip(together, prompts, seeds, strict=True):
        (alone,) = answers(model, [prompt], 5, 12, ends, [seed])
        assert [answer.ids for answer in own] == [answer.ids for answer in alone]
        for one, other in zip(own, alone, strict=True):
            assert (one.logprob, one.entropy) == pytest.approx((other.logprob, other.entropy), rel=1e-5)
