"""`rude-tui suite import`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from rude_tui.options import as_json
from rude_tui.output import narrate, print_json

if TYPE_CHECKING:
    from rubrics.importers import ImportOptions, ImportResult
    from rubrics.prompts import RubricPrompt
    from rubrics.schema import Pair

__all__ = ["import_"]

_WIDTH: Final = 100
"""Characters of a text that are shown."""


def _formats(ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    from rubrics.importers import FORMATS
    from rubrics.plugins import of_group

    return [name for name in (*FORMATS, *(p.name for p in of_group("importers"))) if name.startswith(incomplete)]


@click.command("import")
@click.argument("files", nargs=-1, required=True, metavar="FILE|OWNER/NAME ...")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="File to write (.jsonl).")
@click.option(
    "--as", "format", metavar="FORMAT", shell_complete=_formats,
    help="What the files are; recognised by their fields if not said.",
)  # fmt: skip
@click.option(
    "--map", "mapping", default="",
    help="prompt=question,chosen=better,… for data of no known format; or the name of a mapping that was kept.",
)  # fmt: skip
@click.option(
    "--keep", metavar="NAME", help="Keep this mapping: data with the same columns are mapped so by themselves."
)
@click.option("--subcategory", help="For criteria that have none.")
@click.option("--criterion", help="Text of the criterion, where the data name none.")
@click.option("--domain", help="Domain of the pairs.")
@click.option("--source", help="Where the data is from.")
@click.option("--license", "license_", help="Its licence.")
@click.option("--gap", type=float, help="Prometheus: least difference of scores that makes a pair.")
@click.option("--first-sentences", type=click.IntRange(1), help="GSM8K: keep so many sentences of each solution.")
@click.option("--per-prompt", type=click.IntRange(1), help="At most so many pairs for one prompt.")
@click.option("--limit", type=click.IntRange(1), help="Stop when so many are written.")
@as_json
def import_(
    files: tuple[str, ...], output: Path, format: str | None, mapping: str, keep: str | None, subcategory: str | None,
    criterion: str | None, domain: str | None, source: str | None, license_: str | None, gap: float | None,
    first_sentences: int | None, per_prompt: int | None, limit: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Turn other people's data into a suite, or into prompts with criteria.

    What it is is recognised by the fields of the first record, and said; --as overrides that (it may also stand first,
    as in `import hh FILE`). What is dropped is counted by reason; the first three pairs are shown, and overlap with the
    suites that ship.

    Files are JSON lines, JSON, CSV, TSV or Parquet, also ending in .gz or .zst; OWNER/NAME is a data set in the Hugging
    Face cache, OWNER/NAME/data/test its files whose path begins so. docs/formats.md lists the formats.
    """
    from rubrics.errors import BadInput
    from rubrics.importers import ImportOptions, data_files, format_called, import_pairs, kept_map
    from rubrics.taxonomy import Subcategory
    from rude_tui.settings import load_settings, save_setting

    if subcategory is not None and subcategory not in set(Subcategory):
        raise BadInput(f"no subcategory {subcategory!r}", fix="subcategories: " + ", ".join(Subcategory))
    values: dict[str, Any] = {
        "subcategory": Subcategory(subcategory) if subcategory else None, "criterion": criterion, "domain": domain,
        "source": source, "license": license_, "min_gap": gap, "first_sentences": first_sentences,
        "per_prompt": per_prompt, "limit": limit,
    }  # fmt: skip
    if keep is not None and not mapping:
        raise BadInput(
            "there is no mapping to keep", fix="say which column holds what", shell="--map prompt=…,chosen=…"
        )
    mappings = load_settings().mappings
    options = ImportOptions(
        map=kept_map(mapping, mappings) if mapping else {},
        **{name: value for name, value in values.items() if value is not None},
    )
    if format is None and len(files) > 1 and _is_a_name(files[0]):
        format, files = files[0], files[1:]
    paths = [path for name in files for path in data_files(name)]
    by: tuple[str, ...] = ()
    if format is None:
        format, by, options = _recognised(paths, options, mappings)
        narrate(f"recognised as {format} by {', '.join(by)}: {format_called(format).summary}")
    result = import_pairs(format, paths, output, options)
    if keep is not None:
        written = ",".join(f"{field}={column}" for field, column in options.map.items())
        save_setting("mappings", {**mappings, keep: written})
        narrate(f"kept as {keep}: {written}")
    if as_json:
        print_json({
            "format": result.format, "recognised_by": list(by), "path": str(result.path), "records": result.records,
            "considered": result.considered, "written": result.written, "dropped": dict(result.dropped),
            "warnings": list(result.warnings),
            "sample": [made.model_dump(mode="json", exclude_none=True) for made in result.sample],
        })  # fmt: skip
    else:
        narrate(*_lines(result))


def _recognised(
    paths: list[Path], options: ImportOptions, mappings: dict[str, str]
) -> tuple[str, tuple[str, ...], ImportOptions]:
    """The format, by which fields, and the options with the kept mapping that fits where no format does."""
    from rubrics.errors import SuiteError
    from rubrics.importers import kept_for, recognised

    try:
        return *recognised(paths, options), options
    except SuiteError:
        kept = kept_for(paths[0], mappings) if mappings and paths and not options.map else None
        if kept is None:
            raise
    narrate(f"mapped as you said before, under the name {kept.name}")
    options = replace(options, map=kept.map)
    return *recognised(paths, options), options


def _is_a_name(first: str) -> bool:
    """Whether what stands first is a format, known or mistyped, and no file."""
    return not set(first) & set("./\\") and not os.path.lexists(first)


def _lines(result: ImportResult) -> list[str]:
    return [line for number, made in enumerate(result.sample, 1) for line in _shown(number, made)] + [result.render()]


def _shown(number: int, made: Pair | RubricPrompt) -> list[str]:
    from rubrics.schema import Pair

    texts = {"prompt": made.prompt_text}
    if isinstance(made, Pair):
        texts |= {"chosen": made.chosen, "rejected": made.rejected}
    told = ", ".join(f"{criterion.subcategory}: {_brief(criterion.text)}" for criterion in made.criteria[:3])
    return [f"{number}. {made.id} · {told}", *(f"   {name + ':':<9} {_brief(text)}" for name, text in texts.items())]


def _brief(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDTH else line[: _WIDTH - 2].rstrip() + " …"
