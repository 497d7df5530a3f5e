"""Verifiers against replies judged by hand."""

from __future__ import annotations

import pytest

from rubrics.world_b.verifiers import (
    Holds,
    allowed,
    ends,
    every,
    just,
    kind_of,
    lines,
    opens,
    row,
    sentences,
    shaped,
    sized,
    words,
)

pytestmark = pytest.mark.long

PLACES = kind_of(("dome", "loft", "shed"))
NUMBERS = kind_of(("two", "three"))
DASHES = shaped("- ?lens", "- ?rake")


def test_words_and_lines_leave_case_blanks_and_marks_behind() -> None:
    assert words("It's  the LENS,\n2 of them!") == ["it's", "the", "lens", "two", "of", "them"]
    assert lines(" - Lens \n\n-  rake\n") == ["- lens", "- rake"]


@pytest.mark.parametrize(
    "holds, met, broken",
    [
        (just(PLACES, "dome"), ["in the dome.", "Dome", "the dome, yes, the domes"],
         ["", "the house", "dome or loft", "dome, loft", "not the dome", "domed"]),
        (just(PLACES, "dome", "loft"), ["loft, dome", "the dome and the loft"], ["dome", "dome, loft, shed"]),
        (just(NUMBERS, "two"), ["there are 2.", "two"], ["2 or 3", "twenty", "3"]),
        (row(PLACES, "dome", "loft"), ["dome, loft.", "first the dome, then the loft"],
         ["loft, dome", "dome", "dome, dome, loft", "here one may see that the dome comes before the loft"]),
        (opens(PLACES, "dome"), ["dome, all is well."], ["dome", "the dome is well", "dome, not loft"]),
        (ends(PLACES, "dome"), ["all is well. Dome"], ["dome", "dome is well", "the loft and the dome", "dome, dome"]),
        (allowed(True), ["Yes, it is.", "yes"], ["", "no", "yes and no", "it is, yes"]),
        (allowed(False), ["no, stay."], ["yes", "no, or yes", "know"]),
        (sized(2), ["old lens.", "Lens 2"], ["lens", "the old lens", ""]),
        (sentences(2), ["one is here. two is there.", "Here!  There."],
         ["one.", "one. two", "a: b. c.", "...", "a\nb. c."]),
        (DASHES, ["- lens\n- rake", "-Lens\n\n -rake "],
         ["- lens", "- rake\n- lens", "lens\nrake", "- lens\n- rake\n- hoe"]),
        (every(sized(1), just(PLACES, "shed")), ["shed"], ["the shed", "loft"]),
    ],
)  # fmt: skip
def test_what_holds_and_what_does_not(holds: Holds, met: list[str], broken: list[str]) -> None:
    assert [text for text in met if not holds(text)] == []
    assert [text for text in broken if holds(text)] == []
