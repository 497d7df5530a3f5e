"""The tests that `make test` runs, on every Python that is found, each in an environment of its own.

    python -m tests.everywhere [--out build/pythons] [--constraints FILE] [VERSION|PYTHON ...] [-- ARGUMENTS FOR pytest]

An environment is kept and brought up to date, so that a second call installs little. Exits 1 where tests fail on one of
them, or no Python is found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from tests.pythons import VERSIONS, found

ROOT = Path(__file__).resolve().parents[1]
_PYTEST = ["-n", "2", "--dist", "worksteal", "-m", "not long"]


def main() -> int:
    """Set each up, then run each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "pythons")
    parser.add_argument("pythons", nargs="*")
    words = sys.argv[1:]
    own, more = (words[: words.index("--")], words[words.index("--") + 1 :]) if "--" in words else (words, [])
    asked = parser.parse_args(own)
    there = found(asked.pythons)
    print("found here:", ", ".join(f"{version} ({path})" for version, path in there.items()) or "none", flush=True)
    print("not found:", ", ".join(version for version in VERSIONS if version not in there) or "none", flush=True)
    ended = {version: _tried(path, asked.out.resolve() / version, more or _PYTEST) for version, path in there.items()}
    for version, said in ended.items():
        print(f"{version}: {said or 'passed'}")
    return int(not ended or any(ended.values()))


def _tried(python: str, folder: Path, arguments: list[str]) -> str:
    """What went wrong on one Python; empty for nothing."""
    own = folder / "bin" / "python"
    if not own.exists():
        subprocess.run([python, "-m", "venv", str(folder)], check=True)
    install = [str(own), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*install, "-c", str(ROOT / "constraints.txt"), "-e", f"{ROOT}[dev]"], check=False)
    if done.returncode:
        return "it could not be set up"
    since = time.monotonic()
    done = subprocess.run([str(own), "-m", "pytest", *arguments], cwd=ROOT, check=False)
    return f"tests failed, after {time.monotonic() - since:.0f} s" if done.returncode else ""


if __name__ == "__main__":
    raise SystemExit(main())
