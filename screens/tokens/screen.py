"""One pair token by token: how likely each was to a candidate, and where its preference turned."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.widget import Widget
from textual.widgets import Static

from engine.results.running_difference import RunningDifference, running_difference
from rubrics.counted import count
from rubrics.errors import RudeError
from screens.shell.exporting import picture_dialog
from screens.shell.formats import probability, signed
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.tokens.curve import Curve
from screens.tokens.token_text import LEVELS, TokenText, level_style
from screens.widgets.brief import Brief

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.results.board import Board
    from engine.results.tokens import ResponseTokens, TokenView

__all__ = ["TokenScreen"]

_LINES = 6
"""Those above and below curve and responses."""


class TokenScreen(Place):
    """The very token where it turned."""

    MODE = "failures"
    TITLE = "Tokens"
    GUIDE = """
Every token is tinted by the probability the candidate gave it, given all before it; the steps are in the legend, and
each has a look of its own beside its colour. rank: 1 is the likeliest token of the vocabulary. entropy: how open the
candidate was at that place, in nats.

The curve is the log-likelihood of the chosen response so far less that of the rejected one, in nats. Words that both
share are passed together, so it moves where they part. It ends at the difference of the two sums; ┊ marks the place
from which on it stays on that side, ▲ the token under the cursor. Responses differ in length, so the difference per
byte stands beside it.
"""
    WITHOUT = Place.WITHOUT | {"step", "copy"}
    FIRST_KEYS = ("back", "turn", "other", "step(1)", "step(-1)")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace,t", "back", "back", key_display="esc", id="back"),
        Binding("tab", "other", "other side", tooltip="to the other response", id="other-side"),
        Binding("w", "turn", "where it turns", tooltip="go to the token where the preference turns", id="turn"),
        Binding("n", "step(1)", "next", id="next"),
        Binding("p", "step(-1)", "previous", id="previous"),
        Binding("y", "copy", "copy", tooltip="copy the tokens of this response as a table", id="copy"),
        Binding("x", "export", "export", tooltip="write the curve to SVG, PDF or PNG", id="export"),
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
        super().__init__()
        self._board = board
        self._subject = subject
        self._ids = list(ids)
        self._index = index
        self._view: TokenView | None = None
        self._course: RunningDifference | None = None
        self._missing: RudeError | None = None

    def body(self) -> Iterable[Widget]:
        """The curve on top, both responses under it."""
        yield Brief(id="question")
        yield Brief(id="verdict", classes="full")
        yield Curve(id="curve")
        yield Brief(id="token", classes="full")
        with Container(id="responses", classes="full"):
            for side in ("chosen", "rejected"):
                text = TokenText(id=side)
                text.tooltip = "the response, token by token: arrows walk, the mouse points"
                yield text
        yield Brief(id="legend", classes="full")

    def on_mount(self) -> None:
        """Read the first pair."""
        self.query_one("#curve").add_class("full")
        self._read()

    def _read(self) -> None:
        pair_id = self._ids[self._index]

        def read() -> tuple[TokenView, RunningDifference]:
            from engine.results.tokens import token_view

            view = token_view(self.session.store, self._board, self._subject, pair_id)
            return view, running_difference(view)

        def arrived(answer: tuple[TokenView, RunningDifference]) -> None:
            self._view, self._course = answer
            self._missing = None
            self.something()
            for side in ("chosen", "rejected"):
                self.query_one(f"#{side}", TokenText).show(getattr(self._view, side))
            self.repaint()
            if not isinstance(self.focused, TokenText):
                self.query_one("#chosen").focus()
            else:
                self._point(self.focused, self.focused.cursor)

        self.load("tokens", read, arrived, self._lacking)

    def _share_out(self) -> None:
        texts = list(self.query(TokenText))
        low = self.has_class("-low")
        needed = (max if self.wide or low else sum)(text.wanted_height for text in texts)
        for text in texts:
            # One above the other, the longer response has more of the room; in little room, one hides the other.
            text.styles.height = "1fr" if self.wide else "100%" if low else f"{text.wanted_height}fr"
        height = self.size.height
        least, most = (12 if height >= 36 else 6 if height >= 18 else 3), height * 2 // 5
        self.query_one("#curve").styles.height = max(least, min(most, height - _LINES - needed))

    def _lacking(self, error: RudeError) -> None:
        self._view = self._course = None
        self._missing = error
        text = Text.assemble((plain(error.what) + "\n\n", "bold"), overflow="fold")
        text.append("They are kept where a run is told to, and made by (y copies this):\n\n")
        text.append(plain(error.fix), "bold")
        self.nothing(text)
        self.repaint()

    def repaint(self) -> None:
        """Draw again in the theme's colours."""
        head = Text()
        head.append(f"{self._index + 1} of {len(self._ids):,}  ", "bold")
        head.append(f"{one_line(self._ids[self._index], 50)} · {one_line(self._subject, 30)} · likelihood by token")
        self.query_one("#question", Static).update(head)
        if self._view is None or self._course is None:
            return
        self._share_out()
        for side, name, tone in (("chosen", "✓ Chosen", "good"), ("rejected", "✗ Rejected", "bad")):
            tokens: ResponseTokens = getattr(self._view, side)
            widget = self.query_one(f"#{side}", TokenText)
            title = f"{signed(float(tokens.sums[-1]), 1)} nats · {count(len(tokens), 'token')}"
            widget.border_title = Text.assemble((name, f"bold {self.colour(tone)}"), f" {title}")
            widget.paint()
        self.query_one("#verdict", Static).update(self._verdict(self._view, self._course))
        self.query_one("#legend", Static).update(self._legend())
        if isinstance(self.focused, TokenText):
            self.call_after_refresh(self.focused.scroll_visible, animate=False)
            self._point(self.focused, self.focused.cursor)

    def _verdict(self, view: TokenView, found: RunningDifference) -> Text:
        ahead = "chosen" if found.end > 0 else "rejected"
        text = Text()
        text.append("chosen − rejected " if self.wide else "")
        text.append(f"{signed(found.end)} nats", f"bold {self.colour('good' if found.end > 0 else 'bad')}")
        each = [float(side.sums[-1]) / len(side.text.encode()) for side in (view.chosen, view.rejected)]
        text.append(f" · {signed(each[0] - each[1], 3)} a byte")
        if found.end == 0:
            text.append(" · even")
        elif found.turn == 0:
            text.append(f" · {ahead} is ahead all the way")
        else:
            side = getattr(view, ahead)
            place = (found.chosen if ahead == "chosen" else found.rejected)[found.turn]
            token = side.token_at(max(0.0, float(place) - 0.5))
            text.append(f" · {ahead} stays ahead from its token {token + 1} {_quoted(side.pieces()[token])}")
        return text

    def _legend(self) -> Text:
        names = self.app.theme_variables
        text = Text("probability ")
        for step, (_, name) in enumerate(LEVELS):
            text.append(f" {name} ", level_style(step, names["background"], names["bad"], names["foreground"]))
            text.append("  ")
        text.append("· part of a character")
        return text

    def on_token_text_pointed(self, message: TokenText.Pointed) -> None:
        """Say what is known of the token, and mark its place on the curve and in the other response."""
        self._point(message.widget, message.token)

    def _point(self, widget: TokenText, token: int) -> None:
        view, found = self._view, self._course
        if view is None or found is None:
            return
        on_chosen = widget.id == "chosen"
        tokens: ResponseTokens = view.chosen if on_chosen else view.rejected
        point = found.point(float(tokens.ends[token]) - 1e-9, chosen=on_chosen)
        scores = tokens.scores
        logprob = float(scores.logprob[token])
        text = Text()
        text.append(f"{_quoted(tokens.pieces()[token])} ", "bold")
        text.append(f"{token + 1}/{len(tokens)} · p {probability(logprob)} ({signed(logprob)}) · ")
        text.append(f"rank {int(scores.rank[token]):,} · entropy {float(scores.entropy[token]):.2f} · ")
        so_far = float(found.sums[point])
        text.append(f"so far {signed(so_far)}", self.colour("good" if so_far >= 0 else "bad"))
        self.query_one("#token", Static).update(text)
        self.query_one("#curve", Curve).show(found, point)
        if widget.has_focus:
            partner = self.query_one("#rejected" if on_chosen else "#chosen", TokenText)
            other = view.rejected if on_chosen else view.chosen
            read = (found.rejected if on_chosen else found.chosen)[point]
            partner.cursor = other.token_at(max(0.0, float(read) - 0.5))

    def on_curve_clicked(self, message: Curve.Clicked) -> None:
        """Both cursors go to that place."""
        self._go(message.point)

    def _go(self, point: int) -> None:
        view, found = self._view, self._course
        if view is None or found is None:
            return
        widget = self.focused if isinstance(self.focused, TokenText) else self.query_one("#chosen", TokenText)
        on_chosen = widget.id == "chosen"
        tokens = view.chosen if on_chosen else view.rejected
        read = (found.chosen if on_chosen else found.rejected)[point]
        widget.cursor = tokens.token_at(max(0.0, float(read) - 0.5))
        self._point(widget, widget.cursor)

    def action_turn(self) -> None:
        """Go to where the preference turns."""
        if self._course is not None:
            self._go(self._course.turn)

    def action_other(self) -> None:
        """To the other response."""
        if self._view is not None:
            here = isinstance(self.focused, TokenText) and self.focused.id == "chosen"
            self.query_one("#rejected" if here else "#chosen").focus()

    def action_step(self, step: int) -> None:
        """The next or previous pair of the list."""
        if 0 <= self._index + step < len(self._ids):
            self._index += step
            self._read()
        else:
            self.notify("That was the last pair" if step > 0 else "This is the first pair", timeout=2, markup=False)

    def action_back(self) -> None:
        """Back to the pair, at the one read last."""
        self.dismiss(self._index)  # type: ignore[arg-type]

    def action_copy(self) -> None:
        """Copy the command that makes token scores, or the tokens of the response under the cursor."""
        if self._missing is not None:
            self.app.copy_to_clipboard(plain(self._missing.fix))
        elif self._view is not None:
            side = self.focused.id if isinstance(self.focused, TokenText) else "chosen"
            tokens: ResponseTokens = getattr(self._view, str(side))
            scores = tokens.scores
            lines = ["token\tlogprob\trank\tentropy"]
            for i, piece in enumerate(tokens.pieces()):
                shown = _quoted(piece)[1:-1]
                lines.append(f"{shown}\t{scores.logprob[i]:.4f}\t{scores.rank[i]}\t{scores.entropy[i]:.3f}")
            self.app.copy_to_clipboard("\n".join(lines) + "\n")
        else:
            return
        self.notify("Copied", timeout=2)

    def action_export(self) -> None:
        """Write the curve and where it turns, for a paper."""
        view = self._view
        if view is None:
            return

        def drawn() -> Figure:
            from engine.export import figures

            return figures.tokens(view)

        picture_dialog(self, "tokens", drawn)


def _quoted(piece: str) -> str:
    return "“" + (_visible(piece) or "·") + "”"


def _visible(piece: str) -> str:
    """A token's text on one line, its blanks marked: a leading space is part of most tokens."""
    return plain(piece)[:24].replace("\n", "⏎").replace(" ", "␣")
