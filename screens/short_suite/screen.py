"""A short suite: how few pairs tell the candidates apart how well, and the file of those chosen."""

from __future__ import annotations

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
from screens.shell.plain import one_line, plain
from screens.widgets.brief import Brief
from screens.widgets.rows import Rows

if TYPE_CHECKING:
    from engine.results.items import Trial
    from engine.results.short import ShortSuite

__all__ = ["ShortScreen"]

_SHARES: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75)
_FIRST: Final = 2
_HEAD: Final = f" {'pairs':>7} {'units':>7} {'error ×':>8} {'at random ×':>12} {'worth':>8}"


class ShortScreen(Place):
    """Which pairs would do?"""

    TITLE = "Short suite"
    GUIDE = """
The pairs that tell most about ability, whole clusters at a time so that mirrored pairs stay together (u keeps whole
prompt groups or single pairs instead). They keep the mean variance of the candidates' abilities low: Fisher
information, exchange by gradient.

error ×: how many times larger the median candidate's standard error of ability is than with all pairs; standard errors
are 1/√(Fisher information), pairs taken as independent. at random ×: the same for as many pairs drawn at random.
worth: how many pairs drawn at random would tell as much, on average over candidates.

Accuracies on a short suite compare with each other, not with those on the whole one: its pairs were picked for their
difficulty, on these candidates. x writes the pairs and a card that says all of this; the suite then stands among
the others, to be marked for a run.
"""
    FIRST_KEYS = ("back", "write", "number", "whole", "leave")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,backspace", "back", "back", key_display="esc", id="back"),
        Binding("x", "write", "write", tooltip="write the suite under the cursor, with its card", id="export"),
        Binding("n", "number", "how many", tooltip="another number of pairs", id="short-number"),
        Binding("u", "whole", "whole", tooltip="keep clusters, prompt groups or pairs whole", id="short-whole"),
        Binding("l", "leave", "leave out", tooltip="without reversed and suspected pairs, or with", id="short-without"),
    ]
    DEFAULT_CSS = """
    ShortScreen #question { height: 1; padding: 0 1; color: $text-muted; }
    ShortScreen #said { height: auto; max-height: 4; padding: 0 1 1 1; }
    ShortScreen #body { layout: vertical; height: 1fr; }
    ShortScreen.-wide #body { layout: horizontal; }
    ShortScreen #left { height: 10; width: 1fr; }
    ShortScreen.-wide #left { width: 54; height: 1fr; border-right: solid $panel; }
    ShortScreen #head { height: 1; color: $text-muted; }
    ShortScreen #errors { height: 1fr; width: 1fr; padding: 0 1; border-top: solid $panel; scrollbar-size: 1 1; }
    ShortScreen.-low #said { max-height: 1; padding: 0 1; }
    ShortScreen.-low #left { height: 1fr; }
    ShortScreen.-low #errors { display: none; }
    ShortScreen.-wide #errors { border-top: none; }
    """

    def __init__(self, place: str, trial: Trial) -> None:
        super().__init__()
        self._place = place
        self._trial = trial
        self._whole = "cluster"
        self._without: tuple[str, ...] = ()
        self._wanted = {max(1, round(share * len(trial.pairs))) for share in _SHARES}
        self._found: list[ShortSuite] = []

    @property
    def here(self) -> str:
        """The place it was opened from."""
        return self._place

    def body(self) -> Iterable[Widget]:
        """Sizes on one side, the candidates' errors for the size under the cursor on the other."""
        yield Brief(id="question")
        yield Static(id="said")
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

    def _pick(self, then: int | None) -> None:
        """Choose the pairs of every size; the cursor goes to the size of `then` pairs, or near it."""
        trial, whole, without, wanted = self._trial, self._whole, self._without, sorted(self._wanted)
        self.query_one("#question", Static).update(Text("choosing pairs…"))

        def read() -> list[ShortSuite]:
            from engine.results.short import shorten
            from rubrics.errors import BadInput

            found: dict[tuple[str, ...], ShortSuite] = {}
            refused = None
            for number in wanted:
                try:
                    one = shorten(trial, number, whole=whole, leave_out=without)
                except BadInput as error:
                    refused = error
                else:
                    found[one.pair_ids] = one
            if not found and refused is not None:
                raise refused
            return sorted(found.values(), key=lambda one: len(one.pair_ids))

        def arrived(found: list[ShortSuite]) -> None:
            self._found = found
            sizes = [len(one.pair_ids) for one in found]
            at = min(_FIRST, len(found) - 1)
            if then is not None:
                at = min(range(len(sizes)), key=lambda index: abs(sizes[index] - then))
            self.query_one(Rows).show(len(found), self._line, at)
            self.repaint()

        def failed(error: RudeError) -> None:
            self._found = []
            self.query_one(Rows).show(0, self._line)
            self.query_one("#question", Static).update(Text(f"no short suite: {plain(error.what)}"))
            self.query_one("#said", Static).update(Text(f"→ {plain(error.fix)}" if error.fix else ""))
            self.query_one("#each", Static).update(Text())

        self.load("pick", read, arrived, failed)

    def _line(self, index: int, width: int) -> Text:
        import numpy as np

        one = self._found[index]
        errors = one.precision
        random = float(np.median(errors.se_random / errors.se_all))
        text = f" {len(one.pair_ids):>7,} {one.units:>7,} {one.loss:>8.2f} {random:>12.2f} {errors.worth:>8,.0f}"
        return Text(text, no_wrap=True)

    def _current(self) -> ShortSuite | None:
        at = self.query_one(Rows).cursor
        return self._found[at] if at < len(self._found) else None

    def repaint(self) -> None:
        """Say what the size under the cursor costs."""
        one = self._current()
        if one is None:
            return
        trial, errors = self._trial, one.precision
        parts = [
            one_line(trial.suite, 40), trial.protocol, trial.metric, f"whole {one.whole}s",
            "without reversed and suspected pairs" if self._without else "",
        ]  # fmt: skip
        question = Text(" · ".join(filter(None, parts)))
        self.query_one("#question", Static).update(question)
        self.query_one("#said", Static).update(
            Text(
                f"{count(len(one.pair_ids), 'pair')} of {len(trial.pairs):,}, in {count(one.units, one.whole)}: "
                f"standard errors of ability grow {one.loss:.2f}-fold (median candidate); as informative as "
                f"{errors.worth:,.0f} pairs drawn at random."
            )
        )
        name = max(len("candidate"), *(min(40, len(candidate)) for candidate in one.candidates))
        text = Text(f"{'candidate':<{name}} {'all':>7} {'these':>7} {'random':>7}\n", self.colour("chance"))
        rows = zip(one.candidates, errors.se_all, errors.se_short, errors.se_random, strict=True)
        for candidate, *values in rows:
            text.append(f"{one_line(candidate, name):<{name}} ", self.colour("foreground"))
            text.append(" ".join(f"{value:>7.3f}" for value in values) + "\n", self.colour("foreground"))
        unit = "logits" if trial.model == "rasch" else "standard deviations of the candidates"
        text.append(f"\nstandard errors of ability, in {unit}: 1/√(Fisher information), pairs taken as independent\n")
        text.append("accuracies on these pairs compare with each other, not with those on the whole suite\n")
        self.query_one("#each", Static).update(text)

    def action_back(self) -> None:
        """Back to the pairs."""
        self.dismiss()

    def action_number(self) -> None:
        """Another number of pairs."""

        def add(typed: str | None) -> None:
            if typed is None:
                return
            if not typed.isdecimal() or not 0 < int(typed) < len(self._trial.pairs):
                words = f"A whole number from 1 to {len(self._trial.pairs) - 1:,} is wanted"
                self.notify(words, severity="warning", markup=False)
                return
            self._wanted.add(int(typed))
            self._pick(int(typed))

        self.app.push_screen(Ask("How many pairs, at most?", hint=f"of {len(self._trial.pairs):,}"), add)

    def action_whole(self) -> None:
        """What is taken together or not at all."""
        from engine.results.short import UNITS

        def take(whole: str | None) -> None:
            if whole:
                self._whole = whole
                self._pick(None)

        names = {"cluster": "clusters (mirrored pairs stay together)", "group": "prompt groups", "pair": "single pairs"}
        self.app.push_screen(Choose("Keep whole", [(unit, names[unit]) for unit in UNITS], self._whole), take)

    def action_leave(self) -> None:
        """Without reversed and suspected pairs, or with them."""
        self._without = () if self._without else ("reversed", "suspect")
        self._pick(None)

    def on_rows_selected(self) -> None:
        """Enter writes."""
        self.action_write()

    def action_write(self) -> None:
        """Write the pairs and the card."""
        one = self._current()
        if one is None:
            return

        def begin(name: str | None) -> None:
            if name is None:
                return
            path = Path(name).expanduser()
            if path.suffix != ".jsonl":
                self.notify("A suite file ends in .jsonl", severity="warning", markup=False)
            elif path.exists() or path.with_suffix(".md").exists():
                question = Confirm(f"{plain(path.name)} or its card is there already", "Write over it?")
                self.app.push_screen(question, lambda sure: self._write(one, path) if sure else None)
            else:
                self._write(one, path)

        stem = "".join(c if c.isalnum() or c in "-_" else "-" for c in plain(self._trial.suite))[:40] or "suite"
        self.app.push_screen(Ask("Write the short suite to", f"{stem}-short-{len(one.pair_ids)}.jsonl"), begin)

    def _write(self, one: ShortSuite, path: Path) -> None:
        path = path.absolute()

        def work() -> None:
            from engine.results.short import write_short

            write_short(self.session.store, self._trial, one, path)

        def written(_: None) -> None:
            if str(path) not in self.session.suite_files:
                self.session.suite_files.append(str(path))
                self.session.remember("suites", self.session.suite_files)
            card = path.with_suffix(".md").name
            words = f"{plain(str(path))}\nand its card {plain(card)}; 6 shows it among the suites"
            self.notify(words, title="Written", markup=False)

        self.load("write", work, written)
