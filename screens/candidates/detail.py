"""What is known of one candidate, and what to do about what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from screens.candidates.state import NoCandidate
from screens.candidates.table import problem_colour, problem_glyph
from screens.shell.colour import Colour
from screens.shell.plain import plain

if TYPE_CHECKING:
    from screens.candidates.state import Row

__all__ = ["detail"]


def detail(entry: Row | None, colour: Colour) -> Text:
    """The panel beside the table; without an entry, how to get one."""
    text = Text(overflow="fold")
    if isinstance(entry, NoCandidate):
        text.append(plain(entry.path) + "\n", "bold")
        text.append(f"✗ {plain(entry.what)}\n", colour("bad"))
        text.append(f"→ {plain(entry.fix)}\n")
        text.append("F5 looks again once that is done\nd stops watching the folder\n", colour("chance"))
        return text
    if entry is None:
        text.append("No base model found\n\n", "bold")
        text.append("Press a and name a folder that holds models (each with config.json, tokenizer.json and\n")
        text.append("*.safetensors, or a .gguf file), or n and name a model that a server holds. What the Hugging\n")
        text.append("Face cache holds is found by itself.")
        return text
    candidate = entry.candidate
    text.append(plain(candidate.name) + "\n", "bold")
    for problem in candidate.problems:
        text.append(problem_glyph(problem) + plain(problem.what) + "\n", problem_colour(problem, colour))
        text.append(f"  → {plain(problem.fix)}\n")
    if entry.fit is not None:
        text.append(("fits as " if entry.fit.precision else "✗ does not fit: ") + plain(entry.fit.reason) + "\n")
    text.append(
        f"{plain(candidate.architecture) or 'unknown architecture'} · "
        f"{f'{candidate.parameters:,}' if candidate.parameters else 'unknown'} parameters · "
        f"vocabulary {candidate.vocab_size:,}\n"
    )
    text.append(f"tokenizer {plain(candidate.tokenizer) or 'none'} · context {candidate.context or 'not stated'}\n")
    text.append(f"{entry.origin if entry.origin in ('bundled', 'cache', 'served') else 'watched folder'}\n")
    if candidate.served is not None:
        served = candidate.served
        asked = " ".join(
            filter(None, [served.engine or "a server", served.version, served.root and f"· {served.root}"])
        )
        text.append(plain(asked) + "\n")
    text.append(plain(candidate.place) + "\n", colour("chance"))
    return text
