"""Figures for a paper: sizes in inches, text as text, the same bytes whenever the numbers are the same."""

from __future__ import annotations

import io
import math
import textwrap
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from engine.candidates.untrusted import shown
from engine.export.palette import LIGHT_COLOURS, SERIES_GLYPHS, glyph
from engine.stats.metrics import METRICS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from engine.correlation.by_part import MatrixView
    from engine.correlation.predictor_outcome import CorrelationView
    from engine.results.rankings import RankingTable
    from engine.results.tokens import TokenView
    from engine.stats.ranking import RankRow

__all__ = [
    "ENDINGS",
    "GRID",
    "INK",
    "MARKERS",
    "axes_of",
    "correlation",
    "label_below",
    "league",
    "matrix",
    "panels_of",
    "profile",
    "rankings",
    "rendered",
    "tokens",
]

ENDINGS: Final = ("svg", "png", "pdf")
INK: Final = "#1a1a1a"
GRID: Final = "#c8ced4"
MARKERS: Final = dict(zip(SERIES_GLYPHS, "os^Dv*", strict=True))
_LETTER: Final = 0.06
"""Inches that a letter of a label takes on average."""
_STYLE: Final[Any] = {
    "svg.fonttype": "none",  # text stays text: it can be searched, and takes the page's font
    "svg.hashsalt": "rude-tui",
    "pdf.fonttype": 42,
    "text.parse_math": False,  # a name may hold a dollar sign
    "font.family": "sans-serif",
    "font.size": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "axes.formatter.use_mathtext": False,
}
_DATELESS: Final[dict[str, dict[str, Any]]] = {
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


def rendered(figure: Figure, ending: str, *, dpi: int = 300) -> bytes:
    """The figure as `svg`, `png` or `pdf`; equal figures give equal bytes.

    Raises:
        ValueError: another ending.
    """
    if ending not in ENDINGS:
        raise ValueError(f"no figure ends in {ending!r}")
    out = io.BytesIO()
    import matplotlib

    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # A name in a script that the bundled font lacks is drawn as boxes; in an SVG the reader's own font has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font", category=UserWarning)
        figure.savefig(out, format=ending, metadata=_DATELESS[ending], dpi=dpi)
    return out.getvalue()


def axes_of(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty figure in the style of all others, inches wide and high."""
    figure, (axes,) = panels_of(width, height, 1)
    return figure, axes


def panels_of(width: float, height: float, rows: int) -> tuple[Figure, list[Axes]]:
    """The same with several axes one above the other, which share what is on x."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        # Not through pyplot, which keeps every figure and looks for a screen.
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.subplots(rows, 1, sharex=True, squeeze=False)
    return figure, list(axes[:, 0])


def rankings(
    table: RankingTable, *, scope: str | None = None, width: float = 3.4, only: Sequence[str] | None = None
) -> Figure:
    """Each candidate's value with its interval, in order of rank, and the chance line; `width` in inches.

    Args:
        scope: the one that decides by default.
        only: the candidates to draw, from the top down. All of them by default.

    Raises:
        KeyError: no such scope, or no such candidate.
    """
    scope = table.leading.name if scope is None else scope
    by_name = {row.candidate: row for row in table.scopes[scope].rows}
    rows = [by_name[name] for name in (by_name if only is None else only)]
    names = [f"{_ranks(row)}  {shown(row.candidate, 40)}" for row in rows]
    figure, axes = axes_of(width, 0.65 + 0.2 * len(rows))
    _intervals(axes, rows, names, table.chance)
    _foot(figure, table, shown(scope, 40))
    return figure


def _ranks(row: RankRow) -> str:
    return f"{row.rank_low}" if row.rank_low == row.rank_high else f"{row.rank_low}–{row.rank_high}"


def _intervals(
    axes: Axes, rows: Sequence[RankRow], names: Sequence[str], chance: float, marks: Sequence[tuple[str, str]] = ()
) -> None:
    """A bar from chance to the value, the interval as whiskers, from the top down."""
    for place, row in enumerate(rows):
        sign, colour = marks[place] if marks else ("●", "mark-1")
        tone = LIGHT_COLOURS[colour]
        if math.isnan(row.value):
            axes.text(100 * chance, place, " not scored", va="center", color=LIGHT_COLOURS["chance"])
            continue
        axes.barh(place, 100 * (row.value - chance), left=100 * chance, height=0.55, color=tone, alpha=0.3, linewidth=0)
        if not math.isnan(row.ci_low):
            axes.plot([100 * row.ci_low, 100 * row.ci_high], [place, place], color=tone, linewidth=1)
        axes.plot(100 * row.value, place, marker=MARKERS[sign], markersize=4, color=tone, linestyle="none")
    axes.axvline(100 * chance, color=LIGHT_COLOURS["chance"], linewidth=0.8, linestyle=(0, (3, 2)))
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)


def _foot(figure: Figure, table: RankingTable, *parts: str) -> None:
    """What is on the x axis, then on what it was measured: a line each, short enough for a column."""
    measured = ", ".join([shown(table.suite, 40), *parts])
    label_below(figure, f"accuracy (%) by {METRICS[table.metric].words}\n{measured}; 95 % intervals")


def label_below(figure: Figure, text: str) -> None:
    """What the figure shows, below it, in as many lines as its width takes."""
    # Under the whole figure: beside long names the axes may be narrower than their own label.
    letters = int(figure.get_figwidth() / _LETTER)
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, letters)]
    figure.supxlabel("\n".join(lines), fontsize=8, color=INK)


def profile(table: RankingTable, candidate: str, *, width: float = 3.4) -> Figure:
    """One candidate in every scope of a table, overall on top, each with its C's mark; `width` in inches.

    Raises:
        KeyError: no such candidate.
    """
    profiles = []
    for scope, ranking in table.scopes.items():
        row = {row.candidate: row for row in ranking.rows}[candidate]
        number = list(table.scopes).index(scope)
        profiles.append(
            (f"{scope} (n = {row.n_pairs})", row, ("●", "chance") if not number else glyph(scope, number - 1))
        )
    names, rows, marks = zip(*profiles, strict=True)
    figure, axes = axes_of(width, 0.75 + 0.2 * len(rows))
    _intervals(axes, rows, [shown(name, 60) for name in names], table.chance, marks)
    axes.set_title(shown(candidate, 60), fontsize=8, loc="left")
    _foot(figure, table)
    return figure


def correlation(view: CorrelationView, *, width: float = 3.4) -> Figure:
    """The scatter with its line, 95 % band, and the predicted place of candidates without an outcome (hollow)."""
    from engine.correlation.predictor_outcome import expected, line_of

    figure, axes = axes_of(width, 0.8 * width)
    seen = [point for point in view.points if not math.isnan(point.x)]
    line = line_of(view)
    tone = LIGHT_COLOURS["mark-1"]
    if line is not None:
        x = np.linspace(min(point.x for point in seen), max(point.x for point in seen), 60)
        bands = np.array([line.band(float(value)) for value in x])
        axes.fill_between(x, bands[:, 0], bands[:, 1], color=LIGHT_COLOURS["chance"], alpha=0.15, linewidth=0)
        axes.plot(x, [line.at(float(value)) for value in x], color=LIGHT_COLOURS["chance"], linewidth=1)
    ahead = {place.name: place for place in expected(view)}
    places = []
    for point in seen:
        place = ahead.get(point.name)
        if place is None and math.isnan(point.y):
            continue
        y = place.value if place else point.y
        if not math.isnan(point.x_low) and not math.isnan(point.x_high):
            axes.plot([point.x_low, point.x_high], [y, y], color=tone, linewidth=0.6, alpha=0.6)
        if not math.isnan(point.y_low):
            axes.plot([point.x] * 2, [point.y_low, point.y_high], color=tone, linewidth=0.6, alpha=0.6)
        if place:
            ends, dots = [place.low, place.high], (0, (1, 1.5))
            axes.plot([point.x] * 2, ends, color=LIGHT_COLOURS["mark-2"], linewidth=0.6, linestyle=dots)
        sign, colour = ("D", LIGHT_COLOURS["mark-2"]) if place else ("o", tone)
        face = "none" if place else tone
        axes.plot(point.x, y, marker=sign, markersize=4, markeredgecolor=colour, markerfacecolor=face, linestyle="none")
        places.append((point.x, y, shown(point.name, 28)))
    axes.set_xlabel(shown(view.predictor, 80))
    axes.set_ylabel(shown(view.outcome_label, 60))
    axes.margins(0.08)
    axes.grid(axis="both")
    axes.set_axisbelow(True)
    r, rho = view.statistics.pearson, view.statistics.spearman
    axes.set_title(f"r {_strength(r)} · ρ {_strength(rho)} · n = {view.statistics.n}", fontsize=8, loc="left")
    _names(figure, axes, places)
    return figure


def _strength(estimate: Any) -> str:
    if math.isnan(estimate.value):
        return "–"
    between = "" if math.isnan(estimate.ci_low) else f" [{estimate.ci_low:.2f}, {estimate.ci_high:.2f}]"
    return f"{estimate.value:.2f}{between}".replace("-", "−")


_AROUND: Final = tuple(
    (dx, dy, "left" if dx > 0 else "right" if dx < 0 else "center")
    for reach in (1.0, 2.2, 3.6)
    for dx, dy in ((5, 0), (-5, 0), (0, 7 * reach), (0, -7 * reach), (5, 6 * reach), (5, -6 * reach), (-5, 6 * reach),
                   (-5, -6 * reach))
)  # fmt: skip
"""Where a name may stand, in points from its own; tried in this order."""


def _names(figure: Figure, axes: Axes, places: Sequence[tuple[float, float, str]]) -> None:
    """Write each name where it covers no point and no other name; one that finds no room is left out.

    Crowded points choose first. Widths are those of the bundled font, on the safe side.
    """
    figure.draw_without_rendering()  # lays the figure out, so that its true sizes are known
    low, high = axes.get_xlim(), axes.get_ylim()
    axes.set_xlim(*low)
    axes.set_ylim(*high)
    inside = axes.get_window_extent()
    size = inside.width / figure.dpi * 72, inside.height / figure.dpi * 72
    dots = [
        ((x - low[0]) / (low[1] - low[0]) * size[0], (y - high[0]) / (high[1] - high[0]) * size[1])
        for x, y, _ in places
    ]
    taken: list[tuple[float, ...]] = []
    crowd = [sum(abs(a - c) < 60 and abs(b - d) < 12 for c, d in dots) for a, b in dots]
    for number in sorted(range(len(places)), key=lambda number: (-crowd[number], number)):
        x, y, name = *dots[number], places[number][2]
        wide, tall = 3.7 * len(name), 6.5
        # Beside another's point a name would be read as that point's.
        points = [(a - (3 if n == number else 8), b - 3, a + (3 if n == number else 8), b + 3)
                  for n, (a, b) in enumerate(dots)]  # fmt: skip
        for dx, dy, align in _AROUND:
            left = x + dx - (0 if align == "left" else wide if align == "right" else wide / 2)
            box = (left, y + dy - tall / 2, left + wide, y + dy + tall / 2)
            fits = box[0] >= 0 and box[1] >= 0 and box[2] <= size[0] and box[3] <= size[1]
            if fits and not any(_over(box, other) for other in (*points, *taken)):
                taken.append(box)
                far = abs(dy) > 10
                axes.annotate(
                    name, places[number][:2], (dx, dy), textcoords="offset points", ha=align, va="center", fontsize=6,
                    arrowprops={"arrowstyle": "-", "linewidth": 0.4, "color": LIGHT_COLOURS["chance"]} if far else None,
                )  # fmt: skip
                break


def _over(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def league(views: Sequence[CorrelationView], *, width: float = 3.4) -> Figure:
    """Spearman's ρ of every predictor with one outcome, strongest first, with 95 % intervals; `width` in inches."""
    ranked = [view for view in views if not math.isnan(view.statistics.spearman.value)]
    ranked.sort(key=lambda view: -abs(view.statistics.spearman.value))
    figure, axes = axes_of(width, 0.75 + 0.17 * max(1, len(ranked)))
    for place, view in enumerate(ranked):
        rho = view.statistics.spearman
        tone = LIGHT_COLOURS["mark-1" if view is views[0] else "mark-2"]
        if not math.isnan(rho.ci_low):
            axes.plot([rho.ci_low, rho.ci_high], [place, place], color=tone, linewidth=1)
        sign = "o" if view is views[0] else "s"
        axes.plot(rho.value, place, marker=sign, markersize=4, color=tone, linestyle="none")
    axes.axvline(0, color=LIGHT_COLOURS["chance"], linewidth=0.8, linestyle=(0, (3, 2)))
    axes.set_xlim(-1.03, 1.03)
    axes.set_yticks(range(len(ranked)), [shown(view.predictor, 44) for view in ranked])
    axes.set_ylim(len(ranked) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x")
    axes.set_axisbelow(True)
    outcome = shown(views[0].outcome_label, 58) if views else ""
    most = max((view.statistics.n for view in views), default=0)
    label_below(figure, f"Spearman's ρ with {outcome}\nn = {most}, 95 % intervals")
    return figure


def matrix(view: MatrixView, *, width: float = 7.0) -> Figure:
    """RuDE on every part against every outcome as a heat map: blue above zero, orange below, the stronger the deeper;
    an outcome's own part in a frame, ∗ where p is at most .05 after Holm; `width` in inches."""
    from engine.stats.flips import ALPHA

    found = view.matrix
    figure, axes = axes_of(width, 1.1 + 0.36 * len(found.rows))
    for y, cells in enumerate(found.cells):
        for x, cell in enumerate(cells):
            r = cell.statistic
            if math.isnan(r.value):
                axes.text(x, y, "–", ha="center", va="center", color=LIGHT_COLOURS["chance"])
                continue
            tone = LIGHT_COLOURS["mark-1" if r.value >= 0 else "bad"]
            axes.barh(y, 0.96, left=x - 0.48, height=0.94, color=tone, alpha=0.6 * abs(r.value), linewidth=0)
            if cell.own:
                axes.barh(y, 0.96, left=x - 0.48, height=0.94, facecolor="none", edgecolor=INK, linewidth=1.2)
            star = "∗" if cell.p_holm <= ALPHA else ""
            axes.text(x, y - 0.14, f"{r.value:.2f}{star}".replace("-", "−"), ha="center", va="center", fontsize=7.5)
            if not math.isnan(r.ci_low):
                ends = f"{r.ci_low:.2f} to {r.ci_high:.2f}".replace("-", "−")
                axes.text(x, y + 0.26, ends, ha="center", va="center", fontsize=5)
    heads = [shown(view.words_of(name, short=True), 24) for name in found.columns]
    axes.set_xticks(range(len(found.columns)), heads, rotation=30, ha="right")
    axes.set_yticks(range(len(found.rows)), [shown(name, 40) for name in found.rows])
    axes.set_xlim(-0.55, len(found.columns) - 0.45)
    axes.set_ylim(len(found.rows) - 0.45, -0.55)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    name = {"pearson": "Pearson's r", "spearman": "Spearman's ρ", "kendall": "Kendall's τ"}[found.statistic]
    label_below(figure, f"{name}, 95 % intervals; framed: the outcome's own {view.by}; ∗ p ≤ {ALPHA:g} by Holm")
    return figure


def tokens(view: TokenView, *, width: float = 3.4) -> Figure:
    """The chosen response's log-likelihood less the rejected one's, as both are read, and where it turns for good."""
    from engine.results.running_difference import running_difference

    difference = running_difference(view)
    figure, axes = axes_of(width, 0.6 * width)
    x = difference.chosen + difference.rejected
    won = difference.end > 0
    tone = LIGHT_COLOURS["good" if won else "bad"]
    axes.fill_between(x, difference.sums, 0, color=tone, alpha=0.15, linewidth=0)
    axes.plot(x, difference.sums, color=tone, linewidth=1)
    axes.axhline(0, color=LIGHT_COLOURS["chance"], linewidth=0.8, linestyle=(0, (3, 2)))
    if difference.turn:
        axes.axvline(x[difference.turn], color=INK, linewidth=0.6, linestyle=(0, (1, 1.5)))
        axes.annotate("turns here", (x[difference.turn], 1), (3, -2), xycoords=("data", "axes fraction"),
                      textcoords="offset points", va="top", fontsize=6.5)  # fmt: skip
    axes.set_xlabel("characters read of both responses")
    axes.set_ylabel("chosen less rejected (nats)")
    side = "▲ the sum ends for the chosen response" if won else "▼ the sum ends for the rejected response"
    verdict = side if difference.end else "the sum ends even"
    axes.set_title(f"{shown(view.candidate, 40)}, {shown(view.pair_id, 40)}\n{verdict}", fontsize=8, loc="left")
    return figure
