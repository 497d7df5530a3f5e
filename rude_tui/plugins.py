"""What a plugin is made of: everything that a package needs which adds to the program by entry points.

`docs/plugins.md` says how, and `docs/plugin-template` is a package that does. The names in `__all__` follow semantic
versioning, counted by `rude_tui.api.__version__`. A backend needs `Stats` besides, from `engine.scoring.backend`, which
loads PyTorch.
"""

from __future__ import annotations

from engine.layout.requests import Request, Score, TokenScores
from engine.outcomes.formats import OutcomeFormat
from engine.outcomes.result_file import HarnessScore, ResultFile, ResultTable
from engine.predictors.interface import Evidence, Predictor
from engine.stats.intervals import Estimate
from rubrics.importers.files import read_records
from rubrics.importers.options import ImportOptions
from rubrics.importers.records import Draft, Drop, Format, Item, Puzzle, Record

__all__ = [
    "Draft", "Drop", "Estimate", "Evidence", "Format", "HarnessScore", "ImportOptions", "Item", "OutcomeFormat",
    "Predictor", "Puzzle", "Record", "Request", "ResultFile", "ResultTable", "Score", "TokenScores", "read_records",
]  # fmt: skip
