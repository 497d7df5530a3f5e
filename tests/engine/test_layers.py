"""What a process loads: the app and the command line never a model library, and nothing heavy before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"torch", "transformers", "bitsandbytes", "accelerate"}


def modules_after(code: str) -> set[str]:
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.splitlines()}


@pytest.mark.parametrize(
    "code",
    [
        "import rude_tui.app",
        "import rude_tui.cli, rude_tui.commands.run, rude_tui.commands.demo, rude_tui.commands.layout",
        "import engine.jobs.runs, engine.jobs.planning, engine.jobs.preview, engine.jobs.process\n"
        "import engine.export.files, engine.export.tables, engine.results.rankings",
        "import pkgutil, importlib, screens\n"
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(screens.__path__, 'screens.')]",
        "import pkgutil, importlib, rubrics\n"
        "[importlib.import_module(m.name) for m in pkgutil.walk_packages(rubrics.__path__, 'rubrics.')]",
    ],
    ids=["app", "commands", "engine", "screens", "rubrics"],
)
def test_no_model_library(code: str) -> None:
    assert not modules_after(code) & HEAVY


def test_help_loads_only_click() -> None:
    loaded = modules_after(
        "import sys; from rude_tui.cli import cli\n"
        "try: cli.main(['--help'], standalone_mode=False)\n"
        "except SystemExit: pass\n"
    )
    assert not loaded & (HEAVY | {"textual", "duckdb", "pydantic", "numpy", "scipy", "rich"})


def test_the_app_starts_without_what_it_does_not_need_yet() -> None:
    later = {"scipy", "plotext", "huggingface_hub", "matplotlib", "jinja2"}
    assert not modules_after("import rude_tui.app") & (HEAVY | later)


def test_the_side_of_a_job_that_works_reads_and_writes_no_database() -> None:
    assert not modules_after("import engine.jobs.child") & {"duckdb", "pydantic"}
