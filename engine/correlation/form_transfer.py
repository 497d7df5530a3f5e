"""A form applied where it was not made: to other models, another corpus; and how far off it is there.

Fitting once on small runs and applying the fit unchanged is how rBridge saves compute (arXiv 2509.21013, section 4).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.correlation.fit_file import FittedForm
from engine.correlation.proxies import ProxyView
from engine.correlation.scaling import ProxyRow
from engine.stats.forms import DecisionAccuracy, decision_accuracy, fit_form, height
from rubrics.counted import count
from rubrics.errors import BadInput

__all__ = ["HELP", "AppliedForm", "Foretold", "apply_form", "form_to_keep"]

HELP: Final = {
    "beyond": "the proxy lies outside those that the fit was made on: extrapolated",
    "own": "mean absolute error of the same form fitted here, each point foretold by the others: what a new fit gives",
}
"""One line on each number."""


@dataclass(frozen=True)
class Foretold:
    """What a form makes of one proxy."""

    name: str
    proxy: float
    expected: float
    beyond: bool
    """Whether the proxy lies outside those that the fit was made on."""
    target: float
    """What it came to; NaN where that is not known."""


@dataclass(frozen=True)
class AppliedForm:
    """A form on points that it was not fitted on; what cannot be told is NaN."""

    fit: FittedForm
    rows: tuple[Foretold, ...]
    known: int
    """Points with a target that are not among those of the fit."""
    mae: float
    rmse: float
    bias: float
    """Mean of expected less target."""
    own: float
    """See `HELP`."""
    decision: DecisionAccuracy | None
    notes: tuple[str, ...]

    def words(self) -> Iterator[str]:
        """How far off it is, a line each."""
        if not self.known:
            yield "no target is known here: how far off it is cannot be told"
            return
        own = "" if math.isnan(self.own) else f"; the same form fitted here and left one out: {self.own:.3g}"
        yield (
            f"{count(self.known, 'point')} with a target: off by {self.mae:.3g} on average (root mean square "
            f"{self.rmse:.3g}, {'above' if self.bias > 0 else 'below'} by {abs(self.bias):.3g}){own}"
        )
        if self.decision is not None:
            right = self.decision
            spread = f" ({100 * right.ci_low:.0f} to {100 * right.ci_high:.0f})" if math.isfinite(right.ci_low) else ""
            yield f"pairs in the right order: {100 * right.accuracy:.0f} %{spread} of {right.pairs}, chance 50"


def form_to_keep(view: ProxyView, name: str | None = None) -> FittedForm:
    """A form that was fitted on these points; without a name the one with the least error on points left out.

    Raises:
        BadInput: no such form, or it could not be fitted.
    """
    fitted = [form for form in view.forms if form.constants and name in (None, form.name)]
    if not fitted:
        notes = next((form.note for form in view.forms if form.name == name), "")
        raise BadInput(
            f"no form {name!r} was fitted" + (f": {notes}" if notes else "") if name else "no form could be fitted",
            fix="forms: " + ", ".join(form.name for form in view.forms if form.constants),
        )
    best = fitted[0]
    proxies = [row.proxy for row in view.rows]
    return FittedForm(
        best.name, best.constants, view.proxy, view.target, min(proxies), max(proxies),
        tuple(row.name for row in view.rows), best.cv_mae, view.lower_is_better,
        view.target_lower_is_better,
    )  # fmt: skip


def apply_form(fit: FittedForm, points: Sequence[ProxyRow]) -> AppliedForm:
    """What a form expects of new proxies, and how far off it is where the target is known (NaN where not)."""
    rows = [
        Foretold(
            row.name, row.proxy, height(fit.name, fit.constants, row.proxy), not fit.low <= row.proxy <= fit.high,
            row.target,
        )
        for row in points
    ]  # fmt: skip
    new = [row for row in rows if math.isfinite(row.target) and row.name not in fit.points]
    off = np.array([row.expected - row.target for row in new])
    x, y = np.array([row.proxy for row in new]), np.array([row.target for row in new])
    decision = None
    if len(new) > 1:
        side = -1.0 if fit.target_lower_is_better else 1.0
        decision = decision_accuracy(side * np.array([row.expected for row in new]), side * y)
    notes = []
    if seen := [row.name for row in rows if row.name in fit.points]:
        notes.append(f"the fit was made on {len(seen)} of these ({', '.join(seen[:5])}): they are no test of it")
    if beyond := sum(row.beyond for row in rows):
        notes.append(f"{beyond} of {len(rows)} proxies lie outside {fit.low:.4g} to {fit.high:.4g}: extrapolated")
    own = fit_form(fit.name, x, y).cv_mae if len(new) > 2 else math.nan
    return AppliedForm(
        fit, tuple(rows), len(new), float(np.abs(off).mean()) if len(off) else math.nan,
        float(np.sqrt((off**2).mean())) if len(off) else math.nan, float(off.mean()) if len(off) else math.nan, own,
        decision, tuple(notes),
    )  # fmt: skip
