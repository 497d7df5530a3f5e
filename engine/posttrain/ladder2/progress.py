"""How far the second ladder is, as a page: from finished rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.posttrain.ladder2.design import Planned, design
from engine.posttrain.ladder2.replica import replica_design
from engine.posttrain.ladder2.rows import Finished

__all__ = ["progress_page"]

_PIECES: Final = ("pretrain", "read", "base", "sft", "rft")

_REPEATS: Final = ("sft_second", "rft_second", "control", "grpo")
_MEANT: Final = {"sft_second": 12, "rft_second": 12, "control": 12, "grpo": 8}

_CUT: Final = (
    "The largest models see 1.5 million tokens where 2.5 were meant. Families, prompts and samples are as they were "
    "meant."
)


def progress_page(
    models: Sequence[Finished], again: Sequence[Finished] = (), elsewhere: Sequence[Finished] = ()
) -> str:
    """Markdown: what is finished, what it took, what is left, and how to go on.

    Args:
        again: models that were post-trained again.
        elsewhere: models of the second world.
    """
    planned = design()
    lines = [
        "# How far the second ladder is", "",
        f"{len(models)} of {len(planned)} models are finished. `make ladder2-work` goes on where it was, one model "
        "after the other in this order, in pieces of minutes; a beginning of the list is a balanced design of its own.",
        "", *_models(planned, models), "", *_again(again), "",
        f"In the [second world](world_b/card.md), {len(elsewhere)} of {len(replica_design())}:", "",
        *_models(replica_design(), elsewhere), "", _CUT,
    ]  # fmt: skip
    every = [piece for own in (*models, *again, *elsewhere) for piece in own.facts["pieces"].values()]
    spent = sum(piece["seconds"]["all"] for piece in every)
    lines += ["", f"Columns to the right are processor seconds; together {spent / 3600:.1f} core-hours so far."]
    return "\n".join(lines) + "\n"


def _models(planned: Sequence[Planned], models: Sequence[Finished]) -> list[str]:
    """A table of all that are planned, with what each piece took of those that are finished."""
    done = {model.name: model for model in models}
    lines = [
        f"| model | cell | tokens | noise | dialogue | {' | '.join(_PIECES)} |",
        f"|---|---|---:|---:|---:|{'---:|' * len(_PIECES)}",
    ]
    for model in planned:
        took = ["" for _ in _PIECES]
        if model.name in done:
            pieces = done[model.name].facts["pieces"]
            took = [f"{pieces[piece]['seconds']['all']:.0f}" for piece in _PIECES]
        r = model.recipe
        cells = (model.name, model.cell, f"{r.tokens / 1e6:.1f} M", r.noise, r.dialogue, *took)
        lines.append(f"| {' | '.join(str(cell) for cell in cells)} |")
    return lines


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
