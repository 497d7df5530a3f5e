"""What is written from the rows of the second ladder: card, tables, page of progress; whatever is finished counts."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from engine.outcomes.exactness import error_of
from engine.outcomes.outcome import Outcome
from engine.posttrain.ladder2.card import card, shown
from engine.posttrain.ladder2.design import design
from engine.posttrain.ladder2.evidence import OUTCOMES, Claims, Measured, read_claims, read_shared
from engine.posttrain.ladder2.progress import progress_page
from engine.posttrain.ladder2.replica import REPLICA, REPLICA_TABLES
from engine.posttrain.ladder2.replica_card import elsewhere, replica_card
from engine.posttrain.ladder2.replicated import Replicated
from engine.posttrain.ladder2.rows import REPEAT_TABLES, REPEATS, Finished, read_finished
from engine.posttrain.ladder2.words import notes
from engine.posttrain.ladder2.worked_out import FEW, Ladder2
from rubrics.counted import agreeing
from rubrics.errors import BadInput

__all__ = ["write_report"]


def write_report(rows: Path, place: Path) -> str:
    """Write `card.md`, `notes.json`, `named.md`, `progress.md` and the three tables, and those of the second world in a
    folder below; says in a line what there is.

    Raises:
        BadInput: rows or claims are damaged.
    """
    models = read_finished(rows)
    again = read_finished(place / REPEATS.name, tables=REPEAT_TABLES)
    elsewhere_done = read_finished(place / REPLICA.name / "rows", tables=REPLICA_TABLES)
    claims = read_claims()
    (place / "named.md").write_text(_named(claims), encoding="utf-8")
    (place / "progress.md").write_text(progress_page(models, again, elsewhere_done), encoding="utf-8")
    if len(models) < FEW:
        return agreeing(len(models), "{n} [model is|models are] finished: ") + f"{FEW} are needed to say anything"
    ladder = _ladder(models, rows, claims)
    _tables(ladder, place)
    replica = _write_replica(ladder, elsewhere_done, place / REPLICA.name)
    (place / "card.md").write_text(card(ladder, again, replica), encoding="utf-8")
    (place / "notes.json").write_text(json.dumps(notes(ladder), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return f"{len(models)} of {len(design())} models: the claim is {ladder.verdict()}, {shown(ladder.claim)}"


def _ladder(models: Sequence[Finished], rows: Path, claims: Claims) -> Ladder2:
    if len({model.facts["claims"] for model in models}) > 1:
        raise BadInput("models were measured under different claims", where=str(rows), fix="measure them again")
    return Ladder2(models, read_shared(rows), claims)


def _write_replica(before: Ladder2, models: Sequence[Finished], place: Path) -> list[str]:
    """The second world's `named.md`, `card.md` and tables; what the second ladder's card says of it."""
    claims = read_claims(REPLICA / "claims.toml")
    place.mkdir(exist_ok=True)
    (place / "named.md").write_text(_named(claims), encoding="utf-8")
    if len(models) < FEW:
        return []
    ladder = _ladder(models, place / "rows", claims)
    _tables(ladder, place)
    both = Replicated(ladder, before)
    (place / "card.md").write_text(replica_card(both), encoding="utf-8")
    return elsewhere(both)


def _named(claims: Claims) -> str:
    lines = [
        "# What was named before any outcome", "",
        "Written by `python -m engine.posttrain.ladder2 report` from `claims.toml`, whose hash stands in every model's "
        "rows.", "", f"**Outcome.** {claims.outcome}.", "",
        *(f"- **{rule.replace('_', ' ')}**: {text}" for rule, text in claims.rules.items()), "",
        "| predictor | role | better | what it is |", "|---|---|---|---|",
        *(
            f"| `{p.name}` | {p.role} | {'more' if p.higher else 'less'} | {_in_cell(p.what)} |"
            for p in claims.predictors
        ),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


# ---------------------------------------------------------------------- tables


def _tables(ladder: Ladder2, place: Path) -> None:
    recipe = (
        "shape",
        "layers",
        "hidden",
        "vocabulary",
        "tokens",
        "noise",
        "dialogue",
        "comparisons",
        "text_seed",
        "seed",
    )
    _csv(
        place / "models.csv", ("model", "parameters", "flops", "cell", *recipe),
        ((m.name, m.facts["parameters"], f"{m.facts['flops']:.6g}", m.facts["cell"],
          *(m.facts["recipe"][key] for key in recipe)) for m in ladder.models),
    )  # fmt: skip
    higher = {named.name: named.higher for named in ladder.claims.predictors}
    _csv(
        place / "predictors.csv", ("candidate", "predictor", "value"),
        ((m.name, name, f"{value if higher[name] else -value:.6f}")
         for name, quantity in ladder.predictors.items()
         for m, value in zip(ladder.models, quantity.values(), strict=True)),
    )  # fmt: skip
    _csv(
        place / "outcomes.csv", ("candidate", "outcome", "score", "stderr", "source", "family", "seed", "n"),
        _outcome_rows(ladder),
    )  # fmt: skip


def _outcome_rows(ladder: Ladder2) -> Iterator[tuple[object, ...]]:
    for name, whole in ladder.outcomes.items():
        parts = {name: whole}
        if name in OUTCOMES:
            parts |= {f"{name}_{group}": whole.of(group) for group in sorted(set(whole.groups))}
        for label, quantity in parts.items():
            errors = _errors(quantity)
            for model, value, error, n in zip(
                ladder.models, quantity.values(), errors, quantity.bottom.sum(axis=1), strict=True
            ):
                shape = model.facts["recipe"]["shape"]
                yield model.name, label, f"{value:.6f}", f"{error:.6f}", "second ladder of rude-tui", shape, 1, int(n)


def _errors(quantity: Measured) -> list[float]:
    """Standard error of each model's share over families, which count alike; where all are alike, of their number."""
    shares = quantity.top / quantity.bottom
    n = quantity.items
    errors = shares.std(axis=1, ddof=1) / math.sqrt(n) if n > 1 else shares[:, 0] * 0
    return [
        error_of(Outcome("", "", float(value), float(error), scale=1.0, samples=n))
        for value, error in zip(quantity.values(), errors, strict=True)
    ]


def _csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
