"""Every family there is."""

from __future__ import annotations

from tests.fuzz.families import (
    addresses,
    answers,
    commands,
    folders,
    gguf_files,
    importing,
    results,
    scores,
    stores,
    suites,
    tokenizers,
    written,
)  # fmt: skip
from tests.fuzz.family import Family

__all__ = ["FAMILIES"]

FAMILIES: list[type[Family]] = [
    *suites.FAMILIES,
    *importing.FAMILIES,
    *results.FAMILIES,
    *folders.FAMILIES,
    *tokenizers.FAMILIES,
    *gguf_files.FAMILIES,
    *written.FAMILIES,
    *answers.FAMILIES,
    *addresses.FAMILIES,
    *scores.FAMILIES,
    *stores.FAMILIES,
    *commands.FAMILIES,
]

WARM = (
    "duckdb",
    "httpx2",
    "numpy",
    "engine.candidates.find",
    "engine.jobs.cluster.checks",
    "engine.candidates.hashing",
    "engine.construct.answers",
    "engine.construct.server",
    "engine.outcomes.outcomes",
    "engine.posttrain.recipe",
    "engine.predictors.column",
    "engine.predictors.trace_file",
    "rubrics.check",
    "rubrics.importers",
    "rubrics.prompts",
    "rubrics.world.verifiers",
    "rude_tui.app",
    "rude_tui.keymap",
    "rude_tui.serving",
    "rude_tui.settings",
    "engine.jobs.score",
    "engine.results.board",
    "engine.scoring.routes",
    "data.bundled",
    "screens.shell.plain",
    "safetensors",
    "rude_tui.__main__",
    "rude_tui.commands.suite",
    "rude_tui.commands.outcomes",
    "rude_tui.commands.run",
    "engine.jobs.planning",
    "engine.results.rankings",
    "engine.export.files",
    "engine.export.tables",
)
"""What most inputs are brought to; nothing here starts a thread."""
