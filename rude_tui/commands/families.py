"""`rude-tui families`."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from rubrics.counted import count
from rude_tui.options import as_json, database, store_of
from rude_tui.output import narrate, print_json, print_table

if TYPE_CHECKING:
    from engine.correlation.lineage import Lineage

__all__ = ["families"]


@click.group()
def families() -> None:
    """Which candidates are kin: proposed from what their files tell, confirmed or changed by you.

    Kin share weights (one was trained on from the other, or both from a third: continued pre-training, fine-tuning,
    distillation into an existing model), or kind of model and tokenizer, or kind of model and name. A family is what is
    kin. Correlations and upsets are taken over families with --over families, and say what is left of them without each
    family.
    """


@families.command("list")
@click.option(
    "--map", "as_map", is_flag=True, help="Every two candidates: how alike their weights are, what is shared."
)
@as_json
@database
def list_(as_map: bool, as_json: bool, db: Path | None) -> None:
    """List candidates by family, with what speaks for it and whose weights are nearest."""
    from engine.correlation.lineage import HELP, lineage
    from engine.jobs.kin import read_kin

    store = store_of(db)
    unread = read_kin(store)
    found = lineage(store)
    if as_json:
        print_json(_as_json(found))
    elif as_map:
        _print_map(found)
    else:
        _print(found)
    narrate(f"cosine: {HELP['cosine']}")
    if not as_map:
        narrate(
            f"by: {HELP['by']}", "rude-tui families say CANDIDATE=FAMILY changes one, confirm keeps all as they are"
        )
    if unread:
        narrate(f"note: nothing but the name is known of {', '.join(unread)}: gone from where they were last seen")


@families.command()
@click.argument("said", nargs=-1, required=True, metavar="CANDIDATE=FAMILY|FILE.csv ...")
@database
def say(said: tuple[str, ...], db: Path | None) -> None:
    """Put candidates into families; a CSV has the columns candidate and family, as `export families` writes it.

    Names that no candidate has here are kept too: points of the ladder and of the published study, for instance.
    """
    from engine.annotations.families import say as say_families
    from engine.correlation.families import families_of

    together: dict[str, str] = {}
    for text in said:
        together |= families_of(text)
    say_families(store_of(db), together)
    narrate(*(f"{candidate}: {family}" for candidate, family in together.items()))


@families.command()
@click.argument("names", nargs=-1, metavar="[CANDIDATE ...]")
@database
def confirm(names: tuple[str, ...], db: Path | None) -> None:
    """Keep families as they are proposed now, of all candidates or of some."""
    from engine.annotations.families import say as say_families
    from engine.correlation.lineage import lineage
    from engine.jobs.kin import read_kin
    from rubrics.errors import BadInput

    store = store_of(db)
    read_kin(store)
    known = lineage(store).families
    for name in names:
        if name not in known:
            raise BadInput(f"no candidate {name!r} is stored", fix="candidates: " + ", ".join(sorted(known)))
    kept = {name: family for name, family in known.items() if not names or name in names}
    say_families(store, kept)
    narrate(f"{count(len(kept), 'candidate')} in {count(len(set(kept.values())), 'family', 'families')}: kept")


@families.command()
@click.argument("names", nargs=-1, required=True, metavar="CANDIDATE ...")
@database
def forget(names: tuple[str, ...], db: Path | None) -> None:
    """Forget what was said of candidates' families: what is proposed holds again."""
    from engine.annotations.families import take_back

    narrate(f"{count(take_back(store_of(db), names), 'candidate')}: as proposed again")


def _print(found: Lineage) -> None:
    rows = []
    for one in found.relatives:
        kin = one.kin
        sizes = f"{kin.layers} × {kin.hidden}" if kin is not None and kin.layers else "–"
        rows.append([
            one.family, one.candidate, one.by, (kin and kin.model_type) or "–", sizes,
            kin.vocabulary[:8] if kin is not None and kin.vocabulary else "–", _cosine(one.cosine), one.nearest or "–",
            "" if one.family == one.proposed else one.proposed,
        ])  # fmt: skip
    columns = [
        "family", "candidate", "by", "kind", "layers × width", "vocabulary", "cosine", "weights nearest", "proposed",
    ]  # fmt: skip
    print_table(columns, rows, right=["cosine"])
    narrate(f"{count(len(found.relatives), 'candidate')}, {len({one.family for one in found.relatives})} families")


def _print_map(found: Lineage) -> None:
    rows = [
        [
            pair.a, pair.b, _cosine(pair.cosine), pair.matrices, *("yes" if shared else "" for shared in (
                pair.same_vocabulary, pair.same_kind, pair.same_sizes)), pair.reason,
        ]
        for pair in sorted(found.kinships.values(), key=lambda pair: (-_known(pair.cosine), pair.a, pair.b))
    ]  # fmt: skip
    columns = ["candidate", "and", "cosine", "matrices", "one vocabulary", "one kind", "one size", "kin by"]
    print_table(columns, rows, right=["cosine", "matrices"])


def _as_json(found: Lineage) -> dict[str, Any]:
    from dataclasses import asdict

    candidates = []
    for one in found.relatives:
        kin = one.kin
        candidates.append({
            "candidate": one.candidate, "name": one.name, "family": one.family, "proposed": one.proposed, "by": one.by,
            "weights_hash": one.weights_hash, "nearest": one.nearest, "cosine": one.cosine,
            "model_type": kin and kin.model_type, "layers": kin and kin.layers, "hidden": kin and kin.hidden,
            "heads": kin and kin.heads, "vocabulary": kin and kin.vocabulary,
        })  # fmt: skip
    pairs = [{**asdict(pair), "reason": pair.reason} for pair in found.kinships.values()]
    return {"candidates": candidates, "pairs": pairs}


def _cosine(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}".replace("-", "−")


def _known(value: float) -> float:
    return -math.inf if math.isnan(value) else value
