"""Figures: the numbers are where they should be, the bytes never change, and no name is read as markup."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from engine.correlation.predictor_outcome import CorrelationView, correlation_view, correlation_views
from engine.export import figures
from engine.export.palette import LIGHT_COLOURS
from engine.export.report.inline_svg import inline_svg
from engine.export.spectral_figure import spectra
from engine.predictors.spectral_layers import SpectralProfile, by_layer
from engine.results.board import Board, Question, load_board
from engine.results.failures import failed_pairs
from engine.results.rankings import RankingTable, rankings_of
from engine.results.tokens import token_view
from engine.stats.least_squares import fit_line
from engine.stats.metrics import METRICS
from engine.store.connection import Store
from engine.store.spectra import Spectrum


@pytest.fixture(scope="module")
def store(study: Callable[..., Store]) -> Store:
    return study()


@pytest.fixture(scope="module")
def board(store: Store) -> Board:
    return load_board(store, Question())


@pytest.fixture(scope="module")
def table(board: Board) -> RankingTable:
    return rankings_of(board, Question(), resamples=300)


@pytest.fixture(scope="module")
def scatter() -> CorrelationView:
    return correlation_view(Store(), Question(), "RuDE (published)", "AdvancedIF", source="published")


def markers(figure: Any) -> list[tuple[float, float]]:
    """Where single points are drawn."""
    lines = figure.axes[0].lines
    return [(float(x[0]), float(y[0])) for x, y in (line.get_data() for line in lines) if len(x) == 1]


@pytest.mark.long
def test_rankings_are_drawn_where_they_stand(table: RankingTable) -> None:
    figure = figures.rankings(table, width=3.4)
    assert figure.get_size_inches()[0] == 3.4
    assert markers(figure) == [(pytest.approx(100 * r.value), i) for i, r in enumerate(table.overall.rows)]
    spans = [tuple(line.get_xdata()) for line in figure.axes[0].lines if len(line.get_xdata()) == 2]
    for row in table.overall.rows:
        assert (pytest.approx(100 * row.ci_low), pytest.approx(100 * row.ci_high)) in spans
    assert (50.0, 50.0) in spans
    assert {bar.get_x() for bar in figure.axes[0].patches} == {50.0}


@pytest.mark.long
def test_a_profile_has_each_scope_once(table: RankingTable) -> None:
    name = table.overall.rows[0].candidate
    figure = figures.profile(table, name)
    values = [next(r.value for r in ranking.rows if r.candidate == name) for ranking in table.scopes.values()]
    assert markers(figure) == [(pytest.approx(100 * value), i) for i, value in enumerate(values)]


@pytest.mark.long
@pytest.mark.parametrize("metric", METRICS)
def test_the_axis_is_named_in_words_that_fit_below_a_column(board: Board, metric: str) -> None:
    question = Question(protocol=METRICS[metric].protocol, metric=metric)
    figure = figures.rankings(rankings_of(replace(board, metric=metric), question, resamples=50), width=3.4)
    label = figure._supxlabel
    assert "_" not in label.get_text()
    assert METRICS[metric].words in label.get_text()
    figure.set_dpi(72)
    FigureCanvasAgg(figure).draw()
    assert label.get_window_extent().width <= figure.bbox.width


def test_a_scatter_has_its_points_line_and_band(scatter: CorrelationView) -> None:
    figure = figures.correlation(scatter)
    assert sorted(markers(figure)) == sorted((p.x, p.y) for p in scatter.points)
    slope, intercept = np.polyfit([p.x for p in scatter.points], [p.y for p in scatter.points], 1)
    (line,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    assert line.get_ydata() == pytest.approx(intercept + slope * line.get_xdata())


def test_a_candidate_without_an_outcome_stands_at_its_predicted_place(scatter: CorrelationView) -> None:
    first, *rest = scatter.points
    unknown = replace(scatter, points=(replace(first, y=float("nan")), *rest))
    line = fit_line([p.x for p in rest], [p.y for p in rest])
    assert line is not None
    figure = figures.correlation(unknown)
    assert (first.x, pytest.approx(line.at(first.x))) in markers(figure)
    hollow = [one for one in figure.axes[0].lines if one.get_markerfacecolor() == "none"]
    assert len(hollow) == 1
    # Of a share, no more is expected than there can be.
    least = min(point.y for point in rest)
    figure = figures.correlation(replace(unknown, outcome_scale=least))
    assert (first.x, least) in markers(figure)


@pytest.mark.long
@pytest.mark.parametrize("width", [3.4, 7.0])
def test_no_name_covers_a_point_or_another_name(scatter: CorrelationView, width: float) -> None:
    figure = figures.correlation(scatter, width=width)
    figure.set_dpi(72)
    FigureCanvasAgg(figure).draw()
    axes = figure.axes[0]
    boxes = [Text.get_window_extent(text) for text in axes.texts]  # without the lines that lead to the points
    assert len(boxes) >= 12
    for number, box in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert not box.padded(-1).overlaps(other.padded(-1))
        for x, y in markers(figure):
            assert not box.padded(-1).contains(*axes.transData.transform((x, y)))


def test_spectra_can_be_told_apart_without_colours_and_their_label_fits() -> None:
    measured = tuple(Spectrum(f"layers.{n}.a", 64, 64, 2.5 + n, 10.0, 1.0, 20, 0.1, 0.2) for n in range(3))
    profiles = [SpectralProfile(f"model-{number}", "w", measured, by_layer(measured)) for number in range(8)]
    figure = spectra(profiles, width=4.2)
    lines = figure.axes[0].get_lines()[1:]
    assert len({(line.get_marker(), line.get_linestyle()) for line in lines}) == len(profiles)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    ((below,),) = ([text for text in figure.texts if "trace-log 0" in text.get_text()],)
    box = below.get_window_extent(canvas.get_renderer())
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width


def test_the_league_is_in_order(store: Store) -> None:
    views = correlation_views(store, Question(), ["RuDE (published)", "MMLU"], ["PRBench"], source="published")
    found = [x for x, _ in markers(figures.league(views))]
    assert found == sorted((view.statistics.spearman.value for view in views), key=abs, reverse=True)


def test_the_course_of_a_pair_ends_at_its_difference(store: Store, board: Board) -> None:
    pair = failed_pairs(board, "model-0")[0]
    view = token_view(store, board, "model-0", pair.pair_id)
    figure = figures.tokens(view)
    (line,) = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 2]
    expected = float(view.chosen.scores.logprob.sum() - view.rejected.scores.logprob.sum())
    assert line.get_ydata()[-1] == pytest.approx(expected, abs=1e-3)
    assert line.get_xdata()[-1] == len(view.chosen.text) + len(view.rejected.text)


@pytest.mark.long
@pytest.mark.parametrize(("ending", "head"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_equal_figures_are_equal_bytes(table: RankingTable, ending: str, head: bytes) -> None:
    first, second = (figures.rendered(figures.rankings(table), ending, dpi=80) for _ in range(2))
    assert first == second
    assert first.startswith(head)
    assert not [word for word in (b"dc:date", b"CreationDate", b"tIME") if word in first]


def test_text_stays_text_and_no_name_is_markup(table: RankingTable) -> None:
    root = ET.fromstring(figures.rendered(figures.rankings(table), "svg"))
    said = ["".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text")]
    assert any("<b>$x_1$</b>" in text for text in said)


def test_an_unknown_ending() -> None:
    with pytest.raises(ValueError, match="gif"):
        figures.rendered(None, "gif")  # type: ignore[arg-type]


@pytest.mark.long
def test_in_a_page_a_figure_takes_its_colours_and_keeps_its_ids_apart(scatter: CorrelationView) -> None:
    drawn = figures.rendered(figures.correlation(scatter), "svg")
    one, two = (ET.fromstring(inline_svg(drawn, key, 'a "label" <b>')) for key in ("a", "b"))
    ids = [{e.get("id") for e in root.iter() if e.get("id")} for root in (one, two)]
    assert not ids[0] & ids[1]
    for element in one.iter():
        assert not {"style", "onload"} & set(element.attrib)
        assert not {element.get("fill", "").lower(), element.get("stroke", "").lower()} & {
            colour.lower() for colour in LIGHT_COLOURS.values()
        }
        for value in element.attrib.values():
            if value.startswith("url(#"):
                assert value[5:-1] in ids[0]
        if link := element.get("href"):
            assert link.removeprefix("#") in ids[0]
    assert one.get("aria-label") == 'a "label" <b>'
    assert any("fill-mark-1" in element.get("class", "") for element in one.iter())
