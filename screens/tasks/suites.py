"""Suites from other people's data, and from the procedural world. Plain Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rubrics.counted import count
from screens.shell.fields import Field, Prepared, Typed, at
from screens.shell.plain import one_line
from screens.tasks.common import to_file
from screens.tasks.task import Task

if TYPE_CHECKING:
    from pathlib import Path

    from rubrics.importers import ImportOptions, ImportResult
    from rubrics.prompts import RubricPrompt
    from rubrics.schema import Pair
    from screens.shell.session import Session

__all__ = ["GENERATE", "IMPORT"]

_RECOGNISE = "recognise"
_NONE = "none"
_WIDTH = 100
"""Characters of a text that are shown."""


def _import_fields(session: Session) -> Sequence[Field]:
    from rubrics.importers import FORMATS
    from rubrics.taxonomy import Subcategory

    return (
        Field("files", "Files", ".jsonl, .json, .csv, .parquet (.gz, .zst), cached OWNER/NAME", "path"),
        Field("output", "Suite to write", "pairs.jsonl", "path", endings=(".jsonl",)),
        Field("format", "Format", "by the fields of the first record", choices=(_RECOGNISE, *FORMATS)),
        Field("map", "Columns", "prompt=question,chosen=better,… for data of no known format"),
        Field("subcategory", "Subcategory", "for criteria that have none", choices=(_NONE, *Subcategory)),
        Field("criterion", "Criterion", "its text, where the data name none"),
        Field("domain", "Domain", "of the pairs"),
        Field("limit", "At most", "pairs; empty: all"),
    )


def _import(session: Session, typed: Typed) -> Prepared:
    from rubrics.importers import data_files, import_pairs, recognised

    options = _options(typed)
    with at("files"):
        paths = [path for name in typed.paths("files") for path in data_files(name)]
        name = typed.text("format")
        by: tuple[str, ...] = ()
        if name == _RECOGNISE:
            name, by = recognised(paths, options)

    def write(output: Path) -> str:
        with at("files"):
            result = import_pairs(name, paths, output, options)
        if result.kind == "pairs":
            session.offer_suite(str(output))
        told = [f"recognised as {name} by {', '.join(by)}"] if by else []
        return "\n".join([*told, result.render(), "", *_samples(result)])

    return to_file(typed, ".jsonl", write)


def _options(typed: Typed) -> ImportOptions:
    from rubrics.importers import ImportOptions, parse_map
    from rubrics.taxonomy import Subcategory

    mapping = typed.read("map", lambda text: parse_map(text) if text else {})
    chosen = typed.text("subcategory")
    values: dict[str, Any] = {
        "subcategory": Subcategory(chosen) if chosen != _NONE else None,
        "criterion": typed.text("criterion") or None,
        "domain": typed.text("domain") or None,
        "limit": typed.whole("limit", 1),
    }
    return ImportOptions(map=mapping, **values)


def _samples(result: ImportResult) -> list[str]:
    return [line for number, made in enumerate(result.sample, 1) for line in _sample(number, made)]


def _sample(number: int, made: Pair | RubricPrompt) -> list[str]:
    from rubrics.schema import Pair

    texts = {"prompt": made.prompt_text}
    if isinstance(made, Pair):
        texts |= {"chosen": made.chosen, "rejected": made.rejected}
    told = ", ".join(f"{rule.subcategory}: {one_line(rule.text, 60)}" for rule in made.criteria[:3])
    return [f"{number}. {made.id} · {told}", *(f"   {name}: {one_line(text, _WIDTH)}" for name, text in texts.items())]


IMPORT = Task(
    "import",
    "Import a suite",
    "Turns preference data of some twenty shapes into a suite, or into prompts with criteria; what is dropped is "
    "counted by reason.",
    _import_fields,
    _import,
)


def _generate_fields(session: Session) -> Sequence[Field]:
    return (
        Field("output", "Suite to write", "pairs.jsonl", "path", endings=(".jsonl",)),
        Field("pairs", "Pairs", value="360"),
        Field("seed", "Seed", value="0"),
    )


def _generate(session: Session, typed: Typed) -> Prepared:
    pairs, seed = typed.whole("pairs", 1) or 360, typed.whole("seed") or 0

    def write(output: Path) -> str:
        from rubrics.reading import write_suite
        from rubrics.world.generate import generate

        fresh = list(generate(seed, pairs))
        write_suite(output, fresh)
        session.offer_suite(str(output))
        return f"{count(len(fresh), 'pair')}, seed {seed} → {output}\nIt stands among the suites (6)."

    return to_file(typed, ".jsonl", write)


GENERATE = Task(
    "generate",
    "Generate a suite",
    "Fresh pairs of the procedural world: never seen before, each proven by its verifiers.",
    _generate_fields,
    _generate,
)
