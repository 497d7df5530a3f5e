"""What base models are at hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from screens.candidates.state import Found, Shelf, add_folder, look
from screens.shell.dialogs import Ask, Choose
from screens.shell.formats import parameters, size
from screens.shell.place import Place
from screens.shell.plain import one_line, plain
from screens.widgets.brief import Brief
from screens.widgets.table import Table

if TYPE_CHECKING:
    from engine.candidates.problems import Problem

__all__ = ["CandidatesScreen"]

_SLIM: Final = 48
"""Cells below which a word on what is wrong is worth more than the size."""
_ORDER: Final = ("", "candidate", "size", "dtype", "bytes", "context", "fits as", "problems")


class CandidatesScreen(Place):
    """Bundled models, watched folders, the Hugging Face cache."""

    MODE = "candidates"
    TITLE = "Candidates"
    GUIDE = """
Base models found without loading them: parameters and bytes come from safetensors headers, the rest from config and
tokenizer files. “fits as” is the precision a run would choose for the memory that is free now.

✗ keeps a candidate from being scored, ! is worth knowing; the panel says what to do about either.

Mark candidates with space, then r takes them to the Run screen.
"""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark", id="mark"),
        Binding("r", "run", "run marked", tooltip="take the marked candidates to the Run screen", id="run"),
        Binding("a", "add", "add folder", tooltip="watch a folder of models", id="add"),
        Binding("d", "drop", "drop folder", tooltip="stop watching a folder", id="drop"),
        Binding("y", "copy", "copy", tooltip="copy what is known of the candidate, its path included", id="copy"),
        Binding("f5", "again", "look again", id="again"),
    ]
    DEFAULT_CSS = """
    CandidatesScreen #state { height: 1; padding: 0 1; color: $text-muted; }
    CandidatesScreen #body { layout: vertical; height: 1fr; }
    CandidatesScreen.-wide #body { layout: horizontal; }
    CandidatesScreen Table { width: 1fr; height: 1fr; background: $background; }
    CandidatesScreen #detail { height: 9; border-top: solid $panel; padding: 0 1; }
    CandidatesScreen.-low #detail { height: 4; }
    CandidatesScreen.-wide #detail { width: 52; height: 1fr; border-top: none; border-left: solid $panel; }
    CandidatesScreen #detail:focus { background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shelf: Shelf | None = None

    def body(self) -> Iterable[Widget]:
        """Table, and the panel beside or below it."""
        yield Brief(id="state")
        with Container(id="body"):
            table = Table(cursor_type="row")
            table.tooltip = "the candidates: space marks one for the next run"
            yield table
            panel = VerticalScroll(Static(id="facts"), id="detail")
            panel.tooltip = "what is known of the candidate under the cursor"
            yield panel

    def on_mount(self) -> None:
        """Look around."""
        self.query_one(Table).focus()
        self.action_again()

    def on_screen_resume(self) -> None:
        """Marks may have changed elsewhere."""
        self.repaint()

    def action_again(self) -> None:
        """Look around again."""
        self.query_one("#state", Static).update(Text("looking for base models…"))
        self.load("look", lambda: look(list(self.session.folders)), self._arrived)

    def _arrived(self, shelf: Shelf) -> None:
        self._shelf = shelf
        paths = {str(found.candidate.path) for found in shelf.found if found.usable}
        for path in [path for path in self.session.marked_models if path not in paths]:
            del self.session.marked_models[path]
        self.repaint()

    def repaint(self) -> None:
        """Draw table, state and panel."""
        shelf = self._shelf
        if shelf is None:
            return
        marked = len(self.session.marked_models)
        parts = [
            count(len(shelf.found), "candidate"),
            f"{marked} marked" if marked else "none marked",
            f"{plain(shelf.device.name)}, {size(shelf.device.free)} free",
            count(len(self.session.folders), "watched folder"),
        ]
        if shelf.problems:
            parts.append(f"✗ {count(len(shelf.problems), 'folder')} without a model")
        self.query_one("#state", Static).update(Text(" · ".join(parts)))
        table = self.query_one(Table)
        row = table.cursor_row
        table.clear(columns=True)
        names = max((len(one_line(found.candidate.name, 40)) for found in shelf.found), default=9)
        columns = {"": 1, "candidate": min(max(names, 9), 40 if self.wide else 22), "size": 6, "fits as": 7}
        if self.size.width < _SLIM:
            del columns["size"]
        left = table.size.width - sum(width + 2 for width in columns.values()) - 2
        # What is wrong is said in the line wherever there is room for it; the panel has the rest.
        problems = max((self._problems(found).cell_len for found in shelf.found), default=0)
        columns["problems"] = min(max(problems, 8), max(8, left - 2))
        left -= columns["problems"] + 2
        for label, width in (("bytes", 8), ("dtype", 5), ("context", 8)):
            if left >= width + 2:
                columns[label] = width
                left -= width + 2
        shown = [label for label in _ORDER if label in columns]
        for label in shown:
            table.add_column(Text(label), width=columns[label])
        for found in shelf.found:
            cells = self._cells(found)
            table.add_row(*(cells[label] for label in shown))
        table.move_cursor(row=row, animate=False)
        self._show_detail()

    def _cells(self, found: Found) -> dict[str, Text]:
        candidate = found.candidate
        marked = str(candidate.path) in self.session.marked_models
        dim = "" if found.usable else self.colour("chance")
        fit = found.fit.precision if found.fit is not None else None
        return {
            "": Text("✓" if marked else " ", f"bold {self.colour('good')}"),
            "candidate": Text(
                one_line(candidate.name, 40 if self.wide else 22), "bold" if marked else dim, no_wrap=True
            ),
            "size": Text(parameters(candidate.parameters), dim, justify="right"),
            "dtype": Text(plain(candidate.dtype), dim),
            "bytes": Text(size(candidate.weight_bytes or None), dim, justify="right"),
            "context": Text(f"{candidate.context:,}" if candidate.context else "–", dim, justify="right"),
            "fits as": Text(fit or "no", "" if fit else self.colour("bad")),
            "problems": self._problems(found),
        }

    def _problems(self, found: Found) -> Text:
        text = Text(no_wrap=True)
        for problem in found.candidate.problems:
            text.append(self._sign(problem) + problem.code.replace("_", " ") + " ", self._tone(problem))
        if found.fit is not None and found.fit.precision is None:
            text.append("✗ memory", self.colour("bad"))
        return text

    def _sign(self, problem: Problem) -> str:
        return "✗ " if problem.refused else "! "

    def _tone(self, problem: Problem) -> str:
        return self.colour("bad") if problem.refused else self.colour("mark-2")

    def _current(self) -> Found | None:
        row = self.query_one(Table).cursor_row
        return self._shelf.found[row] if self._shelf and 0 <= row < len(self._shelf.found) else None

    def _show_detail(self) -> None:
        found = self._current()
        text = Text(overflow="fold")
        # What a person asked for and did not get stays said, above all else.
        for words in self._shelf.problems if self._shelf else ():
            text.append(f"✗ {plain(words)}; d stops watching it\n", self.colour("bad"))
        if found is None:
            text.append("No base model found\n\n", "bold")
            text.append("Press a and name a folder that holds models (each with config.json, tokenizer.json and\n")
            text.append("*.safetensors). What the Hugging Face cache holds is found by itself.")
        else:
            candidate = found.candidate
            text.append(plain(candidate.name) + "\n", "bold")
            for problem in candidate.problems:
                text.append(self._sign(problem) + plain(problem.what) + "\n", self._tone(problem))
                text.append(f"  → {plain(problem.fix)}\n")
            if found.fit is not None:
                text.append(
                    ("fits as " if found.fit.precision else "✗ does not fit: ") + plain(found.fit.reason) + "\n"
                )
            text.append(
                f"{plain(candidate.architecture) or 'unknown architecture'} · "
                f"{f'{candidate.parameters:,}' if candidate.parameters else 'unknown'} parameters · "
                f"vocabulary {candidate.vocab_size:,}\n"
            )
            text.append(
                f"tokenizer {plain(candidate.tokenizer) or 'none'} · context {candidate.context or 'not stated'}\n"
            )
            text.append(f"{found.origin if found.origin in ('bundled', 'cache') else 'watched folder'}\n")
            text.append(plain(str(candidate.path)) + "\n", self.colour("chance"))
        self.query_one("#facts", Static).update(text)

    def on_data_table_row_highlighted(self) -> None:
        """Another candidate is under the cursor."""
        self._show_detail()

    def on_data_table_row_selected(self) -> None:
        """Enter marks, as space does."""
        self.action_mark()

    def action_mark(self) -> None:
        """Mark for the next run, or unmark."""
        found = self._current()
        if found is None:
            return
        path = str(found.candidate.path)
        if path in self.session.marked_models:
            del self.session.marked_models[path]
        elif found.usable:
            self.session.marked_models[path] = found.candidate.name
        else:
            self.notify("It cannot be scored; the panel says why", severity="warning", markup=False)
        self.repaint()

    def action_run(self) -> None:
        """Take the marked to the Run screen; with none marked, the one under the cursor."""
        if not self.session.marked_models:
            self.action_mark()
        if self.session.marked_models:
            self.call_later(self.run_action, "app.set_up")

    def action_copy(self) -> None:
        """Copy what the panel says."""
        facts = self.query_one("#facts", Static).content
        self.app.copy_to_clipboard(self.get_selected_text() or (facts.plain if isinstance(facts, Text) else str(facts)))
        self.notify("Copied", timeout=2)

    def action_add(self) -> None:
        """Watch a folder."""

        def added(folders: list[str]) -> None:
            self.session.folders = folders
            self.session.remember("folders", folders)
            self.action_again()

        def begin(named: str | None) -> None:
            if named:
                self.load("add", lambda: add_folder(self.session.folders, named), added)

        self.app.push_screen(
            Ask("Folder to watch", hint="a model folder, or a folder of them", placeholder="~/models"), begin
        )

    def action_drop(self) -> None:
        """Stop watching a folder; nothing on disk is touched."""

        def drop(folder: str | None) -> None:
            if folder is not None:
                self.session.folders = [kept for kept in self.session.folders if kept != folder]
                self.session.remember("folders", self.session.folders)
                self.action_again()

        if not self.session.folders:
            self.notify("No folder is watched; a adds one", markup=False)
            return
        self.app.push_screen(Choose("Stop watching", [(folder, folder) for folder in self.session.folders]), drop)
