"""What a person says of an assay, from names and numbers to what it needs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.predictors.assays.assay import AssayOptions
from rubrics.reading import find_suite

__all__ = ["options_of"]


def options_of(told: Mapping[str, Any]) -> AssayOptions:
    """Options by name; suites by name or file, and nothing where nothing was said.

    Raises:
        BadInput: a suite that is not there or cannot be read.
    """
    read: dict[str, Any] = {
        name: find_suite(value) if name in ("suite", "other") else value for name, value in told.items() if value
    }
    return AssayOptions(**read)
