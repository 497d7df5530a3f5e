"""What tokens cost, as the person gives it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from screens.shell.dialogs import Ask
from screens.shell.place import Place
from screens.shell.plain import one_line

__all__ = ["price_dialog", "read_price"]


def read_price(text: str) -> tuple[float, float] | None:
    """`READ,WRITTEN` as two numbers; None where it is neither that nor one number for both."""
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(values) not in (1, 2) or not all(math.isfinite(value) and value >= 0 for value in values):
        return None
    return values[0], values[-1]


def price_dialog(
    place: Place, models: Sequence[str], prices: dict[str, tuple[float, float]], then: Callable[[], None]
) -> None:
    """Ask for each model what a million tokens cost, one after the other."""
    if not models:
        place.notify("No model has answered yet", timeout=2, markup=False)
        return
    model, *later_models = models

    def answered(text: str | None) -> None:
        price = read_price(text) if text is not None else None
        if text is not None and price is None:
            place.notify("Give READ,WRITTEN, for example 1.25,10", severity="warning", markup=False)
        elif price is not None:
            prices[model] = price
            then()
        if later_models and text is not None:
            price_dialog(place, later_models, prices, then)

    current = prices.get(model)
    title = f"A million tokens of {one_line(model.rpartition('#')[2] or model, 40)}: READ,WRITTEN"
    before = f"{current[0]:g},{current[1]:g}" if current else ""
    place.app.push_screen(Ask(title, before, "money, in any currency", "1.25,10"), answered)
