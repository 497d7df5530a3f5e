"""Options that nobody types: from the environment, and from a profile."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from command import rude

from engine.outcomes.outcome import Outcome
from engine.store.connection import Store
from engine.store.outcomes import add_outcomes
from rude_tui.cli import _COMMANDS, cli
from rude_tui.variables import option_name, profile_file, variable_of


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield path, command
    for name, below in command.commands.items() if isinstance(command, click.Group) else ():
        yield from commands(below, (*path, name))


def test_every_option_has_a_variable_of_its_own() -> None:
    context = click.Context(cli)
    seen: dict[str, tuple[str, ...]] = {}
    for name in _COMMANDS:
        found = cli.get_command(context, name)
        assert found is not None
        for path, command in commands(found, (name,)):
            for option in command.params:
                if isinstance(option, click.Option):
                    variable = variable_of(path, option)
                    assert option.envvar == variable, (path, option.opts)
                    assert variable == "_".join(("rude-tui", *path, option_name(option))).replace("-", "_").upper()
                    assert seen.setdefault(variable, path) == path
    assert {"RUDE_TUI_RUN_MODEL", "RUDE_TUI_SUITE_IMPORT_AS", "RUDE_TUI_RUN_NOTIFY"} <= seen.keys()


def _stored(path: Path) -> Path:
    add_outcomes(Store(path), [Outcome("a", "exam", 0.5)])
    return path


def test_what_is_typed_comes_first_then_the_environment_then_the_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = profile_file("cluster")
    file.parent.mkdir(parents=True)
    file.write_text(f'db = "{_stored(tmp_path / "x.duckdb")}"\n[outcomes.list]\njson = true\n')
    assert rude("outcomes", "list").stdout.startswith("outcome")
    (row,) = json.loads(rude("--profile", "cluster", "outcomes", "list").stdout)
    assert row["candidate"] == "a"
    monkeypatch.setenv("RUDE_TUI_PROFILE", "cluster")
    assert rude("outcomes", "list").stdout.startswith("[")
    monkeypatch.setenv("RUDE_TUI_OUTCOMES_LIST_JSON", "0")
    assert rude("outcomes", "list").stdout.startswith("outcome")
    assert rude("outcomes", "list", "--json").stdout.startswith("[")
    assert "no such database" in rude("--db", tmp_path / "none.duckdb", "outcomes", "list").stderr


def test_options_that_may_be_given_several_times_and_those_that_choose(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUDE_TUI_SUITE_SHOW_PAIR", "nobody")
    assert "no pair 'nobody'" in rude("suite", "show", "core-spans").stderr
    monkeypatch.setenv("RUDE_TUI_RUN_MODEL", f"{tmp_path / 'one'} {tmp_path / 'two'}")
    monkeypatch.setenv("RUDE_TUI_RUN_SUITE", "world")
    assert f"{tmp_path / 'one'}: " in rude("run").stderr
    file = profile_file("p")
    file.parent.mkdir(parents=True)
    file.write_text('[correlate]\nladder = true\npredictor = "nothing"\noutcome = "rl_met"\n')
    said = rude("--profile", "p", "correlate").stderr
    assert "no predictor 'nothing'" in said
    assert "log10 parameters" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[rank", "cannot be read"),
        ("db = 3", "db is ‘3’, not a text in quotes"),
        ("[rnk]\n", "'rnk' is no command"),
        ("rank = 3\n", "rank is ‘3’, not a table"),
        ("[rank]\nbuy = 'domain'\n", "'buy' is no option of rank"),
        ("[rank]\njson = 'yes'\n", "json is ‘yes’, not true or false"),
        ("[rank]\nby = ['domain']\n", "by is ‘['domain']’, not one value"),
        ("[rank]\nby = 'colour'\n", "'colour' is not one of"),
    ],
)
def test_a_profile_that_says_nothing_that_can_be_used(content: str, said: str) -> None:
    file = profile_file("p")
    file.parent.mkdir(parents=True)
    file.write_text(content)
    done = rude("--profile", "p", "rank")
    assert said in done.stderr
    assert done.returncode in (2, 3)
    done = rude("--profile", "q", "rank")
    assert (done.returncode, "no profile 'q'" in done.stderr) == (3, True)
