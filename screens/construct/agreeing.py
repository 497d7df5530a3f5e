"""What a blind reading came to: agreement with the labels, and every reading against one, to correct it or not."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from screens.formats import percent
from screens.palette import glyph
from screens.place import Place
from screens.plain import one_line, plain
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.construct.blind import BlindFinding, BlindResult
    from engine.store.construct import ConstructRow

__all__ = ["AgreementScreen"]


class AgreementScreen(Place):
    """Share, Cohen's κ, and the readings that go against a label."""

    MODE = "suites"
    TITLE = "Agreement"
    GUIDE = """
Share: readings, of all readers, that agree with the label, with a 95 % interval that resamples responses. Cohen's κ:
agreement beyond what chance would give, (observed − expected)/(1 − expected); – where labels leave chance nothing to
explain.

The list holds the readings that go against a label, about responses you have read yourself. space lets one overrule the
label when the suite is written: V of the pair changes, and a pair without V, or whose y+ violates something, is left
out. A takes all of them.
"""
    FIRST_KEYS = ("back", "correct", "correct_all")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding(
            "space", "correct", "correct", tooltip="this reading overrules the label, or no longer", id="agree-correct"
        ),
        Binding("A", "correct_all", "correct all", tooltip="every reading here overrules its label", id="agree-all"),
        Binding("y", "copy", "copy", tooltip="copy the numbers and all disagreements", id="copy"),
        Binding("tab", "other", "text", show=False, tooltip="to the text and back", id="agree-text"),
    ]
    DEFAULT_CSS = """
    AgreementScreen #state { height: 2; padding: 0 1; }
    AgreementScreen #body { layout: vertical; height: 1fr; border-top: solid $panel; }
    AgreementScreen.-wide #body { layout: horizontal; }
    AgreementScreen #left { height: 1fr; width: 1fr; }
    AgreementScreen #text { height: 2fr; border-top: solid $panel; padding: 0 1; }
    AgreementScreen.-wide #text { width: 1fr; height: 1fr; border-top: none; border-left: solid $panel; }
    AgreementScreen #text:focus { background: $surface; }
    """

    def __init__(self, row: ConstructRow) -> None:
        super().__init__()
        self._row = row
        self._result: BlindResult | None = None

    def body(self) -> Iterable[Widget]:
        """Numbers, list, and the reading under the cursor."""
        yield Static(id="state")
        with Container(id="body"):
            with Container(id="left"):
                rows = Rows(id="findings")
                rows.tooltip = "readings against a label: space lets one overrule it"
                yield rows
            text = VerticalScroll(Static(id="finding"), id="text")
            text.tooltip = "the reading under the cursor: tab goes back to the list"
            yield text

    def on_mount(self) -> None:
        """Work it out."""
        rows = self.query_one(Rows)
        rows.focus()
        self.watch(rows, "cursor", self._moved, init=False)
        self.query_one("#state", Static).update("working it out…")
        self._read()

    def _read(self) -> None:
        reader = self.session.desk.reader

        def read() -> BlindResult:
            from engine.construct.blind import blind_result

            return blind_result(self.session.store, self._row.run_id, reader)

        self.load("result", read, self._arrived)

    def _arrived(self, result: BlindResult) -> None:
        self._result = result
        rows = self.query_one(Rows)
        rows.show(len(result.findings), self._line, rows.cursor)
        self.repaint()

    def _numbers(self) -> str:
        found = self._result.agreement if self._result else None
        if found is None:
            return ""
        kappa = "–" if math.isnan(found.kappa) else f"{found.kappa:.2f}".replace("-", "−")
        hidden = len(found.disagreements) - len(self._result.findings if self._result else ())
        return (
            f"{percent(found.share)} % agree ({percent(found.ci_low)}–{percent(found.ci_high)}) · Cohen's κ {kappa}\n"
            f"{count(found.readings, 'reading')} of {count(found.examples, 'response')} by "
            f"{count(found.readers, 'reader')} · {count(len(found.disagreements), 'disagreement')}, "
            f"{sum(r.corrects for r in found.disagreements):,} corrected"
            + (f" · {hidden:,} about responses you have not read" if hidden else "")
        )

    def _line(self, index: int, width: int) -> Text:
        assert self._result is not None
        finding = self._result.findings[index]
        sign, tone = glyph(str(finding.criterion.subcategory))
        mark = "[✓] " if finding.reading.corrects else "[ ] "
        said = "reads met, label violated" if finding.reading.met else "reads violated, label met"
        return Text.assemble(
            (mark, self.colour("good") if finding.reading.corrects else ""), (sign, self.colour(tone)),
            f" {said}  ", (one_line(finding.criterion.text, 120), self.colour("chance")),
        )  # fmt: skip

    @property
    def _current(self) -> BlindFinding | None:
        at = self.query_one(Rows).cursor
        found = self._result.findings if self._result else ()
        return found[at] if at < len(found) else None

    def _moved(self) -> None:
        self.query_one("#text").scroll_home(animate=False)
        self.repaint()

    def repaint(self) -> None:
        """Draw everything in the theme's colours."""
        if self._result is None:
            return
        self.query_one("#state", Static).update(Text(self._numbers(), "bold"))
        finding = self._current
        place = self.query_one("#finding", Static)
        place.update(Text("No reading goes against a label.") if finding is None else self._text(finding))

    def _text(self, finding: BlindFinding) -> Text:
        reading, faint = finding.reading, self.colour("chance")
        text = Text(overflow="fold")
        text.append(f"{finding.criterion.subcategory}: ", faint)
        text.append(plain(finding.criterion.text) + "\n", "bold")
        text.append(f"{one_line(reading.reader, 40)} reads it as {'met' if reading.met else 'violated'}; ")
        text.append(f"the suite says it is {'violated' if reading.met else 'met'}\n", self.colour("bad"))
        if reading.corrects:
            text.append("✓ the reading overrules the label when the suite is written\n", self.colour("good"))
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

    def _correct(self, findings: Iterable[BlindFinding], *, corrects: bool) -> None:
        readings = [finding.reading for finding in findings]

        def work() -> None:
            from engine.construct.blind import correct_labels

            correct_labels(self.session.store, self._row.run_id, readings, corrects=corrects)

        def done(_: object) -> None:
            words = "The label stands" if not corrects else "Your reading overrules the label when the suite is written"
            self.notify(words, timeout=3, markup=False)
            self._read()

        if readings:
            self.load("correct", work, done)

    def action_correct(self) -> None:
        """Overrule the label, or no longer."""
        if self._current is not None:
            self._correct([self._current], corrects=not self._current.reading.corrects)

    def action_correct_all(self) -> None:
        """Overrule all labels that were read otherwise."""
        if self._result is not None:
            self._correct(self._result.findings, corrects=True)

    def on_rows_selected(self) -> None:
        """To the text, which then scrolls."""
        self.query_one("#text").focus()

    def action_other(self) -> None:
        """From list to text, or back."""
        rows = self.query_one(Rows)
        (self.query_one("#text") if rows.has_focus else rows).focus()

    def action_back(self) -> None:
        """From the text to the list, from there to the reading."""
        if not self.query_one(Rows).has_focus:
            self.query_one(Rows).focus()
        else:
            self.dismiss()

    def action_copy(self) -> None:
        """Copy what was selected with the mouse, else everything."""
        if self._result is not None:
            texts = [self._numbers(), *(self._text(finding).plain for finding in self._result.findings)]
            self.app.copy_to_clipboard(self.get_selected_text() or "\n\n".join(texts))
            self.notify("Copied", timeout=2)
