"""What is known of one candidate, and what to do about what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from screens.candidates.table import problem_colour, problem_glyph
from screens.shell.colour import Colour
from screens.shell.plain import plain

if TYPE_CHECKING:
    from screens.candidates.state import CandidateEntry

__all__ = ["detail"]


def detail(entry: CandidateEntry | None, folder_problems: Sequence[str], colour: Colour) -> Text:
    """The panel beside the table; without an entry, how to get one."""
    text = Text(overflow="fold")
    # What a person asked for and did not get stays said, above all else.
    for words in folder_problems:
        text.append(f"✗ {plain(words)}; d stops watching it\n", colour("bad"))
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
