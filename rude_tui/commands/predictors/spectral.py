"""`rude-tui predictors spectral`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.jobs.cancelling import cancelled_by_signals
from rude_tui.options import as_json, database, models_option, remote_code_option, store_of, telling_options
from rude_tui.output import narrate, narrate_refused, number, print_json, print_table

__all__ = ["spectral"]


@click.command()
@models_option
@click.option("--by-layer", is_flag=True, help="A line for each layer; `plot spectra` draws them.")
@remote_code_option
@telling_options
@as_json
@database
@click.pass_context
def spectral(
    ctx: click.Context, models: tuple[str, ...], by_layer: bool, allow_remote_code: tuple[str, ...], as_json: bool,
    db: Path | None,
) -> None:  # fmt: skip
    """Measure how the eigenvalues of each weight matrix fall off (spectral α). Lower is better; no model is loaded.

    The power-law exponent of every matrix of a layer with at least 50 rows and columns, by maximum likelihood over the
    tail that fits best (Clauset, Shalizi & Newman 2009); embeddings and output heads are left out. `weighted`
    multiplies each with log10 of the largest eigenvalue (α-hat). An ideal layer has α 2 and meets the trace-log
    condition: the logs of the tail's eigenvalues sum to 0, those of the matrix scaled to a mean of 1 (Martin & Hinrichs
    2025). Seconds below 0.1 B parameters, an hour at 7 B on two cores; what is measured is kept, and running it again
    goes on.
    """
    from dataclasses import asdict

    from engine.jobs.job import exit_code, perform
    from engine.predictors.spectral import SPECTRAL, spectral_values
    from engine.predictors.spectral_job import plan_spectra
    from engine.predictors.spectral_layers import LAYER_NUMBERS
    from engine.predictors.spectral_layers import by_layer as layers_of
    from rubrics.errors import Exit
    from rude_tui.downloads import downloader
    from rude_tui.terminal_progress import asked_progress

    store = store_of(db, new=True)
    job = plan_spectra(store, models, allow_remote_code=allow_remote_code, fetch=downloader(allow_remote_code))
    states = perform(store, job, asked_progress(), cancelled_by_signals())
    whole = {state.key for state in states if state.done == state.total}
    measured = [(planned.candidate.name, planned.spectra(store)) for planned in job.planned if planned.key in whole]
    rows: list[dict[str, Any]] = [
        {
            "candidate": name, **spectral_values(spectra), "matrices": len(spectra),
            "fitted": sum(matrix.alpha is not None for matrix in spectra),
            "spectra": [matrix._asdict() for matrix in spectra],
            "layers": [asdict(layer) for layer in layers_of(spectra)],
        }
        for name, spectra in measured
    ]  # fmt: skip
    if as_json:
        print_json(rows)
    elif by_layer:
        columns = ["candidate", "layer", "matrices", *LAYER_NUMBERS]
        print_table(
            columns,
            [
                [
                    name, "–" if one.layer is None else one.layer, one.matrices,
                    *(number(getattr(one, key)) for key in LAYER_NUMBERS.values()),
                ]
                for name, spectra in measured
                for one in layers_of(spectra)
            ],
            right=columns[1:], keys=2,
        )  # fmt: skip
    else:
        print_table(
            ["candidate", *SPECTRAL, "matrices", "fitted"],
            [[r["candidate"], *(number(r[name]) for name in SPECTRAL), r["matrices"], r["fitted"]] for r in rows],
            right=[*SPECTRAL, "matrices", "fitted"],
        )
    narrate(
        *(
            f"{name}: {about.help} ({about.source}); no interval: all weights are read"
            for name, about in SPECTRAL.items()
        )
    )
    narrate_refused(job.refused)
    narrate(*(f"left out: {state.candidate}: {state.error}" for state in states if state.error))
    ctx.exit(exit_code(states, job.refused) if states else Exit.BAD_INPUT)
