"""A short suite: how few pairs tell the candidates apart how well, and the file of those chosen."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.shell.dialogs import Ask, Choose, Confirm
from screens.shell.place import Place
from screens.shell.plain import cells_of, one_line, padded, plain
from screens.short_suite.state import ShortSuiteState, file_name, shorten_to, write
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.results.pair_trial import Trial
    from engine.results.short_suite import ShortSuite

__all__ = ["ShortScreen"]

_HEAD: Final = f" {'pairs':>7} {'units':>7} {'error ×':>8} {'at random ×':>12} {'worth':>8}"


class ShortScreen(Place):
    """Which pairs would do?"""

    TITLE = "Short suite"
    GUIDE = """
Short suites of several sizes, and what each costs in precision. _ keeps whole prompt groups, or single pairs, in place
of clusters.

error ×: how many times larger the median candidate's standard error of ability is than with all pairs; standard errors
are 1/√(Fisher information), pairs taken as independent. at random ×: the same for as many pairs drawn at random.
worth: how many pairs drawn at random would tell as much, on average over candidates.

Accuracies on a short suite compare with each other, not with those on the whole one: its pairs were picked for their
difficulty, on these candidates. x writes the pairs and a card that says all of this; the suite then stands among
the others, to be marked for a run.
"""
    TERMS = ("short suite", "cluster", "ability", "information")
    FIRST_KEYS = ("back", "write", "number", "whole", "leave")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("x", "write", "write", tooltip="write the suite under the cursor, with its card", id="export"),
        Binding("number_sign", "number", "how many", tooltip="another number of pairs", id="short-number"),
        Binding(
            "underscore", "whole", "whole", tooltip="keep clusters, prompt groups or pairs whole", id="short-whole"
        ),
        Binding("l", "leave", "leave out", tooltip="without reversed and suspected pairs, or with", id="short-without"),
    ]
    DEFAULT_CSS = """
    ShortScreen #question { height: 1; padding: 0 1; color: $text-muted; }
    ShortScreen #cost { height: auto; max-height: 4; padding: 0 1 1 1; }
    ShortScreen #body { layout: vertical; height: 1fr; }
    ShortScreen.-wide #body { layout: horizontal; }
    ShortScreen #left { height: 10; width: 1fr; }
    ShortScreen.-wide #left { width: 54; height: 1fr; border-right: solid $panel; }
    ShortScreen #head { height: 1; color: $text-muted; }
    ShortScreen #errors { height: 1fr; width: 1fr; padding: 0 1; border-top: solid $panel; scrollbar-size: 1 1; }
    ShortScreen.-low #cost { max-height: 1; padding: 0 1; }
    ShortScreen.-low #left { height: 1fr; }
    ShortScreen.-low #errors { display: none; }
    ShortScreen.-wide #errors { border-top: none; }
    """

    def __init__(self, mode: str, trial: Trial) -> None:
        """Args:
        mode: the place it is opened from.
        """
        super().__init__()
        self._mode = mode
        self.state = ShortSuiteState(trial)

    @property
    def here(self) -> str:
        """The place it was opened from."""
        return self._mode

    def body(self) -> Iterable[Widget]:
        """Sizes on one side, the candidates' errors for the size under the cursor on the other."""
        yield Brief(id="question")
        yield Static(id="cost")
        with Container(id="body"):
            with Container(id="left"):
                yield Static(Text(_HEAD), id="head")
                rows = Rows(id="sizes")
                rows.tooltip = "suites of so many pairs and what each costs in precision: enter writes one"
                yield rows
            area = VerticalScroll(Static(id="each"), id="errors")
            area.can_focus = False
            yield area

    def on_mount(self) -> None:
        """Pick."""
        rows = self.query_one(Rows)
        rows.focus()
        self.watch(rows, "cursor", self.repaint, init=False)
        self._pick(None)

    def _pick(self, size: int | None) -> None:
        """Choose the pairs of every size; the cursor goes to the suite of so many pairs, or near it."""
        state = self.state
        trial, sizes, whole, leave_out = state.trial, sorted(state.sizes), state.whole, state.leave_out
        self.query_one("#question", Static).update(Text("choosing pairs…"))

        def arrived(suites: list[ShortSuite]) -> None:
            state.suites = suites
            self.query_one(Rows).show(len(suites), self._line, state.nearest(size))
            self.repaint()

        def failed(error: RudeError) -> None:
            state.suites = []
            self.query_one(Rows).show(0, self._line)
            self.query_one("#question", Static).update(Text(f"no short suite: {plain(error.what)}"))
            self.query_one("#cost", Static).update(Text(f"→ {plain(error.fix)}" if error.fix else ""))
            self.query_one("#each", Static).update(Text())

        self.load("pick", lambda: shorten_to(trial, sizes, whole, leave_out), arrived, failed)

    def _line(self, index: int, width: int) -> Text:
        import numpy as np

        suite = self.state.suites[index]
        errors = suite.precision
        random = float(np.median(errors.se_random / errors.se_all))
        text = f" {len(suite.pair_ids):>7,} {suite.units:>7,} {suite.loss:>8.2f} {random:>12.2f} {errors.worth:>8,.0f}"
        return Text(text, no_wrap=True)

    def _current(self) -> ShortSuite | None:
        return self.state.at(self.query_one(Rows).cursor)

    def repaint(self) -> None:
        """Say what the size under the cursor costs."""
        suite = self._current()
        if suite is None:
            return
        trial = self.state.trial
        self.query_one("#question", Brief).tell(
            one_line(trial.suite), trial.protocol, trial.metric, f"whole {suite.whole}s",
            "without reversed and suspected pairs" if self.state.leave_out else "",
        )  # fmt: skip
        self.query_one("#cost", Static).update(
            Text(
                f"{count(len(suite.pair_ids), 'pair')} of {len(trial.pairs):,}, in {count(suite.units, suite.whole)}: "
                f"standard errors of ability grow {suite.loss:.2f}-fold (median candidate); as informative as "
                f"{suite.precision.worth:,.0f} pairs drawn at random."
            )
        )
        self.query_one("#each", Static).update(self._errors(suite))

    def _errors(self, suite: ShortSuite) -> Text:
        """Every candidate's standard errors."""
        errors, ink = suite.precision, self.colour("foreground")
        name = max(len("candidate"), *(cells_of(candidate) for candidate in suite.candidates))
        text = Text(f"{'candidate':<{name}} {'all':>7} {'these':>7} {'random':>7}\n", self.colour("chance"))
        rows = zip(suite.candidates, errors.se_all, errors.se_short, errors.se_random, strict=True)
        for candidate, *values in rows:
            text.append(f"{padded(candidate, name)} ", ink)
            text.append(" ".join(f"{value:>7.3f}" for value in values) + "\n", ink)
        unit = "logits" if self.state.trial.model == "rasch" else "standard deviations of the candidates"
        text.append(f"\nstandard errors of ability, in {unit}: 1/√(Fisher information), pairs taken as independent\n")
        text.append("accuracies on these pairs compare with each other, not with those on the whole suite\n")
        return text

    def action_back(self) -> None:
        """Back to the pairs."""
        self.dismiss()

    def action_number(self) -> None:
        """Another number of pairs."""
        pairs = len(self.state.trial.pairs)

        def add(number: str | None) -> None:
            if number is None:
                return
            if self.state.add_size(number):
                self._pick(int(number))
            else:
                words = f"A whole number from 1 to {pairs - 1:,} is wanted"
                self.notify(words, severity="warning", markup=False)

        self.app.push_screen(Ask("How many pairs, at most?", hint=f"of {pairs:,}"), add)

    def action_whole(self) -> None:
        """What is taken together or not at all."""
        from engine.results.short_suite import UNITS

        def take(whole: str | None) -> None:
            if whole:
                self.state.whole = whole
                self._pick(None)

        names = {"cluster": "clusters (mirrored pairs stay together)", "group": "prompt groups", "pair": "single pairs"}
        self.app.push_screen(Choose("Keep whole", [(unit, names[unit]) for unit in UNITS], self.state.whole), take)

    def action_leave(self) -> None:
        """Without reversed and suspected pairs, or with them."""
        self.state.toggle_suspected()
        self._pick(None)

    def on_rows_selected(self) -> None:
        """Enter writes."""
        self.action_write()

    def action_write(self) -> None:
        """Write the pairs and the card."""
        suite = self._current()
        if suite is None:
            return

        def begin(name: str | None) -> None:
            if name is None:
                return
            path = Path(os.path.expanduser(name))
            if path.suffix != ".jsonl":
                self.notify("A suite file ends in .jsonl", severity="warning", markup=False)
            elif path.exists() or path.with_suffix(".md").exists():
                question = Confirm(f"{plain(path.name)} or its card is there already", "Write over it?")
                self.app.push_screen(question, lambda sure: self._write(suite, path) if sure else None)
            else:
                self._write(suite, path)

        self.app.push_screen(Ask("Write the short suite to", file_name(self.state.trial, suite)), begin)

    def _write(self, suite: ShortSuite, path: Path) -> None:
        path = path.absolute()
        store, trial = self.session.store, self.state.trial

        def written(_: None) -> None:
            self.session.offer_suite(str(path))
            card = path.with_suffix(".md").name
            words = f"{plain(str(path))}\nand its card {plain(card)}; 6 shows it among the suites"
            self.notify(words, title="Written", markup=False)

        self.load("write", lambda: write(store, trial, suite, path), written)
