"""JSON lines, CSV and Parquet with any columns.

Columns are found by the names of the contract or through a map of fields to columns. Beside the contract's fields
one may hold `criterion` (the text of the one criterion), `subcategory` (its subcategory), `label` (which of the two
responses is the better one) and `chosen_score` and `rejected_score`, or what other data sets call them (equal scores
are a tie and dropped; a rejected response that scores higher is dropped). A column `system` is the system's turn; one
that may hold more of the prompt, such as `input` or `history`, has to be mapped or empty. `chosen` and `rejected` may
be conversations (`rubrics.importers.turns`): the last turn is the response, and the turns before it are the prompt.
Cells of CSV hold lists as JSON, or as Python prints them.

Two columns that differ in a letter or number alone, such as `response_A` and `response_B`, do not say which is the
better; a column beside them that may say so is heeded, and one that cannot be understood is a puzzle.

Subcategory where neither column nor option gives one: Utility, since a bare preference says only which response served
the person better.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

from rubrics.errors import SuiteError
from rubrics.faults import nearest
from rubrics.importers import ours
from rubrics.importers.files import read_records, read_sheet
from rubrics.importers.options import MAPPED, ImportOptions
from rubrics.importers.parquet import read_parquet
from rubrics.importers.records import Draft, Drop, Format, Item, Puzzle, Record, number_of, one_criterion, text_of
from rubrics.importers.turns import conversation, sides
from rubrics.importers.which import MARGINS, PLACES, SCORES, better_column, words_of
from rubrics.jsonl import check_depth
from rubrics.taxonomy import Subcategory

_SHOTS: Final = frozenset({"shot", "shots", "exemplar", "exemplars", "few-shot", "fewshot"})


def _items(record: Record, path: Path, options: ImportOptions) -> Iterator[Item]:
    row = record.value
    assert isinstance(row, dict)
    if ours.is_ours(row):
        yield ours.pair_of(row)
        return
    column = {name: options.map.get(name, name) for name in MAPPED}
    if record.number == 1:
        _check_columns(row, column, path)
    cell: dict[str, Any] = {name: row.get(column[name]) for name in MAPPED}
    turned = better_column(row, column["chosen"], column["rejected"], options.map.get("label"), record.separator)
    if isinstance(turned, Drop | Puzzle):
        yield turned
        return
    worse_first = turned == "second"
    if worse_first:
        cell["chosen"], cell["rejected"] = cell["rejected"], cell["chosen"]
    tie = None if turned else _compare_scores(row, cell, record.separator)
    if tie:
        yield Drop(tie)
        return
    made = sides(_known_turns(cell["prompt"]), cell["chosen"], cell["rejected"])
    if not isinstance(made, dict):
        yield made
        return
    if unused := _beside_the_prompt(row, made["prompt"], set(column.values())):
        yield Puzzle(
            f"the column {unused!r} holds something, is not mapped, and may belong to the prompt",
            "put it into the prompt's column, or take it out of the file",
        )
        return
    values: dict[str, Any] = {**made, "prompt": _with_system(row, made["prompt"])}
    for name in ("id", "domain", "group", "cluster", "source", "license"):
        values[name] = text_of(cell[name]) or None
    # Most data sets have a column `split`, which says train or test and nothing of exemplars.
    split = text_of(cell["split"]) or ""
    values["split"] = split if split.strip().casefold() in _SHOTS else None
    criteria, violated = _listed(cell["criteria"]), _listed(cell["violated"])
    if criteria and violated:
        values |= {"criteria": criteria, "violated": violated}
    else:
        values |= one_criterion(
            options,
            "better",
            text_of(cell["criterion"]) or "Serves the person who asks better than the other response.",
            text_of(cell["subcategory"]) or Subcategory.UTILITY,
        )
        # A column speaks for its own row and comes before the option, which is for rows that have none.
        if own := text_of(cell["subcategory"]):
            values["criteria"][0]["subcategory"] = own
    yield Draft(values)


_SYSTEM: Final = ("system", "system_prompt", "system_message")
_PROMPT_TOO: Final = ("input", "history", "context", "instruction", "question")


def _beside_the_prompt(row: dict[str, Any], prompt: object, mapped: set[str]) -> str:
    """A column that is called like part of a prompt and says what the prompt does not; empty for none."""
    asked = prompt if isinstance(prompt, str) else "\n".join(turn["content"] for turn in prompt)  # type: ignore[attr-defined]
    for name in _PROMPT_TOO:
        value = row.get(name)
        text = value if isinstance(value, str) else json.dumps(value) if isinstance(value, list) and value else ""
        if name not in mapped and text.strip() and text.strip() not in ("[]", "{}") and text.strip() not in asked:
            return name
    return ""


def _with_system(row: dict[str, Any], prompt: Any) -> Any:
    """The prompt, behind what a column says as the system's turn."""
    said = next((text for name in _SYSTEM if isinstance(text := row.get(name), str) and text.strip()), "")
    turns = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else prompt
    if not said or any(turn["role"] == "system" or said.strip() in turn["content"] for turn in turns):
        return prompt
    return [{"role": "system", "content": said}, *turns]


def _check_columns(row: dict[str, Any], column: dict[str, str], path: Path) -> None:
    """The first row must have the columns that were named, and both responses.

    Raises:
        SuiteError: with the columns there are, and the nearest to the one that is missing.
    """
    needed = [name for name in MAPPED if column[name] != name or name in ("chosen", "rejected")]
    if isinstance(conversation(row.get(column["chosen"])), str) and "prompt" not in needed:
        needed.append("prompt")
    for name in needed:
        if column[name] not in row:
            close = nearest(column[name], row)
            hint = f"did you mean {close}? " if close else ""
            raise SuiteError(
                f"has no column {column[name]!r} for {name}",
                where=str(path),
                fix=f"{hint}map {name} to a column; columns are {', '.join(map(str, row))}",
                shell=f"--map {name}=COLUMN",
            )


def _known_turns(value: object) -> object:
    """A prompt; texts of a list of turns are read where they are JSON, as every other text stands for itself."""
    return _listed(value) or value


def _listed(value: object) -> list[Any] | None:
    """A list, or text that is a JSON list of objects or names; None for anything else."""
    if isinstance(value, str) and value.lstrip().startswith(("[{", '["')):
        try:
            check_depth(value)
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value if isinstance(value, list) and value else None


def _compare_scores(row: dict[str, Any], cell: dict[str, Any], separator: str) -> str | None:
    """Why two scores keep two responses from being a pair; None where they do not."""
    margin = next((number for name in row if words_of(name) & MARGINS
                   and (number := number_of(row[name], separator)) is not None), None)  # fmt: skip
    if margin is not None and margin <= 0:
        return "a margin below zero: the rejected response is the better" if margin < 0 else "a tie"
    places = [number_of(_score_of(row, cell, side, PLACES), separator) for side in ("chosen", "rejected")]
    if places[0] is not None and places[1] is not None and places[0] > places[1]:
        return "the rejected response has the better place"
    given = [_score_of(row, cell, side, SCORES) for side in ("chosen", "rejected")]
    if any(value is None or value == "" for value in given):
        return None
    better, worse = (number_of(value, separator) for value in given)
    if better is None or worse is None:
        return "a score that is no finite number"
    if better == worse:
        return "a tie"
    return "the rejected response scores higher" if worse > better else None


def _score_of(row: dict[str, Any], cell: dict[str, Any], side: str, called: frozenset[str]) -> object:
    """The score of one response, under the contract's name or another's, such as score_chosen or chosen-rating.

    Args:
        called: words that such columns have in their names.
    """
    if called is SCORES and (own := cell[f"{side}_score"]) is not None:
        return own
    for name in row:
        words = words_of(name)
        if side in words and words - {side} and words - {side} <= called:
            return row[name]
    return None


FORMATS = [
    Format("jsonl", "pairs", "JSON lines with a prompt and two responses", "", "", read_records, _items),
    Format(
        "csv", "pairs", "a CSV file with a header, a prompt and two responses", "", "",
        partial(read_sheet, known=MAPPED), _items,
    ),
    Format("parquet", "pairs", "a Parquet file with a prompt and two responses", "", "", read_parquet, _items),
]  # fmt: skip
