"""The second world's models: crossed, taught by its documents, read in its frame, tested by its verifiers."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from engine.posttrain.ladder2.design import Planned, design, parameters
from engine.posttrain.ladder2.measures import BaseModel
from engine.posttrain.ladder2.regimen import SETS, Common, Regimen
from engine.posttrain.ladder2.replica import REPLICA_TABLES, Replica, replica_design
from engine.posttrain.ladder2.rows import finished, read_finished, write_common
from engine.posttrain.ladder2.work import finish
from engine.posttrain.ladder2.world_b import WORLD_B, common_b
from engine.posttrain.pretrain import Recipe
from rubrics.errors import BadInput
from rubrics.world_b import COMPARISON, FRAME, families_of

SMALL = Regimen(
    outcome_families=32, per_family=2, sampled_per_family=1, samples=1, beside_per_family=1, mirror_sets=16, texts=6,
    traces=0, answer_tokens=6, demonstrations=48, sft_steps=3, rounds=2, round_per_family=1, drawn=2,
)  # fmt: skip


@pytest.fixture(scope="module")
def shared() -> Common:
    return common_b(SMALL)


def test_size_noise_and_dialogue_are_crossed() -> None:
    models = replica_design()
    found = [(m.size, m.recipe.noise, m.recipe.dialogue) for m in models]
    assert sorted(found) == sorted(product("lms", (0.0, 0.35), (0.25, 0.65)))
    assert max(parameters(m.recipe) for m in models) < 750_000
    for size in "sml":
        few, many = sorted({m.recipe.tokens for m in models if m.size == size})
        for tokens in (few, many):
            own = [m for m in models if m.size == size and m.recipe.tokens == tokens]
            assert len({m.recipe.noise for m in own}) == len({m.recipe.dialogue for m in own}) == 2
    assert set(Counter(m.recipe.shape for m in models).values()) == {4}


def test_none_shares_name_or_seed_with_the_second_ladder() -> None:
    for of in ("name", "seed"):
        mine, theirs = ({getattr(m.recipe, of) for m in models} for models in (replica_design(), design()))
        assert len(mine) == 12
        assert not mine & theirs


def test_families_and_prompts_are_apart(shared: Common) -> None:
    lists = {**shared.prompts, "training": (*shared.demonstrations, *(t for tasks in shared.rounds for t in tasks))}
    families = {name: {task.family for task in tasks} for name, tasks in lists.items()}
    of = {share: {family.name for family in families_of(share)} for share in ("unseen", "held", "taught")}
    assert [families[name] for name in (*SETS, "training")] == [of["unseen"], of["held"], of["taught"], of["taught"]]
    assert {pair.cluster for pair in shared.suite.scored} == of["held"]
    prompts = [task.prompt for tasks in lists.values() for task in tasks]
    assert len(set(prompts)) == len(prompts)
    assert not {pair.prompt_text for pair in shared.suite.scored} & set(prompts)


def test_tasks_judge_by_their_own_verifiers(shared: Common) -> None:
    for task in shared.prompts["outcome"]:
        assert task.text == FRAME.format(prompt=task.prompt)
        assert task.met(task.response or "") == (True,)
        assert task.met("qqq") == (False,)


def test_there_are_as_many_families_as_there_are() -> None:
    with pytest.raises(BadInput, match=r"60 families for the outcome\s+→ there are 32"):
        common_b(replace(SMALL, outcome_families=60))


@pytest.mark.parametrize("dialogue", [None, 0.5])
def test_what_of_a_document_counts(dialogue: float | None) -> None:
    recipe = replace(design()[0].recipe, noise=0.0)
    block = WORLD_B.corpus.block(recipe, 5, dialogue)
    kinds = Counter[str]()
    end, first = FRAME.partition("{prompt}")[2], COMPARISON.partition("{prompt}")[2].partition("{first}")[0]
    for text, counts in block:
        counted = "".join(letter for n, letter in enumerate(text) if counts(n, n + 1))
        if not text.startswith("<<\n"):
            kinds["plain"] += 1
            assert counted == text
        elif first in text:
            kinds["comparison"] += 1
            assert text.endswith(f"better: {counted}")
        else:
            kinds["dialogue"] += 1
            assert text.endswith(end + counted)
            assert text.count(end) == 1
    assert set(kinds) == ({"plain"} if dialogue is None else {"plain", "comparison", "dialogue"})


def test_pairs_are_read_in_its_frame(small_model: Path, shared: Common) -> None:
    """Against the model itself, token by token."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(small_model)
    model = AutoModelForCausalLM.from_pretrained(small_model, dtype=torch.float32)
    base = BaseModel(small_model, WORLD_B)

    def nats(given: str, text: str) -> float:
        head, tail = (tokenizer(part, add_special_tokens=False)["input_ids"] for part in (given, text))
        ids = [*([] if tokenizer.bos_token_id is None else [tokenizer.bos_token_id]), *head, *tail]
        with torch.no_grad():
            logs = model(torch.tensor([ids])).logits[0].log_softmax(-1)
        return sum(float(logs[n - 1, ids[n]]) for n in range(len(ids) - len(tail), len(ids)))

    pairs = base.pairs(shared.suite)
    assert "log_odds_chosen_first" not in pairs
    for n in (0, 9, 31):
        pair = shared.suite.scored[n]
        given = f"<<\n{pair.prompt_text}\n>>\n"
        assert pairs["ll_chosen"][n] == pytest.approx(nats(given, pair.chosen), rel=1e-4)
        assert pairs["ll_rejected"][n] == pytest.approx(nats(given, pair.rejected), rel=1e-4)
    texts = base.texts(shared)
    given, reply = shared.dialogues[3].split("\n>>\n")
    at = np.flatnonzero((texts["kind"] == "response") & (texts["text"] == 3))[0]
    assert texts["bits"][at] == pytest.approx(-nats(f"{given}\n>>\n", reply) / np.log(2), rel=1e-4)
    assert texts["bytes"][at] == len(reply)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Planned:
    monkeypatch.setattr("engine.posttrain.ladder2.world_b._WORDS", 400)
    monkeypatch.setattr("engine.posttrain.ladder2.world_b._AT_ONCE", 100)
    first = replica_design()[0]
    small = Recipe(**{
        **vars(first.recipe), "layers": 1, "hidden": 32, "heads": 2, "feed_forward": 64, "vocabulary": 400,
        "tokens": 10 * 1024, "rote": 2000,
    })  # fmt: skip
    return replace(first, recipe=small)


@pytest.mark.long
def test_a_model_goes_through_all_stages(tiny: Planned, shared: Common, tmp_path: Path) -> None:
    rows = tmp_path / "rows"
    write_common(rows, shared)
    assert finish([Replica(tiny, SMALL, tmp_path / "out", rows, "c", ())], say=lambda line: None)
    assert finished(rows) == [tiny.name]
    (made,) = read_finished(rows, tables=REPLICA_TABLES)
    assert made.facts["met"] == shared.hash
    assert len(made.tables["pairs"]["ll_chosen"]) == 32
    greedy = made.tables["answers"]["how"] == "greedy"
    asked = Counter(made.tables["answers"]["set"][greedy].tolist())
    assert asked == {"outcome": 3 * 64, "suite": 3 * 16, "taught": 3 * 24}
