"""The tree holds every sequence, each prefix once, and knows who is whose ancestor."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.scoring.tree import plant

# Few symbols, so that sequences share, branch, repeat and end inside one another.
sequences = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=9), min_size=1, max_size=12)


def planted(lists, least_split=1):
    return plant([np.asarray(ids, np.int32) for ids in lists], least_split)


@pytest.mark.long
@given(sequences, st.integers(1, 5))
def test_every_sequence_can_be_read_back(lists, least_split):
    tree = planted(lists, least_split)
    for number, ids in enumerate(lists):
        places = tree.places(number, np.arange(len(ids)))
        assert tree.tokens[places].tolist() == ids
        assert tree.depth[places].tolist() == list(range(len(ids)))


@given(sequences, st.integers(1, 5))
def test_what_is_visible_from_a_token_is_its_own_past(lists, least_split):
    tree = planted(lists, least_split)
    stream = np.arange(len(tree.tokens))
    for number, ids in enumerate(lists):
        last = tree.places(number, np.asarray([len(ids) - 1]))[0]
        seen = (stream <= last) & (last < tree.end)
        assert tree.tokens[seen].tolist() == ids


@given(sequences)
def test_each_distinct_prefix_is_there_once(lists):
    prefixes = {tuple(ids[: n + 1]) for ids in lists for n in range(len(ids))}
    assert len(planted(lists).tokens) == len(prefixes)


@given(sequences, st.integers(2, 5))
def test_no_branch_saves_less_than_asked(lists, least_split):
    tree = planted(lists, least_split)
    assert len(planted(lists).tokens) <= len(tree.tokens) <= sum(map(len, lists))


def test_ids_beyond_sixteen_bits_keep_their_order():
    tree = planted([[70000, 1], [2, 70000], [70000, 2]])
    assert len(tree.tokens) == 5


def test_a_small_tree_by_hand():
    tree = planted([[1, 2, 3], [1, 2, 4, 5], [1, 6]])
    assert tree.tokens.tolist() == [1, 2, 3, 4, 5, 6]
    assert tree.depth.tolist() == [0, 1, 2, 2, 3, 1]
    assert tree.end.tolist() == [6, 5, 3, 5, 5, 6]


@pytest.mark.parametrize("least_split", [1, 2])
def test_a_branch_that_saves_too_little_is_not_split_off(least_split):
    tree = planted([[1, 2, 3], [1, 4, 5]], least_split)
    assert len(tree.tokens) == (5 if least_split == 1 else 6)
