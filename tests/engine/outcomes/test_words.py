"""Outcomes of post-training here are told in words; what others measured keeps its name."""

from __future__ import annotations

import pytest

from engine.outcomes.words import outcome_in_short, outcome_in_words, precedence


@pytest.mark.parametrize(
    ("name", "words", "short"),
    [
        ("rl_met", "criteria met after RL, held-out families", "met after RL"),
        ("sft_sampled", "criteria met after SFT, sampled answers, held-out families", "met after SFT, sampled"),
        ("base_seen_met", "criteria met before post-training, families trained on", "met before, seen"),
        ("rl_met_Logic", "Logic criteria met after RL, held-out families", "Logic after RL"),
        ("rl_met, Control", "Control criteria met after RL, held-out families", "Control after RL"),
        ("rl_gain", "criteria gained by SFT and RL, held-out families", "gain by RL"),
        ("sft_seen_gain", "criteria gained by SFT, families trained on", "gain by SFT, seen"),
        ("rl_sampled_gain", "criteria gained by SFT and RL, sampled answers, held-out families", "gain by RL, sampled"),
        ("dpo_met", "criteria met after DPO, held-out families", "met after DPO"),
        ("dpo_gain", "criteria gained by SFT and DPO, held-out families", "gain by DPO"),
        ("IFEval", "IFEval", "IFEval"),
        ("rl_metric", "rl_metric", "rl_metric"),
        ("base_gain", "base_gain", "base_gain"),
        ("my rl_met", "my rl_met", "my rl_met"),
    ],
)
def test_names_in_words(name: str, words: str, short: str) -> None:
    assert (outcome_in_words(name, "ladder"), outcome_in_short(name)) == (words, short)


def test_of_ones_own_suite_prompts_are_held_out() -> None:
    assert outcome_in_words("rl_met") == "criteria met after RL, held-out prompts"
    assert outcome_in_words("rl_seen_met") == "criteria met after RL, prompts like those trained on"


def test_every_outcome_of_post_training_has_words_of_its_own() -> None:
    from engine.posttrain.outcomes import outcomes_of
    from engine.posttrain.recipe import STAGES
    from engine.store.posttrain import StageScore

    scores = [
        StageScore(stage=stage, part=part, how=how, subcategory=subcategory, family="f", met=1, judged=2)
        for stage in STAGES for part in ("held", "seen") for how in ("greedy", "sampled")
        for subcategory in ("Logic", "Format")
    ]  # fmt: skip
    names = [outcome.outcome for outcome in outcomes_of("a", [scores])]
    for told in (outcome_in_words, outcome_in_short):
        assert len({told(name) for name in names}) == len(names) > 20
        assert not {told(name) for name in names} & set(names)


def test_what_a_person_would_look_at_first_comes_first() -> None:
    names = ["base_met", "sft_met", "rl_seen_met", "gsm8k", "rl_met_Logic", "rl_met", "rl_gain", "IFEval"]
    assert sorted(names, key=precedence) == [
        "IFEval",
        "gsm8k",
        "rl_met",
        "rl_gain",
        "rl_met_Logic",
        "rl_seen_met",
        "sft_met",
        "base_met",
    ]
