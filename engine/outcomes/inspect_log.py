"""Inspect's logs: JSON, and `.eval`, which is a zip archive that holds the same head."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from engine.outcomes.lm_eval import sampled
from engine.outcomes.result_file import (
    MEANS,
    HarnessScore,
    ResultFile,
    at,
    conditions,
    count_of,
    is_number,
    lower,
    moment,
    name_of,
    share,
)
from rubrics.errors import BadInput, OutcomeError
from rubrics.importers.packed import zstandard
from rubrics.sources import most_bytes

__all__ = ["head_of", "is_log", "results"]

_SPREADS: Final = ("stderr", "std", "var", "bootstrap_stderr")
_HEADS: Final = ("header.json", "results.json", "_journal/start.json", "start.json")
"""Of a log that is whole; of one of the first version; of one that broke off."""
_ZSTANDARD: Final = 93


def is_log(content: object) -> bool:
    """A log, whole or its head."""
    return isinstance(at(content, "eval"), dict) and "status" in content  # type: ignore[operator]


def head_of(raw: bytes, where: str) -> bytes:
    """The JSON in a `.eval` log that says what was evaluated and what came out; samples are not read.

    Raises:
        OutcomeError: it is no such archive, damaged, or of an evaluation that did not end.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names = archive.namelist()
            held = next((name for name in _HEADS if name in names), None)
            if held is None:
                fix = "give a log of Inspect (.eval or .json), or a CSV"
                raise OutcomeError("is a zip archive, but no log of Inspect", where=where, fix=fix)
            if "start" in held:
                fix = "finish the evaluation (inspect eval-retry) and give its log"
                raise OutcomeError("is the log of an evaluation that did not end", where=where, fix=fix)
            if held == "results.json":
                # The first version of these logs kept what was asked for apart from what came out.
                start, ended = (_member(archive, raw, name, where).strip() for name in ("start.json", held))
                return start.removesuffix(b"}") + b", " + ended.removeprefix(b"{")
            return _member(archive, raw, held, where)
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, zlib.error, struct.error, NotImplementedError) as error:
        what = f"is a zip archive that cannot be read ({error})"
        raise OutcomeError(what, where=where, fix="check that the file is whole") from None


def _member(archive: zipfile.ZipFile, raw: bytes, name: str, where: str) -> bytes:
    about = archive.getinfo(name)
    if about.file_size > most_bytes():
        raise OutcomeError(f"{name} in it is longer than what is read", where=where, fix="check the file")
    if about.compress_type != _ZSTANDARD:
        with archive.open(name) as source:
            return source.read(most_bytes())
    # zipfile reads Zstandard from Python 3.14 on; where the packed bytes begin stands before them.
    lengths = struct.unpack_from("<HH", raw, about.header_offset + 26)
    begin = about.header_offset + 30 + sum(lengths)
    try:
        opened, fault = zstandard(where)
    except BadInput as error:
        raise OutcomeError(error.what, where=where, fix=error.fix) from None
    try:
        return bytes(opened(io.BytesIO(raw[begin : begin + about.compress_size])).read())
    except fault as error:
        raise zipfile.BadZipFile(str(error)) from None


def results(file: ResultFile) -> Iterator[HarnessScore]:
    """One score a scorer, metric and reducer."""
    content = file.content
    if content["status"] != "success":
        raise file.error(
            f"status: is {str(content['status'])[:40]!r}, not 'success'",
            "finish the evaluation (inspect eval-retry) and give its log",
        )
    spec = content["eval"]
    model, task = name_of(spec.get("model")), name_of(spec.get("task"))
    if not model or not task:
        missing = "model" if not model else "task"
        raise file.error(f"eval.{missing}: is missing", "give the log as Inspect wrote it")
    scores = at(content.get("results"), "scores")
    limit = at(spec, "config", "limit")
    if isinstance(limit, list) and len(limit) == 2 and all(map(is_number, limit)):
        limit = limit[1] - limit[0]  # from one sample up to another
    scorers = [
        file.table(scorer, f"results.scores[{position}]")
        for position, scorer in enumerate(scores if isinstance(scores, list) else [])
    ]
    names = [name_of(scorer.get("name")) or str(position) for position, scorer in enumerate(scorers)]
    for position, (scorer, name) in enumerate(zip(scorers, names, strict=True)):
        place = f"results.scores[{position}]"
        # Several epochs of one sample may be reduced in several ways, each of which is another number.
        reducer = name_of(scorer.get("reducer")) if names.count(name) > 1 else ""
        metrics = {
            key: at(metric, "value")
            for key, metric in file.table(scorer.get("metrics"), f"{place}.metrics").items()
        }  # fmt: skip
        measured = [key for key in metrics if key not in _SPREADS]
        for key in measured:
            label = f"{task}/{name}/{key}" + (f",{reducer}" if reducer else "")
            if key in MEANS - {"mean"} and file.is_mean(label, [other for other in measured if other != key]):
                continue
            yield from file.score(
                "Inspect" + sampled(None, "", limit), model, label, metrics[key], f"{place}.{key}",
                # One standard error stands beside the metrics; with several it is not said whose it is.
                metrics.get("stderr") if len(measured) == 1 else None,
                lower_is_better=lower(key), scale=share(key, metrics[key]),
                samples=count_of(scorer.get("scored_samples"))
                or count_of(at(content.get("results"), "completed_samples")),
                measured=moment(at(content.get("stats"), "completed_at")) or moment(spec.get("created")),
                conditions=_conditions(spec),
            )  # fmt: skip


def _conditions(spec: object) -> str | None:
    """Version and arguments of a task: with others it is another test."""
    arguments = at(spec, "task_args")
    told = arguments.items() if isinstance(arguments, dict) else ()
    # A task that nobody gave a version has 0.
    return conditions(
        version=at(spec, "task_version") or None,
        more=[f"{key} {value}" for key, value in sorted(told) if isinstance(value, str | int | float)],
    )
