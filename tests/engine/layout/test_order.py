"""Order of scoring: whole groups, seeded, longest first only inside a round."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.layout.order import rounds
from rubrics.schema import Criterion, Pair

CRITERION = Criterion(id="c", text="Is short.", subcategory="Length")


def pairs_in(groups: list[int]) -> list[Pair]:
    return [
        Pair(
            id=f"p{i}", domain="d", prompt=f"prompt {group}", chosen="a", rejected="b", criteria=[CRITERION],
            violated=["c"], group=f"g{group}",
        )
        for i, group in enumerate(groups)
    ]  # fmt: skip


groupings = st.lists(st.integers(0, 12), min_size=1, max_size=60)


@given(groupings, st.integers(0, 3), st.integers(1, 20))
def test_every_pair_comes_once_and_groups_stay_whole(groups: list[int], seed: int, size: int) -> None:
    pairs = pairs_in(groups)
    lengths = {pair.id: len(pair.id) + i % 7 for i, pair in enumerate(pairs)}
    found = list(rounds(pairs, lengths, seed=seed, size=size))
    assert sorted(i for ids in found for i in ids) == sorted(lengths)
    home = {}
    for number, ids in enumerate(found):
        for pair_id in ids:
            group = next(pair.group for pair in pairs if pair.id == pair_id)
            assert home.setdefault(group, number) == number
        longest = [max(lengths[p.id] for p in pairs if p.group == q.group) for i in ids for q in pairs if q.id == i]
        assert longest == sorted(longest, reverse=True)


@given(groupings, st.integers(1, 70))
def test_limit_takes_the_beginning_of_the_same_order(groups: list[int], limit: int) -> None:
    pairs = pairs_in(groups)
    lengths = {pair.id: 1 for pair in pairs}
    whole = [i for ids in rounds(pairs, lengths, seed=1, size=1) for i in ids]
    cut = [i for ids in rounds(pairs, lengths, seed=1, size=1, limit=limit) for i in ids]
    assert cut == whole[:limit]


def test_seed_changes_the_order_and_unscorable_pairs_are_left_out() -> None:
    pairs = pairs_in(list(range(40)))
    lengths = {pair.id: 1 for pair in pairs if pair.id != "p3"}
    one, other = (next(rounds(pairs, lengths, seed=seed)) for seed in (0, 1))
    assert sorted(one) == sorted(other)
    assert one != other
    assert "p3" not in one
