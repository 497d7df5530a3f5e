"""What a source says of a chosen response that was the best there was, and that it is found again."""

from __future__ import annotations

from rubrics.best_kept import best_kept, unmet_by_both
from rubrics.schema import Criterion
from rubrics.taxonomy import Subcategory


def test_what_neither_response_meets_is_found_in_a_source_by_id_and_in_words() -> None:
    unmet = [
        Criterion(id="three", text="Has three\n  lines, left out here.", subcategory=Subcategory.FORMAT),
        Criterion(id="calm", text="Stays calm.", subcategory=Subcategory.PERSONA),
    ]
    source = f"prompts of mine; rude-tui construct ab12, method best-of-n, {best_kept(unmet)}"
    assert unmet_by_both(source) == "three “Has three lines, left out here.”; calm “Stays calm.”"
    # As constructions of before have it.
    assert unmet_by_both("x, the best there was: neither response meets c1, c2, left out here") == "c1, c2"
    assert unmet_by_both("x, the best of all") == unmet_by_both(None) == ""
