"""How verifiers erred on pairs whose truth is proven. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from screens.construct.headline import short_model
from screens.shell.colour import Colour
from screens.shell.plain import padded

if TYPE_CHECKING:
    from engine.construct.watching import Tried

__all__ = ["tried_text"]


def tried_text(tried: Sequence[Tried], colour: Colour) -> Text:
    """How each verifier errs, by subcategory."""
    text = Text(overflow="fold")
    for verifier in tried:
        text.append(short_model(verifier.verifier) + "\n", "bold")
        if not verifier.rates:
            text.append(
                "Not tried on pairs whose truth is known under this wording, so nobody knows how often it errs: "
                "F9 puts a verifier on trial.\n\n"
            )
            continue
        text.append(f"{'':<14}{'grants what is violated':>26}{'denies what is met':>26}\n", colour("chance"))
        for rates in verifier.rates:
            cells = [
                f"{100 * e.value:.1f} % ({100 * e.ci_low:.1f}–{100 * e.ci_high:.1f})" if n else "–"
                for e, n in ((rates.false_acceptance, rates.n_violated), (rates.false_rejection, rates.n_met))
            ]
            text.append(f"{padded(rates.scope, 14)}{cells[0]:>26}{cells[1]:>26}\n")
        text.append("\n")
    return text
