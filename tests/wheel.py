"""The wheel in empty environments: built, installed, and used from a folder that knows nothing of this one.

    python -m tests.wheel [--out build/wheel] [PYTHON ...]

For each Python that is found (3.11, 3.12 and 3.13 if no version or path is named): a new environment, the wheel with
its dependencies, then `rude-tui --version`, a run of the demo as a table, a suite out and in again, the Python API. A
home that may not be written to is part of it. Exits 1 where something fails, or no Python is found.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.pythons import found

ROOT = Path(__file__).resolve().parents[1]
API = (
    "import rude_tui.api as rude; store = rude.open_store('demo.duckdb'); "
    "print(rude.decision(store).headline); print(len(rude.candidates()), 'candidates')"
)


def main() -> int:
    """Build, then try each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "wheel")
    parser.add_argument("pythons", nargs="*")
    asked = parser.parse_args()
    out = asked.out.resolve()
    shutil.rmtree(out, ignore_errors=True)
    told([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(out), str(ROOT)], ROOT, {})
    (wheel,) = out.glob("rude_tui-*.whl")
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB")
    there = found(asked.pythons)
    print("found here:", ", ".join(f"{version} ({path})" for version, path in there.items()) or "none")
    for version, path in there.items():
        tried(path, wheel, out / version)
    return int(not there)


def tried(python: str, wheel: Path, folder: Path) -> None:
    """Everything in one environment of one Python."""
    told([python, "-m", "venv", str(folder / "environment")], ROOT, {})
    own = folder / "environment" / "bin"
    install = [str(own / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    told([*install, "-c", str(ROOT / "constraints.txt"), str(wheel)], ROOT, {})
    work = folder / "work"
    home = folder / "home"
    work.mkdir()
    home.mkdir(mode=0o500)
    env = {"HOME": str(home), "PATH": f"{own}:{os.environ['PATH']}", "PYTHONPATH": "", "RUDE_TUI_DB": "demo.duckdb"}
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "HF_HOME", "RUDE_TUI_CACHE"):
        env[name] = str(home / name.lower())
    rude = str(own / "rude-tui")
    for words in (
        ["--version"], ["demo", "--no-app", "-o", "demo.csv"], ["completion", "bash"],
        ["suite", "export", "world", "--as", "trl", "-o", "world-trl.jsonl"],
        ["suite", "import", "world-trl.jsonl", "-o", "again.jsonl"], ["export", "rankings", "-o", "rankings.tex"],
    ):  # fmt: skip
        told([rude, *words], work, env)
    print(told([str(own / "python"), "-c", API], work, env).strip())
    page = folder / "environment" / "share" / "man" / "man1" / "rude-tui.1"
    assert page.is_file(), "the manual page is not where man looks"
    print(f"{python}: the wheel works in an environment of its own, with a home that is read-only")


def told(command: Sequence[str], folder: Path, env: dict[str, str]) -> str:
    """What a command prints.

    Raises:
        SystemExit: it failed; with what it said.
    """
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise SystemExit(
            f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        )
    return done.stdout


if __name__ == "__main__":
    raise SystemExit(main())
