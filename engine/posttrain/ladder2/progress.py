"""How far the second ladder is, as a page: from finished rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.posttrain.ladder2.design import design
from engine.posttrain.ladder2.rows import Finished

__all__ = ["progress_page"]

_PIECES: Final = ("pretrain", "read", "base", "sft", "rft")

_REPEATS: Final = ("sft_second", "rft_second", "control", "grpo")
_MEANT: Final = {"sft_second": 12, "rft_second": 12, "control": 12, "grpo": 8}

_CUT: Final = (
    "Not done, for want of time: a second world for replication on twelve models. The largest models see 1.5 million "
    "tokens where 2.5 were meant. Families, prompts and samples are as they were meant."
)


def progress_page(models: Sequence[Finished], again: Sequence[Finished] = ()) -> str:
    """Markdown: what is finished, what it took, what is left, and how to go on.

    Args:
        again: models that were post-trained again.
    """
    planned, done = design(), {model.name: model for model in models}
    lines = [
        "# How far the second ladder is", "",
        f"{len(done)} of {len(planned)} models are finished. `make ladder2-work` goes on where it was, one model "
        "after the other in this order, in pieces of minutes; a beginning of the list is a balanced design of its own.",
        "",
        f"| model | cell | tokens | noise | dialogue | {' | '.join(_PIECES)} |",
        f"|---|---|---:|---:|---:|{'---:|' * len(_PIECES)}",
    ]  # fmt: skip
    for model in planned:
        took = ["" for _ in _PIECES]
        if model.name in done:
            pieces = done[model.name].facts["pieces"]
            took = [f"{pieces[piece]['seconds']['all']:.0f}" for piece in _PIECES]
        r = model.recipe
        cells = (model.name, model.cell, f"{r.tokens / 1e6:.1f} M", r.noise, r.dialogue, *took)
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    lines += ["", *_again(again), "", _CUT]
    spent = sum(own.facts["pieces"][piece]["seconds"]["all"] for own in models for piece in _PIECES)
    spent += sum(piece["seconds"]["all"] for own in again for piece in own.facts["pieces"].values())
    lines += ["", f"Columns to the right are processor seconds; together {spent / 3600:.1f} core-hours so far."]
    return "\n".join(lines) + "\n"


def _again(again: Sequence[Finished]) -> list[str]:
    """A table of what was post-trained again, of how many it was meant for."""
    made = {piece: sum("updates" in own.facts["pieces"][piece] for own in again) for piece in ("grpo",)}
    counts = {piece: made.get(piece, len(again)) for piece in _REPEATS}
    lines = [
        "Post-trained again, in the same commands, after all models:", "",
        f"| model | pretrain | sft | {' | '.join(_REPEATS)} |", f"|---|{'---:|' * (len(_REPEATS) + 2)}",
    ]  # fmt: skip
    for own in again:
        took = [f"{own.facts['pieces'][piece]['seconds']['all']:.0f}" for piece in ("pretrain", "sft", *_REPEATS)]
        lines.append(f"| {' | '.join((own.name, *took))} |")
    done = ", ".join(f"{piece} {counts[piece]} of {_MEANT[piece]}" for piece in _REPEATS)
    return [*lines, "", f"Done: {done}."]
