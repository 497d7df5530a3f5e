"""Names on a scatter never cover each other or a point."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from screens.widgets.labels import place_labels
from screens.widgets.scale import round_ticks

WIDTH, HEIGHT = 40, 12
points = st.lists(st.tuples(st.integers(0, WIDTH - 1), st.integers(0, HEIGHT - 1)), max_size=20)


@given(points, st.data())
def test_no_collision(found: list[tuple[int, int]], data: st.DataObject) -> None:
    names = data.draw(st.lists(st.text("abc", min_size=1, max_size=25), min_size=len(found), max_size=len(found)))
    cells = set(found)
    for label in place_labels(found, names, WIDTH, HEIGHT):
        for column in range(label.column, label.column + len(label.shown)):
            assert (column, label.row) not in cells
            assert 0 <= column < WIDTH
            assert 0 <= label.row < HEIGHT
            cells.add((column, label.row))


def test_a_lone_point_has_its_name_to_the_right() -> None:
    (label,) = place_labels([(3, 4)], ["oak"], WIDTH, HEIGHT)
    assert (label.column, label.row, label.shown) == (5, 4, "oak")


def test_wide_names_take_the_cells_that_they_show() -> None:
    wide = place_labels([(3, 4), (12, 4)], ["桜の木モデル", "松"], WIDTH, HEIGHT)
    taken: set[tuple[int, int]] = {(3, 4), (12, 4)}
    for label in wide:
        cells = {(label.column + i, label.row) for i in range(cell_len(label.shown))}
        assert label.shown
        assert not cells & taken
        taken |= cells


ends = st.floats(-1e6, 1e6)


@given(ends, st.floats(1e-6, 1e6), st.integers(1, 12))
def test_ticks_are_round_inside_and_as_many_as_asked_at_most(low: float, span: float, most: int) -> None:
    high = low + span
    ticks = round_ticks(low, high, most)
    assert len(ticks) <= most
    for value, text in ticks:
        assert low - span * 1e-6 <= value <= high + span * 1e-6
        assert float(text.replace("−", "-").replace(",", "")) == pytest.approx(value, abs=1e-9 * max(1, abs(value)))


@pytest.mark.parametrize(
    ("low", "high", "most", "shown"),
    [
        (0.4869, 0.6437, 5, ["0.50", "0.55", "0.60"]),
        (5.13, 5.94, 6, ["5.2", "5.4", "5.6", "5.8"]),
        (-3.0, 12.0, 4, ["0", "5", "10"]),
        (-0.03, 0.12, 4, ["0.00", "0.05", "0.10"]),
        (1_900.0, 4_200.0, 3, ["2,000", "3,000", "4,000"]),
        (1.0, 1.0, 3, []),
    ],
)
def test_ticks_by_hand(low: float, high: float, most: int, shown: list[str]) -> None:
    assert [text for _, text in round_ticks(low, high, most)] == shown
