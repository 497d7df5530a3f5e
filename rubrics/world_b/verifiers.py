"""Programs that decide whether a reply meets a criterion: they read words and lines, not case and blanks.

A verifier takes a reply and says whether it holds. What it names must be right *and alone*: who names every option,
says yes and no, or repeats the prompt has met nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from rubrics.world_b.lexicon import NUMBERS

__all__ = [
    "Holds",
    "allowed",
    "ends",
    "every",
    "just",
    "kind_of",
    "lines",
    "named",
    "opens",
    "row",
    "sentences",
    "shaped",
    "sized",
    "unhedged",
    "words",
]

Holds = Callable[[str], bool]

_TOKEN = re.compile(r"[a-z]+(?:['’][a-z]+)?|[0-9]")
_SENTENCE = re.compile(r"[\w,'’ -]*\w")
_HEDGES = frozenset(("not", "no", "never", "neither", "nor", "or", "either", "maybe"))
"""A right name beside one of these is no answer, or the opposite of one."""
_ASIDE = 4
"""Words that a row of names may have beside them; a prompt that is repeated has more."""


def words(text: str) -> list[str]:
    """The words of a text in lower case, digits as number words."""
    return list(_words(text))


@lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    return tuple(NUMBERS[int(token)] if token.isdigit() else token for token in _TOKEN.findall(text.casefold()))


def lines(text: str) -> list[str]:
    """The lines of a text that are not blank, in lower case, with single blanks."""
    return [" ".join(line.split()) for line in text.casefold().splitlines() if line.strip()]


def kind_of(*words_of: Iterable[str]) -> dict[str, str]:
    """All forms of the words of a kind (lower case, plural) and which word each is of."""
    kind = [word.casefold() for group in words_of for word in group]
    return {f"{word}s": word for word in kind} | {word: word for word in kind}


def named(text: str, kind: dict[str, str]) -> list[str]:
    """The words of a kind in a text, in its order, each as often as it is said."""
    return [kind[word] for word in words(text) if word in kind]


def unhedged(text: str) -> bool:
    """Takes nothing back and leaves nothing open: no `not`, no `or`."""
    return not _HEDGES.intersection(words(text))


def just(kind: dict[str, str], *wanted: str) -> Holds:
    """Of a kind names all that is wanted and nothing else, in any order, and without a hedge."""
    aim = {word.casefold() for word in wanted}
    return lambda text: set(named(text, kind)) == aim and unhedged(text)


def row(kind: dict[str, str], *wanted: str) -> Holds:
    """Of a kind names what is wanted, in this order, each once, with few other words about it."""
    aim = [word.casefold() for word in wanted]
    return lambda text: named(text, kind) == aim and len(words(text)) <= len(aim) + _ASIDE and unhedged(text)


def opens(kind: dict[str, str], wanted: str) -> Holds:
    """Begins with a word of a kind, goes on after it, and has no other word of that kind anywhere."""

    def holds(text: str) -> bool:
        said = words(text)
        return said[:1] == [wanted] and len(said) > 1 and set(named(text, kind)) == {wanted}

    return holds


def ends(kind: dict[str, str], wanted: str) -> Holds:
    """Ends with a word of a kind, after others, and has no other word of that kind anywhere."""

    def holds(text: str) -> bool:
        said = words(text)
        return (
            said[-1:] == [wanted.casefold()]
            and len(said) > 1
            and named(text, kind) == [wanted.casefold()]
            and unhedged(text)
        )

    return holds


def allowed(is_allowed: bool) -> Holds:
    """Begins with yes, or with no, and never says the other."""
    wanted, other = ("yes", "no") if is_allowed else ("no", "yes")

    def holds(text: str) -> bool:
        said = words(text)
        return said[:1] == [wanted] and other not in said

    return holds


def sized(count: int) -> Holds:
    """Has exactly so many words."""
    return lambda text: len(words(text)) == count


def sentences(count: int) -> Holds:
    """Has exactly so many sentences of words and commas, each closed by a mark; a card is none."""

    def holds(text: str) -> bool:
        *parts, rest = re.split(r"[.!?]+", text)
        return len(parts) == count and not rest.strip() and all(_SENTENCE.fullmatch(part.strip()) for part in parts)

    return holds


def shaped(*patterns: str) -> Holds:
    """The lines of the reply fit these patterns, one each."""
    expressions = [re.compile(pattern) for pattern in patterns]

    def holds(text: str) -> bool:
        found = lines(text)
        return len(found) == len(expressions) and all(e.fullmatch(at) for e, at in zip(expressions, found, strict=True))

    return holds


def every(*parts: Holds) -> Holds:
    """Meets all of these."""
    return lambda text: all(part(text) for part in parts)
