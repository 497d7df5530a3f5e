"""The report as one page of HTML: no request leaves it, and no text of the data can act in it."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from engine.export import figures, spectral_figure
from engine.export.palette import DARK_COLOURS, LEVELS, LIGHT_COLOURS, glyph
from engine.export.report.content import Report
from engine.export.report.failed_pairs import visible
from engine.export.report.inline_svg import inline_svg
from engine.export.report.topics_and_spectra import SpectraOutlook
from engine.predictors.spectral import SPECTRAL
from engine.predictors.spectral_layers import LAYER_NUMBERS
from engine.results.controls import SHOWN
from engine.results.topic_abilities import HELP as TOPIC_HELP
from engine.results.topic_abilities import place_words
from engine.stats.correlation import Statistic
from engine.stats.metrics import METRICS
from engine.stats.ranking import RankRow
from rubrics.counted import count

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["page"]

_PAIRS_BYTES: Final = 2_500_000
"""What the failed pairs may take; those that do not fit are counted as left out."""
_INK: Final = {
    "light": {"ink": "#1b1f24", "soft": "#55606b", "paper": "#ffffff", "panel": "#f4f6f8", "rule": "#d3d9df"},
    "dark": {"ink": "#e6e9ec", "soft": "#a6b0ba", "paper": "#14181c", "panel": "#1e242a", "rule": "#39424b"},
}


@dataclass(frozen=True)
class Bars:
    """A scale that all bars of one table share: shares of 1 to per cent of its width."""

    low: float
    high: float
    chance: float

    @classmethod
    def of(cls, rows: Sequence[RankRow], chance: float) -> Bars:
        """The scale that holds every interval, and chance."""
        ends = [end for row in rows for end in (row.value, row.ci_low, row.ci_high) if not math.isnan(end)]
        low, high = min([chance, *ends]), max([chance, *ends])
        room = max(0.02, 0.05 * (high - low))
        return cls(max(0.0, low - room) if low >= 0 else low, min(1.0, high + room), chance)

    def at(self, value: float) -> str:
        """A place on the scale."""
        return f"{100 * (value - self.low) / (self.high - self.low):.2f}%"

    def wide(self, a: float, b: float) -> str:
        """The distance of two places."""
        return f"{100 * abs(a - b) / (self.high - self.low):.2f}%"


def page(report: Report) -> str:
    """The whole page, UTF-8 text of a few megabytes at most."""
    environment = _environment()
    style, script = _source("style.css"), _source("script.js")
    style = _colours() + style
    articles, size = [], 0
    names = list(report.board.matrix.candidates)
    article = environment.get_template("pair.html").render
    for pair in report.chosen.pairs:
        text = article(pair=pair, names=names)
        size += len(text.encode("utf-8"))
        if size > _PAIRS_BYTES:
            break
        articles.append(text)
    html: str = environment.get_template("page.html").render(
        report=report,
        articles=articles,
        names=names,
        style=style,
        script=script,
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'",
        overall_bars=Bars.of(report.categories.overall.rows, report.categories.chance),
        category_bars=_bars(report.categories),
        subcategory_bars=_bars(report.subcategories),
        scatters=[_scatter(number, outlook.views[0]) for number, outlook in enumerate(report.outlooks)],
        spectra_figure=_spectra_figure(report.spectra) if report.spectra else "",
        layer_numbers=LAYER_NUMBERS,
        spectral=SPECTRAL,
        helps=TOPIC_HELP,
        metrics=METRICS,
        levels=LEVELS,
        controls=list(SHOWN.values()),
        versions=_versions(report),
    )
    # Lone surrogates cannot be written; everything else that could hide or act is made visible text already.
    return html.encode("utf-8", "replace").decode("utf-8")


def _versions(report: Report) -> list[str]:
    """Each library's version; more than one where runs were made with different ones."""
    versions: dict[str, set[str]] = {}
    for run in report.runs:
        for name, version in run.versions.items():
            versions.setdefault(name, set()).add(str(version))
    return [f"{name} {', '.join(sorted(numbers))}" for name, numbers in sorted(versions.items())]


def _bars(table: Any) -> Bars:
    return Bars.of([row for scope in table.scopes.values() for row in scope.rows], table.chance)


def _scatter(number: int, view: Any) -> Any:
    from markupsafe import Markup

    drawn = figures.rendered(figures.correlation(view, width=4.2), "svg")
    label = f"{visible(view.outcome_words)} against {visible(view.predictor)}, {view.statistics.n} candidates"
    return Markup(inline_svg(drawn, f"scatter-{number}", label))  # noqa: S704 - built by matplotlib, parsed, and escaped


def _spectra_figure(spectra: SpectraOutlook) -> Any:
    from markupsafe import Markup

    drawn = figures.rendered(spectral_figure.spectra(spectra.profiles, width=4.2), "svg")
    label = f"α and trace-log by layer, {count(len(spectra.profiles), 'candidate')}"
    return Markup(inline_svg(drawn, "spectra", label))  # noqa: S704 - built by matplotlib, parsed, and escaped


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("engine.export.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., object]] = {
        "percent": lambda value: "–" if math.isnan(value) else f"{100 * value:.1f}",
        "strength": _strength,
        "places": place_words,
        "hundredths": lambda value: "–" if math.isnan(value) else f"{value:+.2f}".replace("-", "−"),
        "plainly": lambda value: "–" if math.isnan(value) else f"{value:.2f}".replace("-", "−"),
        "signed": lambda value: "–" if math.isnan(value) else f"{value:+.4g}".replace("-", "−"),
        "visible": lambda value: visible(str(value)),
        "known": lambda value: not math.isnan(value),
        "heat": _heat,
    }
    environment.filters |= filters
    environment.globals["glyph"] = glyph
    environment.tests["known"] = lambda value: not math.isnan(value)
    return environment


def _strength(statistic: Statistic) -> str:
    if math.isnan(statistic.value):
        return "–"
    ends = "" if math.isnan(statistic.ci_low) else f" ({statistic.ci_low:.2f} to {statistic.ci_high:.2f})"
    return f"{statistic.value:.2f}{ends}".replace("-", "−")


def _heat(value: float) -> str:
    """The class of a cell by its correlation: five steps to either side of zero."""
    return "" if math.isnan(value) else f"{'above' if value >= 0 else 'below'}{min(4, int(5 * abs(value)))}"


def _source(name: str) -> str:
    return files("engine.export.report").joinpath("templates", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """A source as a content security policy names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _colours() -> str:
    light, dark = (
        "".join(f"--{name}:{value};" for name, value in {**marks, **_INK[ground]}.items())
        for ground, marks in (("light", LIGHT_COLOURS), ("dark", DARK_COLOURS))
    )
    classes = "".join(
        f".{name}{{--tone:var(--{name})}}.fill-{name}{{fill:var(--{name})}}.stroke-{name}{{stroke:var(--{name})}}\n"
        for name in LIGHT_COLOURS
    )
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{classes}"
