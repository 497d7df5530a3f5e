"""Threads answer in turn; only the newest question counts."""

from __future__ import annotations

import threading

from textual.app import App

from rubrics.errors import BadInput, RudeError
from screens.shell.loading import Answered, Loader
from screens.shell.session import Session


class Small(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.loader = Loader(self)
        self.got: list[object] = []
        self.failed: list[RudeError] = []

    def on_answered(self, message: Answered) -> None:
        self.loader.answered(message)

    def ask(self, work) -> None:
        self.loader.load("slot", work, self.got.append, self.failed.append)


async def _until_quiet(app: Small, pilot) -> None:
    while app.loader.busy:
        await pilot.pause(0.005)


async def test_an_old_answer_never_overwrites_a_new_one_and_threads_do_not_pile_up() -> None:
    app = Small()
    gate = threading.Event()
    running, most = 0, 0
    lock = threading.Lock()

    def slow(value: int):
        def work() -> int:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            gate.wait(120)
            with lock:
                running -= 1
            return value

        return work

    async with app.run_test() as pilot:
        for value in range(20):
            app.ask(slow(value))
        gate.set()
        await _until_quiet(app, pilot)
    assert app.got == [19]
    assert most == 1


async def test_errors_come_back_as_errors() -> None:
    app = Small()

    def known() -> None:
        raise BadInput("no such suite", fix="name another")

    def unknown() -> None:
        raise ZeroDivisionError("by nought")

    async with app.run_test() as pilot:
        app.ask(known)
        await _until_quiet(app, pilot)
        app.ask(unknown)
        await _until_quiet(app, pilot)
    assert [type(error) for error in app.failed] == [BadInput, RudeError]
    assert "ZeroDivisionError: by nought" in app.failed[1].what
    assert "unknown" in app.failed[1].what, "the traceback is there to be copied"


async def test_an_answer_after_the_end_is_nobodys_trouble() -> None:
    app = Small()
    gate = threading.Event()
    async with app.run_test():
        app.ask(lambda: gate.wait(120))
    gate.set()
    for thread in threading.enumerate():
        if thread.name == "load-slot":
            thread.join(120)


def test_an_answer_that_is_kept_waits_for_no_other(garden) -> None:
    session = Session(store_path=garden)
    begun, gate = threading.Event(), threading.Event()

    def slow() -> str:
        begun.set()
        return "slow" if gate.wait(120) else "nobody could ask for anything else"

    answers: list[str] = []
    waiting = [threading.Thread(target=lambda: answers.append(session.cached("rivals", 1, slow))) for _ in range(2)]
    quick = threading.Thread(target=lambda: answers.append(session.cached("ranking", 1, lambda: "quick")))
    waiting[0].start()
    begun.wait(120)
    waiting[1].start()
    quick.start()
    quick.join(120)
    gate.set()
    for thread in (*waiting, quick):
        thread.join()
    # The second asker took what the first was working out.
    assert answers == ["quick", "slow", "slow"]
