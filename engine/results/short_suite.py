"""A short suite: the pairs whose verdicts tell candidates apart best, and what leaving out the others costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from engine.results.pair_trial import Trial
from engine.stats.irt.short_form import ShortFormErrors, most_informative, short_form_errors
from engine.store.connection import Store
from engine.store.suites import load_pairs, shot_ids
from rubrics.counted import count
from rubrics.errors import BadInput
from rubrics.reading import write_suite
from rubrics.targets import is_stream, write_whole

__all__ = ["UNITS", "ShortSuite", "shorten", "write_short"]

UNITS: Final = ("cluster", "group", "pair")
"""What a short suite can keep whole."""


@dataclass(frozen=True, eq=False)
class ShortSuite:
    """Which pairs a short suite keeps, and what it costs."""

    pair_ids: tuple[str, ...]
    """In suite order."""
    whole: str
    """What was kept whole."""
    units: int
    candidates: tuple[str, ...]
    precision: ShortFormErrors
    """By candidate, in the order of `candidates`."""

    @property
    def loss(self) -> float:
        """How many times larger the median candidate's standard error is than with all pairs."""
        return float(np.median(self.precision.se_short / self.precision.se_all))

    def card(self, trial: Trial) -> str:
        """Markdown that goes beside the suite file."""
        errors = self.precision
        model = "2PL" if trial.model == "2pl" else "Rasch"
        short, whole, random = (np.median(se) for se in (errors.se_short, errors.se_all, errors.se_random))
        lines = [
            f"# The {len(self.pair_ids)} most informative pairs of {trial.suite}",
            "",
            f"Chosen from the {count(len(trial.pairs), 'pair')} of `{trial.suite}` "
            f"({trial.suite_hash[:12]}) by what the "
            f"verdicts of {count(len(self.candidates), 'candidate')} say ({trial.protocol}, {trial.metric}; "
            f"{model} model): "
            f"whole {self.whole}s, so that the mean variance of the candidates' abilities is least.",
            "",
            f"Expected standard error of an ability: {short:.3f} logits (median candidate), against {whole:.3f} with "
            f"all pairs and {random:.3f} with as many drawn at random. As informative as {errors.worth:.0f} pairs "
            "drawn at random.",
            "",
            "What it does not give: the accuracy that the whole suite would. These pairs were picked for their "
            "difficulty, so accuracies here compare with each other and with nothing else. They were picked on the "
            "candidates named below; for candidates much abler or weaker than these it may not be the best choice.",
            "",
            "Candidates: " + ", ".join(self.candidates) + ".",
        ]
        return "\n".join(lines) + "\n"


def shorten(trial: Trial, at_most: int, *, whole: str = "cluster", leave_out: Sequence[str] = ()) -> ShortSuite:
    """The most informative pairs, at most so many, whole clusters or groups at a time.

    Args:
        leave_out: findings whose pairs are not wanted, such as `reversed`.

    Raises:
        BadInput: as many pairs as there are, or no unit small enough.
    """
    eligible = np.array([not set(pair.findings) & set(leave_out) for pair in trial.pairs])
    units = trial.units[whole]
    # A unit that loses a pair is no longer whole.
    eligible &= ~np.isin(units, units[~eligible])
    left = np.flatnonzero(eligible)
    if at_most >= len(left):
        raise BadInput(
            f"{at_most} is no fewer than the {count(len(left), 'pair')} there are", fix="ask for fewer", shell="-k N"
        )
    if not (trial.information[:, left].sum(axis=1) > 0).all():
        raise BadInput("the verdicts tell nothing about one of the candidates", fix="run more pairs")
    chosen = left[most_informative(trial.information[:, left], units[left], at_most)]
    if not len(chosen):
        sizes = np.bincount(np.unique(units[left], return_inverse=True)[1])
        raise BadInput(
            f"no {whole} has {count(at_most, 'pair')} or fewer (the smallest has {sizes.min()})",
            fix="ask for more pairs, or keep whole groups or pairs",
            shell="-k N, or --whole pair",
        )
    return ShortSuite(
        tuple(trial.pairs[k].pair_id for k in chosen.tolist()),
        whole,
        len(np.unique(units[chosen])),
        trial.candidates,
        short_form_errors(trial.information, chosen),
    )


def write_short(store: Store, trial: Trial, short: ShortSuite, path: Path) -> None:
    """Write the pairs as a suite file, with the whole suite's exemplars, and a card beside it.

    Raises:
        RudeError: a file cannot be written.
    """
    shots = shot_ids(store, trial.suite_hash)
    write_suite(path, load_pairs(store, trial.suite_hash, [*short.pair_ids, *shots]))
    if not is_stream(path):
        with write_whole(path.with_suffix(".md")) as out:
            out.write(short.card(trial))
