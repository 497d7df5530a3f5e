"""Building pairs, deciding about them and reading them blind: by keys alone, by mouse alone, with hostile text."""

from __future__ import annotations

import itertools
import json
import random
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from textual.widgets import Input, TextArea
from waiting import until

from engine.construct.judgements import Judgement
from engine.construct.reading import examples
from engine.construct.underway import begun
from engine.construct.watching import yields_of
from engine.store.connection import Store
from engine.store.construct import construct_runs
from engine.store.construct_review import decisions_of, readings_of
from engine.store.runs import Status
from rubrics.prompts import RubricPrompt
from screens.construct.state import ConstructChoices
from screens.construct.watch import Look
from screens.review.screen import ReviewScreen
from screens.widgets.rows import Rows


def _now(app: Any) -> str:
    # A screen that has just been opened may not have been laid out yet.
    return "\n".join("".join(part.text for part in strip) for strip in app.screen._compositor.render_strips())


# A server that plays generator and verifier: a text violates a criterion where it carries its mark.

FENCE = re.compile(r"<<<(\w+) (\w+)\n(.*?)\n\1 \2>>>", re.DOTALL)
LISTED = re.compile(r"^- \(\w+\) (.*)$", re.MULTILINE)


def _mark(criterion: str) -> str:
    return f"[{sum(criterion.encode()) % 9973}]"


def _answer(body: dict[str, Any]) -> str:
    asked = body["messages"][1]["content"]
    fenced = {name: text for name, _, text in FENCE.findall(asked)}
    if "Requirement (" in asked:
        criterion = asked.rpartition("Requirement (")[2].splitlines()[1]
        response = fenced["response"]
        met = _mark(criterion) not in response
        return json.dumps({"quote": response[:12], "reason": "as it stands", "met": met})
    violated = LISTED.findall(asked.partition("It must MEET every one")[0]) if "answer" in fenced else []
    found = re.search(r"(\d+) to (\d+) characters", asked)
    low, high = (int(found[1]), int(found[2])) if found else (200, 240)
    words = random.Random(json.dumps(body))
    text = "So" + "".join(f" {_mark(one)}" for one in violated)
    while len(text) < (low + high) // 2 - 3:
        text += " " + words.choice(("dig", "sow", "rake", "hoe", "water", "weed"))
    return text.ljust(low, ".")


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.wait_for_its_turn()  # type: ignore[attr-defined]
        value = {
            "choices": [{"message": {"role": "assistant", "content": _answer(body)}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 50},
        }
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.early = threading.Semaphore(0)
        self.go_on = threading.Event()
        self.go_on.set()

    def wait_for_its_turn(self) -> None:
        """Once `go_on` is cleared, only as many questions are answered as `early` has been released for."""
        while not (self.go_on.is_set() or self.early.acquire(timeout=0.01)):
            pass

    def handle_error(self, *_: object) -> None:
        """Clients that are stopped hang up."""


@pytest.fixture
def server() -> Iterator[_Server]:
    """It listens on loopback."""
    http = _Server()
    thread = threading.Thread(target=lambda: http.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    yield http
    http.go_on.set()
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """Six prompts of three criteria."""
    path = tmp_path / "asked.jsonl"
    lines = [
        {"id": f"q{n}", "domain": "garden", "prompt": f"What about bed {n}?",
         "criteria": [{"id": f"c{k}", "text": f"Names thing {k} of bed {n}.", "subcategory": name}
                      for k, name in enumerate(("Scope", "Logic", "Format"))]}
        for n in range(6)
    ]  # fmt: skip
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


@pytest.mark.long
async def test_started_stopped_and_taken_up_from_the_screen(
    tmp_path: Path, server: _Server, prompts: Path, make_app, settle, screen_text, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = make_app(tmp_path / "rude.duckdb", start="suites")
    spec = f"http://127.0.0.1:{server.server_address[1]}/v1"
    server.go_on.clear()
    server.early.release(4)
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await settle(pilot)
        assert "rude-tui construct --prompts FILE" in screen_text(app)
        await pilot.press("s", *prompts.name, "down", *f"{spec}#maple", "down", "down", *f"{spec}#owl", "enter")
        await until(pilot, lambda: "✗ nothing was typed" in _now(app))
        assert app.focused.id == "field-output"
        await pilot.press(*"new.jsonl", "down", "down", *"500", "enter")
        await until(pilot, lambda: "Start this construction?" in _now(app))
        text = screen_text(app)
        assert "6 prompts, 6 pairs planned" in text
        assert "likely" in text
        assert "rude-tui construct --prompts=" in text
        await pilot.press("y")
        await until(pilot, lambda: "● at work · new · degrade" in _now(app))
        await pilot.press("Z", "y")
        await until(pilot, lambda: "‖ stopped" in _now(app))
        stopped = len(examples(Store(app.session.store.path), construct_runs(app.session.store)[0].run_id))
        assert stopped < 12
        server.go_on.set()
        await pilot.press("s", "enter")
        await until(pilot, lambda: "Start this construction?" in _now(app))
        await pilot.press("enter")
        await until(pilot, lambda: "✓ done · new · degrade · 6 pairs" in _now(app))
        await until(pilot, lambda: not app.session.choices(ConstructChoices).started)
        assert " of 500 · " in screen_text(app)
        await pilot.press("dollar_sign", *"1000,2000", "enter", *"0", "enter")
        await settle(pilot)
        assert "at your prices" in screen_text(app)
        await pilot.press("quotation_mark")
        await settle(pilot)
        assert "▸ system" in screen_text(app)
        assert app.screen.query_one(Rows).count >= 4
        await pilot.press("tab", "end")
        await settle(pilot)
        assert "◂ answer (stop)" in screen_text(app)
    assert (tmp_path / "new.jsonl").is_file()
    (row,) = construct_runs(app.session.store)
    # What is counted while it goes on is what the pipeline itself tells in the end.
    found = examples(app.session.store, row.run_id)
    assert yields_of(replace(row, status=Status.STARTED), found) == yields_of(row, found)


def examples_under_way(row: Any) -> list[Any]:
    """An example in its second round, when one verdict has come, and then in its third."""
    prompt = RubricPrompt.model_validate_json(row.criteria)
    verdicts = tuple(Judgement.from_json(one) for one in json.loads(row.judgements))
    second = replace(
        begun(row.example_id, prompt, row.kind, row.violated, 4), round=2, step="judging", response="Dig first.",
        judgements=verdicts[:1],
    )  # fmt: skip
    return [second, replace(second, round=3, step="writing", judgements=verdicts, faults=("It does not meet: [x]",))]


@pytest.mark.long
async def test_what_another_process_does_shows_live(
    tmp_path: Path, construct_rows_of, make_app, settle, screen_text
) -> None:
    from engine.store.construct import close_construct, exchange, open_construct

    path = tmp_path / "rude.duckdb"
    store = Store(path)
    row, calls, found = construct_rows_of("feed" * 4)
    app = make_app(path, start="suites")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await settle(pilot)
        assert "nothing has been constructed yet" in screen_text(app)
        open_construct(store, row)
        await until(pilot, lambda: "● at work" in _now(app))
        assert "Nothing has come out yet." in screen_text(app)
        told = examples_under_way(found[0])
        exchange(store, calls[:1], [], (), [(row.run_id, found[0].example_id, told[0].as_json())])
        await until(pilot, lambda: "◌ being made · round 2 of 4 · 1 of 3 verdicts" in _now(app))
        await settle(pilot)
        assert "✓ met  c0" in screen_text(app), _now(app)
        assert screen_text(app).count("… being judged") == 2
        await pilot.press("a")
        assert any("still being made" in note.message for note in app._notifications)
        exchange(store, [], [], (), [(row.run_id, found[0].example_id, told[1].as_json())])
        await until(pilot, lambda: "being written anew" in _now(app))
        assert "It does not meet: [x]" in screen_text(app)
        await pilot.press("L")
        exchange(store, calls[1:6], found[:3], ())
        await until(pilot, lambda: f"{found[2].example_id} · a response" in _now(app))
        assert "the latest" in screen_text(app)
        assert "2 ✓    0 ✗ of 8" in screen_text(app)
        # A person who reads is left where they are; l follows again.
        await pilot.press("home")
        exchange(store, calls[6:], found[3:], ())
        await until(pilot, lambda: "28 questions" in _now(app))
        assert app.screen.query_one(Rows).cursor == 0
        await pilot.press("L")
        await settle(pilot)
        rows = app.screen.query_one(Rows)
        assert rows.cursor == len(found) - 1
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert rows.scroll_offset.y <= rows.cursor < rows.scroll_offset.y + rows.size.height
        close_construct(store, row.run_id, Status.FAILED, error="the verifier answers nobody")
        await until(pilot, lambda: "✗ failed" in _now(app))
        assert "the verifier answers nobody" in screen_text(app)


@pytest.mark.long
async def test_decisions_are_kept_honoured_and_undone(
    beds: Path, make_app, settle, screen_text, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store(beds)
    run_id = construct_runs(store)[0].run_id
    app = make_app(beds, start="suites")
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await settle(pilot)
        await pilot.press("v", "end", "enter")
        await settle(pilot)
        assert app.screen.query_one(Rows).count == 2
        assert "rejected: others violated too" in screen_text(app)
        await pilot.press("a")
        await settle(pilot)
        assert "accepted by hand" in screen_text(app)
        await pilot.press("escape", "home", "down", "d", *"dull", "enter")
        await settle(pilot)
        assert "dropped by hand: dull" in screen_text(app)
        await pilot.press("down", "E")
        await settle(pilot)
        app.screen.query_one(TextArea).text = "Bed 1: a better text, three times over."
        await pilot.press("ctrl+s")
        await settle(pilot)
        kept = {name: (one.decision, one.response) for name, one in decisions_of(store, run_id).items()}
        assert kept == {
            "bed-03-1": ("accept", None),
            "bed-00-1": ("drop", None),
            "bed-01-0": ("edit", "Bed 1: a better text, three times over."),
        }
        await pilot.press("greater_than_sign", "enter")
        await settle(pilot)
        lines = [json.loads(line) for line in (tmp_path / "beds.jsonl").read_text().splitlines()]
        assert {"bed-03-1", "bed-01-1"} <= {line["id"] for line in lines}
        assert "bed-00-1" not in {line["id"] for line in lines}
        assert next(line["chosen"] for line in lines if line["id"] == "bed-01-1").startswith("Bed 1: a better")
        assert "1 edited" in (tmp_path / "beds.md").read_text()
        assert str(tmp_path / "beds.jsonl") in app.session.suite_files
        await pilot.press("u")
        await settle(pilot)
        assert "bed-01-0" not in decisions_of(store, run_id)
        await pilot.press("F")
        await settle(pilot)
        assert "Put a verifier on trial" in screen_text(app)
        assert app.screen.values()["verifier"].endswith("#owl-30b")


@pytest.mark.long
async def test_a_blind_reading_by_keys_alone(beds: Path, make_app, settle, screen_text) -> None:
    store = Store(beds)
    run_id = construct_runs(store)[0].run_id
    made = {e.response: e for e in examples(store, run_id)}
    app = make_app(beds, start="suites")
    seen: list[Any] = []
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await settle(pilot)
        await pilot.press("H")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ReviewScreen)
        total = len(screen.state.sheet.items)
        assert total == 8  # four pairs came through
        # The first answer, taken back and given again; it is in the store at once.
        await pilot.press("1")
        await settle(pilot)
        assert [reading.met for reading in readings_of(store, run_id)] == [True]
        await pilot.press("1")
        await settle(pilot)
        assert [reading.met for reading in readings_of(store, run_id)] == [False]
        await pilot.press("u", "u")
        await settle(pilot)
        assert readings_of(store, run_id) == []
        # A digit without a requirement leads nowhere, least of all to the place it stands for elsewhere.
        await pilot.press("5")
        await settle(pilot)
        assert app.screen is screen
        assert screen.check_action("maximise", ()) is False
        assert [note.message for note in app._notifications][-1] == "There is no requirement 5 here"
        assert readings_of(store, run_id) == []
        for turn in range(total):
            text = screen_text(app)
            example = made[screen.state.item.response]
            seen.append(example)
            assert example.example_id not in text
            for word in ("y+", "y−", "violated", "as it stands", "rule c", "maple", "owl"):
                assert word not in text
            for number, criterion in enumerate(example.criteria):
                met = criterion.id not in example.violated
                if turn == 3:
                    met = not met if number == 0 else met
                await pilot.press(*([str(number + 1)] * (1 if met else 2)))
            await pilot.press("enter")
            await settle(pilot)
        assert "All 8 responses of this sample are read." in screen_text(app)
        await pilot.press("F")
        await settle(pilot)
        text = screen_text(app)
        assert f"{100 * 23 / 24:.1f} % agree" in text
        assert "24 readings of 8 responses by 1 reader · 1 disagreement, 0 corrected" in text
        await pilot.press("space")
        await settle(pilot)
        assert "1 corrected" in screen_text(app)
        wrong = next(reading for reading in readings_of(store, run_id) if reading.corrects)
        assert (wrong.example_id, wrong.criterion) == (seen[3].example_id, seen[3].criteria[0].id)
        await pilot.press("escape", "escape")
        await settle(pilot)
        assert "degrade" in screen_text(app)
    assert all(one.prompt_id != other.prompt_id for one, other in itertools.pairwise(seen))
    assert {e.kind for e in seen[:4]} <= {"positive", "negative"}


@pytest.mark.long
async def test_a_blind_reading_by_mouse_alone(beds: Path, make_app, settle, screen_text) -> None:
    store = Store(beds)
    run_id = construct_runs(store)[0].run_id

    async def click(pilot: Any, words: str) -> None:
        lines = screen_text(app).splitlines()
        found = [(line.index(words), y) for y, line in enumerate(lines) if words in line]
        assert found, f"{words!r} is not on the screen:\n" + "\n".join(lines)
        await pilot.click(offset=found[-1])
        await settle(pilot)

    app = make_app(beds, start="suites")
    async with app.run_test(size=(140, 36)) as pilot:
        await settle(pilot)
        await click(pilot, "K build pairs")
        await click(pilot, "bed-03-1")
        assert "bed-03-1 ·" in screen_text(app)
        await click(pilot, "a accept")
        assert "accepted by hand" in screen_text(app)
        await click(pilot, "u undo")
        assert decisions_of(store, run_id) == {}
        await click(pilot, "H review")
        await click(pilot, "1 [ ]")
        await click(pilot, "1 [✓]")
        await click(pilot, "2 [ ]")
        assert sorted(reading.met for reading in readings_of(store, run_id)) == [False, True]
        await click(pilot, "u undo")
        assert [reading.met for reading in readings_of(store, run_id)] == [False]
        await click(pilot, "+ rest met")
        await click(pilot, "⏎ next")
        assert "1 of 8 responses read" in screen_text(app)
        await click(pilot, "F agreement")
        await click(pilot, "y or enter yes")
        assert "Cohen's κ" in screen_text(app)
        await click(pilot, "esc back")
        await click(pilot, "esc back")
        await click(pilot, "esc back")
        assert "build pairs" in screen_text(app)


NASTY = "[bold]no[/bold] [@click=app.quit]x[/] \x1b[31mred\x1b[0m \x1b]0;t\x07 \u202eright\u2066 \ta👩‍🚀❤️ 漢字 end"


@pytest.mark.long
@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_hostile_texts_are_shown_as_text(
    tmp_path: Path, fill_construction, make_app, settle, screen_text, size
) -> None:
    path = tmp_path / "rude.duckdb"
    fill_construction(path, prompts=5, nasty=NASTY)
    app = make_app(path, start="suites")
    seen = ""
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        for keys in (
            ["K"], ["v"], ["escape"], ["E"], ["escape"], ["quotation_mark"], ["tab", "end"], ["escape", "escape"],
            ["O"], ["escape"], ["F"], ["escape"], ["d", *"[red]x", "enter"], ["f1"], ["escape"], ["H"], ["1", "1"],
            ["F", "y"], ["f1"],
        ):  # fmt: skip
            await pilot.press(*keys)
            await settle(pilot)
            text = screen_text(app)
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
            assert max(cell_len(line) for line in text.split("\n")) <= size[0]
            seen += text
    assert "[bold]no[/bold] [@click=app.quit]x[/] red" in " ".join(seen.split())
    assert "dropped by hand: [red]x" in seen


@pytest.mark.long
async def test_nothing_to_read_says_what_to_do(
    tmp_path: Path, construct_rows_of, make_app, settle, screen_text
) -> None:
    from engine.store.construct import open_construct

    path = tmp_path / "rude.duckdb"
    row, _, _ = construct_rows_of("feed" * 4)
    open_construct(Store(path), row)
    app = make_app(path, start="suites")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await settle(pilot)
        await pilot.press("a", "d", "E", "u", "quotation_mark", "J")
        await settle(pilot)
        assert "Nothing was asked" in screen_text(app)
        await pilot.press("escape", "H")
        await settle(pilot)
        assert "go on with the construction" in screen_text(app)
        await pilot.press("1", "space", "enter", "u", "F", "down", "pagedown", "escape")
        await settle(pilot)
        assert "● at work" in screen_text(app)


async def test_without_a_construction_only_what_starts_one_is_offered(
    tmp_path: Path, make_app, settle, screen_text
) -> None:
    app = make_app(tmp_path / "rude.duckdb", start="suites")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await settle(pilot)
        offered = screen_text(app).splitlines()[-1]
        assert "s new" in offered
        assert not re.search("accept|edit|drop|calls|review|undo|filter", offered)


async def test_how_a_construction_ended_is_said_line_by_line(tmp_path: Path, make_app, settle) -> None:
    app = make_app(tmp_path / "rude.duckdb", start="suites")
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await settle(pilot)
        begun_here: Any = object()
        app.session.choices(ConstructChoices).started.append(begun_here)
        app.screen.arrived(Look(None, over=[(begun_here, None, "note: one\n9 pairs")]))
        await pilot.pause()
        assert "note: one\n9 pairs" in [told.message for told in app._notifications]


@pytest.mark.long
async def test_a_plan_that_cannot_be_made_is_said_at_its_field(tmp_path: Path, make_app, settle, screen_text) -> None:
    app = make_app(tmp_path / "rude.duckdb", start="suites")
    app.session.choices(ConstructChoices).form = {
        "prompts": "/gone.jsonl", "generator": "http://127.0.0.1:1/v1#x", "verifier": "http://127.0.0.1:1/v1#y",
        "output": str(tmp_path / "new.jsonl"), "more": "--votes 3",
    }  # fmt: skip
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await pilot.press("K")
        await settle(pilot)
        await pilot.press("s", "enter")
        await until(pilot, lambda: "cannot be read" in _now(app))
        assert app.focused.id == "field-prompts"
        assert app.screen.query_one("#field-more", Input).value == "--votes 3"
