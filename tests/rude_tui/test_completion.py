"""Shell completion: what each shell is given, and what it is answered."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from engine.export.suites.formats import FORMATS as SHAPES
from rude_tui.cli import _COMMANDS, cli


def completed(*words: str) -> list[str]:
    """What the last word may become."""
    *before, last = words
    complete = ShellComplete(cli, {}, "rude-tui", "_RUDE_TUI_COMPLETE")
    return [item.value for item in complete.get_completions(before, last)]


def test_commands_options_and_names_are_completed() -> None:
    assert completed("su") == ["suite"]
    assert completed("") == list(_COMMANDS)
    assert {"import", "export"} <= set(completed("suite", ""))
    assert completed("export", "mod") == ["model-index"]
    assert completed("suite", "export", "wor") == ["world"]
    assert completed("suite", "export", "world", "--as", "") == list(SHAPES)
    assert "helpsteer3" in completed("suite", "import", "--as", "help")
    assert completed("rank", "--suite", "cor") == ["core", "core-spans"]
    assert "--json" in completed("rank", "--j")


def test_completing_a_command_s_name_loads_none() -> None:
    program = "import sys, rude_tui.cli; from click.shell_completion import ShellComplete\n"
    program += "ShellComplete(rude_tui.cli.cli, {}, 'rude-tui', '_X').get_completions([], 's')\n"
    program += "print(*(name for name in sys.modules if name.startswith('rude_tui.commands.')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def script(shell: str) -> str:
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0
    return done.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_asks_as_it_is_answered(shell: str) -> None:
    assert f"_RUDE_TUI_COMPLETE={shell}_complete" in script(shell)


def test_bash_takes_it_and_completes(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    ask = 'COMP_WORDS=(rude-tui sui); COMP_CWORD=1; _rude_tui_completion rude-tui; printf "%s\\n" "${COMPREPLY[@]}"'
    # The script calls `rude-tui` by name, which need not be on the path here.
    own = tmp_path / "rude-tui"
    own.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m rude_tui "$@"\n')
    own.chmod(0o755)
    env = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    program = f"{script('bash')}\ncomplete -p rude-tui\n{ask}"
    done = subprocess.run([bash, "-c", program], capture_output=True, text=True, env=env, check=False)
    assert done.stdout.splitlines()[-1] == "suite", done.stderr
    assert "_rude_tui_completion" in done.stdout.splitlines()[0]
