"""The formats by name, and the one loop that runs any of them."""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

from pydantic import ValidationError

from rubrics.check.templates import template_copies, template_warning
from rubrics.counted import count
from rubrics.errors import SuiteError
from rubrics.faults import explain, nearest
from rubrics.importers import compared, generic, ours, preference, ranked, rubric, scored
from rubrics.importers.options import ImportOptions
from rubrics.importers.overlap import Overlap
from rubrics.importers.packed import unpacked
from rubrics.importers.recognise import Recognised, like, recognise
from rubrics.importers.records import Draft, Drop, Format, Item, Puzzle, Record, plain_name
from rubrics.importers.turns import sides
from rubrics.prompts import RubricPrompt
from rubrics.reading import built_in_names
from rubrics.schema import Pair
from rubrics.targets import write_whole

__all__ = ["FORMATS", "ImportResult", "format_called", "formats", "import_pairs", "recognised"]

FORMATS: dict[str, Format] = {
    entry.name: entry
    for module in (ours, generic, preference, compared, ranked, scored, rubric)
    for entry in module.FORMATS
}
"""Every format that ships, by its name."""


_SHOWN: Final = 3
"""Pairs that a result shows."""
_SAMPLE: Final = 4_000
"""Pairs of which prompts are kept, to look for copies of a template."""


@dataclass(frozen=True)
class ImportResult:
    """What an import did. `considered` = `written` + the sum of `dropped`, always."""

    format: str
    path: Path
    kind: str
    """`pairs` (a suite file) or `prompts` (prompts with criteria)."""
    source: str
    license: str
    records: int = 0
    """Lines, rows or list entries read."""
    considered: int = 0
    """Pairs or prompts that the records could have given."""
    written: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    """By reason."""
    first: dict[str, str] = field(default_factory=dict)
    """Where each reason came up first: file and record."""
    warnings: tuple[str, ...] = ()
    """What is suspicious about the suite as a whole."""
    sample: tuple[Pair | RubricPrompt, ...] = ()
    """The first three that were written."""

    def render(self) -> str:
        """Counts and reasons as plain text."""
        lines = [
            f"{self.path}: {count(self.written, self.kind.removesuffix('s'))} written, "
            f"{sum(self.dropped.values()):,} dropped, of {self.considered:,} in {count(self.records, 'record')}",
            f"source: {self.source or 'not stated'} · license: {self.license or 'not stated'}",
        ]
        for reason, number in self.dropped.most_common():
            lines.append(f"  {number:>8,} dropped: {reason} (first: {self.first[reason]})")
        return "\n".join([*lines, *(f"warning: {text}" for text in self.warnings)])


def formats() -> dict[str, Format]:
    """Every format by its name, those that other packages bring behind those that ship."""
    from rubrics.plugins import load, of_group, pass_over

    found = dict(FORMATS)
    for plugin in of_group("importers"):
        entry = load(plugin, Format)
        if entry is not None and (plugin.name in FORMATS or entry.name != plugin.name):
            why = "a format of that name ships" if plugin.name in FORMATS else f"it calls itself {entry.name!r}"
            pass_over(plugin, why)
        elif entry is not None:
            found[plugin.name] = entry
    return found


def format_called(name: str) -> Format:
    """One format by its name; of other packages only the one that has it is imported.

    Raises:
        SuiteError: no such format.
        BadInput: the package that has it cannot be used.
    """
    from rubrics.plugins import assert_usable, load, named, of_group

    if name in FORMATS:
        return FORMATS[name]
    if (plugin := named("importers", name)) is not None:
        entry: Format = assert_usable(plugin, load(plugin, Format))
        if entry.name == name:
            return entry
    known = [*FORMATS, *(plugin.name for plugin in of_group("importers"))]
    close = nearest(name, known)
    hint = f"did you mean {close}? " if close else ""
    raise SuiteError("no such format", where=name, fix=f"{hint}formats are {', '.join(known)}")


def recognised(files: Sequence[Path], options: ImportOptions | None = None) -> Recognised:
    """The one format that all files are of.

    Raises:
        SuiteError: a file that cannot be read or is of no known format, or files of several formats.
    """
    found = [_recognised(path, options or ImportOptions()) for path in files]
    for path, other in zip(files, found, strict=True):
        if other.format != found[0].format:
            raise SuiteError(
                f"is of another format ({other}) than the first file ({found[0]})", where=str(path),
                fix="import them one by one",
            )  # fmt: skip
    if not found:
        raise SuiteError("no file to import", where="import", fix="name at least one")
    return found[0]


def _recognised(path: Path, options: ImportOptions) -> Recognised:
    try:
        return recognise(path, FORMATS.values(), options)
    except SuiteError:
        # Only now are those of other packages needed.
        if len(known := formats()) == len(FORMATS):
            raise
        return recognise(path, known.values(), options)


def import_pairs(format: str, files: Sequence[Path], out: Path, options: ImportOptions | None = None) -> ImportResult:
    """Write what `files` hold to `out`: a suite file, or prompts with criteria, by the kind of the format.

    Records are taken one at a time, so memory does not grow with the files but for 16-byte digests that find what was
    there before (some 100 bytes a pair). `out` appears when it is whole.

    Raises:
        SuiteError: an unknown format, a file that cannot be read, columns that are not there, or nothing to write.
        RudeError: `out` cannot be written.
    """
    options = options or ImportOptions()
    chosen = format_called(format)
    if not files:
        raise SuiteError("no file to import", where=format, fix="name at least one")
    if any(os.path.realpath(path) == os.path.realpath(out) for path in files):
        raise SuiteError("would be written over itself", where=str(out), fix="name another file for the result")
    if options.map and chosen not in generic.FORMATS:
        raise SuiteError("its columns are known", where=format, fix="map no columns; jsonl, csv and parquet take a map")
    run = _Run(chosen, options)
    with write_whole(out) as target:
        run.write(files, target)
        if not run.written:
            reasons = "; ".join(
                f"{count} × {reason} ({run.first[reason]})" for reason, count in run.dropped.most_common()
            )
            raise SuiteError(
                f"gave nothing to write: {reasons or 'no records'}",
                where=", ".join(str(path) for path in files),
                fix=f"check that this is {chosen.summary}",
            )
    return ImportResult(
        format=format,
        path=out,
        kind=chosen.kind,
        source=options.source or chosen.source,
        license=options.license or chosen.license,
        records=run.records,
        considered=run.considered,
        written=run.written,
        dropped=run.dropped,
        first=run.first,
        warnings=run.warnings(out),
        sample=tuple(run.sample),
    )


class _Run:
    """Counts and memory of one import."""

    def __init__(self, chosen: Format, options: ImportOptions) -> None:
        self.format = chosen
        self.options = options
        self.records = self.considered = self.written = 0
        self.dropped: Counter[str] = Counter()
        self.first: dict[str, str] = {}
        self.seen: set[bytes] = set()
        self.prompts: list[tuple[str, str]] = []
        """Cluster and prompt of the first pairs written."""
        self.sample: list[Pair | RubricPrompt] = []
        self.overlap = Overlap()

    def write(self, files: Sequence[Path], target: TextIO) -> None:
        for path in files:
            with unpacked(path) as plain:
                try:
                    if not self._write(plain, path, target):
                        return
                except SuiteError as error:
                    error.where = str(path) if error.where == str(plain) else error.where
                    raise

    def _write(self, plain: Path, path: Path, target: TextIO) -> bool:
        """Everything of one file; False once enough is written."""
        if plain != path:
            # Ids are made of the name, which is that of the file inside.
            path = path.with_name(plain.name)
        records = self._counted(self.format.read(plain), path)
        for record in self.format.gather(records) if self.format.gather else records:
            for item in self._items(record, path):
                self.considered += 1
                if isinstance(item, Puzzle):
                    raise SuiteError(
                        f"nothing is imported, since record {record.number} is not understood: {item.seen}",
                        where=str(path), fix=item.fix,
                    )  # fmt: skip
                made = self._check(item, path) if isinstance(item, Draft) else item
                if isinstance(made, Drop):
                    self.dropped[made.reason] += 1
                    self.first.setdefault(made.reason, f"{path.name} {record.number}")
                    continue
                target.write(made + "\n")
                self.written += 1
                if self.written == self.options.limit:
                    return False
        return True

    def warnings(self, out: Path) -> tuple[str, ...]:
        """What is suspicious about what was written."""
        named = f"a suite that ships is called {out.stem!r} too; name the file otherwise"
        taken = self.format.kind == "pairs" and out.stem in built_in_names()
        copies = template_copies(self.prompts, small_too=True)
        return tuple(
            filter(None, (named if taken else "", template_warning(copies), *self.overlap.warnings(self.format.kind)))
        )

    def _counted(self, records: Iterator[Record], path: Path) -> Iterator[Record]:
        for number, record in enumerate(records):
            if not number and isinstance(record.value, dict):
                self._recognise(record.value, path)
            self.records += 1
            yield record

    def _recognise(self, row: dict[str, Any], path: Path) -> None:
        """Whether the first record is rather another format's.

        Raises:
            SuiteError: it is.
        """
        found = like(row, FORMATS.values())
        if not found or self.format in found or _takes(self.format, row, self.options):
            return
        best = found[0]
        raise SuiteError(
            f"has the fields {', '.join(best.marks or row)}, which are those of {best.name}", where=str(path),
            fix=f"import it as {best.name}",
        )  # fmt: skip

    def _items(self, record: Record, path: Path) -> Iterator[Item]:
        if isinstance(record.value, Drop):
            yield record.value
            return
        drafts = 0
        for item in self.format.items(record, path, self.options):
            drafts += isinstance(item, Draft)
            if isinstance(item, Draft) and self.options.per_prompt and drafts > self.options.per_prompt:
                yield Drop(f"beyond {self.options.per_prompt} for its prompt")
            else:
                yield item

    def _check(self, draft: Draft, path: Path) -> str | Drop:
        """The draft as the line to write, or why it is dropped."""
        options = self.options
        values = {key: value for key, value in draft.values.items() if value is not None}
        values.setdefault("id", f"{plain_name(path.stem)}-{self.considered:06d}")
        values["domain"] = options.domain or values.get("domain") or self.format.name
        for key, value in (("source", self.format.source), ("license", self.format.license)):
            given = getattr(options, key) or values.get(key) or value
            if given:
                values[key] = given
        model: type[Pair] | type[RubricPrompt] = Pair if self.format.kind == "pairs" else RubricPrompt
        try:
            made = model.model_validate(values)
        except ValidationError as error:
            return Drop(_reason(error, values, model))
        if isinstance(made, Pair):
            if _plainly(made.chosen) == _plainly(made.rejected):
                return Drop("both responses are the same text, but for what cannot be seen")
            content = "\0".join((made.prompt_text, made.chosen, made.rejected))
            if len(self.prompts) < _SAMPLE:
                self.prompts.append((made.cluster, made.prompt_text))
        else:
            content = "\0".join((made.prompt_text, *(criterion.text for criterion in made.criteria)))
        told = [(f"id {made.id}", "its id was there before"), (content, "the same was there before")]
        for text, reason in told[:1] if draft.ours else told:
            digest = hashlib.blake2b(text.encode(), digest_size=16).digest()
            if digest in self.seen:
                return Drop(reason)
            self.seen.add(digest)
        if not draft.ours:
            self.overlap.take(made.id, made.group if isinstance(made, Pair) else made.id, made.prompt_text)
        if len(self.sample) < _SHOWN:
            self.sample.append(made)
        return made.canonical()


_UNSEEN: Final = re.compile("[\u00ad\u200b\u2060\ufeff]|[ \t]+(?=\n)")


def _plainly(text: str) -> str:
    """A text without what nobody sees: blanks around it and at line ends, how lines end, how accents are made."""
    return _UNSEEN.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def _reason(error: ValidationError, values: dict[str, object], model: type[Pair] | type[RubricPrompt]) -> str:
    """One short reason; numbers are taken out so that equal reasons count together."""
    if "chosen" in values and values.get("chosen") == values.get("rejected"):
        return "both responses are the same text"
    faults = explain(error, dict(values), 0, model.model_fields)
    if not faults:
        return "criteria contradict each other"
    field = re.sub(r"\.\d+", "", faults[0].field)
    message = faults[0].message.split(";")[0]
    return f"{field} {re.sub('‘.*’', 'a value', message)}"


def _takes(entry: Format, row: dict[str, Any], options: ImportOptions) -> bool:
    """Whether a generic format has what it needs: by its map, or since the row names chosen and rejected itself."""
    if entry not in generic.FORMATS:
        return False
    named = "chosen" in row and "rejected" in row
    return bool(options.map) or (named and isinstance(sides(row.get("prompt"), row["chosen"], row["rejected"]), dict))
