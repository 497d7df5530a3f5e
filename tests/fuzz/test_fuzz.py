"""A slice of the fuzz, of some seconds; that it finds what is planted; and some of the kills."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SLICE = 700
PLANTED = 240


def fuzz(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", module, *options], cwd=ROOT, capture_output=True, text=True)


def figures(line: str) -> list[int]:
    return [int(word.replace(",", "")) for word in re.findall(r"(?<= )[\d,]+(?= |$)", line)]


def test_a_slice_finds_nothing(tmp_path: Path) -> None:
    done = fuzz(
        "tests.fuzz", "--slice", "--count", str(SLICE), "--commands", "0", "--jobs", "1", "--keep", str(tmp_path)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    inputs, taken, refused, *faults = figures(done.stdout.splitlines()[-1])[:7]
    assert inputs == taken + refused >= 0.9 * SLICE
    assert min(taken, refused) > 0.1 * SLICE, "a search that only knows one end says little"
    assert faults == [0, 0, 0, 0]


@pytest.mark.long
def test_what_is_planted_is_found_each_in_its_kind(tmp_path: Path) -> None:
    options = ["--family", "planted", "--count", str(PLANTED), "--seconds-each", "0.2", "--keep", str(tmp_path)]
    done = fuzz("tests.fuzz", *options)
    assert done.returncode == 1
    inputs, taken, refused, tracebacks, wrong, hangs, other = figures(done.stdout.splitlines()[-1])[:7]
    assert inputs == PLANTED == taken + refused + tracebacks + wrong + hangs + other
    assert min(taken, refused, tracebacks, wrong, hangs, other) > 0
    seen = {file.read_text().splitlines()[0] for file in tmp_path.glob("*/seen.txt")}
    assert seen == {"traceback", "hang", "died", "wrote", "wrong"}
    # The smallest file that still shows it, and how to see it again.
    kept = next(file.parent for file in tmp_path.glob("*/seen.txt") if file.read_text().startswith("traceback"))
    assert (kept / "files" / "x").read_bytes() == b"\x01"
    again = re.search(r"--input (\d+)", (kept / "seen.txt").read_text())
    assert again is not None
    done = fuzz("tests.fuzz", "--family", "planted", "--input", again[1], "--keep", str(tmp_path))
    assert "KeyError" in done.stdout


@pytest.mark.long
def test_killed_again_and_again_nothing_is_lost() -> None:
    done = fuzz("tests.fuzz.kills", "--kills", "40", "--real", "3", "--real-trainings", "1")
    assert done.returncode == 0, done.stdout + done.stderr
