"""What each key means, once for the whole app. Plain Python.

What some keyboards have as a dead key (^ ~ ") has a second key, which comes first. A name in a settings file stays that
of one key on one kind of screen; several names of one meaning share a key.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["MEANINGS", "Meaning"]


class Meaning(NamedTuple):
    """One thing that a key does, wherever it does anything."""

    keys: str
    """As bindings spell them, separated by commas."""
    words: str
    names: tuple[str, ...]
    """The names of the bindings that mean this."""


MEANINGS: Final = (
    Meaning("enter", "open it, or go on", ("open", "browse", "review-next")),
    Meaning("less_than_sign", "take in what a server holds", ("add-served",)),
    Meaning("left_parenthesis", "how many side by side", ("workers",)),
    Meaning("asterisk", "the others instead", ("mark-invert",)),
    Meaning("comma", "options", ("run-options",)),
    Meaning("full_stop", "show what ships, or not", ("bundled",)),
    Meaning("f9", "do something else: a form", ("do",)),
    Meaning("space", "mark it, or tick it", ("mark", "agree-correct", "review-tick")),
    Meaning("tab", "to the other part of the screen", (
        "agree-text", "calls-text", "construct-text", "items-facts", "other-side", "pairs-text",
    )),
    Meaning("escape,backspace", "back", ("back",)),
    Meaning("slash", "search, or filter", ("search", "filter")),
    Meaning("1", "the first place, or requirement", ("go-candidates", "review-1")),
    Meaning("2", "the second", ("go-run", "review-2")),
    Meaning("3", "the third", ("go-rankings", "review-3")),
    Meaning("4", "the fourth", ("go-correlation", "review-4")),
    Meaning("5", "the fifth", ("go-failures", "review-5")),
    Meaning("6", "the sixth", ("go-suites", "review-6")),
    Meaning("7", "the seventh", ("review-7",)),
    Meaning("8", "the eighth", ("review-8",)),
    Meaning("9", "the ninth", ("review-9",)),
    Meaning("a", "add it, take it in", ("add", "add-suite", "construct-accept", "families-keep")),
    Meaning("b", "by what it is split or grouped", ("by",)),
    Meaning("c", "compare", ("compare",)),
    Meaning("d", "drop it", ("drop", "construct-drop")),
    Meaning("e", "exclude the pair", ("exclude",)),
    Meaning("f", "flag the pair", ("flag",)),
    Meaning("h", "highlight", ("differences", "family")),
    Meaning("i", "count excluded pairs, or not", ("excluded",)),
    Meaning("l", "leave it out", ("leave-out", "short-without")),
    Meaning("m", "metric", ("metric",)),
    Meaning("n", "next", ("next",)),
    Meaning("o", "order", ("order",)),
    Meaning("p", "previous", ("previous",)),
    Meaning("q", "quit", ("quit",)),
    Meaning("r", "run what is marked", ("run",)),
    Meaning("s", "start", ("start", "score-tokens", "construct-new")),
    Meaning("t", "tokens", ("tokens", "token-scores")),
    Meaning("u", "undo", ("undo", "construct-undo", "review-undo")),
    Meaning("v", "narrow to one kind", ("finding", "pairs-subcategory", "construct-filter")),
    Meaning("w", "weights", ("weights",)),
    Meaning("x", "take away what is shown", ("export",)),
    Meaning("y", "copy", ("copy",)),
    Meaning("z", "pause, or go on", ("pause",)),
    Meaning("A", "what A wins alone", ("only-a",)),
    Meaning("B", "what B wins alone", ("only-b",)),
    Meaning("C", "whose: the candidate, or the reader", ("candidate", "review-reader")),
    Meaning("D,delete", "forget", ("forget",)),
    Meaning("E", "edit", ("construct-edit",)),
    Meaning("F", "how far it can be trusted: intervals, controls, families, verifier, agreement", (
        "controls", "construct-verifier", "families", "intervals", "review-agreement", "topic-errors",
    )),
    Meaning("H", "read blind", ("construct-review",)),
    Meaning("I", "abilities", ("abilities",)),
    Meaning("J", "every question and answer", ("construct-all-calls",)),
    Meaning("K", "build pairs", ("construct",)),
    Meaning("L", "the latest, and follow", ("construct-latest",)),
    Meaning("M", "as a map of colours", ("matrix", "heat-map")),
    Meaning("N", "note", ("note",)),
    Meaning("O", "another source", ("source", "construct-choose")),
    Meaning("P", "protocol", ("protocol",)),
    Meaning("Q", "what would be done: plan", ("plan",)),
    Meaning("R", "resume", ("resume",)),
    Meaning("S", "suite", ("suite",)),
    Meaning("T", "pairs on trial", ("on-trial",)),
    Meaning("U", "upsets", ("upsets",)),
    Meaning("V", "what the verdict, or the claim, rests on", ("reasons", "cards")),
    Meaning("W", "wordings", ("wordings",)),
    Meaning("greater_than_sign", "write the suite", ("construct-write",)),
    Meaning("X", "what stands on the x axis", ("predictor",)),
    Meaning("Y", "what stands on the y axis", ("outcome",)),
    Meaning("Z", "stop", ("stop", "construct-stop")),
    Meaning("left_square_bracket", "the first pane", ("pane-setup", "suite-card")),
    Meaning("right_square_bracket", "the second pane", ("pane-live", "suite-coverage")),
    Meaning("semicolon", "the third pane", ("pane-stored", "suite-check")),
    Meaning("equals_sign", "tie sets", ("ties",)),
    Meaning("number_sign", "how many pairs", ("limit", "short-number")),
    Meaning("dollar_sign", "prices", ("construct-prices",)),
    Meaning("exclamation_mark", "until it is decided", ("until",)),
    Meaning("f2,tilde", "by which statistic or model", ("matrix-statistic", "item-model", "topic-response")),
    Meaning("ampersand", "tie an outcome to a domain", ("matrix-tie",)),
    Meaning("percent_sign", "a short suite", ("short",)),
    Meaning("underscore", "what is kept whole", ("short-whole",)),
    Meaning("vertical_line", "|V|", ("pairs-size",)),
    Meaning("minus,circumflex_accent", "precision", ("precision",)),
    Meaning("f3,quotation_mark", "the questions and answers of one example", ("construct-calls",)),
    Meaning("at", "where the preference turns", ("turn",)),
    Meaning("plus", "all of them", ("agree-all", "review-rest", "mark-all")),
    Meaning("colon", "ask in SQL", ("sql",)),
    Meaning("apostrophe,f8", "jump", ("jump",)),
    Meaning("f1,question_mark", "help", ("help",)),
    Meaning("f5", "read again", ("again",)),
    Meaning("f10", "one pane alone", ("maximise",)),
    Meaning("ctrl+t", "another theme", ("theme",)),
    Meaning("up,k", "up", ("up", "scroll-up", "point-before")),
    Meaning("down,j", "down", ("down", "scroll-down", "point-next")),
    Meaning("left", "left, or before", (
        "token-before", "scopes-left", "matrix-left", "point-before", "previous",
    )),
    Meaning("right", "right, or next", ("token-next", "scopes-right", "matrix-right", "point-next", "next")),
    Meaning("pageup", "a page up", ("page-up", "scroll-page-up")),
    Meaning("pagedown", "a page down", ("page-down", "scroll-page-down")),
    Meaning("home,g", "the first", ("first", "scroll-top")),
    Meaning("end,G", "the last", ("last", "scroll-bottom")),
)  # fmt: skip
