"""What a construction will cost, before anything is asked: questions, tokens, time, money."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from engine.construct.chat import estimate_tokens
from engine.construct.settings import Settings
from engine.construct.violations import PlannedPair, plan_pairs
from engine.construct.wording import degrade_messages, draft_messages, judge_messages
from engine.store.connection import Store
from engine.store.construct import measured_calls
from rubrics.prompts import RubricPrompt
from rubrics.schema import Criterion
from rubrics.taxonomy import Subcategory

__all__ = ["CostEstimate", "Price", "RoleCost", "estimate"]

_ANSWER_TOKENS: Final = 500
_VERDICT_TOKENS: Final = 80
_SECONDS: Final = 6.0
"""Assumed where no model of this name has answered yet."""
_DRAFTED: Final = 6
"""Criteria expected of a draft."""
_LIKELY_ROUNDS: Final = 2.0


@dataclass(frozen=True)
class Price:
    """Money for a million tokens."""

    read: float = 0.0
    written: float = 0.0


@dataclass(frozen=True)
class RoleCost:
    """What one model will be asked in one course of events."""

    model: str
    calls: int
    tokens_read: int
    tokens_written: int
    seconds_each: float
    measured: bool
    """Whether sizes and times are from earlier answers of this model, not assumed."""
    money: float


@dataclass(frozen=True)
class CostEstimate:
    """`least` if every first attempt holds; `likely` at two rounds each; `most` if every round is used and fails."""

    prompts: int
    without_criteria: int
    pairs: int
    cells: tuple[tuple[str, tuple[int, ...]], ...]
    """Planned pairs by subcategory and |V|, in the order of `sizes`."""
    sizes: tuple[int, ...]
    courses: tuple[tuple[str, tuple[RoleCost, ...]], ...]
    concurrency: int

    def totals(self, course: str) -> tuple[int, int, float, float]:
        """Questions, tokens, seconds of waiting at this concurrency, and money of one course."""
        costs = dict(self.courses)[course]
        seconds = sum(c.calls * c.seconds_each for c in costs) / self.concurrency
        return (
            sum(c.calls for c in costs),
            sum(c.tokens_read + c.tokens_written for c in costs),
            seconds,
            sum(c.money for c in costs),
        )


def estimate(
    store: Store,
    settings: Settings,
    prompts: Sequence[RubricPrompt],
    *,
    concurrency: int,
    generator_price: Price,
    verifier_price: Price,
) -> CostEstimate:
    """Work out the plan and its cost; asks nothing. What is remembered from earlier is not subtracted."""
    bare = [prompt for prompt in prompts if not prompt.criteria]
    judged = [prompt for prompt in prompts if prompt.criteria]
    if settings.draft_criteria:
        judged += [_with_drafts(prompt) for prompt in bare]
    per_prompt = 1 if settings.method == "best-of-n" else settings.per_prompt
    plan = plan_pairs(judged, settings.violations, per_prompt, settings.seed)
    by_id = {prompt.id: prompt for prompt in judged}
    drafts = len(bare) if settings.draft_criteria else 0
    courses = []
    for course, rounds in (("least", 1.0), ("likely", min(_LIKELY_ROUNDS, settings.rounds)), ("most", settings.rounds)):
        positives = [by_id[p.id] for p in judged]
        negatives = [by_id[pair.prompt_id] for pair in plan]
        if settings.method == "best-of-n":
            rounds, negatives = settings.samples, []
        written = _role(
            store, str(settings.generator), generator_price, _ANSWER_TOKENS,
            [_draft_size(p) for p in positives] + [_degrade_size(p) for p in negatives], rounds, drafts,
        )  # fmt: skip
        read = [
            _role(store, str(spec), verifier_price, _VERDICT_TOKENS, list(_judge_sizes((*positives, *negatives))),
                  rounds * settings.votes)
            for spec in settings.verifiers
        ]  # fmt: skip
        courses.append((course, (written, *read)))
    sizes = tuple(sorted({len(pair.violated) for pair in plan}))
    return CostEstimate(
        len(prompts), 0 if settings.draft_criteria else len(bare), len(plan),
        _cells(plan, by_id, sizes), sizes, tuple(courses), concurrency,
    )  # fmt: skip


def _role(
    store: Store, model: str, price: Price, written: int, sizes: Sequence[int], rounds: float, extra: int = 0
) -> RoleCost:
    times, lengths = measured_calls(store, model)
    seconds = statistics.median(times) if times else _SECONDS
    each = round(statistics.mean(lengths)) if lengths else written
    calls = round(len(sizes) * rounds) + extra
    read = round(sum(sizes) * rounds) + extra * 400
    money = (read * price.read + calls * each * price.written) / 1e6
    return RoleCost(model, calls, read, calls * each, seconds, bool(times), money)


def _draft_size(prompt: RubricPrompt) -> int:
    return sum(estimate_tokens(m.content) for m in draft_messages(prompt.prompt_text, prompt.criteria))


def _degrade_size(prompt: RubricPrompt) -> int:
    answer = prompt.reference or "x" * 4 * _ANSWER_TOKENS
    messages = degrade_messages(prompt.prompt_text, answer, prompt.criteria[:1], prompt.criteria[1:], (0, 0))
    return sum(estimate_tokens(m.content) for m in messages)


def _judge_sizes(prompts: Iterable[RubricPrompt]) -> Iterable[int]:
    answer = "x" * 4 * _ANSWER_TOKENS
    for prompt in prompts:
        for criterion in prompt.criteria:
            if criterion.id not in (prompt.checks or {}):
                yield sum(estimate_tokens(m.content) for m in judge_messages(prompt.prompt_text, answer, criterion))


def _with_drafts(prompt: RubricPrompt) -> RubricPrompt:
    kinds = list(Subcategory)
    drafts = [Criterion(id=f"draft-{n}", text="A requirement yet to be drafted.", subcategory=kinds[n]) for n in
              range(_DRAFTED)]  # fmt: skip
    return prompt.model_copy(update={"criteria": drafts})


def _cells(
    plan: Sequence[PlannedPair], by_id: Mapping[str, RubricPrompt], sizes: Sequence[int]
) -> tuple[tuple[str, tuple[int, ...]], ...]:
    counts: dict[str, dict[int, int]] = {}
    for pair in plan:
        inside = {c.subcategory for c in by_id[pair.prompt_id].criteria if c.id in pair.violated}
        for subcategory in inside:
            row = counts.setdefault(str(subcategory), {})
            row[len(pair.violated)] = row.get(len(pair.violated), 0) + 1
    return tuple((str(s), tuple(counts[s].get(size, 0) for size in sizes)) for s in Subcategory if str(s) in counts)
