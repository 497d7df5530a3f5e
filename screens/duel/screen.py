"""The pairs on which two candidates differ, by how much, and token by token where they part."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from screens.duel.curves import Curves
from screens.duel.lines import pair_heading, pair_line, piece_width, step_heading, step_line, verdict_line
from screens.duel.state import DuelState, Read, Winner, differing, read_duel
from screens.shell.export_dialogs import table_dialog
from screens.shell.marking import AtHand, MarksPairs
from screens.shell.plain import one_line, plain
from screens.shell.token_scoring import Lacking, ScoresTokens
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.annotations.pairs import Annotation
    from engine.export.tables import Table
    from engine.results.board import Board
    from engine.results.comparison import DifferingPair

__all__ = ["DuelScreen"]


class DuelScreen(MarksPairs, ScoresTokens):
    """What did A see that B did not?"""

    MODE = "failures"
    TITLE = "Where two candidates differ"
    GUIDE = """
Every pair on which A and B do not score the same, the furthest apart first: ✓ chose the chosen response, ✗ the rejected
one, = is a tie; beside it the margin, in the unit of the metric.

The picture has the running difference of both on the pair under the cursor, chosen less rejected, in nats: A is the
whole line, B the broken one. They have the same points, since both read the same words.

Under it stands where they part: the stretches of both responses that both read in whole tokens, the largest swing
first. A swing above zero moves A further towards the chosen response than B. Wanted is the token that a candidate held
likeliest where another one stands; runs made before it was kept do not have it.

Enter on a pair opens its text, t its tokens by whoever does worse on it. tab goes to the tokens and back.
"""
    TERMS = ("margin", "token scores", "likelihood")
    FIRST_KEYS = ("back", "select", "tokens", "score", "other", "winner('a')", "winner('b')")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("A", "winner('a')", "only A wins", tooltip="the pairs that A wins, or all again", id="only-a"),
        Binding("B", "winner('b')", "only B wins", tooltip="the pairs that B wins, or all again", id="only-b"),
        Binding("t", "tokens", "tokens", tooltip="the pair token by token, as the worse one read it", id="tokens"),
        Binding("tab", "other", "tokens and back", tooltip="to the tokens and back", id="other-side"),
        Binding("x", "export", "take away", tooltip="pairs, curves and text, into a folder or a file", id="export"),
        Binding("y", "copy", "copy", tooltip="copy where the two part as a table", id="copy"),
    ]
    DEFAULT_CSS = """
    DuelScreen #question { padding: 0 1; background: $surface; }
    DuelScreen #duel-body { layout: vertical; height: 1fr; }
    DuelScreen.-wide #duel-body { layout: horizontal; }
    DuelScreen #duel-pairs { height: 2fr; width: 1fr; }
    DuelScreen.-wide #duel-pairs { height: 1fr; border-right: solid $panel; }
    DuelScreen #duel-tokens { height: 3fr; width: 1fr; }
    DuelScreen.-wide #duel-tokens { height: 1fr; }
    DuelScreen .heading { height: 1; color: $text-muted; }
    DuelScreen Curves { height: 6; padding: 0 1; }
    DuelScreen.-low Curves { height: 4; }
    DuelScreen.-tall Curves { height: 12; }
    DuelScreen #lack { padding: 1; display: none; height: auto; }
    DuelScreen.-lacking #lack { display: block; }
    DuelScreen.-lacking .scored { display: none; }
    DuelScreen.-empty #duel-body { display: none; }
    """

    def __init__(self, board: Board, a: str, b: str, by: str, part: str, winner: Winner = "") -> None:
        """Args:
        a: label of the first candidate.
        b: label of the second.
        by: the grouping that `part` is a part of; the part empty for the whole suite.
        winner: only the pairs that this one wins.
        """
        super().__init__()
        self.state = DuelState(board, a, b, part or "all pairs", winner=winner)
        self._by, self._part = by, part

    def body(self) -> Iterable[Widget]:
        """The pairs; both curves over the tokens on which they part."""
        yield Brief(id="question")
        with Container(id="duel-body"):
            with Container(id="duel-pairs"):
                yield Brief(id="pair-heading", classes="heading")
                pairs = Rows(id="pairs")
                pairs.tooltip = "the pairs on which the two differ: enter opens one"
                yield pairs
            with Container(id="duel-tokens"):
                yield Static(id="lack")
                yield Brief(id="verdict", classes="scored")
                yield Curves(id="curves")
                yield Brief(id="step-heading", classes="heading scored")
                steps = Rows(id="steps", opens=False)
                steps.tooltip = "the tokens on which the two part, the largest swing first"
                yield steps

    def on_mount(self) -> None:
        """Find the pairs."""
        self.query_one("#curves").add_class("scored")
        self.query_one("#steps").add_class("scored")
        self.query_one("#question", Brief).update(Text("comparing…"))
        self._pairs.focus()
        state, store = self.state, self.session.store
        self.load("pairs", lambda: differing(store, state.board, state.a, state.b, self._by, self._part), self._found)

    @property
    def _pairs(self) -> Rows:
        return self.query_one("#pairs", Rows)

    def _found(self, found: DuelState) -> None:
        found.winner = self.state.winner
        self.state = found
        if not found.everything:
            same = f"{found.a} and {found.b} score the same on every pair of {found.title}."
            self.nothing(Text(one_line(same, 400)))
        self.repaint()
        self._read()

    @property
    def _current(self) -> DifferingPair | None:
        pairs, cursor = self.state.pairs, self._pairs.cursor
        return pairs[cursor] if cursor < len(pairs) else None

    def _read(self) -> None:
        """Read the pair under the cursor."""
        pair, state, store = self._current, self.state, self.session.store
        if pair is not None and (state.read is None or state.read.pair_id != pair.pair_id):
            pair_id = pair.pair_id
            self.load("tokens", lambda: read_duel(store, state.board, state.a, state.b, pair_id), self._arrived)

    def _arrived(self, read: Read) -> None:
        self.state.read = read
        self.set_class(read.duel is None, "-lacking")
        if read.duel is None:
            self.say_lack("s reads this pair token by token now, with the model its run was made with.")
            if self.asked:
                # Asked for once, both are read: first one candidate, then the other.
                self.action_score()
        self.refresh_bindings()
        self._draw_tokens()

    def scored_now(self) -> None:
        """Read them; the other candidate's may be missing still."""
        self.state.read = None
        self._read()

    def lacking(self) -> Lacking | None:
        """The pair under the cursor by whoever has no token scores of it."""
        read = self.state.read
        return Lacking(self.state.board, read.lacking, read.pair_id) if read is not None and read.lacking else None

    def say_lack(self, now: str) -> None:
        """Say that there are none, and what is done about it."""
        read = self.state.read
        if read is not None and read.error is not None:
            text = Text.assemble((plain(read.error.what) + "\n\n", "bold"), plain(now), overflow="fold")
            self.query_one("#lack", Static).update(text)

    def repaint(self) -> None:
        """Draw pairs and tokens again."""
        state, pairs = self.state, self._pairs
        board = state.board
        names = one_line(f"A {state.a}"), one_line(f"B {state.b}")
        self.query_one("#question", Brief).tell(*names, one_line(board.suite), board.protocol, board.metric)
        self.query_one("#pair-heading", Brief).update(Text(pair_heading(state)))
        shown = state.pairs
        pairs.show(len(shown), lambda index, width: pair_line(state, shown[index], width, self.colour), pairs.cursor)
        self._draw_tokens()

    def _draw_tokens(self) -> None:
        state, steps = self.state, self.query_one("#steps", Rows)
        self.query_one("#verdict", Brief).update(verdict_line(state, self.colour))
        found = state.duel.steps if state.duel is not None else ()
        piece = piece_width(found)
        self.query_one("#step-heading", Brief).update(Text(step_heading(steps.size.width, piece)))
        steps.show(len(found), lambda index, width: step_line(found[index], width, piece, self.colour), 0)
        self._point()

    def _point(self) -> None:
        """Mark the token under the cursor on the curves."""
        duel, step = self.state.duel, self.state.step(self.query_one("#steps", Rows).cursor)
        at = duel.point_of(step) if duel is not None and step is not None else 0
        self.query_one("#curves", Curves).show(duel, at)

    def on_rows_highlighted(self, event: Rows.Highlighted) -> None:
        """Another pair or another token is under the cursor."""
        if event.rows.id == "pairs":
            self._read()
        else:
            self._point()

    def on_curves_clicked(self, message: Curves.Clicked) -> None:
        """To the token that is read there."""
        duel = self.state.duel
        if duel is not None:
            distances = [abs(duel.point_of(step) - message.point) for step in duel.steps]
            self.query_one("#steps", Rows).cursor = distances.index(min(distances))

    def on_rows_selected(self, event: Rows.Selected) -> None:
        """Open the pair, as a failure of whoever does worse on it."""
        from screens.pair.screen import PairScreen

        pair = self._current
        if event.rows.id == "pairs" and pair is not None:
            ids = [each.pair_id for each in self.state.pairs]
            screen = PairScreen(self.state.board, self.state.loser(pair), ids, self._pairs.cursor)
            self.app.push_screen(screen, self._back_at)

    def action_tokens(self) -> None:
        """Open the pair token by token, as whoever does worse on it read it."""
        from screens.tokens.screen import TokenScreen

        pair = self._current
        if pair is not None:
            ids = [each.pair_id for each in self.state.pairs]
            screen = TokenScreen(self.state.board, self.state.loser(pair), ids, self._pairs.cursor)
            self.app.push_screen(screen, self._back_at)

    def _back_at(self, place: int | None) -> None:
        if place is not None:
            self._pairs.cursor = place

    def action_winner(self, winner: Winner) -> None:
        """Only the pairs that one of them wins, or all again."""
        self.state.winner = "" if self.state.winner == winner else winner
        self._pairs.cursor = 0
        self.repaint()
        self._read()

    def action_other(self) -> None:
        """To the tokens and back."""
        steps = self.query_one("#steps", Rows)
        (self._pairs if steps.has_focus else steps).focus()

    def action_back(self) -> None:
        """Back to the comparison."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy where the two part."""
        duel = self.state.duel
        if duel is not None:
            rows = ["side\ttext\tlogprob_a\tlogprob_b\tswing"]
            rows += [f"{s.side}\t{plain(s.text)!r}\t{s.a:.4f}\t{s.b:.4f}\t{s.swing:.4f}" for s in duel.steps]
            self.copy("\n".join(rows) + "\n")

    def action_export(self) -> None:
        """Take away the pairs, and both curves of the one under the cursor."""
        state, duel = self.state, self.state.duel

        def rows() -> Table:
            from engine.export.comparisons import differing_table

            violated = {pair.pair_id: "; ".join(state.words[pair.pair_id].criteria) for pair in state.pairs}
            return differing_table(state.a, state.b, state.pairs, violated)

        def figure() -> Figure:
            from engine.export.comparisons import duel_figure

            assert duel is not None
            return duel_figure(duel)

        how = {"a": state.a, "b": state.b, "won_by": state.winner or "either"}
        table_dialog(self, "differing-pairs", rows, figure if duel is not None else None, how)

    def at_hand(self) -> AtHand | None:
        """The pair under the cursor."""
        pair, board = self._current, self.state.board
        if pair is None:
            return None
        return AtHand(board.suite_hash, pair.pair_id, self.state.annotations.get(pair.pair_id, ()))

    def marked(self) -> None:
        """Show the marks; what is compared here stays as it was read, and the rankings count anew."""
        store, suite_hash = self.session.store, self.state.board.suite_hash

        def read() -> Mapping[str, tuple[Annotation, ...]]:
            from engine.annotations.pairs import stored_annotations

            return stored_annotations(store, suite_hash)

        def arrived(annotations: Mapping[str, tuple[Annotation, ...]]) -> None:
            self.state.annotations = annotations
            self._pairs.refresh()

        self.load("notes", read, arrived)
