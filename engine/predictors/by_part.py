"""RuDE accuracy on a part of the suite: one C, one subcategory, one domain, one number of violated criteria."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from engine.predictors.interface import Evidence, Predictor
from engine.results.pair_index import MEAN_OF_DOMAINS, scopes, size_scope
from engine.results.rankings import RankingTable
from engine.stats.intervals import Estimate
from engine.stats.metrics import METRICS
from engine.store.connection import Store
from engine.store.pairs import stored_parts
from rubrics.taxonomy import Category, Subcategory

__all__ = ["BY_CATEGORY", "BY_SUBCATEGORY", "name_of", "parts_of_suites", "ranked"]

_NOTHING: Final = "nothing beyond the run"
_PAPER: Final = "arXiv 2605.11978"


def ranked(evidence: Evidence, table: RankingTable, scope: str) -> Mapping[str, Estimate]:
    """The values of one scope of a ranking, by label on the question's board; none where the ranking lacks it."""
    if scope not in table.scopes:
        return {}
    own = {entrant.scored: entrant.label for entrant in evidence.board.entrants}
    estimates = {}
    for row in table.scopes[scope].rows:
        entrant = table.entrants[row.candidate]
        label = own.get(entrant.scored)
        if label is not None:
            estimates[label] = Estimate(row.value, row.ci_low, row.ci_high, row.method)
    return estimates


def _parts(evidence: Evidence, by: str) -> frozenset[str]:
    """What the question's suite can be split into."""
    names = evidence.once(f"parts by {by}", lambda e: frozenset(scope.name for scope in scopes(e.board.index, by)[1:]))
    return names | {MEAN_OF_DOMAINS} if by == "domain" and len(names) > 1 else names


def _part(name: str, by: str, scope: str, help: str, *, listed: bool = False) -> Predictor:
    return Predictor(
        name, help, "any protocol", _NOTHING, True,
        lambda evidence: ranked(evidence, evidence.ranking(by), scope), _PAPER, listed=listed, variant=True,
        is_stored=lambda evidence: listed or scope in _parts(evidence, by),
    )  # fmt: skip


BY_CATEGORY: Final = tuple(
    _part(
        f"RuDE {category}", "category", str(category),
        f"the same on pairs that violate a criterion of {category}, weight 1/(how many Cs they violate)", listed=True,
    )
    for category in Category
)  # fmt: skip
"""One for each C."""

BY_SUBCATEGORY: Final = tuple(
    _part(
        f"RuDE {name}", "subcategory", str(name),
        f"the same on pairs that violate a criterion of {name}, weight 1/(how many subcategories they violate)",
    )
    for name in Subcategory
)  # fmt: skip
"""One for each subcategory; not looked at unasked."""


def parts_of_suites(store: Store) -> list[Predictor]:
    """One for each domain and each number of violations that a stored suite has; not looked at unasked.

    A domain that is called as something else here is "RuDE NAME (domain)".
    """
    domains, sizes = stored_parts(store)
    found = [
        _part(
            f"RuDE {MEAN_OF_DOMAINS}", "domain", MEAN_OF_DOMAINS,
            "the mean of the accuracies in the domains of the suite, each domain counting alike",
        )
    ] if domains else []  # fmt: skip
    found += [
        _part(name_of("domain", domain), "domain", domain, f"the same on pairs of the domain {domain}")
        for domain in domains
    ]
    return found + [
        _part(
            f"RuDE {size_scope(size)}", "violations", size_scope(size),
            f"the same on pairs that violate {size} {'criterion' if size == 1 else 'criteria'}",
        )
        for size in sizes
    ]  # fmt: skip


def name_of(by: str, part: str) -> str:
    """The predictor of a part, by what the suite is split by."""
    taken = {MEAN_OF_DOMAINS, "accuracy", *METRICS, *Category, *Subcategory} if by == "domain" else set()
    return f"RuDE {part} (domain)" if part in taken else f"RuDE {part}"
