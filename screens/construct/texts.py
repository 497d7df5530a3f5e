"""What a construction looks like in words: state, yield, spending, examples with their verdicts, calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.text import Text

from rubrics.counted import count
from screens.formats import duration, percent
from screens.palette import glyph
from screens.plain import one_line, plain

if TYPE_CHECKING:
    from engine.construct.account import PhaseYield
    from engine.construct.judgements import Judgement
    from engine.construct.reading import Call, Example
    from engine.construct.watching import Overview, Tried
    from engine.store.construct import ConstructRow
    from rubrics.schema import Criterion

__all__ = [
    "EMPTY", "Colour", "call_line", "call_text", "choice_line", "example_line", "example_plain", "example_text",
    "filters", "kept", "signs", "spent_line", "state_line", "tried_text", "verdict_text", "yield_text",
]  # fmt: skip

Colour = Callable[[str], str]

EMPTY: Final = """No construction yet.

n builds pairs from prompts of your own: a generator writes an answer that meets every criterion and one that violates \
some; a verifier judges each criterion by itself. On the command line:

  rude-tui construct --prompts FILE --generator SPEC --verifier SPEC -o SUITE.jsonl --dry-run

SPEC is http://host:port/v1#model or local:PATH. Whatever is started there shows here as it goes."""
_DECIDED: Final = {"accept": "✚", "edit": "✎", "drop": "⊘", None: " "}
_WORDS: Final = {"accept": "accepted by hand", "edit": "edited by hand", "drop": "dropped by hand"}
_STATUS: Final = {
    "started": ("●", "at work", "success"),
    "done": ("✓", "done", "good"),
    "cancelled": ("‖", "stopped", "warning"),
    "failed": ("✗", "failed", "bad"),
    "crashed": ("✗", "ended without a word; the same command goes on", "bad"),
}
_BAR: Final = 12


def state_line(found: Overview, colour: Colour) -> Text:
    """What it is and where it stands."""
    row = found.row
    mark, words, tone = _STATUS[str(row.status)]
    text = Text()
    text.append(f"{mark} {words}", f"bold {colour(tone)}")
    if (left := found.eta_seconds) is not None:
        text.append(f", {duration(left)} left")
    parts = [one_line(row.name, 40), row.method, count(found.pairs, "pair")]
    text.append("".join(f" · {part}" for part in parts))
    if row.error:
        text.append(f" · {one_line(row.error.partition(chr(10))[0])}", colour("warning"))
    text.append(f" · begun {row.created_at} · {row.run_id}", colour("chance"))
    return text


def spent_line(found: Overview, tried: Sequence[Tried], prices: Mapping[str, tuple[float, float]], limit: int) -> Text:
    """What it took until now, and whether its verifier has been tried."""
    from engine.construct.watching import money

    spent = found.pulse.spent
    calls, tokens = sum(s.calls for s in spent), sum(s.tokens_read + s.tokens_written for s in spent)
    caps = found.row.settings.get("caps") or (None, None)
    parts = [
        count(calls, "question") + (f" of {caps[0]:,}" if caps[0] else ""),
        count(tokens, "token") + (f" of {caps[1]:,}" if caps[1] else ""),
    ]
    if prices:
        parts.append(f"{money(spent, prices):,.2f} at your prices")
    if found.running:
        parts.append(f"{found.pulse.recent:,} answers a minute")
    for one in tried:
        parts.append(f"verifier {_error_words(one)}")
    if limit >= 120:
        parts += [f"{_model(s.model)} {s.calls:,}" for s in spent]
    return Text(" · ".join(parts))


def _error_words(one: Tried) -> str:
    if not one.rates:
        return "not tried (v)"
    overall = one.rates[0]
    values = (overall.false_acceptance.value, overall.false_rejection.value)
    return "errs " + " / ".join(f"{percent(value)} %" for value in values)


def _model(spec: str) -> str:
    from engine.construct.card import model_name

    return one_line(model_name(spec), 30)


def yield_text(found: Overview, colour: Colour, width: int) -> Text:
    """One line a phase: how far, what came through, why the rest did not, cut off at so many cells."""
    lines = [_yield(one, colour) for one in found.yields]
    for line in lines:
        line.truncate(max(1, width), overflow="ellipsis")
    return Text("\n").join(lines)


def _yield(one: PhaseYield, colour: Colour) -> Text:
    planned = max(one.planned, one.done, 1)
    good = round(_BAR * one.accepted / planned)
    bad = min(_BAR - good, -(-_BAR * one.rejected // planned))
    line = Text.assemble(
        f"{one_line(one.name, 10):<10}", ("█" * good, colour("good")), ("▒" * bad, colour("bad")),
        ("·" * (_BAR - good - bad), colour("chance")),
        f" {one.accepted:>5,} ✓", (f" {one.rejected:>4,} ✗", colour("bad") if one.rejected else colour("chance")),
        f" of {one.planned:,}",
    )  # fmt: skip
    if one.done and one.rounds:
        line.append(f" · {one.rounds / one.done:.1f} rounds each", colour("chance"))
    if one.reasons:
        line.append(" · " + ", ".join(f"{number} {one_line(reason, 60)}" for reason, number in one.reasons))
    return line


def choice_line(row: ConstructRow) -> str:
    """One of several constructions to choose among."""
    mark, words, _ = _STATUS[str(row.status)]
    return f"{mark} {one_line(row.name, 24)}  {row.method} · {words} · {row.created_at} · {row.run_id}"


def filters(found: Sequence[Example]) -> list[tuple[str, str]]:
    """What the list can be narrowed to, each with how many it keeps: value and label."""
    options = [("", f"all {len(found):,}")]
    inside = sum(example.in_suite for example in found)
    by_hand = sum(example.decision is not None for example in found)
    options += [("suite", f"{inside:,} in the suite"), ("hand", f"{by_hand:,} decided by hand")]
    rejected = Counter((e.kind, e.reason) for e in found if e.status == "rejected")
    options += [
        (f"rejected/{kind}/{reason}", f"{number:,} {kind}s rejected: {reason}")
        for (kind, reason), number in rejected.most_common()
    ]
    aside = Counter(e.left_out for e in found if e.left_out)
    return options + [(f"aside/{why}", f"{number:,} left out: {why}") for why, number in aside.most_common()]


def kept(example: Example, wanted: str) -> bool:
    """Whether an example stays when the list is narrowed."""
    if wanted == "suite":
        return example.in_suite
    if wanted == "hand":
        return example.decision is not None
    if wanted.startswith("rejected/"):
        return example.status == "rejected" and wanted == f"rejected/{example.kind}/{example.reason}"
    return not wanted or wanted == f"aside/{example.left_out}"


def example_line(example: Example, colour: Colour) -> Text:
    """One example in the list."""
    mark, tone = _mark(example)
    line = Text(f"{mark}{_DECIDED[example.decision]} ", colour(tone))
    line.append("y+ " if example.kind == "positive" else "y− ", colour("good" if example.kind == "positive" else "bad"))
    line.append_text(signs(example.violated, example.criteria, colour))
    line.append(one_line(example.example_id, 40))
    rest = example.reason or example.left_out or count(example.rounds, "round")
    line.append("  " + one_line(rest, 100), colour("chance"))
    return line


def signs(violated: Sequence[str], criteria: Sequence[Criterion], colour: Colour) -> Text:
    """The marks of what is to be violated, five cells wide."""
    subcategories = {c.id: str(c.subcategory) for c in criteria}
    found = Text()
    for name in violated[:4]:
        sign, tone = glyph(subcategories.get(name, ""))
        found.append(sign, colour(tone))
    return found.append(" " * (5 - min(4, len(violated))))


def _mark(example: Example) -> tuple[str, str]:
    if example.in_suite:
        return "✓", "good"
    return ("○", "chance") if example.status == "accepted" and example.decision != "drop" else ("✗", "bad")


def example_text(example: Example, colour: Colour, *, latest: bool) -> Text:
    """One example in full: how it stands, every verdict with what the verifier quoted, the texts."""
    faint = colour("chance")
    mark, tone = _mark(example)
    text = Text(overflow="fold")
    standing = "in the suite" if example.in_suite else f"{example.status} by the verifier, not in the suite"
    if example.status == "accepted" and not (example.in_suite or example.left_out or example.decision):
        standing += ": no partner came through"
    text.append(f"{mark} {standing}", f"bold {colour(tone)}")
    text.append(" · the latest" if latest else "", f"bold {colour('accent')}")
    text.append(f"\n{one_line(example.example_id, 80)}", "bold")
    what = "a response that is to meet everything"
    if example.kind == "negative":
        what = f"a response that is to violate {', '.join(one_line(name, 40) for name in example.violated)} alone"
    text.append(f" · {what} · {count(example.rounds, 'round')}\n", faint)
    for label, value in (("rejected", example.reason), ("left out", example.left_out)):
        if value:
            text.append(f"{label}: {one_line(value)}\n", colour("bad"))
    if example.decision:
        note = f": {one_line(example.note)}" if example.note else ""
        text.append(
            f"{_DECIDED[example.decision]} {_WORDS[example.decision]}{note}; u takes it back\n", colour("accent")
        )
    text.append("\nVerdicts\n" if example.judgements else "\nNot judged\n", "bold")
    criteria = {criterion.id: criterion for criterion in example.criteria}
    for judgement in example.judgements:
        if judgement.criterion in criteria:
            text.append_text(verdict_text(judgement, criteria[judgement.criterion], example.violated, colour))
    for title, body in (
        ("Edited response", example.edited),
        ("Response", example.response),
        ("Prompt", example.prompt),
    ):
        if body is not None:
            text.append(f"\n{title}\n", "bold")
            text.append((plain(body) or "(nothing was written)") + "\n")
    return text


def verdict_text(judgement: Judgement, criterion: Criterion, violated: Sequence[str], colour: Colour) -> Text:
    """One verdict, and whether it is the one that was wanted."""
    wanted = criterion.id not in violated
    faint = colour("chance")
    if judgement.met is None:
        mark, tone = "? verifiers disagree", colour("warning")
    elif judgement.met == wanted:
        mark, tone = ("✓ met" if wanted else "✓ violated, as planned"), colour("good")
    else:
        mark, tone = ("✗ violated" if wanted else "✗ still met, though planned to be violated"), colour("bad")
    text = Text(mark, f"bold {tone}", overflow="fold")
    if sum(map(len, judgement.votes)) > 1:
        ballots = " ".join("".join("✓" if vote else "✗" for vote in ballot) for ballot in judgement.votes)
        text.append(f" [{ballots}]", faint)
    text.append(f"  {one_line(criterion.id, 30)} · {criterion.subcategory}: ", faint)
    text.append(plain(criterion.text) + "\n")
    if judgement.quote:
        text.append(f"    “{one_line(judgement.quote, 300)}”", "italic")
        text.append("" if judgement.quoted else "  ✗ does not stand in the response", colour("bad"))
        text.append("\n")
    if judgement.reason:
        text.append(f"    {one_line(judgement.reason, 400)}\n", faint)
    return text


def example_plain(example: Example) -> str:
    """The same to be copied."""
    return example_text(example, lambda _: "", latest=False).plain


def call_line(call: Call, colour: Colour) -> Text:
    """One call in the list."""
    tokens = call.prompt_tokens + call.completion_tokens
    return Text.assemble(
        f"{one_line(call.purpose, 18):<18} {_model(call.model):<16} ",
        (f"{call.seconds:>6.1f} s {tokens:>7,} tokens", colour("chance")),
        (f"  {one_line(call.answer, 160)}", colour("chance")),
    )


def call_text(call: Call, colour: Colour) -> Text:
    """One call, word for word: every message sent, then the answer."""
    faint = colour("chance")
    text = Text(overflow="fold")
    text.append(f"{one_line(call.purpose, 40)} · {one_line(call.model, 120)}\n", "bold")
    tried = "" if call.attempts == 1 else f" · {call.attempts} attempts"
    text.append(
        f"{call.asked_at} · {call.seconds:.1f} s{tried} · temperature {call.temperature:g} · vote {call.vote} · "
        f"{call.prompt_tokens:,} tokens read, {call.completion_tokens:,} written\n",
        faint,
    )
    for message in call.messages:
        text.append(f"\n▸ {one_line(message.role, 20)}\n", f"bold {colour('primary')}")
        text.append(plain(message.content) + "\n")
    text.append(f"\n◂ answer ({one_line(call.finish, 20)})\n", f"bold {colour('accent')}")
    text.append(plain(call.answer) + "\n")
    return text


def tried_text(tried: Sequence[Tried], colour: Colour) -> Text:
    """How each verifier errs, by subcategory."""
    text = Text(overflow="fold")
    for one in tried:
        text.append(_model(one.verifier) + "\n", "bold")
        if not one.rates:
            text.append(
                "Not tried on pairs whose truth is known under this wording, so nobody knows how often it errs:\n"
                f"  rude-tui trial --verifier {plain(one.verifier)}\n\n"
            )
            continue
        text.append(f"{'':<14}{'grants what is violated':>26}{'denies what is met':>26}\n", colour("chance"))
        for rates in one.rates:
            cells = [
                f"{100 * e.value:.1f} % ({100 * e.ci_low:.1f}–{100 * e.ci_high:.1f})" if n else "–"
                for e, n in ((rates.false_acceptance, rates.n_violated), (rates.false_rejection, rates.n_met))
            ]
            text.append(f"{one_line(rates.scope, 14):<14}{cells[0]:>26}{cells[1]:>26}\n")
        text.append("\n")
    return text
