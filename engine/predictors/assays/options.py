"""What a person says of an assay, from names and numbers to what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from engine.predictors.assays.assay import AssayOptions
from rubrics.prompts import read_prompts
from rubrics.reading import find_suite

__all__ = ["options_of"]


def options_of(told: Mapping[str, Any]) -> AssayOptions:
    """Options by name; suites by name or file, prompts by file, and nothing where nothing was said.

    Raises:
        BadInput: a suite or file that is not there or cannot be read.
    """
    reading: dict[str, Callable[[Any], Any]] = {
        "suite": find_suite, "other": find_suite,
        "prompts": lambda file: tuple(read_prompts(Path(file).expanduser())),
    }  # fmt: skip
    read = {name: reading.get(name, lambda value: value)(value) for name, value in told.items() if value}
    return AssayOptions(**read)
