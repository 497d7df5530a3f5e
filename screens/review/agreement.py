"""What a blind reading came to: agreement with the labels, and every reading against one, to correct it or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from screens.review.agreement_text import agreement_lines, finding_line, finding_text
from screens.review.state import ReviewChoices
from screens.shell.place import Place
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.construct.blind import BlindFinding, BlindResult

__all__ = ["AgreementScreen"]


class AgreementScreen(Place):
    """Share, Cohen's κ, and the readings that go against a label."""

    MODE = "suites"
    TITLE = "Agreement"
    GUIDE = """
Share is the agreement of the readings with the labels, κ what there is of it beyond chance.

The list holds the readings that go against a label, about responses you have read yourself. space lets one overrule the
label when the suite is written: V of the pair changes, and a pair without V, or whose y+ violates something, is left
out. + takes all of them.
"""
    TERMS = ("agreement", "κ", "blind reading", "violations")
    FIRST_KEYS = ("back", "correct", "correct_all")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding(
            "space", "correct", "correct", tooltip="this reading overrules the label, or no longer", id="agree-correct"
        ),
        Binding("plus", "correct_all", "correct all", tooltip="every reading here overrules its label", id="agree-all"),
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

    def __init__(self, run_id: str) -> None:
        """Args:
        run_id: the construction.
        """
        super().__init__()
        self._run_id = run_id
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
        reader = self.session.choices(ReviewChoices).reader

        def read() -> BlindResult:
            from engine.construct.blind import blind_result

            return blind_result(self.session.store, self._run_id, reader)

        self.load("result", read, self._arrived)

    def _arrived(self, result: BlindResult) -> None:
        self._result = result
        rows = self.query_one(Rows)
        rows.show(len(result.findings), self._line, rows.cursor)
        self.repaint()

    def _line(self, index: int, width: int) -> Text:
        assert self._result is not None
        return finding_line(self._result.findings[index], self.colour)

    @property
    def _current(self) -> BlindFinding | None:
        at = self.query_one(Rows).cursor
        findings = self._result.findings if self._result else ()
        return findings[at] if at < len(findings) else None

    def _moved(self) -> None:
        self.query_one("#text").scroll_home(animate=False)
        self.repaint()

    def repaint(self) -> None:
        """Draw everything in the theme's colours."""
        if self._result is None:
            return
        self.query_one("#state", Static).update(Text(agreement_lines(self._result), "bold"))
        finding, panel = self._current, self.query_one("#finding", Static)
        if finding is None:
            panel.update(Text("No reading goes against a label."))
        else:
            panel.update(finding_text(finding, self.colour))

    def _correct(self, findings: Iterable[BlindFinding], *, corrects: bool) -> None:
        readings = [finding.reading for finding in findings]

        def work() -> None:
            from engine.construct.blind import correct_labels

            correct_labels(self.session.store, self._run_id, readings, corrects=corrects)

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
            texts = [finding_text(finding, self.colour).plain for finding in self._result.findings]
            self.copy("\n\n".join([agreement_lines(self._result), *texts]))
