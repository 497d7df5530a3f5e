"""A suite goes out in every shape, and comes back the same to the hash."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from formats_page import NO, cells

from engine.export.suites.formats import FORMATS
from engine.export.suites.write import export_suite
from engine.layout.lay_out import lay_out
from engine.layout.wording import LayoutOptions
from rubrics.errors import BadInput, RudeError
from rubrics.importers import import_pairs
from rubrics.reading import find_suite, read_suite
from rubrics.schema import Criterion, Message, Pair, Suite

CRITERIA = [
    Criterion(id="list", text="Is a list.", subcategory="Format"),
    Criterion(id="true", text="States no falsehood.", subcategory="Factuality"),
]


def pair(number: int, prompt: object, chosen: str = "yes", rejected: str = "no", **more: object) -> Pair:
    fields = {"id": f"p{number}", "domain": "d", "prompt": prompt, "chosen": chosen, "rejected": rejected, **more}
    return Pair.model_validate({"criteria": CRITERIA, "violated": ["true"], **fields})


AWKWARD = Suite(
    "awkward suite",
    (
        pair(1, "plain, “quoted”, ünïcode, {braces} and | bars"),
        pair(2, [Message(role="user", content="a lone turn, as a conversation")]),
        pair(3, [Message(role="system", content="Be brief."), Message(role="user", content="hi"),
                 Message(role="assistant", content="hello"), Message(role="user", content="and now?")]),
        pair(4, "ends with blanks \n", "  begins with blanks\n\n", "[{'role': 'user', 'content': 'text of a turn'}]"),
        pair(5, "ends with blanks \n", "  begins with blanks\n\n", "[{'role': 'user', 'content': 'text of a turn'}]"),
        pair(6, "an exemplar", split="shot", source="here", license="MIT", group="g", cluster="c"),
        pair(7, '[{"role": "user", "content": "a text that looks like turns"}]', violated=["list", "true"]),
    ),
)  # fmt: skip


def back(out: Path, suite: Suite, tmp_path: Path) -> Suite:
    files = [out] if out.is_file() else sorted(out.glob("*.jsonl"), reverse=True)
    again = tmp_path / f"{suite.name}.jsonl"
    result = import_pairs("rude", files, again)
    assert (result.written, dict(result.dropped)) == (len(suite.pairs), {})
    return read_suite(again)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", ["awkward", "core"])
def test_a_suite_comes_back_the_same(format: str, name: str, tmp_path: Path) -> None:
    suite = AWKWARD if name == "awkward" else find_suite(name)
    out = tmp_path / ("out.jsonl" if FORMATS[format].kind == "file" else "out")
    assert export_suite(suite, format, out) == len(suite.pairs)
    assert back(out, suite, tmp_path).hash == suite.hash


CELLS = cells("Out: suites")


def test_the_page_has_every_format() -> None:
    assert {format for format, _ in CELLS} == set(FORMATS)


@pytest.mark.parametrize("cell", CELLS, ids=" ".join)
def test_a_cell(cell: tuple[str, str], tmp_path: Path) -> None:
    """Of the page of formats: what it says can be written comes back the same, what it denies is refused."""
    format, ending = cell
    out = tmp_path / ("out" if ending == "folder" else f"out{ending}")
    if CELLS[cell] == NO:
        if FORMATS[format].kind == "folder":
            out.write_text("")
        with pytest.raises(RudeError):
            export_suite(AWKWARD, format, out)
        return
    export_suite(AWKWARD, format, out)
    assert back(out, AWKWARD, tmp_path).hash == AWKWARD.hash


def test_a_text_that_is_mended_in_the_row_is_mended_in_the_pair(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    export_suite(Suite("s", (pair(1, "p"),)), "rewardbench", out)
    out.write_text(out.read_text(encoding="utf-8").replace('"chosen": "yes"', '"chosen": "yes, indeed"'), "utf-8")
    import_pairs("jsonl", [out], tmp_path / "s.jsonl")
    (mended,) = read_suite(tmp_path / "s.jsonl").pairs
    assert (mended.chosen, mended.id, mended.criteria) == ("yes, indeed", "p1", CRITERIA)


def test_a_column_that_happens_to_be_called_rude_is_none_of_ours(tmp_path: Path) -> None:
    row = {"prompt": "p", "chosen": "a", "rejected": "b", "rude": 0.3}
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    import_pairs("jsonl", [tmp_path / "in.jsonl"], tmp_path / "s.jsonl")
    assert read_suite(tmp_path / "s.jsonl").pairs[0].chosen == "a"


def rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_columns_are_those_that_each_program_reads(tmp_path: Path) -> None:
    """TRL: preference data with an explicit prompt. RewardBench: the columns of its data set. Inspect: a sample's."""
    suite = Suite("s", (pair(1, "p"),))
    for format in ("trl", "trl-plain", "rewardbench"):
        export_suite(suite, format, tmp_path / f"{format}.jsonl")
    (conversation,), (plain,), (bench,) = (rows(tmp_path / f"{f}.jsonl") for f in ("trl", "trl-plain", "rewardbench"))
    assert conversation["prompt"] == [{"role": "user", "content": "p"}]
    assert conversation["chosen"] == [{"role": "assistant", "content": "yes"}]
    assert (plain["chosen"], plain["rejected"]) == ("yes", "no")
    assert {"prompt", "chosen", "rejected", "chosen_model", "rejected_model", "subset", "id"} < bench.keys()
    export_suite(suite, "inspect", tmp_path / "inspect")
    (sample,) = rows(tmp_path / "inspect" / "pairs.jsonl")
    assert (sample["input"], sample["choices"], sample["target"]) == ("p", ["yes", "no"], "A")


class Characters:
    """A tokenizer of single characters."""

    prefix = ()
    notes = ()

    def encode(self, text: str) -> list[int]:
        return [ord(sign) for sign in text]

    def decode_token(self, token: int) -> str:
        return chr(token)


def test_the_text_before_a_response_is_that_of_likelihood(tmp_path: Path) -> None:
    export_suite(AWKWARD, "lm-eval", tmp_path / "out")
    laid = lay_out(AWKWARD, Characters(), LayoutOptions("likelihood"))
    for row in rows(tmp_path / "out" / "pairs.jsonl"):
        for request, choice in zip(laid.requests[str(row["id"])], row["choices"], strict=True):  # type: ignore[arg-type]
            assert "".join(map(chr, request.ids)) == f"{row['context']}{choice}"


def test_what_stands_beside_the_rows_can_be_run(tmp_path: Path) -> None:
    export_suite(AWKWARD, "lm-eval", tmp_path / "lm")
    export_suite(AWKWARD, "inspect", tmp_path / "inspect")
    assert (tmp_path / "lm" / "rude_awkward_suite.yaml").read_text(encoding="utf-8").startswith(
        "task: rude_awkward_suite\ncustom_dataset: !function pairs.pairs\n"
    )  # fmt: skip
    for script in (tmp_path / "lm" / "pairs.py", tmp_path / "inspect" / "task.py"):
        ast.parse(script.read_text(encoding="utf-8"))
    assert "def rude_awkward_suite():" in (tmp_path / "inspect" / "task.py").read_text(encoding="utf-8")
    assert len(rows(tmp_path / "lm" / "exemplars.jsonl")) == 1


def test_what_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    suite = Suite("s", (pair(1, "p"),))
    with pytest.raises(BadInput, match="no such format") as unknown:
        export_suite(suite, "lmeval", tmp_path / "x")
    assert "did you mean lm-eval?" in unknown.value.fix
    with pytest.raises(BadInput, match="cannot tell the format"):
        export_suite(suite, "trl", tmp_path / "x.txt")
    (tmp_path / "file").write_text("")
    with pytest.raises(RudeError, match="no folder can be made here"):
        export_suite(suite, "lm-eval", tmp_path / "file")
