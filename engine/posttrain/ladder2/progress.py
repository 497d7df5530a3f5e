"""How far the second ladder is, as a page: from finished rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.posttrain.ladder2.design import design
from engine.posttrain.ladder2.rows import Finished

__all__ = ["progress_page"]

_PIECES: Final = ("pretrain", "read", "base", "sft", "rft")

_CUT: Final = (
    "Not done, for want of time, in the order in which it was to be cut: the unfiltered control and a second seed of "
    "post-training on twelve models, GRPO on eight, a second world for replication on twelve. The largest models see "
    "1.5 million tokens where 2.5 were meant. Families, prompts and samples are as they were meant.",
)


def progress_page(models: Sequence[Finished]) -> str:
    """Markdown: what is finished, what it took, what is left, and how to go on."""
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
    lines += ["", *_CUT]
    spent = sum(own.facts["pieces"][piece]["seconds"]["all"] for own in models for piece in _PIECES)
    lines += ["", f"Columns to the right are processor seconds; together {spent / 3600:.1f} core-hours so far."]
    return "\n".join(lines) + "\n"
