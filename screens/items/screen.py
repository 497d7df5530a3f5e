"""Which pairs are on trial: suspected labels, pairs that tell nothing, and how able each candidate is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.items.pair_table import (
    FOUND,
    ability_axis,
    ability_head,
    ability_line,
    columns,
    facts,
    headings,
    pair_line,
)
from screens.shell.annotating import note_dialog
from screens.shell.dialogs import Choose
from screens.shell.exporting import export_dialog
from screens.shell.order import Order
from screens.shell.plain import plain
from screens.shell.question_place import Asking
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.results.board import Board
    from engine.results.items import Model, PairTrial, Trial
    from engine.store.annotations import Kind

__all__ = ["ItemsScreen"]


@dataclass(frozen=True)
class _Read:
    board: Board
    trial: Trial | None
    refused: RudeError | None = None
    """Why these candidates cannot try pairs."""


class ItemsScreen(Asking):
    """Is it the candidates, or is it the pair?"""

    TITLE = "Pairs on trial"
    GUIDE = """
Item response over stored verdicts: what all candidates together say about each pair. ⇅ reversed: abler candidates
fail it and weaker ones pass, after false-discovery control. ? suspect: every strong candidate ★ (the abler third,
surely above chance) prefers the rejected response by more than its own median margin. ✓ all pass and ✗ all fail
tell nothing about who is better. None of this proves a wrong label: enter opens the pair to be read, e leaves it out
with a reason.

difficulty: Rasch, in logits, posterior mean ± posterior sd, shrunk towards the average pair, which is 0. rest:
item-rest correlation of the pair's verdicts with accuracy on all other pairs, over candidates. slope (2PL only): logits
per standard deviation of ability, posterior mode ± standard error. p: exact one-sided Mann–Whitney that those who pass
rank lower than those who fail. q: p after Benjamini and Hochberg over all pairs that some pass and some fail. inform:
Fisher information about ability, summed over candidates.

ability: logits by which a candidate beats an average pair, with a standard error robust to clusters and a bar of two
errors to each side; under 2PL in standard deviations of the candidates, errors from the information.

n picks a short suite of the pairs that tell most, and says what leaving out the others costs.
"""
    FIRST_KEYS = ("back", "select", "finding", "note('exclude')", "short", "abilities")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("f", "finding", "found", tooltip="keep the pairs of which something was found", id="finding"),
        Binding("o", "order", "order", tooltip="sort the pairs; the same again turns them round", id="order"),
        Binding("e", "note('exclude')", "exclude", tooltip="leave the pair out, with a reason", id="exclude"),
        Binding("w", "note('flag')", "flag", tooltip="flag the pair under the cursor with a note", id="pairs-flag"),
        Binding("a", "abilities", "abilities", tooltip="to the candidates' abilities and back", id="abilities"),
        Binding("n", "short", "short suite", tooltip="a suite of the pairs that tell most", id="short"),
        Binding("l", "model", "model", tooltip="Rasch or 2PL, which takes 20 candidates", id="item-model"),
        Binding("x", "export", "export", tooltip="write the pairs to CSV, Parquet or JSON", id="export"),
        Binding("tab", "other", "facts", show=False, tooltip="to the pair's numbers and back", id="items-facts"),
    ]
    DEFAULT_CSS = """
    ItemsScreen #cannot { padding: 0 1; height: auto; max-height: 3; }
    ItemsScreen #findings { background: $surface; }
    ItemsScreen #body { layout: vertical; height: 1fr; }
    ItemsScreen #heading, ItemsScreen #ability-head { height: 1; color: $text-muted; }
    ItemsScreen #trial { height: 1fr; }
    ItemsScreen #able { display: none; height: 1fr; }
    ItemsScreen.-able #able { display: block; }
    ItemsScreen.-able #trial { display: none; }
    ItemsScreen #facts { height: 7; border-top: solid $panel; padding: 0 1; scrollbar-size: 1 1; }
    ItemsScreen.-low #cannot { max-height: 1; }
    ItemsScreen.-low #facts { height: 3; }
    ItemsScreen #facts:focus { background: $surface; }
    ItemsScreen.-wide #body { layout: grid; grid-size: 2 2; grid-columns: 1fr 56; grid-rows: auto 1fr; }
    ItemsScreen.-wide #trial { display: block; row-span: 2; height: 100%; }
    ItemsScreen.-wide #able { display: block; height: auto; max-height: 22; border-left: solid $panel; }
    ItemsScreen.-wide #able Rows { height: auto; max-height: 20; }
    ItemsScreen.-wide #facts { height: 100%; border-left: solid $panel; }
    ItemsScreen.-empty #body, ItemsScreen.-empty #cannot, ItemsScreen.-empty #findings { display: none; }
    """

    def __init__(self, mode: str) -> None:
        """Args:
        mode: the place it is opened from.
        """
        super().__init__()
        self._mode = mode
        self._read: _Read | None = None
        self._model: Model = "auto"
        self._order = Order("suspicion")
        self._finding = ""
        self._shown: list[PairTrial] = []
        self._columns: list[str] = []

    @property
    def here(self) -> str:
        """The place it was opened from."""
        return self._mode

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here is split into groups."""
        return action != "grouping" and super().check_action(action, parameters)

    def asking_body(self) -> Iterable[Widget]:
        """What cannot be known, what was found, the pairs; abilities and one pair's numbers beside or below."""
        yield Static(id="cannot")
        findings = Heading(id="findings")
        findings.tooltip = "what was found of how many pairs: a click shows those"
        yield findings
        with Container(id="body"):
            with Container(id="trial"):
                yield Heading(id="heading")
                rows = Rows(id="pairs")
                rows.tooltip = "the pairs on trial, the most suspicious first: enter opens one"
                yield rows
            with Container(id="able"):
                yield Static(id="ability-head")
                able = Rows(id="abilities")
                able.tooltip = "the candidates, ablest first: ★ are the strong; enter opens the failures of one"
                yield able
            area = VerticalScroll(Static(id="numbers"), id="facts")
            area.tooltip = "what is known of the pair under the cursor, and what must be known to read it"
            yield area

    def on_mount(self) -> None:
        """The pairs have the focus."""
        rows = self.query_one("#pairs", Rows)
        self.watch(rows, "cursor", self._show_facts, init=False)

    def _asked_for(self) -> tuple[object, ...]:
        return (*super()._asked_for(), self._model)

    def fetch(self) -> _Read:
        """Board and trial."""
        from engine.results.items import try_pairs
        from rubrics.errors import BadInput

        board = self.session.board()
        try:
            return _Read(board, try_pairs(board, model=self._model))
        except BadInput as error:
            return _Read(board, None, error)

    def arrived(self, found: _Read) -> None:
        """Show them."""
        if found.trial is None:
            assert found.refused is not None
            if self._model != "auto":
                self._model = "auto"
                self.notify(found.refused.what, severity="warning", markup=False)
                self.ask()
                return
            self.say()
            self.nothing(self._nothing("These candidates cannot try pairs", found.refused))
            return
        if self._read is None:
            self.query_one("#pairs", Rows).focus()
        old, self._read = self._read, found
        same = old is not None and old.board.suite_hash == found.board.suite_hash
        if not same:
            self._finding = ""
        self._fill(self.query_one("#pairs", Rows).cursor if same else 0)

    def missing(self, error: RudeError) -> Text:
        """What to do where there is nothing."""
        return self._nothing("No verdicts to try pairs by", error)

    def _nothing(self, title: str, error: RudeError) -> Text:
        self._read = None
        text = Text.assemble((title + "\n\n", "bold"), plain(error.what) + "\n\n")
        text.append("Item response needs three candidates that have read one suite; the more, the more it can tell. ")
        text.append("Press 1, mark candidates, r.")
        return text

    def repaint(self) -> None:
        """Draw again in the theme's colours, at the width there is."""
        if self._read is not None:
            self._fill(self.query_one("#pairs", Rows).cursor)

    @property
    def _trial(self) -> Trial:
        assert self._read is not None
        assert self._read.trial is not None
        return self._read.trial

    def _fill(self, cursor: int) -> None:
        from engine.results.items import cannot_tell

        trial = self._trial
        self.say(
            trial.suite, trial.protocol, trial.metric,
            f"{len(trial.candidates)} candidates on {count(len(trial.pairs), 'pair')}",
            f"{self._read.board.excluded:,} excluded" if self._read and self._read.board.excluded else "",
            "Rasch, shrunk" if trial.model == "rasch" else "2PL",
        )  # fmt: skip
        self.query_one("#cannot", Static).update(Text(cannot_tell(trial)))
        self.query_one("#findings", Heading).show(self._tabs(trial))
        found = trial.sorted(self._order.by, reverse=self._order.reverse)
        self._shown = [pair for pair in found if not self._finding or self._finding in pair.findings]
        rows = self.query_one("#pairs", Rows)
        width = rows.scrollable_content_region.width or rows.size.width or self.size.width
        self._columns = columns(trial, width)
        self.query_one("#heading", Heading).show(headings(self._columns, self._order))
        rows.show(len(self._shown), self._line, cursor)
        self._fill_abilities(trial)
        self._show_facts()

    def _tabs(self, trial: Trial) -> list[tuple[str, str, str]]:
        strong = f"bold {self.colour('primary')}"
        parts = []
        for name, mark in [("all", ""), *((name, glyph) for name, (glyph, _) in FOUND.items())]:
            number = len(trial.found(name)) if mark else len(trial.pairs)
            here = self._finding == ("" if name == "all" else name)
            words = f"{mark} {name} {number:,}".strip()
            parts.append((f" [{words}]" if here else f"  {words} ", strong if here else "", name))
        return parts

    def _line(self, index: int, width: int) -> Text:
        return pair_line(self._shown[index], self._columns, self.colour)

    def _fill_abilities(self, trial: Trial) -> None:
        able = self.query_one("#abilities", Rows)
        room = (54 if self.wide else self.size.width) - 19
        longest = max(len(one.candidate) for one in trial.abilities)
        name = max(9, min(longest, room - 9, 40))
        axis = ability_axis(trial, min(60, room - name))
        able.styles.height = min(len(trial.abilities), 20) if self.wide else None
        self.query_one("#ability-head", Static).update(Text(ability_head(trial, name), no_wrap=True))
        able.show(
            len(trial.abilities), lambda index, _: ability_line(trial.abilities[index], name, axis, self.colour),
            able.cursor,
        )  # fmt: skip

    def _show_facts(self) -> None:
        panel = self.query_one("#numbers", Static)
        pair = self._current()
        if self._read is None:
            return
        if pair is None:
            panel.update(Text("No pair is like this; f shows all again."))
            return
        panel.update(facts(self._trial, self._read.board, pair, self.colour, methods=self.wide))
        self.query_one("#facts").scroll_home(animate=False)

    def _current(self) -> PairTrial | None:
        at = self.query_one("#pairs", Rows).cursor
        return self._shown[at] if at < len(self._shown) else None

    def on_heading_clicked(self, event: Heading.Clicked) -> None:
        """A click on a finding keeps its pairs, one on a heading sorts."""
        if event.heading.id == "findings":
            self._keep(event.what)
        else:
            self._sort(event.what)

    def _keep(self, finding: str) -> None:
        self._finding = "" if finding == "all" else finding
        self._fill(0)

    def _sort(self, by: str) -> None:
        self._order = self._order.chosen(by)
        self._fill(0)

    def action_finding(self) -> None:
        """Keep the pairs of which something was found."""
        from engine.results.items import FINDINGS

        if self._read is not None:
            options = [("all", "all pairs"), *((n, f"{FOUND[n][0]} {n}: {words}") for n, words in FINDINGS.items())]
            self.app.push_screen(
                Choose("Pairs found to be", options, self._finding or "all"),
                lambda finding: self._keep(finding) if finding else None,
            )

    def action_order(self) -> None:
        """Choose what the pairs are sorted by."""
        from engine.results.items import SORTS

        if self._read is not None:
            options = [(name, f"{name}: {words}") for name, words in SORTS.items()]
            self.app.push_screen(Choose("Sort by", options, self._order.by), lambda by: self._sort(by) if by else None)

    def action_model(self) -> None:
        """The other model."""
        if self._read is not None:
            self._model = "rasch" if self._trial.model == "2pl" else "2pl"
            self.ask()

    def action_abilities(self) -> None:
        """To the candidates, and back to the pairs."""
        pairs, able = self.query_one("#pairs", Rows), self.query_one("#abilities", Rows)
        if able.has_focus:
            self.remove_class("-able")
            pairs.focus()
        else:
            self.add_class("-able")
            able.focus()

    def action_other(self) -> None:
        """From the list to the numbers, or back."""
        area = self.query_one("#facts")
        (self.query_one("#pairs", Rows) if area.has_focus else area).focus()

    def action_back(self) -> None:
        """From abilities to pairs, from some pairs to all, then to where it was opened."""
        if not self.query_one("#pairs", Rows).has_focus and self._read is not None:
            self.remove_class("-able")
            self.query_one("#pairs", Rows).focus()
        elif self._finding:
            self._keep("all")
        else:
            self.dismiss()

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """Open a pair, or a candidate's failures."""
        assert self._read is not None
        if event.rows.id == "abilities":
            self.session.subject = self._trial.abilities[event.index].candidate
            self.call_later(self.run_action, "app.go('failures')")
            return
        from screens.pair.screen import PairScreen

        def back(index: int | None) -> None:
            if index is not None:
                self.query_one("#pairs", Rows).cursor = index

        ids = [pair.pair_id for pair in self._shown]
        subject = self._trial.abilities[0].candidate
        self.app.push_screen(PairScreen(self._read.board, subject, ids, event.index), back)

    def action_note(self, kind: Kind) -> None:
        """Flag or exclude the pair under the cursor, or take that back."""
        pair = self._current()
        if pair is not None:
            note_dialog(self, self._trial.suite_hash, pair.pair_id, kind, pair.notes, self.ask)

    def action_short(self) -> None:
        """Pick a short suite."""
        if self._read is not None:
            from screens.short_suite.screen import ShortScreen

            self.app.push_screen(ShortScreen(self._mode, self._trial))

    def action_export(self) -> None:
        """Write the pairs shown to a file."""
        if self._read is None:
            return
        trial, shown = self._trial, {pair.pair_id: place for place, pair in enumerate(self._shown)}
        pinned = {"suite": trial.suite_hash, "protocol": trial.protocol, "metric": trial.metric}
        export_dialog(self, "pairs", pinned, place_of=lambda row: shown.get(row["pair_id"]))
