"""Abilities by topic, and spectra of the candidates' weights, as a page shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from engine.predictors.spectral import SPECTRAL, spectral_values
from engine.predictors.spectral_layers import HELP as LAYER_HELP
from engine.predictors.spectral_layers import LAYER_NUMBERS, SpectralProfile, by_layer
from engine.results.board import Board
from engine.results.topic_abilities import HELP as TOPIC_HELP
from engine.results.topic_abilities import (
    RESPONSES,
    TOPICS,
    TopicAbilities,
    TopicKind,
    between_words,
    said_of,
    topic_abilities,
)
from engine.store.connection import Store
from engine.store.spectra import stored_spectra
from rubrics.errors import BadInput

__all__ = ["SPECTRA_METHODS", "TOPIC_METHODS", "SpectraOutlook", "TopicsOutlook", "spectra_of", "topics_of"]

TOPIC_METHODS: Final = {
    "ability by topic": TOPIC_HELP["ability"],
    "interval by topic": TOPIC_HELP["interval"],
    "places by topic": TOPIC_HELP["places"],
    "▲ and ▼": TOPIC_HELP["shift"],
}
SPECTRA_METHODS: Final = {
    **{name: f"{about.help} ({about.source})" for name, about in SPECTRAL.items()},
    **{f"{name} of a layer": LAYER_HELP[key] for name, key in LAYER_NUMBERS.items()},
}


@dataclass(frozen=True)
class TopicsOutlook:
    """Abilities under one split of the suite, or why there are none."""

    by: TopicKind
    found: TopicAbilities | None
    refused: str
    """Why wins and losses give nothing; else empty."""

    @property
    def said(self) -> tuple[str, ...]:
        """Whose place in a topic is surely another, and how much there is in topics at all."""
        return () if self.found is None else (*said_of(self.found), between_words(self.found))


@dataclass(frozen=True)
class SpectraOutlook:
    """Spectra of those candidates on the page whose weights have been measured."""

    profiles: tuple[SpectralProfile, ...]
    """In the order of the page's candidates, under its labels."""
    means: Mapping[str, Mapping[str, float]]
    """By candidate, then by name of the predictor."""
    unmeasured: tuple[str, ...]
    """Labels of the others."""

    @property
    def matrices(self) -> Mapping[str, tuple[int, int]]:
        """By candidate: matrices that have a tail to fit, and all."""
        return {
            one.candidate: (sum(matrix.alpha is not None for matrix in one.spectra), len(one.spectra))
            for one in self.profiles
        }


def topics_of(board: Board) -> tuple[TopicsOutlook, ...]:
    """Abilities under every split, from wins and losses, or from margins where those set abilities no bound."""
    outlooks = []
    for by in TOPICS:
        found, refused = None, ""
        for response in RESPONSES:
            try:
                found = topic_abilities(board, by=by, response=response)
                break
            except BadInput as error:
                refused = refused or error.what
        outlooks.append(TopicsOutlook(by, found, refused))
    return tuple(outlooks)


def spectra_of(store: Store, board: Board) -> SpectraOutlook | None:
    """What is stored of the board's candidates; None where none of them has been measured."""
    labels: dict[str, list[str]] = {}
    for entrant in board.entrants:
        labels.setdefault(entrant.weights_hash, []).append(entrant.label)
    stored = stored_spectra(store, list(labels))
    if not stored:
        return None
    profiles = tuple(
        # The same weights in two precisions have one spectrum.
        SpectralProfile(", ".join(names), key, tuple(stored[key]), by_layer(stored[key]))
        for key, names in labels.items()
        if key in stored
    )
    means = {profile.candidate: spectral_values(profile.spectra) for profile in profiles}
    return SpectraOutlook(
        profiles, means, tuple(name for key, names in labels.items() if key not in stored for name in names)
    )
