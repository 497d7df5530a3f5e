"""docs/formats.md: what it says is read is, cell by cell, and recognised for what it is; what it denies is refused."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path

import pytest
from formats_page import NO, cells
from shapes import SHAPES, write

from rubrics.errors import SuiteError
from rubrics.importers import FORMATS, data_files, import_pairs, recognised
from rubrics.prompts import read_prompts
from rubrics.reading import find_suite, read_suite

CELLS = cells("In: pairs, and prompts with criteria")


def test_the_page_has_every_format() -> None:
    generic = {"jsonl", "csv", "parquet"}
    assert {format for format, _ in CELLS} == set(FORMATS) - generic | {"any columns"}
    assert set(SHAPES) == set(FORMATS) - generic | {"jsonl"}
    assert len(CELLS) == 7 * len({format for format, _ in CELLS})


_GENERIC = {".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}


@pytest.mark.parametrize("cell", CELLS, ids=" ".join)
def test_a_cell(cell: tuple[str, str], tmp_path: Path) -> None:
    name, ending = cell
    if ending == ".zst" and importlib.util.find_spec("zstandard") is None:
        pytest.skip("nothing here writes Zstandard")
    rows = SHAPES["jsonl" if name == "any columns" else name]
    file = write(rows, tmp_path / f"data{'.jsonl' if ending in ('.gz', '.zst') else ''}{ending}")
    out = tmp_path / "out.jsonl"
    if CELLS[cell] == NO:
        with pytest.raises(SuiteError):
            import_pairs(recognised([file]).format, [file], out)
        return
    format = recognised([file]).format
    assert format == (
        name if name != "any columns" else {".csv": "csv", ".tsv": "csv", ".parquet": "parquet"}.get(ending, "jsonl")
    )
    result = import_pairs(format, [file], out)
    assert result.written == 1
    if result.kind == "pairs":
        (pair,) = read_suite(out).pairs
        assert (pair.prompt_text, pair.chosen, pair.rejected) == ("Name a fruit.", "A pear.", "A pebble.")
        assert (result.sample[0].id, len(result.sample)) == (pair.id, 1)
    else:
        (prompt,) = read_prompts(out)
        assert prompt.prompt_text == "Name a fruit."
        assert prompt.criteria


def test_what_is_recognised_is_said_with_its_fields(tmp_path: Path) -> None:
    found = recognised([write(SHAPES["shp"], tmp_path / "x.jsonl")])
    assert str(found) == "shp, by history, human_ref_A, human_ref_B, labels"


def test_a_file_of_no_known_format_says_what_is_in_it(tmp_path: Path) -> None:
    file = write([{"question": "q", "choosen": "a", "rejected": "b"}], tmp_path / "x.jsonl")
    with pytest.raises(SuiteError, match="its fields are question, choosen, rejected") as error:
        recognised([file])
    assert "chosen=choosen" in error.value.fix


def test_files_of_two_formats_are_not_imported_together(tmp_path: Path) -> None:
    files = [write(SHAPES[name], tmp_path / f"{name}.jsonl") for name in ("shp", "hh")]
    with pytest.raises(SuiteError, match="is of another format"):
        recognised(files)


def test_a_file_that_is_not_what_its_ending_says_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl.gz").write_bytes(b"no gzip")
    whole = write(SHAPES["shp"], tmp_path / "y.jsonl.gz")
    whole.write_bytes(whole.read_bytes()[:-9])
    for name, what in (("x", "is not gzip"), ("y", "is not gzip, or damaged")):
        with pytest.raises(SuiteError, match=what) as error:
            recognised([tmp_path / f"{name}.jsonl.gz"])
        assert error.value.where == str(tmp_path / f"{name}.jsonl.gz")


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUDE_TUI_READ_LIMIT", "1000")
    (tmp_path / "x.jsonl.gz").write_bytes(gzip.compress(b" " * 100_000))
    with pytest.raises(SuiteError, match="longer than the 1,000 bytes that are read"):
        recognised([tmp_path / "x.jsonl.gz"])


def test_faults_inside_a_packed_file_are_named_by_its_own_name(tmp_path: Path) -> None:
    packed = tmp_path / "x.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"chosen": 1, "rejected": 2}\n'))
    with pytest.raises(SuiteError) as error:
        import_pairs("jsonl", [packed], tmp_path / "out.jsonl")
    assert error.value.where.endswith("x.jsonl") or error.value.where == str(packed)
    assert ".rude-tui-" not in str(error.value)


class TestCache:
    """A data set in the Hugging Face cache, by its hub id."""

    @pytest.fixture
    def snapshot(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
        folder = tmp_path / "datasets--acme--fruit"
        (folder / "refs").mkdir(parents=True)
        (folder / "refs" / "main").write_text("abc123")
        held = folder / "snapshots" / "abc123"
        for name in ("data/test-0.jsonl", "data/train-0.jsonl", "README.md", "dataset_info.json"):
            (held / name).parent.mkdir(parents=True, exist_ok=True)
            (held / name).write_text("")
        return held

    def test_all_its_data_files_are_taken_in_order(self, snapshot: Path) -> None:
        both = [snapshot / "data/test-0.jsonl", snapshot / "data/train-0.jsonl"]
        assert data_files("acme/fruit") == both == data_files("acme/fruit@abc")

    def test_those_whose_path_begins_so(self, snapshot: Path) -> None:
        assert data_files("acme/fruit/data/te") == [snapshot / "data/test-0.jsonl"]

    def test_what_it_lacks_is_named(self, snapshot: Path) -> None:
        with pytest.raises(SuiteError, match="has no such data files") as error:
            data_files("acme/fruit/data/dev")
        assert error.value.fix == "name one of data/test-0.jsonl, data/train-0.jsonl"

    def test_what_is_no_data_set_in_the_cache_is_a_file(self, snapshot: Path) -> None:
        assert data_files("acme/other") == [Path("acme/other")]


class TestOverlap:
    def imported(self, tmp_path: Path, *prompts: str) -> tuple[str, ...]:
        rows = [{"prompt": p, "chosen": f"a{i}", "rejected": f"b{i}"} for i, p in enumerate(prompts)]
        return import_pairs("jsonl", [write(rows, tmp_path / "x.jsonl")], tmp_path / "out.jsonl").warnings

    def test_a_prompt_of_a_suite_that_ships_is_named(self, tmp_path: Path) -> None:
        own = find_suite("core").pairs[0]
        prompts = f"So: {own.prompt_text}", "Quite another thing that nobody has asked so far."
        (warning,) = (text for text in self.imported(tmp_path, *prompts) if "'core'" in text)
        assert warning.startswith("1 of 2 pairs ask what the suite 'core', which ships, asks too: 50 % or more")
        assert "(first: x-000001 and " in warning

    def test_two_prompts_that_are_nearly_one_are_named(self, tmp_path: Path) -> None:
        long = " ".join(f"w{i}" for i in range(30))
        (warning,) = self.imported(tmp_path, long, f"{long} and more", "w1 w2 other words altogether than those before")
        assert "1 of 3 pairs ask what another group of this suite asks too" in warning
        assert "x-000002 and x-000001" in warning

    def test_pairs_that_share_a_prompt_are_one_group_and_no_overlap(self, tmp_path: Path) -> None:
        prompt = "Which of the two would you rather have, and why?"
        assert self.imported(tmp_path, prompt, prompt) == ()

    def test_containment_is_counted_over_sequences_of_eight_words(self, tmp_path: Path) -> None:
        """Of the second's five sequences two stand in the first: 40 %, and of the third's four two: 50 %."""
        first = "a b c d e f g h i"
        assert self.imported(tmp_path, first, f"{first} x y z") == ()
        (warning,) = self.imported(tmp_path, first, f"{first} x y")
        assert "1 of 2 pairs" in warning


def test_marks_of_two_scales_are_not_held_against_each_other(tmp_path: Path) -> None:
    """UltraFeedback's overall marks go to 10, its fine-grained ones to 5."""
    answers = [
        {"response": "A pear.", "overall_score": 6.0, "fine-grained_score": 4.5},
        {"response": "A pebble.", "overall_score": 3.0, "fine-grained_score": None},
    ]
    row = {"instruction": "Name a fruit.", "completions": answers}
    import_pairs("ultrafeedback-scores", [write([row], tmp_path / "x.jsonl")], tmp_path / "out.jsonl")
    assert read_suite(tmp_path / "out.jsonl").pairs[0].chosen == "A pear."
    row["completions"] = [
        {"response": "A pear.", "fine-grained_score": 4.5}, {"response": "A pebble.", "overall_score": 9.0},
    ]  # fmt: skip
    with pytest.raises(SuiteError, match="no other response"):
        import_pairs("ultrafeedback-scores", [write([row], tmp_path / "y.jsonl")], tmp_path / "out.jsonl")
