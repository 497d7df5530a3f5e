"""Every task, in the order in which a menu lists them. Plain Python."""

from __future__ import annotations

from typing import Final

from screens.tasks.assays import ASSAY_TASKS
from screens.tasks.bill import BILL
from screens.tasks.costs import COSTS
from screens.tasks.fits import APPLY_SCORER, FIT_SCORERS
from screens.tasks.forecasts import FORECAST, TUNING
from screens.tasks.layers import LAYERS
from screens.tasks.outcomes import ADD_OUTCOMES
from screens.tasks.precision import FIDELITY
from screens.tasks.predictors import ADD_COLUMNS, SPECTRA, TRACES
from screens.tasks.report import REPORT
from screens.tasks.scaling import CHECKPOINTS, PROXIES
from screens.tasks.suites import GENERATE, IMPORT
from screens.tasks.suites_together import OVER_SUITES
from screens.tasks.task import Task
from screens.tasks.traces import WRITE_TRACES
from screens.tasks.training import POST_TRAIN, TRIAL

__all__ = ["TASKS"]

TASKS: Final[dict[str, Task]] = {
    task.name: task
    for task in (
        ADD_OUTCOMES, SPECTRA, LAYERS, WRITE_TRACES, TRACES, *ASSAY_TASKS, COSTS, OVER_SUITES, ADD_COLUMNS, FIT_SCORERS,
        APPLY_SCORER,
        POST_TRAIN, BILL, TRIAL, FIDELITY, CHECKPOINTS, FORECAST, TUNING, PROXIES,
        IMPORT, GENERATE, REPORT,
    )
}  # fmt: skip
"""By name."""
