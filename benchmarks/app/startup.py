"""How long a person waits: `rude-tui --help`, and `rude-tui` to its first paint, as whole processes.

    python benchmarks/app/startup.py [--runs N]

The rival named in the same run is a bare `python -c pass`, and for first paint an empty Textual app: what remains is
ours. First paint is the first time the screen's title line stands in a real terminal (a pseudo-terminal read by this
script), so it includes the interpreter, all imports and the store.
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time

EMPTY_APP = "from textual.app import App; from textual.widgets import Static\n" \
    "class A(App):\n    def compose(self): yield Static('rude-tui')\nA().run()"  # fmt: skip


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of one whole process."""
    began = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def first_paint(command: list[str], sign: bytes, folder: str) -> float:
    """Seconds until `sign` has been painted in a terminal of 120 × 36."""
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLUMNS="120", LINES="36", RUDE_TUI_DB=f"{folder}/rude.duckdb")
        os.environ.update(RUDE_TUI_CONFIG=folder, RUDE_TUI_CACHE=folder)
        os.execv(command[0], command)
    seen = b""
    try:
        while sign not in seen:
            if not select.select([terminal], [], [], 30)[0]:
                raise SystemExit("nothing was painted in 30 s")
            seen += os.read(terminal, 65536)
        return time.perf_counter() - began
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(terminal)


def main() -> None:
    """Print a table of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        measures = {
            "python -c pass": lambda: seconds([python, "-c", "pass"]),
            "rude-tui --help": lambda: seconds([python, "-m", "rude_tui", "--help"]),
            "empty Textual app, first paint": lambda: first_paint([python, "-c", EMPTY_APP], b"rude-tui", folder),
            "rude-tui, first paint": lambda: first_paint([python, "-m", "rude_tui"], b"Rankings", folder),
        }
        for measure in measures.values():
            measure()  # once to warm the disk
        taken = {name: [] for name in measures}
        for _ in range(runs):
            for name, measure in measures.items():
                taken[name].append(measure())
    print(f"{'seconds, whole process':34} {'median':>7} {'min':>7} {'max':>7}   {runs} runs, interleaved")
    for name, values in taken.items():
        print(f"{name:34} {statistics.median(values):7.3f} {min(values):7.3f} {max(values):7.3f}")


if __name__ == "__main__":
    main()
