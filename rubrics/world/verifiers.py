"""Programs that decide whether a response meets a criterion, from the text alone.

A `Check` holds what the prompt lays down (the right hour, the words ruled out, how many sentences). `verify` reads it
and the response, and knows nothing of how the response came about, so the same check proves a pair, rewards a model in
post-training, and puts other verifiers on trial.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["KINDS_OF_CHECK", "Check", "bullets", "faults_of", "sentences", "verify", "words"]


@dataclass(frozen=True)
class Check:
    """One decidable requirement; plain data, so that it can be stored beside a prompt."""

    kind: str
    """A key of `KINDS_OF_CHECK`, which says what each one demands."""
    right: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    number: int = 0


def verify(check: Check, response: str) -> bool:
    """Whether the response meets the check; one without a word meets none, not even what only rules things out.

    Raises:
        KeyError: no such kind of check.
    """
    decide = KINDS_OF_CHECK[check.kind]
    return bool(words(response)) and decide(check, response.strip())


def words(text: str) -> list[str]:
    """Runs of letters, digits and inner apostrophes or hyphens."""
    return re.findall(r"\w+(?:['’-]\w+)*", text)


def sentences(text: str) -> list[str]:
    """Stretches that end in a full stop, question or exclamation mark; list marks do not count as sentences."""
    plain = re.sub(r"^\s*(?:[-*•]|\d+[.)])\s+", "", text, flags=re.MULTILINE)
    return [part for part in re.split(r"(?<=[.!?])[”\"']?(?:\s+|$)", plain) if re.search(r"\w", part)]


def bullets(text: str) -> tuple[str, list[str]]:
    """The kind of list a text holds, `dots`, `numbers` or `none`, and its items; a list has two items or more.

    Numbers must run 1, 2, 3 …; a text that mixes both kinds has none.
    """
    dots = re.findall(r"^\s*[-*•]\s+(\S.*)$", text, flags=re.MULTILINE)
    counted = re.findall(r"^\s*(\d+)[.)]\s+(\S.*)$", text, flags=re.MULTILINE)
    if len(dots) >= 2 and not counted:
        return "dots", dots
    in_order = [int(mark) for mark, _ in counted] == list(range(1, len(counted) + 1))
    if len(counted) >= 2 and not dots and in_order:
        return "numbers", [item for _, item in counted]
    return "none", []


def _holds(phrase: str, text: str) -> int:
    """Where a phrase begins in a text, as whole words and without regard to case; -1 where it does not."""
    pattern = r"\s+".join(re.escape(word) for word in phrase.split())
    match = re.search(rf"(?<!\w){pattern}(?!\w)", text, flags=re.IGNORECASE)
    return match.start() if match else -1


def _says(check: Check, text: str) -> bool:
    return all(_holds(p, text) >= 0 for p in check.right) and not any(_holds(p, text) >= 0 for p in check.wrong)


def _says_one_of(check: Check, text: str) -> bool:
    return any(_holds(p, text) >= 0 for p in check.right) and not any(_holds(p, text) >= 0 for p in check.wrong)


def _in_order(check: Check, text: str) -> bool:
    places = [_holds(phrase, text) for phrase in check.right]
    return min(places, default=-1) >= 0 and all(a < b for a, b in itertools.pairwise(places))


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _count(check: Check, text: str) -> bool:
    unit = check.right[0]
    if unit == "sentences":
        counted = len(sentences(text))
    elif unit == "lines":
        counted = len(_lines(text))
    elif unit == "items":
        counted = len(bullets(text)[1])
    else:  # how many of the named things are there
        counted = sum(_holds(phrase, text) >= 0 for phrase in check.right)
    return counted == check.number


def _repeats(check: Check, text: str) -> bool:
    return len(re.findall(rf"(?<!\w){re.escape(check.right[0])}(?!\w)", text, flags=re.IGNORECASE)) == check.number


def _upper(check: Check, text: str) -> bool:
    letters = [c for c in text if c.isalpha()]
    capital = sum(c.isupper() for c in letters) / max(1, len(letters))
    return capital > 0.9 if check.number else capital < 0.5


def _quoted(check: Check, text: str) -> bool:
    wrapped = len(text) > 2 and text[0] in "“\"'" and text[-1] in "”\"'"
    bare = not any(c in text for c in '“”"')
    return wrapped if check.number else bare


def _opens(check: Check, text: str) -> bool:
    return _holds(check.right[0], text.lstrip("“\"'-* ")) == 0


def _closes(check: Check, text: str) -> bool:
    tail = text.rstrip(".!?”\"' ")
    return tail.lower().endswith(check.right[0].rstrip(".!?").lower())


def _mark(check: Check, text: str) -> bool:
    return text.rstrip("”\"' ").endswith(check.right[0])


def _goes_round(text: str) -> bool:
    """Whether a text says itself again: it is one stretch of words over and over, or five in a row come back."""
    said = [word.lower() for word in words(text)]
    half = len(said) // 2
    if any(said == said[:size] * (len(said) // size) for size in range(1, half + 1)):
        return True
    fives = [tuple(said[n : n + 5]) for n in range(len(said) - 4)]
    return len(set(fives)) < len(fives)


def _answers(check: Check, text: str) -> bool:
    return _says(check, text) and not _goes_round(text)


def _picks(check: Check, text: str) -> bool:
    named = sum(_holds(phrase, text) >= 0 for phrase in check.right)
    return named == check.number and _answers(Check("answers", (), check.wrong), text)


def _times(check: Check, text: str) -> bool:
    return _repeats(check, text) and _answers(check, text)


_LAYOUTS = ("row", "rows", "dots", "numbers")


def _layout(text: str) -> str:
    marks = bullets(text)[0]
    return marks if marks != "none" else "rows" if len(_lines(text)) > 1 else "row"


def _set_out(check: Check, text: str) -> bool:
    return _LAYOUTS.index(_layout(text)) == check.number and _says_one_of(check, text) and not _goes_round(text)


def _and(form: Callable[[Check, str], bool]) -> Callable[[Check, str], bool]:
    """What answers in a form: as `answers`, and as the form has it."""
    return lambda check, text: _answers(check, text) and form(check, text)


KINDS_OF_CHECK: dict[str, Callable[[Check, str], bool]] = {
    "says": _says,  # every phrase of `right`, none of `wrong`
    "says one of": _says_one_of,  # at least one of `right`, none of `wrong`
    "in order": _in_order,  # the phrases of `right`, first mentions in this order
    "list": lambda check, text: bullets(text)[0] == check.right[0],  # `dots`, `numbers` or `none`
    "lines": lambda check, text: (len(_lines(text)) > 1) == bool(check.number),  # 1: several lines, 0: a single one
    "count": _count,  # exactly `number` sentences, lines, items, or of the named things
    "repeats": _repeats,  # the word of `right` exactly `number` times
    "at most": lambda check, text: len(words(text)) <= check.number,  # words
    "at least": lambda check, text: len(words(text)) >= check.number,  # words
    "capitals": _upper,  # 1: all capitals, 0: ordinary case
    "quoted": _quoted,  # 1: wholly in quotation marks, 0: without any
    "figures": lambda check, text: bool(re.search(r"\d", text)) == bool(check.number),  # 1: digits, 0: none
    "opens": _opens,  # begins with `right`
    "closes": _closes,  # ends with `right`, the last mark aside
    "mark": _mark,  # ends with this mark
    # What answers says all of `right`, none of `wrong`, and does not go round in circles; then, in which form.
    "answers": _answers,
    "answers one of": lambda check, text: _says_one_of(check, text) and not _goes_round(text),  # one of `right` will do
    "answers in capitals": _and(_upper),  # 1: all capitals, 0: ordinary case
    "answers in quotes": _and(_quoted),  # 1: wholly in quotation marks, 0: without any
    "answers in figures": _and(
        lambda check, text: bool(re.search(r"\d", text)) == bool(check.number)
    ),  # 1: digits, 0: none
    "answers in sentences": _and(lambda check, text: len(sentences(text)) == check.number),  # exactly `number`
    "answers at most": _and(lambda check, text: len(words(text)) <= check.number),  # words
    "answers at least": _and(lambda check, text: len(words(text)) >= check.number),  # words
    "answers in order": _and(_in_order),  # first mentions of `right` in this order
    "answers first": _and(_opens),  # begins with `right`
    "answers last": _and(_closes),  # ends with `right`, the last mark aside
    "answers with mark": _and(lambda check, text: _mark(Check("mark", (".!"[check.number != 0],)), text)),  # 1: !, 0: .
    "answers times": _times,  # the word of `right` exactly `number` times
    "picks": _picks,  # exactly `number` of `right`, none of `wrong`
    "sets out": _set_out,  # one of `right` or more: 0 on one line, 1 on lines, 2 with dots, 3 with numbers
}
"""Every kind of check by name."""

_WORDED = frozenset(
    {"says", "says one of", "in order", "list", "count", "repeats", "opens", "closes", "mark"}
    | {"answers", "answers one of", "answers in order", "answers first", "answers last", "answers times"}
    | {"picks", "sets out"}
)


def faults_of(check: Check) -> str:
    """Why a check that somebody wrote by hand cannot be used, in one phrase; empty where it can."""
    if check.kind not in KINDS_OF_CHECK:
        return f"no kind of check {check.kind!r}; kinds are {', '.join(KINDS_OF_CHECK)}"
    if check.kind in _WORDED and not any(check.right) and not (check.kind == "says" and any(check.wrong)):
        return f"{check.kind!r} needs words in `right`"
    return ""
