"""`rude-tui` as a person calls it, in this process: a start of Python for each call would cost more than most calls."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
import traceback
from pathlib import Path
from unittest import mock

from rude_tui.__main__ import main


def rude(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command: its exit code, and what it wrote where. An error nobody caught ends as Python itself ends it."""
    words = ["rude-tui", *map(str, arguments)]
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n", write_through=True) for _ in range(2))
    code = 0
    with mock.patch.object(sys, "argv", words), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        except Exception:
            traceback.print_exc()
            code = 1
    said = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(words, code, *said)
