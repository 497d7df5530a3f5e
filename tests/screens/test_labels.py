"""Names on a scatter never cover each other or a point."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from screens.widgets.labels import place_labels

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
