"""Is this base a base? The likelihood of an assistant's marks and manners against plain text.

A base model that has never been shown chats has no use for their marks: a reply is not likelier behind
`<|im_start|>assistant` than behind the bare question, and whose mark comes next does not depend on whose turn it was.
Both have a chance level, 0. How likely replies are against plain prose has none: candidates can be held
against each other alone.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from functools import partial
from importlib import resources
from typing import Any, Final

import numpy as np

from engine.predictors.assays.assay import (
    Assay,
    AssayOptions,
    FloatArray,
    Items,
    Material,
    MaterialItem,
    Measure,
    column,
    mean_over,
    of_measures,
)
from engine.predictors.assays.described import DESCRIBED
from engine.stats.intervals import Estimate
from rubrics.world.corpus import DIALOGUE

__all__ = ["BASE", "FORMATS", "best_format"]

_REQUEST, _RESPONSE = DIALOGUE.split("{prompt}")
FORMATS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "ChatML": {
        "user": ("<|im_start|>", "user\n"), "end": ("<|im_end|>", "\n"), "assistant": ("<|im_start|>", "assistant\n"),
    },
    "Llama 3": {
        "user": ("<|start_header_id|>", "user", "<|end_header_id|>", "\n\n"), "end": ("<|eot_id|>",),
        "assistant": ("<|start_header_id|>", "assistant", "<|end_header_id|>", "\n\n"),
    },
    "Mistral": {"user": ("[INST]", " "), "end": (" ",), "assistant": ("[/INST]", " ")},
    "Gemma": {
        "user": ("<start_of_turn>", "user\n"), "end": ("<end_of_turn>", "\n"),
        "assistant": ("<start_of_turn>", "model\n"),
    },
    "Alpaca": {"user": ("### Instruction:\n",), "end": ("\n\n",), "assistant": ("### Response:\n",)},
    "turns": {"user": ("User: ",), "end": ("\n\n",), "assistant": ("Assistant: ",)},
    "request": {"user": (_REQUEST,), "end": ("\n\n",), "assistant": (_RESPONSE.removeprefix("\n\n"),)},
}  # fmt: skip
"""By name: what stands before a user's turn, at its end, and before an assistant's, cut where a token of its own may
stand. A piece that is one token of a candidate's vocabulary is read as that token. `request` is how this program words
prompts."""
_NONSENSE: Final = (
    ("assistant", "barnacles"), ("model", "squid"), ("Assistant", "Barnacles"), ("Response", "Barnacle"),
    ("user", "crab"), ("User", "Crab"), ("Instruction", "Salamanders"), ("Request", "Lobster"), ("INST", "CRAB"),
)  # fmt: skip
"""Words that say whose turn it is, and others as long, which stand for them where nothing shall be known of that."""


def nonsense(pieces: tuple[str, ...]) -> tuple[str, ...]:
    """Marks with words in them that say nothing; tokens of their own stay, since both turns have the same."""
    for word, other in _NONSENSE:
        pieces = tuple(piece.replace(word, other) for piece in pieces)
    return pieces


def _material(options: AssayOptions) -> Material:
    text = resources.files("engine.predictors.assays").joinpath("dialogues.toml").read_text(encoding="utf-8")
    subjects: Sequence[dict[str, str]] = tomllib.loads(text)["subject"]
    items = tuple(
        MaterialItem(s["name"], s["name"], {name: s[name] for name in ("ask", "reply", "plain")}) for s in subjects
    )
    controls = {name: {part: nonsense(pieces) for part, pieces in cut.items()} for name, cut in FORMATS.items()}
    return Material(items, {"formats": FORMATS, "controls": controls})


def lift(items: Items, name: str) -> FloatArray:
    """Bits a byte by which a reply is likelier within a format than behind the bare question, (items,)."""
    return (column(items, "reply") - column(items, f"reply {name}")) / column(items, "reply bytes")


def turn_taking(items: Items, name: str) -> FloatArray:
    """Bits by which the assistant's mark is likelier than the user's after a user's turn, less the same after an
    assistant's; less all of that where the marks' words say nothing, (items,).

    How common either mark is goes out by the first difference, and by the second what follows from the order of marks
    in the text alone, such as that they are repeated.
    """

    def alternating(kind: str) -> FloatArray:
        after_user, after_assistant = (
            column(items, f"{kind} {name}: user after {turn}") - column(items, f"{kind} {name}: assistant after {turn}")
            for turn in ("user", "assistant")
        )
        return after_user - after_assistant

    return alternating("formats") - alternating("controls")


def lean(items: Items) -> FloatArray:
    """Bits a byte that plain prose costs more than replies do, (items,)."""
    return column(items, "plain") / column(items, "plain bytes") - column(items, "reply") / column(items, "reply bytes")


def crossed(items: Items, values: Any) -> FloatArray:
    """Of each item the value in the format that is best on the others: which is best is not told by itself, (items,).

    Args:
        values: of items and a format's name, an array (items,).
    """
    table = np.stack([values(items, name) for name in FORMATS])
    known = ~np.isnan(table)
    total, number = np.where(known, table, 0.0).sum(axis=1, keepdims=True), known.sum(axis=1, keepdims=True)
    others = (total - np.where(known, table, 0.0)) / np.maximum(number - known, 1)
    chosen: FloatArray = table[np.argmax(others, axis=0), np.arange(len(items))]
    return chosen


def best_format(items: Items, values: Any) -> str:
    """The format in which a value, as `crossed` takes it, is highest on average."""
    return max(FORMATS, key=lambda name: float(np.nanmean(values(items, name))))


def _read(items: Items) -> str:
    gain, turns = mean_over(items, crossed(items, lift)), mean_over(items, crossed(items, turn_taking))
    said = "it is not shown to know whose turn it is in any of the chat formats"
    if turns.ci_low > 0:
        said = (
            f"whose turn it is it tells best by marks of {best_format(items, turn_taking)} ({turns.value:.1f} bits, "
            f"{turns.ci_low:.1f} to {turns.ci_high:.1f}): it has read such dialogues, or others with words like these"
        )
    if gain.ci_low > 0:
        return (
            f"{said}; replies in an assistant's manner are {gain.value:.2f} bits a byte likelier behind the marks of "
            f"{best_format(items, lift)} than behind the bare question: it may have been post-trained"
        )
    return f"{said}; marks make replies in an assistant's manner not surely likelier, as with a base"


def _details(items: Items) -> dict[str, Estimate]:
    of_format = {"assistant lift": lift, "turn-taking": turn_taking}
    return {f"{of}, {name}": mean_over(items, by(items, name)) for of, by in of_format.items() for name in FORMATS}


BASE: Final = Assay(
    DESCRIBED["base"],
    1,
    _material,
    (
        Measure(
            "assistant lift", "bits a byte by which replies are likelier behind a chat format's marks than behind the "
            "bare question, in the format that is best on the other subjects",
            of_measures(partial(crossed, values=lift)), 0.0,
        ),
        Measure(
            "turn-taking", "bits by which a chat format's mark for the assistant is likelier than the user's once "
            "the user has spoken, less the same after the assistant and for marks without meaning; best other format",
            of_measures(partial(crossed, values=turn_taking)), 0.0,
        ),
        Measure("dialogue lean", "bits a byte that prose costs more than an assistant's replies", of_measures(lean)),
    ),
    "sixteen short texts in eight layouts: seconds for a small model, less than one suite",
    "own",
    _read,
    needs_weights=False,
    details=_details,
)  # fmt: skip
"""The assay."""
