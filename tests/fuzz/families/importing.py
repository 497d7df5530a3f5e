"""Other people's data sets through `import_pairs`, every registered format, in every kind of file that it is met in.

The model knows of each format which of two texts a record calls the better one. Whatever is written has to be a pair of
the contract, of one record, that way round; a record that was not touched has to be written.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any, ClassVar, Final

from tests.fuzz.contract import objects_in, prompt_of, suite_of
from tests.fuzz.families.datasets import PROMPTS, SEEDS, allowed
from tests.fuzz.family import Case, Family, NotValid, Unsure, has_half, strict_json
from tests.fuzz.mutation import Mutator

__all__ = ["FAMILIES"]


class Imports(Family):
    """JSON and JSON lines."""

    name = "importers"
    share = 6.0
    formats: ClassVar[list[str]] = list(SEEDS)

    def prepare(self, home: Path) -> None:
        self.out = home / "out.jsonl"

    def make(self, change: Mutator) -> Case:
        format = change.chance.choice(self.formats)
        records = change.value(SEEDS[format])
        name = change.chance.choice(["made.jsonl", "made.jsonl", "made.json", "dataset.json"])
        raw = change.lines(records) if name == "made.jsonl" else change.json(records)
        if change.chance.random() < 0.25:
            raw = change.raw(raw)
        more = change.chance.choice(
            [{}] * 6 + [{"per_prompt": 1}, {"limit": 1}, {"domain": "d", "criterion": "Is right."}]
        )
        return Case({name: raw}, {"format": format, "options": more, "name": name})

    def enter(self, case: Case, folder: Path) -> Any:
        from rubrics.importers import ImportOptions, import_pairs

        self.out.unlink(missing_ok=True)
        asked = case.asked
        return import_pairs(asked["format"], [folder / asked["name"]], self.out, ImportOptions(**asked["options"]))

    def records(self, case: Case) -> list[Any]:
        """What stands in the file."""
        raw = case.files[case.asked["name"]]
        if not case.asked["name"].endswith(".jsonl"):
            try:
                value = strict_json(raw.decode("utf-8-sig"), constants=True)
            except (NotValid, UnicodeDecodeError):
                pass
            else:
                whole = value if isinstance(value, list) else list(value.values()) if isinstance(value, dict) else []
                return whole if isinstance(value, list) or all(isinstance(row, dict) for row in whole) else [value]
        found: list[Any] = []
        for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
            try:
                value = strict_json(line.decode())
                found += [] if has_half(value) else [value]
            except (NotValid, UnicodeDecodeError):
                continue
        return found

    def judge(self, case: Case, got: Any) -> str:
        if got.considered != got.written + sum(got.dropped.values()):
            return f"{got.considered} is not {got.written} and {sum(got.dropped.values())}"
        raw = self.out.read_bytes()
        try:
            if case.asked["format"] in PROMPTS:
                for value in objects_in(raw):
                    prompt_of(value)
                return ""
            pairs = suite_of(raw)
        except NotValid as fault:
            return f"what was written is no suite: {fault}"
        except Unsure:
            if case.asked["format"] in PROMPTS:
                return ""
            pairs = [json.loads(line) for line in raw.splitlines()]
        try:
            right = allowed(case.asked["format"], self.records(case))
        except Unsure:
            return ""
        for pair in pairs:
            if (pair["chosen"], pair["rejected"]) not in right:
                return f"{pair['chosen']!r} before {pair['rejected']!r} is stated nowhere: {sorted(right)!r}"[:1500]
        return ""

    def judge_refusal(self, case: Case) -> str:
        seed = SEEDS[case.asked["format"]]
        # As text: to Python, false is 0.
        untouched = json.dumps(self.records_or_none(case)) == json.dumps(seed)
        return "refused, though nothing was changed" if untouched and "limit" not in case.asked["options"] else ""

    def records_or_none(self, case: Case) -> list[Any] | None:
        """The same; None where the model does not know."""
        try:
            return self.records(case)
        except Unsure:
            return None

    def said(self, got: Any) -> str:
        return str(got.render())


class SheetImports(Imports):
    """Tables of text: separators, encodings, quotes, decimal commas."""

    name = "importers: CSV"
    shrinks = False
    share = 3.0
    formats: ClassVar[list[str]] = ["jsonl", "helpsteer2", "helpsteer2-preference", "judgebench", "llmbar"]

    def make(self, change: Mutator) -> Case:
        format = change.chance.choice(self.formats)
        separator = change.chance.choice([",", ",", ";", "\t", "|"])
        rows = [row for row in SEEDS[format] if not any(isinstance(value, list) for value in row.values())]
        header = list(dict.fromkeys(name for row in rows for name in row))
        cells = [header] + [[_cell(row.get(name, ""), separator) for name in header] for row in rows]
        changed = change.value(cells)
        table = changed if isinstance(changed, list) else [changed]
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=separator, lineterminator=change.chance.choice(["\n", "\r\n"]))
        for row in table:
            writer.writerow([_cell(cell, separator) for cell in (row if isinstance(row, list) else [row])])
        text = (f"sep={separator}\n" if change.chance.random() < 0.1 else "") + out.getvalue()
        encoding = change.chance.choice(["utf-8"] * 5 + ["utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
        raw = text.encode(encoding, "replace")
        damaged = change.chance.random() < 0.25
        known = not damaged and encoding.startswith("utf") and table == cells
        name = f"made.{change.chance.choice(['csv', 'csv', 'tsv'])}"
        if format == "jsonl":
            # The names by which the separator is told are the generic format's.
            name, as_format = "made.csv", "csv"
        else:
            as_format = format
        asked = {
            "format": as_format,
            "seed": format,
            "options": {},
            "name": name,
            "untouched": known and separator == ",",
        }
        asked["table"] = (
            None
            if damaged or encoding == "latin-1"
            else [[_cell(cell, separator) for cell in row] if isinstance(row, list) else None for row in table]
        )
        asked["separator"] = separator
        return Case({name: change.raw(raw) if damaged else raw}, asked)

    def judge(self, case: Case, got: Any) -> str:
        if got.considered != got.written + sum(got.dropped.values()):
            return f"{got.considered} is not {got.written} and {sum(got.dropped.values())}"
        try:
            pairs = suite_of(self.out.read_bytes())
        except NotValid as fault:
            return f"what was written is no suite: {fault}"
        except Unsure:
            return ""
        if not case.asked["untouched"]:
            return ""
        right = allowed(case.asked["seed"], SEEDS[case.asked["seed"]])
        found = {(pair["chosen"], pair["rejected"]) for pair in pairs}
        return "" if found <= right and found else f"{sorted(found)!r} is not {sorted(right)!r}"

    def judge_refusal(self, case: Case) -> str:
        return "refused, though nothing was changed" if case.asked["untouched"] else ""


def _cell(value: Any, separator: str) -> str:
    if isinstance(value, float) and separator != ",":
        return str(value).replace(".", ",")
    if isinstance(value, dict | list):
        return json.dumps(value, default=str)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**300:
        return "1" + "0" * 400
    return "" if value is None else str(value).encode("utf-8", "replace").decode()


_TYPES: Final = """
    select 'Why?' as prompt, [{'role': 'user', 'content': 'Why?'}, {'role': 'assistant', 'content': 'better'}]
    as chosen,
    [{'role': 'user', 'content': 'Why?'}, {'role': 'assistant', 'content': 'worse'}] as rejected,
    7.5::decimal(4,2) as chosen_score, 3::utinyint as rejected_score, timestamp 'infinity' as at, '\\xff'::blob as raw,
    1e400::double as huge, uuid() as name, map {'a': 1} as more, interval 3 year as took, null as nothing,
    170141183460469231731687303715884105727 as largest, date '290000-01-01' as late
"""
"""A row with a column of every type."""


class ParquetImports(Family):
    """Parquet, whole and damaged, with columns of every type."""

    name = "importers: Parquet"
    shrinks = False
    share = 0.05

    def prepare(self, home: Path) -> None:
        import duckdb

        self.out = home / "out.jsonl"
        self.seeds = []
        for number, query in enumerate(
            (
                "select 'Why ' || i as prompt, 'better ' || i as chosen, 'worse ' || i as rejected from range(3) t(i)",
                _TYPES,
            )
        ):
            file = home / f"seed{number}.parquet"
            with duckdb.connect(config={"threads": 1}) as connection:
                connection.execute(f"copy ({query}) to '{file}' (format parquet, compression uncompressed)")
            self.seeds.append(file.read_bytes())

    def make(self, change: Mutator) -> Case:
        raw = self.seeds[change.chance.randrange(len(self.seeds))]
        name = change.chance.choice(
            ["made.parquet"] * 4 + ["ma[d]e.parquet", "ma*e.parquet", "made'.parquet", "ma?de {x}.parquet"]
        )
        whole = change.chance.random() < 0.2
        asked = {"name": name, "untouched": whole}
        return Case({name: raw if whole else change.raw(raw), "beside.parquet": b"PAR1"}, asked)

    def enter(self, case: Case, folder: Path) -> Any:
        from rubrics.importers import import_pairs

        self.out.unlink(missing_ok=True)
        return import_pairs("parquet", [folder / case.asked["name"]], self.out)

    def judge(self, case: Case, got: Any) -> str:
        try:
            pairs = suite_of(self.out.read_bytes())
        except NotValid as fault:
            return f"what was written is no suite: {fault}"
        except Unsure:
            return ""
        wrong = [pair for pair in pairs if "better" in pair["rejected"] or "worse" in pair["chosen"]]
        return (
            f"the wrong way round: {wrong[:1]}"
            if case.asked["untouched"] and (wrong or len(pairs) not in (1, 3))
            else ""
        )

    def judge_refusal(self, case: Case) -> str:
        return "refused, though nothing was changed" if case.asked["untouched"] else ""


FAMILIES: list[type[Family]] = [Imports, SheetImports, ParquetImports]
