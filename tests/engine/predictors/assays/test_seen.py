"""Seen before: bits by a plain loop, the difference by hand, and a model that learned shipped pairs by heart."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from assaying import bits, do_assay, items_of, of_first

from engine.predictors.assays.assay import AssayOptions
from engine.predictors.assays.rewording import reworded
from engine.predictors.assays.seen import SEEN, difference, loss_by_rewording
from engine.store.assays import AssayItem
from engine.store.connection import Store
from rubrics.errors import BadInput
from rubrics.schema import Pair, Suite
from rubrics.world.generate import generate


@pytest.fixture(scope="module")
def shipped() -> Suite:
    """40 pairs of the procedural world."""
    return Suite("shipped", tuple(generate(5, 40)))


def test_other_words_mean_the_same_and_capitals_stay() -> None:
    assert reworded("Because it is one, do not buy the shop's.") == ("Since it's 1, don't purchase that shop's.", 6)
    assert reworded("Therapist") == ("Therapist", 0)


def test_the_difference_is_that_of_two_means_with_an_error_over_clusters() -> None:
    rng = np.random.default_rng(0)
    part, cluster = rng.integers(0, 2, 60), rng.integers(0, 12, 60)
    values = rng.normal(size=60) + 0.5 * part + rng.normal(size=12)[cluster]
    items = [AssayItem(at, "i", f"c{cluster[at]}", {"shipped": float(part[at])}) for at in range(60)]
    found = difference(items, values)
    told = values[part == 1].mean() - values[part == 0].mean()
    assert found.value == pytest.approx(told)
    # The same from leaving out a cluster at a time, by the two means themselves.
    left = []
    for name in range(12):
        kept = cluster != name
        left.append(values[kept & (part == 1)].mean() - values[kept & (part == 0)].mean())
    error = math.sqrt(11 / 12 * sum((one - told) ** 2 for one in left))
    assert (found.ci_high - found.ci_low) / 2 == pytest.approx(2.2 * error, rel=0.15)


@pytest.mark.parametrize("fresh", [0.0, 1.0])
def test_all_right_and_all_wrong_are_not_known_exactly(fresh: float) -> None:
    items = [
        AssayItem(at, "i", f"c{at}", {"shipped": float(at < 20), "right": 1.0 if at < 20 else fresh})
        for at in range(40)
    ]
    (measure,) = (one for one in SEEN.measures if one.name == "shipped easier")
    found = measure.of(items)
    # Wilson's interval for all of 20 is 1/(1 + z²/20) to 1; Newcombe's puts one end of each share together.
    reach = 1 - 1 / (1 + 1.959964**2 / 20)
    sides = (reach, reach) if fresh else (math.hypot(reach, reach), 0)
    assert found.value == 1 - fresh
    assert (found.value - found.ci_low, found.ci_high - found.value) == pytest.approx(sides, abs=1e-6)


def test_fresh_pairs_are_new_ones_of_the_same_kind(shipped: Suite) -> None:
    material = SEEN.material(AssayOptions(suite=shipped, number=30))
    texts = {part: {item.payload["prompt"] for item in material.items if item.payload["shipped"] == part}
             for part in (True, False)}  # fmt: skip
    assert not texts[True] & texts[False]
    assert min(map(len, texts.values())) > 10
    assert material.settings["fresh"].startswith("procedural world, seed ")
    other = Suite("other", tuple(generate(6, 40)))
    of_other = SEEN.material(AssayOptions(suite=shipped, other=other, number=30))
    assert of_other.settings["fresh"] == f"suite {other.hash[:12]}"


def test_what_has_no_fresh_pairs_is_refused(shipped: Suite) -> None:
    rows = [{**pair.model_dump(mode="json"), "source": "mine"} for pair in shipped.pairs]
    own = Suite("own", tuple(map(Pair.model_validate, rows)))
    with pytest.raises(BadInput, match="no fresh pairs can be made"):
        SEEN.material(AssayOptions(suite=own))
    with pytest.raises(BadInput, match="is the suite itself"):
        SEEN.material(AssayOptions(suite=shipped, other=shipped))
    with pytest.raises(BadInput, match="shipped pairs can be put in other words, and ten are the least"):
        SEEN.material(AssayOptions(suite=Suite("few", shipped.pairs[:4])))


@pytest.mark.long
def test_bits_are_those_of_a_plain_loop(store: Store, small_model: Path, shipped: Suite) -> None:
    few = of_first(SEEN, 2)
    (state,) = do_assay(store, few, small_model, suite=shipped)
    for item, told in zip(items_of(store, state), few.material(AssayOptions(suite=shipped)).items, strict=True):
        texts = told.payload
        prompt, other = bits(small_model, "", texts["prompt"]), bits(small_model, "", texts["other prompt"])
        chosen, rejected = (bits(small_model, texts["prompt"], texts[name]) for name in ("chosen", "rejected"))
        assert item.measures["bits"] == pytest.approx(prompt + chosen, abs=1e-3)
        again = bits(small_model, texts["other prompt"], texts["other chosen"])
        assert item.measures["other bits"] == pytest.approx(other + again, abs=1e-3)
        assert item.measures["bytes"] == len((texts["prompt"] + texts["chosen"]).encode())
        right = chosen / len(texts["chosen"].encode()) < rejected / len(texts["rejected"].encode())
        assert item.measures["right"] == float(right)


@pytest.mark.long
def test_what_was_learned_by_heart_is_found_and_nothing_else(
    store: Store, small_model: Path, shipped: Suite, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from engine.layout.wording import before_response

    folder = tmp_path / "learned"
    shutil.copytree(small_model, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3)
    texts = [tokenizer("\n" + before_response(p.prompt_text) + p.chosen, return_tensors="pt").input_ids
             for p in shipped.pairs]  # fmt: skip
    torch.manual_seed(0)
    for _ in range(6):
        for ids in texts:
            model(input_ids=ids, labels=ids).loss.backward()
            optimiser.step()
            optimiser.zero_grad()
    model.save_pretrained(folder)
    untouched, learned = do_assay(store, SEEN, small_model, folder, suite=shipped, number=40)
    values = [
        {measure.name: measure.of(items_of(store, state)) for measure in SEEN.measures}
        for state in (untouched, learned)
    ]
    assert values[0]["seen before"].ci_low < 0 < values[0]["seen before"].ci_high
    assert values[1]["seen before"].ci_low > 0
    assert values[1]["shipped cheaper"].ci_low > 0
    assert "as if it had seen shipped pairs before" in SEEN.read(items_of(store, learned))
    assert SEEN.read(items_of(store, untouched)).endswith("nothing says that it has seen them")
    assert loss_by_rewording(items_of(store, learned)).mean() > loss_by_rewording(items_of(store, untouched)).mean()
