"""Positives and negatives: written, judged, sent back with what is wrong, until they hold or the rounds are used up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

from engine.candidates.server import CallFailed
from engine.construct.answers import Located, ask_json, ask_text
from engine.construct.caller import Caller
from engine.construct.chat import ChatMessage, ChatRequest
from engine.construct.judgements import Judgement, Judgements
from engine.construct.judging import judge
from engine.construct.lengths import in_characters, size, unchanged, window
from engine.construct.settings import Settings
from engine.construct.underway import UnderWay, Watch, begun
from engine.construct.violations import PlannedPair
from engine.construct.wording import degrade_messages, draft_messages, locate_messages, retry_messages
from rubrics.prompts import RubricPrompt
from rubrics.schema import Criterion
from rubrics.world.verifiers import Check

__all__ = ["Made", "Maker"]

MALFORMED = "malformed answer"


class ResponseFault(NamedTuple):
    """What is wrong with a response: a phrase to count by, and what the generator is told."""

    reason: str
    feedback: str


@dataclass(frozen=True)
class Made:
    """How an example came out."""

    response: str
    judgements: Judgements
    rounds: int
    reason: str
    """Why it was rejected; empty where it holds."""
    calls: tuple[str, ...]
    violated: tuple[str, ...] = ()


@dataclass
class _Attempt:
    """Where the rounds of one example stand."""

    watch: Watch
    view: UnderWay
    """The same, as it is told."""
    response: str = ""
    judgements: Judgements = field(default_factory=lambda: Judgements((), ()))
    calls: list[str] = field(default_factory=list)
    faults: list[ResponseFault] = field(default_factory=list)

    def show(self, **changes: Any) -> None:
        """Tell of something that moved."""
        self.view = replace(self.view, **changes)
        self.watch(self.view)

    def blame(self) -> None:
        """Tell that the round is over, and what is held against the text."""
        self.show(step="judged", response=self.response, faults=tuple(fault.feedback for fault in self.faults))

    def made(self, rounds: int, violated: tuple[str, ...] = ()) -> Made:
        reason = Counter(f.reason for f in self.faults).most_common(1)[0][0] if self.faults else ""
        return Made(self.response, self.judgements, rounds, reason, tuple(self.calls), violated)


@dataclass(frozen=True)
class Maker:
    """Makes the examples of one construction."""

    caller: Caller
    settings: Settings
    watch: Watch = lambda _: None

    async def positive(self, prompt: RubricPrompt, example: str) -> Made:
        """An answer that the verifier finds to meet every criterion."""
        question = draft_messages(prompt.prompt_text, () if self.settings.blind_draft else prompt.criteria)
        attempt = self._begun(example, prompt, "positive")
        messages = question
        for number in range(1, self.settings.rounds + 1):
            if number == 1 and self.settings.reference_first and prompt.reference:
                attempt.response = prompt.reference
            elif not await self._written(attempt, messages, number, "draft" if number == 1 else "revise"):
                if attempt.faults[0].reason != MALFORMED:
                    return attempt.made(number)
                messages = question
                continue
            if await self._judged(attempt, prompt) and not attempt.faults:
                return attempt.made(number)
            if attempt.faults[0].reason not in (MALFORMED, "criteria not met", "verifiers disagree"):
                return attempt.made(number)
            messages = retry_messages("draft", question, attempt.response, [f.feedback for f in attempt.faults])
        return attempt.made(self.settings.rounds)

    async def negative(self, prompt: RubricPrompt, positive: str, pair: PlannedPair) -> Made:
        """A whole rewrite that violates exactly V, within the length window."""
        violated, kept = _parted(prompt.criteria, pair.violated)
        attempt = self._begun(pair.id, prompt, "negative", pair.violated)
        refused: tuple[str, list[ResponseFault]] | None = None
        for number in range(1, self.settings.rounds + 1):
            # The last round takes either side of the window; what that unbalances is set aside in the end.
            last = number == self.settings.rounds
            side = 0 if last else pair.side
            bounds = window(positive, self.settings.length_window, side, self.settings.length_floor)
            shown = in_characters(bounds, positive)
            messages = degrade_messages(prompt.prompt_text, positive, violated, kept, shown)
            if refused is not None:
                messages = retry_messages("degrade", messages, refused[0], [f.feedback for f in refused[1]], shown)
            purpose = "degrade" if number == 1 else "degrade again"
            if not await self._written(attempt, messages, number, purpose):
                if attempt.faults[0].reason != MALFORMED:
                    break
                refused = None
                continue
            attempt.faults = self._form_faults(positive, attempt.response, bounds)
            if attempt.faults:
                attempt.blame()
            elif await self._judged(attempt, prompt) and not attempt.faults:
                return attempt.made(number, pair.violated)
            elif _fatal(attempt.faults):
                break
            refused = attempt.response, list(attempt.faults)
        return attempt.made(number, pair.violated)

    async def located(self, prompt: RubricPrompt, positive: str, pair: PlannedPair) -> Made:
        """The positive with one span rewritten in place, so that it violates exactly V."""
        violated, kept = _parted(prompt.criteria, pair.violated)
        question = locate_messages(prompt.prompt_text, positive, violated, kept)
        attempt = self._begun(pair.id, prompt, "negative", pair.violated)
        messages = question
        for number in range(1, self.settings.rounds + 1):
            attempt.show(round=number, step="writing")
            try:
                edit, calls = await ask_json(self.caller, self._ask(messages, number), Located, pair.id, "locate")
            except CallFailed as error:
                attempt.faults = [ResponseFault(error.reason, str(error))]
                if error.reason != MALFORMED:
                    break
                messages = question
                continue
            attempt.calls += calls
            if positive.count(edit.span) != 1:
                attempt.faults = [
                    ResponseFault("span not found once", "The span must be copied exactly and occur once.")
                ]
            else:
                attempt.response = positive.replace(edit.span, edit.replacement)
                attempt.faults = _same(positive, attempt.response)
                if attempt.faults:
                    attempt.blame()
                elif await self._judged(attempt, prompt) and not attempt.faults:
                    return attempt.made(number, pair.violated)
                elif _fatal(attempt.faults):
                    break
            messages = retry_messages("locate", question, edit.model_dump_json(), [f.feedback for f in attempt.faults])
        return attempt.made(number, pair.violated)

    async def best_and_worst(self, prompt: RubricPrompt, pair: PlannedPair, example: str) -> tuple[Made, Made | None]:
        """Of n natural answers the one that meets all criteria, and the one that meets fewest.

        Where none meets all and the best is to be kept, the first violates something as well, and the second that and
        more.
        """
        drawn: list[tuple[str, Judgements]] = []
        attempt = self._begun(example, prompt, "positive")
        question = draft_messages(prompt.prompt_text, ())
        for number in range(1, self.settings.samples + 1):
            if await self._written(attempt, question, number, "sample"):
                if await self._judged(attempt, prompt):
                    drawn.append((attempt.response, attempt.judgements))
                elif attempt.faults[0].reason != MALFORMED:
                    break
            elif attempt.faults[0].reason != MALFORMED:
                break
        count, calls = self.settings.samples, tuple(attempt.calls)
        best = max(drawn, key=lambda sample: _met(sample[1]), default=("", Judgements((), ())))
        if not drawn or _met(best[1]) < len(prompt.criteria):
            reason = "no sample meets all criteria" if drawn else attempt.faults[0].reason
            if self.settings.keep_best and (found := _nearest(drawn)):
                better, below = found
                return Made(*better, count, "", calls, _unmet(better)), Made(*below, count, "", (), _unmet(below))
            return Made(best[0], best[1], count, reason, calls), None
        worst = min(drawn, key=lambda sample: _met(sample[1]))
        unmet = _unmet(worst)
        reason = "" if unmet and None not in worst[1].met.values() else "no sample surely violates a criterion"
        return Made(*best, count, "", calls), Made(*worst, count, reason, (), unmet)

    def _ask(self, messages: tuple[ChatMessage, ...], number: int) -> ChatRequest:
        # The round is part of the question: a generator that repeats itself is asked with another seed.
        settings = self.settings
        return ChatRequest(str(settings.generator), messages, settings.temperature, settings.answer_tokens, number)

    def _begun(
        self,
        example: str,
        prompt: RubricPrompt,
        kind: Literal["positive", "negative"],
        violated: tuple[str, ...] = (),
    ) -> _Attempt:
        rounds = self.settings.samples if self.settings.method == "best-of-n" else self.settings.rounds
        return _Attempt(self.watch, begun(example, prompt, kind, violated, rounds))

    async def _written(self, attempt: _Attempt, messages: tuple[ChatMessage, ...], number: int, purpose: str) -> bool:
        attempt.show(round=number, step="writing")
        request, example = self._ask(messages, number), attempt.view.example_id
        try:
            attempt.response, calls = await ask_text(self.caller, request, example, purpose)
        except CallFailed as error:
            attempt.faults = [ResponseFault(error.reason, str(error))]
            return False
        attempt.calls += calls
        return True

    async def _judged(self, attempt: _Attempt, prompt: RubricPrompt) -> bool:
        """Whether verdicts are there; what they hold against the response is then in `attempt.faults`."""
        checks, view = checks_of(prompt), attempt.view
        attempt.show(step="judging", response=attempt.response, judgements=(), faults=())

        def heard(judgement: Judgement) -> None:
            attempt.show(judgements=(*attempt.view.judgements, judgement))

        try:
            attempt.judgements = await judge(
                self.caller, self.settings, prompt, attempt.response, checks, view.example_id, heard
            )
        except CallFailed as error:
            attempt.faults = [ResponseFault(error.reason, f"It could not be judged ({error}).")]
            attempt.blame()
            return False
        attempt.calls += attempt.judgements.calls
        attempt.faults = _held_against(prompt.criteria, attempt.judgements, view.violated)
        attempt.blame()
        return True

    def _form_faults(self, positive: str, response: str, bounds: tuple[int, int]) -> list[ResponseFault]:
        """What can be held against a rewrite without reading it."""
        if faults := _same(positive, response):
            return faults
        bytes_, (low, high) = size(response), bounds
        if not low <= bytes_ <= high:
            each = bytes_ / max(1, len(response))
            return [
                ResponseFault(
                    "outside the length window",
                    f"It has {len(response)} characters; it must have {low / each:.0f} to {high / each:.0f}.",
                )
            ]
        share = unchanged(positive, response)
        if share > self.settings.unchanged:
            return [
                ResponseFault(
                    "a patch, not a rewrite", f"{share:.0%} of the good answer stands in it unchanged; word it anew."
                )
            ]
        return []


def checks_of(prompt: RubricPrompt) -> Mapping[str, Check]:
    """The programs that decide criteria of a prompt, by criterion id."""
    return {name: spec.check() for name, spec in (prompt.checks or {}).items()}


def _same(positive: str, response: str) -> list[ResponseFault]:
    if response.split() == positive.split():
        return [ResponseFault("the same as the positive", "It is the good answer itself.")]
    if not response.strip():
        return [ResponseFault("empty", "Nothing is left of the answer.")]
    return []


def _parted(criteria: Sequence[Criterion], violated: tuple[str, ...]) -> tuple[list[Criterion], list[Criterion]]:
    return [c for c in criteria if c.id in violated], [c for c in criteria if c.id not in violated]


def _held_against(
    criteria: Sequence[Criterion], judgements: Judgements, violated: tuple[str, ...]
) -> list[ResponseFault]:
    faults = []
    met = judgements.met
    reasons = {item.criterion: item.reason for item in judgements.items}
    for criterion in criteria:
        to_meet = criterion.id not in violated
        if met[criterion.id] is None:
            faults.append(
                ResponseFault("verifiers disagree", f"It is not clear enough whether it meets: {criterion.text}")
            )
        elif met[criterion.id] and not to_meet:
            faults.append(ResponseFault("V not violated", f"It still meets what it must fail: {criterion.text}"))
        elif to_meet and not met[criterion.id]:
            reason = "others violated too" if violated else "criteria not met"
            faults.append(ResponseFault(reason, f"It does not meet: {criterion.text} ({reasons[criterion.id]})"))
    return faults


_CURABLE = frozenset({"V not violated", "others violated too", "verifiers disagree", MALFORMED})


def _fatal(faults: Sequence[ResponseFault]) -> bool:
    """Whether another round would meet the same wall: the model did not answer at all."""
    return bool(faults) and faults[0].reason not in _CURABLE


def _nearest(drawn: Sequence[tuple[str, Judgements]]) -> tuple[tuple[str, Judgements], tuple[str, Judgements]] | None:
    """Of samples that all violate something the one that violates least, and of those that violate the same and more
    the worst; None where no sample is surely better than another in this sense.

    A criterion that only the better one violates would have the pair say the opposite.
    """
    sure = [sample for sample in drawn if None not in sample[1].met.values()]
    ordered = [(better, worse) for better in sure for worse in sure if set(_unmet(better)) < set(_unmet(worse))]
    return min(ordered, key=lambda pair: (len(_unmet(pair[0])), -len(_unmet(pair[1]))), default=None)


def _unmet(sample: tuple[str, Judgements]) -> tuple[str, ...]:
    return tuple(name for name, met in sample[1].met.items() if met is False)


def _met(judgements: Judgements) -> int:
    return sum(met is True for met in judgements.met.values())
