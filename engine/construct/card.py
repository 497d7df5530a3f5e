"""The card of a constructed suite: how it was made, what came through, how far its labels can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from engine.construct.agreement import Agreement
from engine.construct.lengths import sides
from engine.construct.survival import ErrorRates, prevalence, surviving, wrong_pairs
from engine.construct.trial import Rates, by_votes, rates_of
from engine.store.construct import ConstructRow, ExampleRow, TrialRow
from engine.store.construct_review import ReviewDecision
from rubrics.counted import count

if TYPE_CHECKING:
    from rubrics.check.report import Report
    from rubrics.schema import Suite

__all__ = ["Facts", "card", "expected_wrong", "model_name", "rates_table"]

_METHODS: Final = {
    "degrade": "controlled degradation: the rejected response is a whole rewrite that violates exactly `violated`",
    "best-of-n": "best of n against worst of n natural answers: a rival construction, for comparison; the two differ "
    "in more than `violated` says",
    "locate": "locate and rewrite: a rival construction, for comparison; one span is rewritten in place, which leaves "
    "a seam",
}


@dataclass(frozen=True)
class Facts:
    """All that a card tells."""

    row: ConstructRow
    suite: Suite
    report: Report
    examples: Sequence[ExampleRow]
    left_out: Mapping[str, str]
    corrected: int
    decisions: Mapping[str, ReviewDecision]
    trials: Sequence[TrialRow]
    agreement: Agreement | None


def card(facts: Facts) -> str:
    """Markdown, without a secret and without an address."""
    parts = [
        f"# {_inline(facts.suite.name)}",
        f"{count(len(facts.suite.pairs), 'pair')} from {count(len({p.group for p in facts.suite.pairs}), 'prompt')}, "
        f"suite hash `{facts.suite.hash}`, construction `{facts.row.run_id}`.",
        "## How it was made",
        _made(facts),
        "## What came through",
        _yield(facts),
        "## The verifier",
        _verifier(facts),
        "## Read by people",
        _people(facts),
        "## What the texts give away",
        "```\n" + facts.report.render().replace("```", "'''") + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _made(facts: Facts) -> str:
    settings = facts.row.settings
    verifiers = " and ".join(f"`{_inline(model_name(spec))}`" for spec in settings["verifiers"])
    lines = [
        f"- Method: {facts.row.method} – {_METHODS[facts.row.method]}.",
        f"- Generator `{_inline(model_name(settings['generator']))}` at temperature {settings['temperature']:g}; "
        f"verifier {verifiers}, {count(settings['votes'], 'vote')} on every criterion by itself, blind to which "
        "response it reads.",
        f"- |V| of {', '.join(map(str, settings['violations']))}; up to {settings['rounds']} rounds for each response; "
        f"seed {settings['seed']}; wording `{settings['wording'][:12]}`.",
    ]
    if facts.row.method == "degrade":
        lines.append(
            f"- Length: within ±{settings['length_window']:.0%} of the chosen response's bytes, or "
            f"±{settings.get('length_floor', 0)} bytes where that is more, sides balanced; at most "
            f"{settings['unchanged']:.0%} of its beginning and end unchanged."
        )
    longer, shorter, equal, median = sides((p.chosen, p.rejected) for p in facts.suite.pairs)
    lines.append(
        f"- Balance: the rejected response is the longer one in {longer} pairs, the shorter one in {shorter}, equal in "
        f"{equal}; it has {median:.2f} of the chosen one's bytes (median)."
    )
    if facts.row.method == "best-of-n":
        lines.append(f"- {settings['samples']} natural answers to each prompt, written without the rubric.")
        if settings.get("keep_best"):
            best = sum(e.kind == "positive" and e.status == "accepted" and bool(e.violated) for e in facts.examples)
            lines.append(
                f"- For {count(best, 'prompt')} no answer met every criterion, and **the best there was** is chosen: "
                "such a pair is about the criteria that it meets, and its source names the others."
            )
    drafted = sum(any(c.id.startswith("draft-") for c in pair.criteria) for pair in facts.suite.pairs)
    if drafted:
        lines.append(
            f"- Criteria of {drafted} pairs were **drafted by the generator** (ids `draft-…`), not by a person."
        )
    if settings["reference_first"]:
        lines.append("- A prompt's reference, where it has one, was the first draft of the chosen response.")
    programs = sum('"decided by program' in e.judgements for e in facts.examples)
    if programs:
        lines.append(f"- In {programs} of {len(facts.examples)} responses some criteria were decided by programs.")
    return "\n".join(lines)


def _yield(facts: Facts) -> str:
    account = facts.row.facts
    rows = [["phase", "planned", "accepted", "rejected", "rounds each"]]
    reasons = []
    for phase in account.get("yields", ()):
        done = phase["accepted"] + phase["rejected"]
        each = f"{phase['rounds'] / done:.1f}" if done else "–"
        rows.append([phase["name"], str(phase["planned"]), str(phase["accepted"]), str(phase["rejected"]), each])
        reasons += [f"- {phase['name']}: {number} {_inline(reason)}" for reason, number in phase["reasons"]]
    text = _table(rows)
    if reasons:
        text += "\n\nRejected:\n\n" + "\n".join(reasons)
    aside: dict[str, int] = {}
    for reason in facts.left_out.values():
        aside[reason] = aside.get(reason, 0) + 1
    if aside:
        text += "\n\nAccepted, but left out:\n\n"
        text += "\n".join(f"- {number} {_inline(reason)}" for reason, number in sorted(aside.items()))
    if account.get("calls"):
        text += f"\n\n{account['calls']:,} questions, {account['tokens']:,} tokens read and written."
    return text


def _verifier(facts: Facts) -> str:
    tried = {trial.verifier for trial in facts.trials}
    untried = [spec for spec in facts.row.settings["verifiers"] if spec not in tried]
    parts = [
        f"`{_inline(model_name(spec))}` has **not been tried** on pairs whose truth is known under this wording, so "
        "its errors are unknown (`rude-tui trial`)."
        for spec in untried
    ]
    for trial in facts.trials:
        parts.append(
            f"`{_inline(model_name(trial.verifier))}` was tried on {trial.suite}, {count(trial.votes, 'vote')}"
            f"{f', {trial.failed} labels without a usable verdict' if trial.failed else ''}:"
        )
        parts.append(rates_table(rates_of(trial)))
    if facts.trials and not untried:
        parts.append(_survival(facts))
    return "\n\n".join(parts)


def _survival(facts: Facts) -> str:
    passed = facts.row.facts.get("passed")
    if not passed or not passed["met"][1] or not passed["violated"][1]:
        return "Too little was judged by the verifier to say how many wrong labels survive."
    expected = expected_wrong(facts.row, facts.trials[0], facts.suite)
    rows = [["votes", "wrong “met” labels, %", "wrong “violated” labels, %", "pairs with a wrong label, %"]]
    rows += [[str(n), *(f"{100 * value:.1f}" for value in shares)] for n, shares in expected.items()]
    return (
        "Expected to survive, from these rates and from the shares that passed here (votes taken to err independently; "
        "a verifier that is wrong for a reason is wrong in every vote; the procedural pairs are simpler than these):"
        "\n\n" + _table(rows)
    )


def expected_wrong(
    row: ConstructRow, trial: TrialRow, suite: Suite, votes: Sequence[int] = (1, 3, 5)
) -> dict[int, tuple[float, float, float]]:
    """By number of votes: expected share of wrong `met` labels, of wrong `violated` ones, and of pairs with either."""
    passed: Mapping[str, Any] = row.facts["passed"]
    rates = by_votes(trial, (*votes, row.settings["votes"]))
    here = rates[row.settings["votes"]]
    q_met = prevalence(passed["met"][0] / passed["met"][1], here.false_rejection, here.false_acceptance)
    q_violated = prevalence(passed["violated"][0] / passed["violated"][1], here.false_acceptance, here.false_rejection)
    criteria = sum(len(p.criteria) for p in suite.pairs) / len(suite.pairs)
    violated = sum(len(p.violated) for p in suite.pairs) / len(suite.pairs)
    shares = {}
    for n in votes:
        labels = surviving(_without_nan(rates[n]), q_met, q_violated)
        shares[n] = (*labels, wrong_pairs(*labels, criteria, violated))
    return shares


def _without_nan(rates: ErrorRates) -> ErrorRates:
    return ErrorRates(*(0.0 if math.isnan(r) else r for r in (rates.false_acceptance, rates.false_rejection)))


def _people(facts: Facts) -> str:
    lines = []
    by_hand = {kind: sum(d.decision == kind for d in facts.decisions.values()) for kind in ("accept", "edit", "drop")}
    if any(by_hand.values()):
        lines.append(
            f"{by_hand['accept']} examples accepted by hand, {by_hand['edit']} edited, {by_hand['drop']} dropped."
        )
    if facts.corrected:
        lines.append(f"V of {facts.corrected} pairs corrected by a reader.")
    agreement = facts.agreement
    if agreement is not None and agreement.readings:
        lines.append(
            f"{count(agreement.readers, 'reader')}, blind to the labels, gave {agreement.readings} readings of "
            f"{agreement.examples} responses: {100 * agreement.share:.1f} % agree with the labels "
            f"({100 * agreement.ci_low:.1f}–{100 * agreement.ci_high:.1f}), Cohen's κ {agreement.kappa:.2f}."
        )
    return "\n".join(lines) or "Nobody has read a sample blind yet (`rude-tui review`)."


def rates_table(rates: Sequence[Rates]) -> str:
    """Error rates as a Markdown table."""
    rows = [["", "says met, though violated, %", "95 %", "n", "says violated, though met, %", "95 %", "n"]]
    for own in rates:
        accepted, rejected = own.false_acceptance, own.false_rejection
        rows.append(
            [
                own.scope, _percent(accepted.value), _interval(accepted.ci_low, accepted.ci_high), str(own.n_violated),
                _percent(rejected.value), _interval(rejected.ci_low, rejected.ci_high), str(own.n_met),
            ]
        )  # fmt: skip
    return _table(rows)


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def _interval(low: float, high: float) -> str:
    return "–" if math.isnan(low) else f"{100 * low:.1f}–{100 * high:.1f}"


def model_name(spec: str) -> str:
    """The model's name without where it runs, which is nobody else's business."""
    if spec.startswith("local:"):
        return spec.rstrip("/").rpartition("/")[2]
    return spec.partition("#")[2]


def _table(rows: Iterable[Sequence[str]]) -> str:
    head, *body = rows
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _inline(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
