"""Walk through the program as a person would, in a real terminal (tmux), and keep what is seen, as SVG and as text.

    python docs/walk.py [--db FILE] [--size 120x36] [-o docs/walk]

demo → rankings → failures → one pair → its tokens → export → the CSV in the shell. Everything is typed and read through
tmux; nothing is known of the app's inside. Without --db the demo is scored first, in about a minute.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pictures import offline
from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

THEME = TerminalTheme(
    (20, 24, 29), (215, 220, 226),
    [(20, 24, 29), (240, 144, 77), (47, 191, 143), (230, 159, 0), (86, 180, 233), (224, 141, 187), (86, 180, 233),
     (215, 220, 226)],
)  # fmt: skip
STEP_SECONDS, DEMO_SECONDS = 60.0, 900.0


@dataclass(frozen=True)
class Step:
    """What is typed, and what must then be seen."""

    name: str
    """Of the picture; empty for none."""
    keys: tuple[str, ...]
    """As tmux names them; what begins with = is typed letter by letter."""
    sees: str
    """A pattern; the step ends when it is on the screen."""
    seconds: float = STEP_SECONDS
    still: bool = True
    """Whether nothing may move any more when the picture is taken."""


WALK = (
    Step("", (), r"\$\s*$"),
    Step("demo", ("=rude-tui demo", "Enter"), r"\d+/\d+ pairs|3\[Rankings\]", DEMO_SECONDS, still=False),
    Step("rankings", (), r"3\[Rankings\][\s\S]*├", DEMO_SECONDS),
    Step("failures", ("Enter",), r"5\[Failures\][\s\S]*margin"),
    Step("pair", ("Enter",), r"✗ violated"),
    Step("tokens", ("t",), r"nats[\s\S]*▲"),
    Step("", ("Escape",), r"✓ kept|✗ violated"),
    Step("", ("3",), r"3\[Rankings\][\s\S]*├"),
    Step("", ("x",), r"Take away rankings to"),
    Step("export", ("Enter",), r"Written"),
    Step("", ("q",), r"\$\s*$"),
    Step(
        "csv",
        ("=clear; cut -d, -f1-3,8-10 rude-tui-out/rankings.csv | head -8", "Enter"),
        r"rank,candidate[\s\S]*\$\s*$",
    ),
)


class Terminal:
    """One tmux server of our own, with one window."""

    def __init__(self, folder: Path, size: tuple[int, int], env: Mapping[str, str]) -> None:
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
        self._env = dict(env)
        width, height = size
        self.size = size
        self._call(
            "new-session", "-d", "-x", str(width), "-y", str(height), "-c", env["HOME"],
            "env -i " + " ".join(f"{name}='{value}'" for name, value in env.items()) + " sh",
        )  # fmt: skip
        self._call("set-option", "-g", "status", "off")
        self._call("set-option", "-sg", "escape-time", "0")

    def _call(self, *command: str) -> str:
        done = subprocess.run([*self._tmux, *command], capture_output=True, text=True, env=self._env)
        if done.returncode:
            raise SystemExit(f"tmux {command[0]} failed: {done.stderr.strip()}")
        return done.stdout

    def press(self, key: str) -> None:
        """One key by its name, or letters."""
        if key.startswith("="):
            self._call("send-keys", "-l", key[1:])
        else:
            self._call("send-keys", key)

    def text(self) -> str:
        """What is on the screen."""
        return self._call("capture-pane", "-p").rstrip()

    def colours(self) -> str:
        """The same with its escape sequences."""
        return self._call("capture-pane", "-p", "-e", "-N")

    def wait(self, step: Step) -> None:
        """Wait until what the step must see is on the screen."""
        deadline, before = time.monotonic() + step.seconds, ""
        while True:
            now = self.text()
            if (now == before or not step.still) and re.search(step.sees, now):
                return
            if time.monotonic() > deadline:
                raise SystemExit(f"waited {step.seconds:.0f} s in vain for {step.sees!r}; on the screen was:\n{now}")
            before = now
            time.sleep(0.4)

    def close(self) -> None:
        """End the server."""
        subprocess.run([*self._tmux, "kill-server"], capture_output=True, env=self._env)


def picture(ansi: str, size: tuple[int, int], title: str) -> str:
    """A terminal's content as SVG."""
    width, height = size
    console = Console(
        file=io.StringIO(), record=True, width=width, height=height, force_terminal=True, color_system="truecolor",
        legacy_windows=False,
    )  # fmt: skip
    lines = ansi.split("\n")[:height]
    for line in lines + [""] * (height - len(lines)):
        text = Text.from_ansi(line)
        text.truncate(width, pad=True)
        console.print(text, no_wrap=True, overflow="crop", soft_wrap=False, end="\n")
    return offline(console.export_svg(title=title, theme=THEME, unique_id=f"walk-{title.split()[-1]}"))


def without(text: str, folder: str) -> str:
    """The text with a folder of this machine written `~`, the rest of each line where it was."""
    return re.sub(re.escape(folder) + r"(\S*)", lambda found: f"~{found[1]}" + " " * (len(folder) - 1), text)


def walk(db: Path | None, size: tuple[int, int], out: Path) -> None:
    """The whole walk."""
    with tempfile.TemporaryDirectory(prefix="walk-") as folder:
        home = Path(folder).resolve()
        # The folder the programs lie in comes first; nothing of the person who runs this is read or written.
        env = {
            "HOME": str(home), "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}", "PS1": "$ ",
            "TERM": "tmux-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8", "RUDE_TUI_DB": str(home / "db"),
            "RUDE_TUI_CONFIG": str(home / "config"), "RUDE_TUI_CACHE": str(home / "cache"), "ENV": "",
            **{name: os.environ[name] for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY") if name in os.environ},
        }  # fmt: skip
        if db is not None:
            shutil.copy(db, home / "db")
        terminal = Terminal(home, size, env)
        try:
            for step in WALK:
                for key in step.keys:
                    terminal.press(key)
                terminal.wait(step)
                if step.name:
                    text = without(terminal.text(), str(home))
                    svg = picture(without(terminal.colours(), str(home)), size, f"rude-tui {step.name}")
                    (out / f"{step.name}.txt").write_text(text + "\n", encoding="utf-8")
                    (out / f"{step.name}.svg").write_text(svg, encoding="utf-8")
                    sys.stderr.write(f"{out / step.name}.svg\n")
        finally:
            terminal.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="Walk through the program in tmux and keep what is seen.")
    parser.add_argument("--db", type=Path, help="a finished demo's database; it is copied (default: score it first)")
    parser.add_argument("--size", default="120x36", help="columns x lines")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent / "walk")
    given = parser.parse_args()
    if shutil.which("tmux") is None:
        raise SystemExit("docs/walk.py needs tmux, which is not installed here: apt install tmux, or brew install tmux")
    width, height = map(int, given.size.split("x"))
    given.output.mkdir(parents=True, exist_ok=True)
    walk(given.db, (width, height), given.output)


if __name__ == "__main__":
    main()
