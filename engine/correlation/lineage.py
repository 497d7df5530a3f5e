"""Whose kin each candidate is: proposed from what its files tell, as far as a person has not said otherwise.

Two candidates are kin where their weights are alike – continued pre-training, fine-tuning, distillation into an
existing model, or the same beginning – or where their kind of model is the same and so is the vocabulary, or the
letters that their names begin with. A family is what is kin, directly or through others. Names alone count only where
nothing is known of the files.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from engine.correlation.families import family_of
from engine.correlation.sources import BUNDLED, Source
from engine.store.connection import Store
from engine.store.kin import Kin, said_families, stored_kin
from engine.store.models import StoredModel, stored_models
from rubrics.errors import BadInput

__all__ = [
    "ALIKE",
    "HELP",
    "Kinship",
    "Lineage",
    "Relative",
    "families_in",
    "families_known",
    "families_said",
    "kind_of",
    "kinship",
    "lineage",
    "proposed_from",
]

ALIKE: Final = 0.2
"""Cosine from which weights count as alike: of unrelated matrices one in 10⁹ reaches it by chance, and what was
trained on from the same weights lies far above."""

HELP: Final = {
    "cosine": "median over matrices of one name and shape of the cosine between values at the same places; 0 ± 0.03 "
    "where two models have nothing to do with each other, near 1 where one was trained on from the other",
    "by": "the most that it shares with another of the family: weights, tokenizer and kind of model, or name and kind; "
    "name: nothing else is known, or nothing is shared; you: you said so",
}
"""One line on each column."""


@dataclass(frozen=True)
class Kinship:
    """What two candidates share."""

    a: str
    b: str
    cosine: float
    """Of their weights; NaN where no matrix can be compared."""
    matrices: int
    """Compared."""
    same_vocabulary: bool
    same_kind: bool
    """Whether their kinds of model differ in a number at most: qwen2 and qwen3."""
    same_sizes: bool
    """Layers, width and heads."""
    same_letters: bool
    """Whether their names begin alike."""

    @property
    def reason(self) -> str:
        """Why they are kin; empty where they are not."""
        if self.cosine >= ALIKE:
            return "weights"
        if self.same_vocabulary and self.same_kind:
            return "tokenizer and kind"
        return "name and kind" if self.same_letters and self.same_kind else ""


@dataclass(frozen=True)
class Relative:
    """One candidate in its family."""

    candidate: str
    """Its name, with the beginning of the weights' hash where that is not unique."""
    name: str
    family: str
    proposed: str
    """What would be its family if nobody had said."""
    by: str
    """`you`, a reason of a kinship, or `name`: nothing else is known, or nothing is shared."""
    nearest: str
    """The candidate whose weights are most alike; empty where none can be compared."""
    cosine: float
    """Of these two; NaN."""
    kin: Kin | None
    """None where its files have not been read."""
    weights_hash: str


@dataclass(frozen=True)
class Lineage:
    """All candidates that are stored, by family."""

    relatives: tuple[Relative, ...]
    """By family, then by name."""
    kinships: Mapping[frozenset[str], Kinship]
    """By the two candidates."""

    def between(self, a: str, b: str) -> Kinship | None:
        """What two of them share; None where the files of one have not been read."""
        return self.kinships.get(frozenset((a, b)))

    @property
    def families(self) -> dict[str, str]:
        """By name."""
        return {relative.name: relative.family for relative in self.relatives}


def lineage(store: Store) -> Lineage:
    """Every stored candidate with its family.

    Raises:
        BadInput: no candidate is stored.
    """
    with store.snapshot():
        models, said = stored_models(store), said_families(store)
        kin = stored_kin(store, [model.weights_hash for model in models])
    if not models:
        raise BadInput("no candidate is stored yet", fix="score candidates", shell="rude-tui run --model M")
    labels = _labels(models)
    known = {label: kin[model.weights_hash] for label, model in labels.items() if model.weights_hash in kin}
    kinships = {frozenset(two): kinship(*two, known[two[0]], known[two[1]]) for two in combinations(known, 2)}
    proposed, by = proposed_from({label: model.name for label, model in labels.items()}, known, kinships)
    relatives = []
    for label, model in labels.items():
        compared = [pair for two, pair in kinships.items() if label in two and not math.isnan(pair.cosine)]
        nearest = max(compared, key=lambda pair: pair.cosine, default=None)
        other = "" if nearest is None else nearest.a if nearest.b == label else nearest.b
        relatives.append(Relative(
            label, model.name, said.get(model.name, proposed[label]), proposed[label],
            "you" if model.name in said else by[label], other, math.nan if nearest is None else nearest.cosine,
            known.get(label), model.weights_hash,
        ))  # fmt: skip
    return Lineage(tuple(sorted(relatives, key=lambda one: (one.family, one.candidate))), kinships)


def families_known(store: Store) -> dict[str, str]:
    """By name: the family of every candidate that is stored or of which a person has said one."""
    try:
        return {**lineage(store).families, **said_families(store)}
    except BadInput:
        return said_families(store)


def families_said(store: Store) -> dict[str, str]:
    """By name: the family that a person has said; of a bundled study, for which no database need be there yet."""
    return said_families(store) if store.path.exists() else {}


def families_in(store: Store, source: Source, names: Sequence[str]) -> list[str]:
    """The family of each candidate of a source, by its name: as said, as proposed or as a study lists it."""
    if source == "own":
        known = families_known(store)
    else:
        study = BUNDLED[source]()
        known = {point.name: point.family for point in study.points(study.predictors[0], study.outcomes[0])}
        known |= families_said(store)
    return [known.get(name) or family_of(name) for name in names]


def _labels(models: Sequence[StoredModel]) -> dict[str, StoredModel]:
    often = Counter(model.name for model in models)
    return {
        model.name if often[model.name] == 1 else f"{model.name} {model.weights_hash[:8]}": model for model in models
    }


def kinship(a: str, b: str, first: Kin, second: Kin) -> Kinship:
    """What the files of two candidates share."""
    others = {(sample.name, tuple(sample.shape)): sample.values for sample in second.samples}
    cosines = []
    for sample in first.samples:
        other = others.get((sample.name, tuple(sample.shape)))
        if other is not None and len(other) == len(sample.values):
            x, y = (values.astype(np.float64) for values in (sample.values, other))
            size = math.sqrt(float(x @ x) * float(y @ y))
            cosines.append(float(x @ y) / size if size > 0 else 0.0)
    return Kinship(
        a, b, float(np.median(cosines)) if cosines else math.nan, len(cosines),
        bool(first.vocabulary) and first.vocabulary == second.vocabulary,
        bool(first.model_type) and kind_of(first.model_type) == kind_of(second.model_type),
        first[1:4] == second[1:4] and all(first[1:4]), family_of(a) == family_of(b),
    )  # fmt: skip


def kind_of(model_type: str) -> str:
    """Of a model, without the number of its version and what follows that: qwen2_moe and qwen3 are qwen."""
    return re.split(r"\d", model_type, maxsplit=1)[0].rstrip("_") or model_type


def proposed_from(
    names: Mapping[str, str], known: Mapping[str, Kin], kinships: Mapping[frozenset[str], Kinship]
) -> tuple[dict[str, str], dict[str, str]]:
    """The family of each candidate, and by what.

    Args:
        names: of all candidates, by label.
        known: what the files of some tell.
        kinships: of every two of those.
    """
    head = {label: label for label in known}

    def root(label: str) -> str:
        while head[label] != label:
            label = head[label]
        return label

    by = dict.fromkeys(names, "name")
    strength = ("name", "name and kind", "tokenizer and kind", "weights").index
    for two, pair in kinships.items():
        if pair.reason:
            a, b = sorted(root(label) for label in two)
            head[b] = a
            for label in two:
                by[label] = max(by[label], pair.reason, key=strength)
    groups: dict[str, list[str]] = {}
    for label in known:
        groups.setdefault(root(label), []).append(label)
    families: dict[str, str] = {}
    taken: set[str] = set()
    for group in sorted(groups.values(), key=lambda group: (-len(group), group)):
        family = _name(group, names, known, taken)
        taken.add(family)
        families |= dict.fromkeys(group, family)
    return {label: families.get(label) or family_of(name) for label, name in names.items()}, by


def _name(group: Sequence[str], names: Mapping[str, str], known: Mapping[str, Kin], taken: set[str]) -> str:
    """The letters that most of them begin with, or their kind of model does; where another family is called so, that
    kind, or the shortest name."""
    kind = Counter(known[label].model_type for label in group).most_common(1)[0][0]
    begun = Counter(family_of(names[label]) for label in group)
    letters = max(sorted(begun), key=lambda own: (begun[own], own == family_of(kind)))
    shortest = min((names[label] for label in group), key=lambda name: (len(name), name))
    return next(name for name in (letters, kind, shortest, f"{shortest} and kin") if name and name not in taken)
