"""No number leaves without a line on how it is made: a new column or predictor without one fails here."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner
from everything import save, weights_of

from engine.export.methods import METHODS
from engine.export.tables import COLUMNS, TABLES, table
from engine.predictors.catalogue import COMPUTED
from engine.predictors.from_traces import MODES
from engine.results.board import Question
from engine.store.connection import Store
from engine.store.spectra import Spectrum, add_spectra
from rude_tui.cli import cli
from rude_tui.commands.export import _TABLES


def _is_a_line(text: str) -> bool:
    return 10 < len(text) <= 200 and "\n" not in text and text == text.strip() and "{" not in text


def test_every_column_of_every_table_has_a_line() -> None:
    assert set(METHODS) == set(COLUMNS) == set(TABLES) == set(_TABLES)
    for what, columns in COLUMNS.items():
        missing = [name for name in columns if not _is_a_line(METHODS[what].get(name, ""))]
        assert not missing, f"{what}: no line of method for {missing}"


@pytest.mark.long
def test_what_is_written_has_the_columns_that_are_told(study: Callable[..., Store]) -> None:
    store = study()
    save(store, "model-0")  # families are those of candidates whose files have been seen, as spectra are
    add_spectra(store, weights_of("model-0"), [Spectrum("layers.0.a", 60, 60, 2.5, 9.0, 1.0, 20, 0.1, 0.2)])
    for what, columns in COLUMNS.items():
        assert table(store, what, Question(protocol="likelihood")).columns is columns
        told = CliRunner().invoke(cli, ["export", what, "--columns"])
        assert told.exit_code == 0
        for name in columns:
            assert re.search(rf"^{re.escape(name)} .*\w", told.stdout, re.MULTILINE), name


def test_every_predictor_has_a_line_of_its_own() -> None:
    lines = {name: predictor.help for name, predictor in COMPUTED.items()}
    lines |= {f"traces: {name}": mode.help for name, mode in MODES.items()}
    assert [name for name, text in lines.items() if not _is_a_line(text)] == []
    assert all(predictor.needs and predictor.cost and predictor.source for predictor in COMPUTED.values())
    alike = [name for name, text in lines.items() if list(lines.values()).count(text) > 1]
    assert alike == [], "two predictors that are made differently are told alike"
