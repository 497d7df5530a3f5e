"""From a construction to what belongs to it – calls, readings, the verifier's errors, prices – and to other ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from screens.construct import texts
from screens.construct.decisions import Deciding
from screens.construct.launch import begin
from screens.shell.dialogs import Ask, Choose, Confirm, Read
from screens.shell.plain import one_line

if TYPE_CHECKING:
    from engine.construct.reading import Example
    from engine.construct.underway import UnderWay

__all__ = ["Leading"]


class Leading(Deciding):
    """Look further, write the suite, choose another construction, start one, stop one."""

    @property
    def _here(self) -> Example | UnderWay | None:
        """What the cursor is on."""
        raise NotImplementedError

    def _headline(self) -> None:
        """Draw what stands above the examples."""
        raise NotImplementedError

    def action_choose(self) -> None:
        """Another construction."""
        if self._found is None:
            return

        def chosen(run_id: str | None) -> None:
            if run_id is not None:
                self.session.desk.run_id = run_id
                self._filter, self._following = "", True
                self._look()

        options = [(row.run_id, texts.choice_line(row)) for row in self._found.others]
        self.app.push_screen(Choose("Construction", options, self._found.row.run_id), chosen)

    def action_calls(self, which: str) -> None:
        """Every question and answer."""
        from screens.construct.calls import CallsScreen

        found, example = self._found, self._here
        if found is not None and (example is not None or not which):
            self.app.push_screen(CallsScreen(found.row, example.example_id if example and which else None))

    def action_review(self) -> None:
        """Read responses blind."""
        from screens.review.screen import ReviewScreen

        if self._found is not None:
            self.app.push_screen(ReviewScreen(self._found.row))

    def action_verifier(self) -> None:
        """How the verifier errs."""
        if self._found is not None:
            self.app.push_screen(Read("The verifier on trial", texts.tried_text(self._tried, self.colour)))

    def action_price(self) -> None:
        """What a million tokens cost."""
        from screens.construct.dialogs import price_dialog

        if self._found is not None:
            models = [spend.model for spend in self._found.pulse.spent]
            price_dialog(self, models, self.session.desk.prices, self._headline)

    def action_write(self) -> None:
        """Write the suite and its card."""
        found = self._found
        if found is None:
            return

        def write(named: str | None) -> None:
            if named is None:
                return
            path = Path(named).expanduser().absolute()

            def work() -> Any:
                from engine.construct.output import write_construction
                from rubrics.errors import BadInput

                if path.suffix != ".jsonl" or not path.parent.is_dir():
                    raise BadInput(
                        "is no place for a suite", where=str(path), fix="name a .jsonl file in a folder that is"
                    )
                return write_construction(self.session.store, found.row.run_id, path)

            def written(result: Any) -> None:
                files = self.session.suite_files
                if str(path) not in files:
                    files.append(str(path))
                    self.session.remember("suites", files)
                notes = "".join(f"\n{one_line(note, 300)}" for note in result.notes)
                self.notify(
                    f"{result.pairs:,} pairs → {one_line(str(path))}, with its card{notes}", timeout=8, markup=False
                )

            self.load("write", work, written)

        hint = "what is there is replaced; its card beside it"
        self.app.push_screen(Ask("Write the suite to", f"{one_line(found.row.name, 100)}.jsonl", hint), write)

    def action_new(self) -> None:
        """Start another."""

        def started(_: object) -> None:
            self.session.desk.run_id = ""
            self._filter, self._following, self._seen = "", True, None
            self.notify("It goes on in a process of its own, even when you quit; x stops it", timeout=6, markup=False)
            self._look()

        begin(self, started)

    def action_stop(self) -> None:
        """Stop what is going on."""
        found = self._found
        if found is None or not found.running:
            self.notify("Nothing is going on here", timeout=2, markup=False)
            return

        def stop(sure: bool | None) -> None:
            if sure:
                from engine.construct.watching import stop as ask

                words = "Asked to stop; what is under way is waited for"
                self.load(
                    "stop", lambda: ask(self.session.store, found.row.run_id),
                    lambda asked: self.notify(words if asked else "It has ended already", markup=False),
                )  # fmt: skip

        what = "What is answered is kept; the same command goes on where it stopped."
        self.app.push_screen(Confirm("Stop this construction?", what), stop)
