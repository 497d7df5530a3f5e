"""How far readings and labels agree, and one reading against a label, as text. Plain Python."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.text import Text

from engine.export.palette import glyph
from rubrics.counted import count
from screens.shell.colour import Colour
from screens.shell.formats import percent
from screens.shell.plain import one_line, plain

if TYPE_CHECKING:
    from engine.construct.blind import BlindFinding, BlindResult

__all__ = ["agreement_lines", "finding_line", "finding_text"]


def agreement_lines(result: BlindResult) -> str:
    """Share, Cohen's κ, and how many readings there are, in two lines."""
    agreement = result.agreement
    kappa = "–" if math.isnan(agreement.kappa) else f"{agreement.kappa:.2f}".replace("-", "−")
    disagreements = agreement.disagreements
    hidden = len(disagreements) - len(result.findings)
    return (
        f"{percent(agreement.share)} % agree ({percent(agreement.ci_low)}–{percent(agreement.ci_high)}) · "
        f"Cohen's κ {kappa}\n"
        f"{count(agreement.readings, 'reading')} of {count(agreement.examples, 'response')} by "
        f"{count(agreement.readers, 'reader')} · {count(len(disagreements), 'disagreement')}, "
        f"{sum(reading.corrects for reading in disagreements):,} corrected"
        + (f" · {hidden:,} about responses you have not read" if hidden else "")
    )


def finding_line(finding: BlindFinding, colour: Colour) -> Text:
    """One reading in the list."""
    sign, tone = glyph(str(finding.criterion.subcategory))
    mark = "[✓] " if finding.reading.corrects else "[ ] "
    contradiction = "reads met, label violated" if finding.reading.met else "reads violated, label met"
    return Text.assemble(
        (mark, colour("good") if finding.reading.corrects else ""), (sign, colour(tone)),
        f" {contradiction}  ", (one_line(finding.criterion.text, 120), colour("chance")),
    )  # fmt: skip


def finding_text(finding: BlindFinding, colour: Colour) -> Text:
    """One reading in full, with what the verifier said, the response and the prompt."""
    reading, faint = finding.reading, colour("chance")
    text = Text(overflow="fold")
    text.append(f"{finding.criterion.subcategory}: ", faint)
    text.append(plain(finding.criterion.text) + "\n", "bold")
    text.append(f"{one_line(reading.reader, 40)} reads it as {'met' if reading.met else 'violated'}; ")
    text.append(f"the suite says it is {'violated' if reading.met else 'met'}\n", colour("bad"))
    if reading.corrects:
        text.append("✓ the reading overrules the label when the suite is written\n", colour("good"))
    if finding.judgement is not None:
        judgement = finding.judgement
        text.append(f"\nThe verifier: {one_line(judgement.reason, 400) or 'gave no reason'}\n", faint)
        if judgement.quote:
            text.append(f"“{one_line(judgement.quote, 300)}”\n", "italic")
    kind = "y+, to meet everything" if finding.kind == "positive" else "y−, to violate V alone"
    text.append(f"\nResponse ({kind}) · {one_line(reading.example_id, 60)}\n", "bold")
    text.append(plain(finding.response) + "\n")
    text.append("\nPrompt\n", "bold")
    text.append(plain(finding.prompt) + "\n")
    return text
