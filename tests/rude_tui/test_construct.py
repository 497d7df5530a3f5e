"""`construct`, `trial` and `review` as a person would run them."""

from __future__ import annotations

import csv
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import click
import pytest
from click.testing import CliRunner

from engine.construct.settings import METHODS
from rubrics.errors import BadInput, Exit
from rubrics.reading import read_suite
from rude_tui.cli import cli
from rude_tui.commands.construct import construct

KEY = "sk-very-secret-0123456789"


class Echo(BaseHTTPRequestHandler):
    """Writes what is asked for with a mark for every flaw, judges by the marks, and mocks the key."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = body["messages"][1]["content"]
        key = self.headers.get("Authorization", "")
        if body["model"] == "refuses":
            return self.say(401, {"error": {"message": f"wrong key: {key}"}})
        if "Requirement (" in asked:
            rule = re.search(r"rule (\d)", asked.rpartition("Requirement (")[2])[1]
            text = json.dumps({"quote": "", "reason": f"so it is {key}", "met": f"flaw{rule}" not in asked})
        elif "FAIL" in asked:
            flaws = " ".join(f"flaw{n}" for n in re.findall(r"rule (\d)", asked.partition("MEET")[0]))
            low, high = map(int, re.search(r"(\d+) to (\d+) characters", asked).groups())
            text = f"Otherwise {flaws} ".ljust((low + high) // 2, "x")
        else:
            text = f"{KEY} as it should be, " + "word " * 40
        return self.say(200, {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]})

    def say(self, status: int, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def server():
    http = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    http.daemon_threads = True
    thread = Thread(target=lambda: http.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_address[1]}/v1"
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    lines = [
        {
            "id": f"q{n}", "domain": "tests", "prompt": f"=Question {n}?",
            "criteria": [
                {"id": f"c{k}", "text": f"Keeps rule {k}.", "subcategory": s}
                for k, s in enumerate(("Scope", "Format", "Logic"))
            ],
        }
        for n in range(4)
    ]  # fmt: skip
    file = tmp_path / "prompts.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def run(*arguments: object):
    return CliRunner().invoke(cli, [str(a) for a in arguments], standalone_mode=False)


def build(server: str, prompts: Path, output: Path, *more: object, model: str = "m"):
    spec = f"{server}#{model}"
    return run(
        "construct",
        "--prompts",
        prompts,
        "--generator",
        spec,
        "--verifier",
        spec,
        "-o",
        output,
        "--concurrency",
        32,
        *more,
    )


@pytest.mark.long
def test_from_prompts_to_a_suite_and_back_by_hand(server: str, prompts: Path, tmp_path: Path) -> None:
    output = tmp_path / "made.jsonl"
    done = build(server, prompts, output, "--json", "--per-prompt", 2)
    assert done.exception is None
    told = json.loads(done.stdout)
    assert told["pairs"] == len(read_suite(output).pairs) >= 6
    assert "has not been tried" in done.stderr
    run_id = told["run_id"]
    listed = json.loads(run("review", run_id, "--examples", "--json").stdout)
    assert {e["kind"] for e in listed} == {"positive", "negative"}
    first = next(e["example_id"] for e in listed if e["kind"] == "negative" and e["in_suite"])
    calls = json.loads(run("review", run_id, "--calls", first, "--json").stdout)
    assert {c["purpose"] for c in calls} >= {"degrade", "judge"}
    new = tmp_path / "text.txt"
    new.write_text("An edited text flaw0 of its own.")
    result = run("review", run_id, "--edit", first, new, "--drop", "q3-0", "-o", output)
    assert result.exception is None
    pairs = {pair.id: pair for pair in read_suite(output).pairs}
    assert pairs[first].rejected == new.read_text()
    assert not any(name.startswith("q3") for name in pairs)
    assert "1 edited, 1 dropped" in output.with_suffix(".md").read_text()
    run("review", run_id, "--take-back", "q3-0", "--take-back", first)
    again = json.loads(run("review", run_id, "--examples", "--json").stdout)
    assert [e["in_suite"] for e in again] == [e["in_suite"] for e in listed]


@pytest.mark.long
def test_a_sheet_shows_no_label_and_comes_back_as_agreement(server: str, prompts: Path, tmp_path: Path) -> None:
    output, sheet = tmp_path / "made.jsonl", tmp_path / "sheet.csv"
    build(server, prompts, output)
    assert run("review", "made", "--sheet", sheet, "--sample", 8).exception is None
    with sheet.open(newline="") as source:
        rows = list(csv.DictReader(source))
    assert len({row["item"] for row in rows}) == 8
    assert {"item", "criterion", "prompt", "response", "requirement", "met"} == set(rows[0])
    assert not any(re.search(r"q\d-\d", cell) for row in rows for cell in row.values())
    assert all(not row["prompt"].startswith("=") for row in rows)
    text = ""
    for row in rows:
        text = row["response"] or text
        row["met"] = "no" if f"flaw{int(row['criterion']) - 1}" in text else "yes"
    write(sheet, rows)
    said = run("review", "made", "--read", sheet, "--reader", "ada", "--json")
    assert json.loads(said.stdout)["share"] == 1.0
    assert json.loads(said.stdout)["kappa"] == pytest.approx(1.0)
    # A reader who finds one more flaw in a negative corrects its V.
    flawed = next(row for row in rows if "flaw" in row["response"])
    other = next(row for row in rows if row["item"] == flawed["item"] and row["met"] == "yes")
    other["met"] = "no"
    write(sheet, rows)
    before = {pair.id: pair.violated for pair in read_suite(output).pairs}
    said = run("review", "made", "--read", sheet, "--reader", "ada", "--correct", "-o", output)
    after = {pair.id: pair.violated for pair in read_suite(output).pairs}
    changed = [name for name in after if after[name] != before[name]]
    assert len(changed) == 1
    assert len(after[changed[0]]) == len(before[changed[0]]) + 1
    assert "V of 1 pairs corrected" in output.with_suffix(".md").read_text()
    assert json.loads(run("review", "made", "--json").stdout)["share"] < 1


def write(sheet: Path, rows: list[dict[str, str]]) -> None:
    with sheet.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.long
def test_a_key_is_never_written_or_shown(server: str, prompts: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    output = tmp_path / "made.jsonl"
    keys = ("--generator-key", "MY_KEY", "--verifier-key", "MY_KEY", "--db", tmp_path / "x.duckdb")
    done = build(server, prompts, output, *keys)
    refused = build(server, prompts, output, *keys, model="refuses")
    assert "401" in refused.stderr
    assert "Bearer [key]" in refused.stderr
    shown = run("review", "made", "--calls", "q0-0", "--db", tmp_path / "x.duckdb")
    assert "so it is Bearer [key]" in shown.stdout
    for text in (done.stdout, done.stderr, shown.stdout, refused.stdout, refused.stderr):
        assert KEY not in text
    for file in tmp_path.rglob("*"):
        assert KEY.encode() not in file.read_bytes(), file


def test_the_methods_offered_are_those_there_are() -> None:
    # The help of a command loads nothing, so it names them itself.
    (method,) = (option for option in construct.params if option.name == "method")
    assert isinstance(method.type, click.Choice)
    assert tuple(method.type.choices) == METHODS


def test_a_dry_run_asks_nothing(prompts: Path, tmp_path: Path) -> None:
    spec = "http://127.0.0.1:9/v1#nobody"
    given = ("--prompts", prompts, "--generator", spec, "--verifier", spec, "-o", tmp_path / "x.jsonl", "--dry-run")
    told = json.loads(run("construct", *given, "--verifier-price", "2,8", "--votes", 3, "--json").stdout)
    least, likely, most = (told["totals"][name] for name in ("least", "likely", "most"))
    # 4 positives and 4 negatives, each written once, and judged on 3 criteria by 3 votes.
    assert least[0] == 8 + 8 * 3 * 3
    assert most[0] == 4 * least[0]
    assert least[3] < likely[3] < most[3]
    assert told["pairs"] == 4
    assert sum(sum(row[1]) for row in told["cells"]) == sum(len(v) for v in [[1], [1, 1], [1, 1, 1], [1]])
    assert run("construct", *given).exception is None
    assert not list(tmp_path.glob("x*"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"--generator": "gpt"}, "no address of a server"),
        ({"--generator": "http://me:secret@host/v1#m"}, "user, password or query"),
        ({"--generator": "http://host/v1"}, "names no model"),
        ({"--generator": "local:/nowhere"}, "no such model folder"),
        ({"--generator-key": "NO_SUCH_KEY"}, "not set or empty"),
        ({"--votes": "2"}, "even number of votes"),
        ({"--length-window": "3"}, "is no share"),
        ({"--violations": "0"}, "begin at 1"),
        ({"-o": "x.txt"}, "ends in .jsonl"),
        ({"-o": "/nowhere/x.jsonl"}, "no such folder"),
        ({"--prompts": "/nowhere.jsonl"}, "cannot be read"),
    ],
)
def test_bad_input_is_one_clear_error(prompts: Path, tmp_path: Path, changed: dict[str, str], said: str) -> None:
    spec = "http://127.0.0.1:9/v1#m"
    given = {"--prompts": prompts, "--generator": spec, "--verifier": spec, "-o": tmp_path / "x.jsonl", **changed}
    found = run("construct", *(part for pair in given.items() for part in pair)).exception
    assert isinstance(found, BadInput)
    assert found.exit_code is Exit.BAD_INPUT
    assert said in str(found)
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"checks": {"nope": {"kind": "mark", "right": ["."]}}', "not among the criteria"),
        ('"checks": {"c": {"kind": "guess"}}', "no kind of check"),
        ('"checks": {"c": {"kind": "says"}}', "needs words"),
    ],
)
def test_checks_that_cannot_work_are_named(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "p.jsonl"
    rubric = '"criteria": [{"id": "c", "text": "Is short.", "subcategory": "Length"}]'
    file.write_text('{"id": "a", "domain": "d", "prompt": "p", ' + rubric + ", " + line + "}\n")
    spec = "http://127.0.0.1:9/v1#m"
    found = run("construct", "--prompts", file, "--generator", spec, "--verifier", spec, "-o", tmp_path / "x.jsonl")
    assert said in str(found.exception)


def test_sheets_and_names_that_are_wrong(tmp_path: Path) -> None:
    assert "no such construction" in str(run("review", "nothing").exception)
    assert run("review").exception is None
    dry = run("trial", "--verifier", "http://127.0.0.1:9/v1#m", "--pairs", 2, "--dry-run")
    assert "questions" in dry.stderr
    sheet = tmp_path / "s.csv"
    sheet.write_text("item,criterion,met\nabc,1,perhaps\n")
    from engine.construct.review import read_sheet

    with pytest.raises(BadInput, match="neither yes nor no in record 2"):
        read_sheet(sheet)
    # As spreadsheets save what they were given.
    for text, encoding in (("item;criterion;met\r\nabc;1;Yes\r\nabd;2;\r\n", "utf-8-sig"),
                           ("item\tcriterion\tmet\r\nabc\t1\tyes\r\n", "utf-16")):  # fmt: skip
        sheet.write_bytes(text.encode(encoding))
        assert read_sheet(sheet) == {("abc", 1): True}
    sheet.write_text("item,met\nabc,yes\n")
    with pytest.raises(BadInput, match="lacks the columns"):
        read_sheet(sheet)
