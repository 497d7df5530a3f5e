"""How many wrong labels survive a verifier that errs, and how votes change it.

A label is about one criterion of one response. It survives if the verifier finds what the plan wants. With q the share
of responses in which the criterion really stands as wanted, e₁ the rate at which the verifier denies what is so and e₂
the rate at which it grants what is not, a share p = q(1 − e₁) + (1 − q)e₂ passes, of which (1 − q)e₂/p is wrong.
q is found from the share that was seen to pass (Rogan & Gladen 1978, Am. J. Epidemiol. 107(1)). Votes and labels are
taken to err independently; a verifier that is wrong for a reason is wrong in every vote, and no prediction helps there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["ErrorRates", "prevalence", "surviving", "voted", "wrong_label", "wrong_pairs"]


@dataclass(frozen=True)
class ErrorRates:
    """How a verifier errs on one criterion, in one vote."""

    false_acceptance: float
    """Share of violated criteria it says are met."""
    false_rejection: float
    """Share of met criteria it says are violated."""

    def with_votes(self, votes: int) -> ErrorRates:
        """The rates of the majority of so many independent votes."""
        return ErrorRates(voted(self.false_acceptance, votes), voted(self.false_rejection, votes))


def voted(rate: float, votes: int) -> float:
    """Chance that the majority of an odd number of votes errs, each on its own at this rate: a binomial tail."""
    return math.fsum(
        math.comb(votes, wrong) * rate**wrong * (1 - rate) ** (votes - wrong)
        for wrong in range(votes // 2 + 1, votes + 1)
    )


def prevalence(passed: float, denies: float, grants: float) -> float:
    """Share of responses that really stand as wanted, from the share that passed (Rogan–Gladen), within 0 and 1."""
    power = 1 - denies - grants
    return min(max((passed - grants) / power, 0.0), 1.0) if power > 0 else 1.0


def wrong_label(q: float, denies: float, grants: float) -> float:
    """Share of wrong labels among those that pass."""
    passed = q * (1 - denies) + (1 - q) * grants
    return (1 - q) * grants / passed if passed > 0 else 0.0


def surviving(rates: ErrorRates, q_met: float, q_violated: float) -> tuple[float, float]:
    """Share of wrong labels among accepted `met` labels, and among accepted `violated` ones.

    Args:
        rates: of the verifier as it decides, votes included.
        q_met: share of written responses that meet a criterion they are to meet.
        q_violated: share that violate one they are to violate.
    """
    return (
        wrong_label(q_met, rates.false_rejection, rates.false_acceptance),
        wrong_label(q_violated, rates.false_acceptance, rates.false_rejection),
    )


def wrong_pairs(met: float, violated: float, n_criteria: float, n_violated: float) -> float:
    """Share of pairs with at least one wrong label: n labels of the positive, n − |V| and |V| of the negative."""
    kept = 2 * n_criteria - n_violated
    return float(1 - (1 - met) ** kept * (1 - violated) ** n_violated)
