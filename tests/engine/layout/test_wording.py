"""Prompts shown as controls: none, or that of a pair of another cluster."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.layout.wording import LayoutOptions, prompt_blocks, template_hash
from rubrics.errors import BadInput
from rubrics.reading import find_suite
from rubrics.schema import Criterion, Pair


def pairs_in(clusters: list[int]) -> list[Pair]:
    criteria = [Criterion(id="c", text="Is short.", subcategory="Length")]
    return [
        Pair(
            id=f"p{i}", domain="d", prompt=f"prompt {cluster} {i}", chosen="a", rejected="b", criteria=criteria,
            violated=["c"], cluster=f"t{cluster}",
        )
        for i, cluster in enumerate(clusters)
    ]  # fmt: skip


@given(st.lists(st.integers(0, 5), min_size=2, max_size=40).filter(lambda found: len(set(found)) > 1))
def test_another_prompt_is_always_of_another_cluster(clusters: list[int]) -> None:
    pairs = pairs_in(clusters)
    own = prompt_blocks(LayoutOptions("likelihood"), pairs)
    other = prompt_blocks(LayoutOptions("likelihood", prompt="other"), pairs)
    home = {own[pair.id]: pair.cluster for pair in pairs}
    assert set(other) == set(own)
    assert all(home[other[pair.id]] != pair.cluster for pair in pairs)
    assert other == prompt_blocks(LayoutOptions("likelihood", prompt="other"), pairs[::-1])


def test_a_lone_cluster_has_no_other_prompt() -> None:
    with pytest.raises(BadInput, match="one cluster"):
        prompt_blocks(LayoutOptions("likelihood", prompt="other"), pairs_in([1, 1]))


def test_without_a_prompt_nothing_is_shown_and_the_template_is_another() -> None:
    pairs = pairs_in([1, 2])
    assert set(prompt_blocks(LayoutOptions("likelihood", prompt="none"), pairs).values()) == {""}
    world = find_suite("world")
    hashes = {template_hash(LayoutOptions("likelihood", prompt=shown), world) for shown in ("own", "none", "other")}
    assert len(hashes) == 3
