"""Which pairs are on trial: suspected labels, pairs that tell nothing, and how able each candidate is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.items.abilities import ability_axis, ability_head, ability_line
from screens.items.detail import detail
from screens.items.pair_table import FINDING_MARKS, columns, finding_tabs, headings, pair_line
from screens.items.state import ItemsState, TrialRead, read_trial
from screens.shell.dialogs import Choose
from screens.shell.export_dialogs import export_dialog
from screens.shell.marking import AtHand, MarksPairs
from screens.shell.plain import cells_of, plain
from screens.shell.question_place import QuestionPlace
from screens.widgets.rows import Rows
from screens.widgets.spans import Heading

if TYPE_CHECKING:
    from engine.results.pair_trial import PairTrial, Trial

__all__ = ["ItemsScreen"]


class ItemsScreen(MarksPairs, QuestionPlace):
    """Is it the candidates, or is it the pair?"""

    TITLE = "Pairs on trial"
    GUIDE = """
⇅ is a reversed pair, ? a suspect one, ★ a strong candidate; ✓ all pass and ✗ all fail tell nothing about who is
better. enter opens the pair to be read, e leaves it out with a reason.

rest: the item-rest correlation. inform: the information. p: exact one-sided Mann–Whitney that those who pass rank
lower than those who fail. q: p after Benjamini and Hochberg over all pairs that some pass and some fail.

The bar of an ability reaches two standard errors to each side.

% picks a short suite, and says what leaving out the other pairs costs.
"""
    TERMS = (
        "pairs on trial", "reversed pair", "suspect pair", "difficulty", "item-rest correlation", "slope",
        "information", "ability", "short suite",
    )  # fmt: skip
    FIRST_KEYS = ("back", "select", "finding", "mark_pair('exclude')", "short", "abilities")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("v", "finding", "found", tooltip="keep the pairs of which something was found", id="finding"),
        Binding("o", "order", "order", tooltip="sort the pairs; the same again turns them round", id="order"),
        Binding("I", "abilities", "abilities", tooltip="to the candidates' abilities and back", id="abilities"),
        Binding("percent_sign", "short", "short suite", tooltip="a suite of the pairs that tell most", id="short"),
        Binding("f2,tilde", "model", "model", tooltip="Rasch or 2PL, which takes 20 candidates", id="item-model"),
        Binding("x", "export", "take away", tooltip="table and text, into a folder or a file", id="export"),
        Binding("tab", "other", "facts", show=False, tooltip="to the pair's numbers and back", id="items-facts"),
    ]
    DEFAULT_CSS = """
    ItemsScreen #question { padding: 0 1; color: $text-muted; }
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
        self.state = ItemsState()

    @property
    def here(self) -> str:
        """The place it was opened from."""
        return self._mode

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing here is split into groups."""
        return action != "grouping" and super().check_action(action, parameters)

    def answer_body(self) -> Iterable[Widget]:
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
                yield Static(id="ability-head", classes="heading")
                able = Rows(id="abilities")
                able.tooltip = "the candidates, ablest first: ★ are the strong; enter opens the failures of one"
                yield able
            area = VerticalScroll(Static(id="numbers"), id="facts")
            area.tooltip = "what is known of the pair under the cursor, and what must be known to read it"
            yield area

    def on_mount(self) -> None:
        """Follow the cursor."""
        self.watch(self._pairs, "cursor", self._show_detail, init=False)

    @property
    def _pairs(self) -> Rows:
        return self.query_one("#pairs", Rows)

    def question_key(self) -> tuple[object, ...]:
        """The model too."""
        return (*super().question_key(), self.state.model)

    def fetch(self) -> TrialRead:
        """Board and trial."""
        return read_trial(self.session, self.state.model)

    def arrived(self, answer: TrialRead) -> None:
        """Show them."""
        state = self.state
        if answer.trial is None:
            assert answer.refused is not None
            if state.model != "auto":
                state.model = "auto"
                self.notify(answer.refused.what, severity="warning", markup=False)
                self.ask()
                return
            self.say()
            self.nothing(self._nothing("These candidates cannot try pairs", answer.refused))
            return
        if state.trial is None:
            self._pairs.focus()
        same = state.take(answer.board, answer.trial)
        self._fill(self._pairs.cursor if same else 0)

    def missing(self, error: RudeError) -> Text:
        """What to do where there is nothing."""
        return self._nothing("No verdicts to try pairs by", error)

    def _nothing(self, title: str, error: RudeError) -> Text:
        self.state.forget()
        text = Text.assemble((title + "\n\n", "bold"), plain(error.what) + "\n\n")
        text.append("Item response needs three candidates that have read one suite; the more, the more it can tell. ")
        text.append("Press 1, mark candidates, r.")
        return text

    def repaint(self) -> None:
        """Draw again in the theme's colours, at the width there is."""
        if self.state.trial is not None:
            self._fill(self._pairs.cursor)

    def _fill(self, cursor: int) -> None:
        from engine.results.pair_trial import cannot_tell

        state, trial, board = self.state, self.state.trial, self.state.board
        assert trial is not None
        self.say(
            trial.suite, trial.protocol, trial.metric,
            count(len(trial.candidates), "candidate"), count(len(trial.pairs), "pair"),
            f"{board.excluded:,} excluded" if board is not None and board.excluded else "",
            "Rasch, shrunk" if trial.model == "rasch" else "2PL",
        )  # fmt: skip
        self.query_one("#cannot", Static).update(Text(cannot_tell(trial)))
        self.query_one("#findings", Heading).show(finding_tabs(trial, state.finding, self.colour))
        state.arrange()
        rows = self._pairs
        shown = columns(trial, rows.scrollable_content_region.width or rows.size.width or self.size.width)
        self.query_one("#heading", Heading).show(headings(shown, state.order))
        rows.show(len(state.shown), lambda index, _: pair_line(state.shown[index], shown, self.colour), cursor)
        self._fill_abilities(trial)
        self._show_detail()

    def _fill_abilities(self, trial: Trial) -> None:
        able = self.query_one("#abilities", Rows)
        room = (54 if self.wide else self.size.width) - 19
        longest = max(cells_of(ability.candidate) for ability in trial.abilities)
        name = max(9, min(longest, room - 9))
        axis = ability_axis(trial, min(60, room - name))
        able.styles.height = min(len(trial.abilities), 20) if self.wide else None
        self.query_one("#ability-head", Static).update(Text(ability_head(trial, name), no_wrap=True))
        able.show(
            len(trial.abilities), lambda index, _: ability_line(trial.abilities[index], name, axis, self.colour),
            able.cursor,
        )  # fmt: skip

    def _show_detail(self) -> None:
        trial, board, pair = self.state.trial, self.state.board, self._current()
        if trial is None or board is None:
            return
        panel = self.query_one("#numbers", Static)
        if pair is None:
            panel.update(Text("No pair is like this; v shows all again."))
            return
        panel.update(detail(trial, board, pair, self.colour, methods=self.wide))
        self.query_one("#facts").scroll_home(animate=False)

    def _current(self) -> PairTrial | None:
        return self.state.at(self._pairs.cursor)

    def on_heading_clicked(self, event: Heading.Clicked) -> None:
        """A click on a finding keeps its pairs, one on a heading sorts."""
        if event.heading.id == "findings":
            self._keep(event.target)
        else:
            self._sort(event.target)

    def _keep(self, finding: str) -> None:
        self.state.keep(finding)
        self._fill(0)

    def _sort(self, by: str) -> None:
        self.state.order = self.state.order.chosen(by)
        self._fill(0)

    def action_finding(self) -> None:
        """Keep the pairs of which something was found."""
        from engine.results.pair_trial import FINDINGS

        if self.state.trial is not None:
            marked = ((name, f"{FINDING_MARKS[name][0]} {name}: {words}") for name, words in FINDINGS.items())
            self.app.push_screen(
                Choose("Pairs found to be", [("all", "all pairs"), *marked], self.state.finding or "all"),
                lambda finding: self._keep(finding) if finding else None,
            )

    def action_order(self) -> None:
        """Choose what the pairs are sorted by."""
        from engine.results.pair_trial import SORTS

        if self.state.trial is not None:
            options = [(name, f"{name}: {words}") for name, words in SORTS.items()]
            self.app.push_screen(
                Choose("Sort by", options, self.state.order.by), lambda by: self._sort(by) if by else None
            )

    def action_model(self) -> None:
        """The other model."""
        if self.state.trial is not None:
            self.state.other_model()
            self.ask()

    def action_abilities(self) -> None:
        """To the candidates, and back to the pairs."""
        able = self.query_one("#abilities", Rows)
        if able.has_focus:
            self.remove_class("-able")
            self._pairs.focus()
        else:
            self.add_class("-able")
            able.focus()

    def action_other(self) -> None:
        """From the list to the numbers, or back."""
        area = self.query_one("#facts")
        (self._pairs if area.has_focus else area).focus()

    def action_back(self) -> None:
        """From abilities to pairs, from some pairs to all, then to where it was opened."""
        if not self._pairs.has_focus and self.state.trial is not None:
            self.remove_class("-able")
            self._pairs.focus()
        elif self.state.finding:
            self._keep("all")
        else:
            self.dismiss()

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """Open a pair, or a candidate's failures."""
        trial, board = self.state.trial, self.state.board
        assert trial is not None
        assert board is not None
        if event.rows.id == "abilities":
            self.session.subject = trial.abilities[event.index].candidate
            self.call_later(self.run_action, "app.go('failures')")
            return
        from screens.pair.screen import PairScreen

        def back(index: int | None) -> None:
            if index is not None:
                self._pairs.cursor = index

        ids = [pair.pair_id for pair in self.state.shown]
        self.app.push_screen(PairScreen(board, trial.abilities[0].candidate, ids, event.index), back)

    def at_hand(self) -> AtHand | None:
        """The pair under the cursor."""
        pair, trial = self._current(), self.state.trial
        return AtHand(trial.suite_hash, pair.pair_id, pair.notes) if pair is not None and trial is not None else None

    def marked(self) -> None:
        """Try the pairs again."""
        self.ask()

    def action_short(self) -> None:
        """Pick a short suite."""
        if self.state.trial is not None:
            from screens.short_suite.screen import ShortScreen

            self.app.push_screen(ShortScreen(self._mode, self.state.trial))

    def action_export(self) -> None:
        """Write the pairs shown to a file."""
        trial = self.state.trial
        if trial is None:
            return
        places = {pair.pair_id: place for place, pair in enumerate(self.state.shown)}
        pinned = {"suite": trial.suite_hash, "protocol": trial.protocol, "metric": trial.metric}
        export_dialog(self, "pairs", pinned, place_of=lambda row: places.get(row["pair_id"]))
