"""What base models are at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Event
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from rubrics.counted import count
from rubrics.errors import RudeError
from screens.candidates.detail import detail
from screens.candidates.state import (
    CandidateEntry,
    Inventory,
    NoCandidate,
    Row,
    add_folder,
    add_served,
    held,
    invert,
    look,
    mark_all,
    toggle,
)
from screens.candidates.table import cells, column_widths
from screens.candidates.taken import candidate_table
from screens.shell.dialogs import Choose
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.forgetting import FORGET, forget_dialog
from screens.shell.form import Form
from screens.shell.formats import size
from screens.shell.place import Place
from screens.shell.plain import plain
from screens.widgets.brief import Brief
from screens.widgets.table import Table

if TYPE_CHECKING:
    from engine.candidates.address import ServedAs
    from engine.export.tables import Table as TableOf

__all__ = ["CandidatesScreen"]


class CandidatesScreen(Place):
    """Bundled models, watched folders, the Hugging Face cache."""

    MODE = "candidates"
    TITLE = "Candidates"
    GUIDE = """
Base models found without loading them: parameters and bytes come from the headers of safetensors or GGUF files, the
rest from config and tokenizer files, or from the same header; a process of its own holds them against the model
libraries, once. “fits as” is the precision a run would choose for the memory that is free now.

✗ keeps a candidate from being scored, ! is worth knowing; the panel says what to do about either. A watched folder
without a model stays in the list until it holds one or d drops it.

A served candidate is a model that a server holds (vLLM, SGLang): < asks for its address, http://HOST:PORT/v1#NAME, the
folder or hub id with its tokenizer, and the environment variable with the server's key. It is tried before anything of
it is believed; its weights are recognised by their numbers, and it “fits as” served, at the precision chosen there.

Mark candidates with space, all of them with +, the others with *; then r takes them to the Run screen. Your own stand
above the bundled ones, which . hides and shows. D forgets what was measured of the one under the
cursor, after a question, or brings back what was forgotten; its folder stays where it is.
"""
    TERMS = ("candidate", "precision")
    FIRST_KEYS = ("mark", "run", "add", "drop", "copy")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "mark", id="mark"),
        Binding("plus", "mark_all", "all", key_display="+", tooltip="mark all, or none", id="mark-all"),
        Binding("asterisk", "invert", "invert", key_display="*", tooltip="mark the others instead", id="mark-invert"),
        Binding("r", "run", "run marked", tooltip="take the marked candidates to the Run screen", id="run"),
        Binding("a", "add", "add folder", tooltip="watch a folder of models", id="add"),
        Binding(
            "less_than_sign",
            "add_served",
            "add served",
            key_display="<",
            tooltip="add a model that a server holds",
            id="add-served",
        ),
        Binding("d", "drop", "drop", tooltip="stop watching a folder, or asking a server", id="drop"),
        Binding(
            "full_stop",
            "bundled",
            "bundled",
            key_display=".",
            show=False,
            tooltip="hide or show the candidates that ship",
            id="bundled",
        ),
        Binding("y", "copy", "copy", tooltip="copy what is known of the candidate, its path included", id="copy"),
        FORGET,
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
        self.inventory: Inventory | None = None
        self._looked_enough = Event()
        """Set once nobody waits any more for what the model libraries say."""

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

    def on_unmount(self) -> None:
        """Nobody waits any more."""
        self._looked_enough.set()

    def on_screen_resume(self) -> None:
        """Marks may have changed elsewhere."""
        self.repaint()

    def action_again(self) -> None:
        """Look around again."""
        self._looked_enough.set()
        self.query_one("#state", Static).update(Text("looking for base models…"))
        folders, served = list(self.session.folders), list(self.session.served)
        self.load("look", lambda: look(folders, served), self._arrived)

    def _arrived(self, inventory: Inventory) -> None:
        self._show(inventory)
        if inventory.unseen:
            store, enough = self.session.store, Event()
            self._looked_enough = enough
            self.load("hold", lambda: held(store, inventory, enough), self._held, self._not_held)

    def _held(self, inventory: Inventory) -> None:
        if not self._looked_enough.is_set():
            self._show(inventory)

    def _not_held(self, error: RudeError) -> None:
        self.notify(plain(error.what), title="Not held against the model libraries", severity="warning", markup=False)

    def _show(self, inventory: Inventory) -> None:
        self.inventory = inventory
        inventory.unmark_unusable(self.session.marked_models)
        self.repaint()

    def repaint(self) -> None:
        """Draw table, state and panel."""
        inventory = self.inventory
        if inventory is None:
            return
        marks = self.session.marked_models
        parts = [
            count(len(inventory.entries), "candidate") + (", bundled hidden" if self.session.hide_bundled else ""),
            f"{len(marks)} marked" if marks else "none marked",
            f"{plain(inventory.device.name)}, {size(inventory.device.free)} free",
            count(len(self.session.folders), "watched folder"),
        ]
        if inventory.unseen:
            parts.insert(1, f"{inventory.unseen} being held against the model libraries…")
        if inventory.problems:
            parts.append(f"✗ {count(len(inventory.problems), 'folder')} without a model")
        self.query_one("#state", Static).update(Text(" · ".join(parts)))
        table = self.query_one(Table)
        row = table.cursor_row
        table.clear(columns=True)
        rows = self._rows
        widths = column_widths(rows, table.size.width, self.size.width, wide=self.wide, colour=self.colour)
        for label, width in widths.items():
            table.add_column(Text(label), width=width)
        for entry in rows:
            shown = cells(entry, widths["candidate"], self.colour, marked=entry.path in marks)
            table.add_row(*(shown[label] for label in widths))
        table.move_cursor(row=row, animate=False)
        self._show_detail()

    @property
    def _rows(self) -> tuple[Row, ...]:
        return self.inventory.rows(without_bundled=self.session.hide_bundled) if self.inventory else ()

    @property
    def _current(self) -> Row | None:
        rows, at_row = self._rows, self.query_one(Table).cursor_row
        return rows[at_row] if 0 <= at_row < len(rows) else None

    def _show_detail(self) -> None:
        self.query_one("#facts", Static).update(detail(self._current, self.colour))

    def on_data_table_row_highlighted(self) -> None:
        """Another candidate is under the cursor."""
        self._show_detail()

    def on_data_table_row_selected(self) -> None:
        """Enter marks, as space does."""
        self.action_mark()

    def action_mark(self) -> None:
        """Mark for the next run, or unmark."""
        entry = self._current
        if entry is None:
            return
        if isinstance(entry, NoCandidate) or not toggle(self.session.marked_models, entry):
            self.notify("It cannot be scored; the panel says why", severity="warning", markup=False)
        self.repaint()

    def action_mark_all(self) -> None:
        """Mark all that can be scored, or none."""
        mark_all(self.session.marked_models, self._rows)
        self.repaint()

    def action_invert(self) -> None:
        """Mark the others instead."""
        invert(self.session.marked_models, self._rows)
        self.repaint()

    def action_bundled(self) -> None:
        """Hide the candidates and suites that ship, or show them again."""
        self.session.show_bundled(shown=self.session.hide_bundled)
        self.repaint()

    def shown_table(self) -> tuple[str, Callable[[], TableOf]] | None:
        """The candidates that are listed."""
        rows, marks = self._rows, set(self.session.marked_models)
        return ("candidates", lambda: candidate_table(rows, marks)) if rows else None

    def action_run(self) -> None:
        """Take the marked to the Run screen; with none marked, the one under the cursor."""
        if not self.session.marked_models:
            self.action_mark()
        if self.session.marked_models:
            self.call_later(self.run_action, "app.set_up")

    def action_copy(self) -> None:
        """Copy what the panel says."""
        facts = self.query_one("#facts", Static).content
        self.copy(facts.plain if isinstance(facts, Text) else str(facts))

    def action_forget(self) -> None:
        """Forget what was measured of the candidate under the cursor, or bring something back."""
        from engine.annotations.forgetting import models_in

        entry, store = self._current, self.session.store
        known = isinstance(entry, CandidateEntry)
        forget_dialog(self, lambda: models_in(store, entry.path) if entry and known else [], self.repaint)

    def action_add(self) -> None:
        """Watch a folder."""

        def add(typed: Typed) -> Prepared:
            with at("folder"):
                folders = add_folder(self.session.folders, typed.text("folder", "name a folder"))
            self.session.folders = folders
            self.session.remember("folders", folders)
            return Prepared()

        hint = "a model folder, or a folder of them, such as ~/models"
        field = Field("folder", "Folder to watch", hint, "path", endings=(".gguf",))
        self.app.push_screen(Form("Watch a folder", (field,), add), lambda done: self.action_again() if done else None)

    def action_add_served(self) -> None:
        """Add a model of a server."""

        def add(typed: Typed) -> Prepared:
            address = typed.text("address", "give http://HOST:PORT/v1#NAME")
            with at("address"):
                served = add_served(self.session.served, address, typed.text("tokenizer"), typed.text("key"))
            self._keep_served(served)
            return Prepared()

        fields = (
            Field("address", "Address", "http://HOST:PORT/v1#NAME"),
            Field("tokenizer", "Tokenizer", "folder or hub id; empty: the model the server names", "path"),
            Field("key", "Key variable", "environment variable with the server's key, if it asks for one"),
        )
        form = Form("A model that a server holds", fields, add, go="ask the server", looking="asking the server…")
        self.app.push_screen(form, lambda done: self.action_again() if done else None)

    def _keep_served(self, served: list[ServedAs]) -> None:
        self.session.served = served
        self.session.remember("served", [one._asdict() for one in served])

    def action_drop(self) -> None:
        """Stop watching a folder, or asking a server; nothing on disk is touched."""

        def drop(place: str | None) -> None:
            if place is None:
                return
            if place in self.session.folders:
                self.session.folders = [watched for watched in self.session.folders if watched != place]
                self.session.remember("folders", self.session.folders)
            else:
                self._keep_served([one for one in self.session.served if one.address != place])
            self.action_again()

        places = [*self.session.folders, *(one.address for one in self.session.served)]
        if not places:
            self.notify("No folder is watched; a adds one", markup=False)
            return
        entry = self._current
        of = entry.path if isinstance(entry, NoCandidate) else entry.origin if entry is not None else None
        of = entry.path if of == "served" and entry is not None else of
        self.app.push_screen(Choose("Stop watching", [(place, place) for place in places], of), drop)
