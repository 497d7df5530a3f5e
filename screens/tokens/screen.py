"""One pair token by token: how likely each was to a candidate, and where its preference turned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.shell.export_dialogs import picture_dialog
from screens.shell.formats import signed
from screens.shell.pair_walk import PairWalk
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.shell.token_scoring import Lacking, ScoresTokens
from screens.tokens.curve import Curve
from screens.tokens.facts import legend, token_line, verdict_line
from screens.tokens.state import SIDES, Scored, Side, TokensState, read_tokens
from screens.tokens.token_text import TokenText
from screens.widgets.brief import Brief
from screens.widgets.cells import shared_out

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.results.board import Board

__all__ = ["TokenScreen"]


_LINES = 6
"""Those above and below curve and responses."""


class TokenScreen(ScoresTokens):
    """The very token where it turned."""

    MODE = "failures"
    TITLE = "Tokens"
    GUIDE = """
Every token is tinted by the probability the candidate gave it, given all before it; the steps are in the legend, and
each has a look of its own beside its colour. Its rank and its entropy stand with it, and, where the run kept it, the
token that was wanted in its place: the likeliest there.

The curve is the log-likelihood of the chosen response so far less that of the rejected one, in nats. Words that both
share are passed together, so it moves where they part. It ends at the difference of the two sums; ┊ marks the place
from which on it stays on that side, ▲ the token under the cursor. Responses differ in length, so the difference per
byte stands beside it.

A pair that was scored without its tokens is read again on its own, by the candidate's run as it was: that starts with
t, and on the pairs beside it with s. It takes as long as loading the candidate; esc leaves it to go on.
"""
    TERMS = ("token scores", "likelihood", "sum", "per_byte")
    WITHOUT = Place.WITHOUT | {"step", "copy"}
    FIRST_KEYS = ("back", "turn", "score", "other", "step(1)", "step(-1)")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("tab", "other", "other side", tooltip="to the other response", id="other-side"),
        Binding("at", "turn", "where it turns", tooltip="go to the token where the preference turns", id="turn"),
        Binding("n", "step(1)", "next", id="next"),
        Binding("p", "step(-1)", "previous", id="previous"),
        Binding("y", "copy", "copy", tooltip="copy the tokens of this response as a table", id="copy"),
        Binding("x", "export", "take away", tooltip="the curve and the text, into a folder or a file", id="export"),
    ]
    DEFAULT_CSS = """
    TokenScreen #question { height: 1; padding: 0 1; background: $surface; }
    TokenScreen #curve { height: 6; padding: 0 1; }
    TokenScreen #verdict, TokenScreen #token, TokenScreen #legend { height: 1; padding: 0 1; }
    TokenScreen #legend { color: $text-muted; }
    TokenScreen #responses { layout: vertical; height: 1fr; }
    TokenScreen.-wide #responses { layout: horizontal; }
    TokenScreen.-low #legend { display: none; }
    TokenScreen.-low #responses { overflow-y: auto; scrollbar-size-vertical: 0; }
    TokenScreen TokenText { min-height: 3; width: 1fr; }
    TokenScreen.-empty .full { display: none; }
    """

    def __init__(self, board: Board, subject: str, ids: Sequence[str], index: int) -> None:
        """Args:
        subject: label of the candidate.
        ids: the pairs to walk through.
        index: the one to begin with.
        """
        super().__init__()
        self.state = TokensState(board, subject, PairWalk(ids, index))

    def body(self) -> Iterable[Widget]:
        """The curve on top, both responses under it."""
        yield Brief(id="question")
        yield Brief(id="verdict", classes="full")
        yield Curve(id="curve")
        yield Brief(id="token", classes="full")
        with Container(id="responses", classes="full"):
            for side in SIDES:
                text = TokenText(side)
                text.tooltip = "the response, token by token: arrows walk, the mouse points"
                yield text
        yield Brief(id="legend", classes="full")

    def on_mount(self) -> None:
        """Read the first pair."""
        self.query_one("#curve").add_class("full")
        self._read()

    def _read(self) -> None:
        state, store, pair_id = self.state, self.session.store, self.state.walk.pair_id
        self.load(
            "tokens", lambda: read_tokens(store, state.board, state.subject, pair_id), self._arrived, self._lacking
        )

    def _arrived(self, scored: Scored) -> None:
        self.state.take(scored)
        self.something()
        for side in SIDES:
            self._text(side).show(scored.tokens(side))
        self.repaint()
        if not isinstance(self.focused, TokenText):
            self._text("chosen").focus()
        else:
            self._point(self.focused, self.focused.cursor)

    def _lacking(self, error: RudeError) -> None:
        self.state.lack(error)
        self.say_lack("s reads this pair token by token now, with the model its run was made with.")
        self.repaint()
        if not self.asked:
            self.action_score()

    def lacking(self) -> Lacking | None:
        """The pair shown, where its token scores are missing."""
        state = self.state
        return Lacking(state.board, state.subject, state.walk.pair_id) if state.missing is not None else None

    def scored_now(self) -> None:
        """Read them."""
        self._read()

    def say_lack(self, now: str) -> None:
        """Say that there are none, and what is done about it."""
        error = self.state.missing
        if error is None:
            return
        text = Text.assemble((plain(error.what) + "\n\n", "bold"), overflow="fold")
        text.append(plain(now) + "\n\n")
        text.append("Those of every pair are kept where a run is told to, and made by (y copies this):\n\n")
        text.append(plain(error.shell or error.fix), "bold")
        self.nothing(text)

    def _text(self, side: Side) -> TokenText:
        return self.query_one(f"#{side}", TokenText)

    def _share_out(self) -> None:
        texts = list(self.query(TokenText))
        low = self.has_class("-low")
        needed = (max if self.wide or low else sum)(text.full_height for text in texts)
        for text in texts:
            # One above the other, the longer response has more of the room; in little room, one hides the other.
            text.styles.height = "1fr" if self.wide else "100%" if low else f"{text.full_height}fr"
        height = self.size.height
        least, most = (12 if height >= 36 else 6 if height >= 18 else 3), height * 2 // 5
        self.query_one("#curve").styles.height = max(least, min(most, height - _LINES - needed))

    def repaint(self) -> None:
        """Draw again in the theme's colours."""
        state, walk = self.state, self.state.walk
        head = Text()
        head.append(f"{walk.place}  ", "bold")
        end = " · likelihood by token"
        room = self.query_one("#question").content_size.width - head.cell_len - len(end) - 3
        head.append(" · ".join(shared_out((one_line(walk.pair_id), one_line(state.subject)), max(room, 30))) + end)
        self.query_one("#question", Static).update(head)
        if state.scored is None:
            return
        self._share_out()
        for side, name, tone in zip(SIDES, ("✓ Chosen", "✗ Rejected"), ("good", "bad"), strict=True):
            tokens, widget = state.scored.tokens(side), self._text(side)
            title = f"{signed(float(tokens.sums[-1]), 1)} nats · {count(len(tokens), 'token')}"
            widget.border_title = Text.assemble((name, f"bold {self.colour(tone)}"), f" {title}")
            widget.paint()
        self.query_one("#verdict", Static).update(verdict_line(state.scored, self.colour, wide=self.wide))
        self.query_one("#legend", Static).update(legend(self.app.theme_variables))
        if isinstance(self.focused, TokenText):
            self.call_after_refresh(self.focused.scroll_visible, animate=False)
            self._point(self.focused, self.focused.cursor)

    def on_token_text_pointed(self, message: TokenText.Pointed) -> None:
        """Say what is known of the token, and mark its place on the curve and in the other response."""
        self._point(message.widget, message.token)

    def _point(self, widget: TokenText, token: int) -> None:
        scored = self.state.scored
        if scored is None:
            return
        side: Side = widget.side
        point = scored.point_of(side, token)
        self.query_one("#token", Static).update(token_line(scored, side, token, self.colour))
        self.query_one("#curve", Curve).show(scored.running, point)
        if widget.has_focus:
            other: Side = "rejected" if side == "chosen" else "chosen"
            self._text(other).cursor = scored.token_at(other, point)

    def on_curve_clicked(self, message: Curve.Clicked) -> None:
        """Both cursors go to that place."""
        self._go(message.point)

    def _go(self, point: int) -> None:
        if self.state.scored is None:
            return
        widget = self.focused if isinstance(self.focused, TokenText) else self._text("chosen")
        widget.cursor = self.state.scored.token_at(widget.side, point)
        self._point(widget, widget.cursor)

    def action_turn(self) -> None:
        """Go to where the preference turns."""
        if self.state.scored is not None:
            self._go(self.state.scored.running.turn)

    def action_other(self) -> None:
        """To the other response."""
        if self.state.scored is not None:
            here = isinstance(self.focused, TokenText) and self.focused.side == "chosen"
            self._text("rejected" if here else "chosen").focus()

    def action_step(self, step: int) -> None:
        """The next or previous pair of the list."""
        if end := self.state.walk.step(step):
            self.notify(end, timeout=2, markup=False)
        else:
            self._read()

    def action_back(self) -> None:
        """Back to the pair, at the one read last."""
        self.dismiss(self.state.walk.index)  # type: ignore[arg-type]

    def action_copy(self) -> None:
        """Copy the command that makes token scores, or the tokens of the response under the cursor."""
        if self.state.missing is not None:
            text = plain(self.state.missing.shell or self.state.missing.fix)
        elif self.state.scored is not None:
            text = self.state.scored.table(self.focused.side if isinstance(self.focused, TokenText) else "chosen")
        else:
            return
        self.app.copy_to_clipboard(text)

    def action_export(self) -> None:
        """Write the curve and where it turns, for a paper."""
        if self.state.scored is None:
            return
        view = self.state.scored.view

        def drawn() -> Figure:
            from engine.export import figures

            return figures.tokens(view)

        picture_dialog(self, "tokens", drawn)
