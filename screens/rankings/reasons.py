"""What a recommendation rests on, to be read: its reasons, and the lead over every rival."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType

from engine.stats.p_value import p_text
from screens.rankings.state import Standings
from screens.shell.colour import Colour
from screens.shell.dialogs import Read
from screens.shell.formats import signed
from screens.shell.plain import cells_of, one_line, padded, plain

if TYPE_CHECKING:
    from engine.results.recommendation import Recommendation

__all__ = ["Reasons", "reasons_text"]

_NAME = 28
_PAIRED: Final = "It rests on the paired tests of this ranking; space on two rows and c compares them."
_AGAINST_CHANCE: Final = "It rests on every candidate's own interval beside chance, as the table shows them."
_RESTS: Final = {
    "chance": _AGAINST_CHANCE, "below": _AGAINST_CHANCE, "nobody": "It rests on what is required of candidates.",
    "alone": "It rests on that candidate's own interval; there is nobody to hold it against.",
}  # fmt: skip
"""By the state of a pick, where it is not paired tests that settle it."""


class Reasons(Read):
    """Them, with the ladders' cards a key away: what a lead was worth there is the last of the reasons."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("V", "cards", "the card")]
    FURTHER = ("V the ladders' cards", "V")

    def action_cards(self) -> None:
        """What two ladders of small models showed, in full."""
        from screens.shell.document import cards

        self.app.push_screen(cards())


def reasons_text(standings: Standings, advice: Recommendation, colour: Colour) -> Text:
    """The sentence, its reasons, and the figures that the ranking and the comparison give."""
    from engine.export.recommendation_words import headline, reasons

    faint = colour("chance")
    text = Text(plain(headline(advice)) + "\n", overflow="fold")
    text.stylize("bold")
    for reason in reasons(advice, standings.families):
        text.append(f"· {plain(reason)}\n")
    if advice.rivals and advice.first is not None:
        text.append(f"\nLead of {one_line(advice.first, _NAME)} in points, with 95 %, and p after Holm\n", faint)
        width = max(cells_of(rival.b, _NAME) for rival in advice.rivals)
        for rival in advice.rivals:
            ends = f"({rival.ends(lambda end: signed(100 * end, 1))})"
            told = "" if rival.told_apart else "  not told apart"
            text.append(padded(rival.b, width))
            text.append(f" {signed(100 * rival.difference, 1):>6} {ends:<16} ")
            text.append(f"{p_text(rival.p_adjusted)}{told}\n", faint)
    if standings.controls.line:
        text.append(f"\n{standings.controls.line}\n")
    for suspicion in standings.suspicions:
        text.append(f"! {plain(suspicion)}\n", colour("bad"))
    text.append(f"\n{_RESTS.get(advice.pick.state, _PAIRED)}", faint)
    return text
