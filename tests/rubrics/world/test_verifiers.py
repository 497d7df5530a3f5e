"""Each kind of check against texts judged by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rubrics.world.verifiers import KINDS_OF_CHECK, Check, bullets, sentences, verify, words

LIST = "Take these:\n- rope\n- lamp\n- net"
STEPS = "Steps:\n1. Rope\n2. Lamp"

CASES = [
    (Check("says", ("nine",), ("ten",)), "It opens at Nine.", True),
    (Check("says", ("nine",), ("ten",)), "It opens at nine, not at ten.", False),
    (Check("says", ("nine",)), "Nineteen boats, ninety more.", False),
    (Check("says", ("two  hens",)), "We saw two\nhens.", True),
    (Check("says", (), ("river",)), "We met by the bridge.", True),
    (Check("says", (), ("river",)), "We met by the river.", False),
    (Check("says", (), ("river",)), " \n- ", False),
    (Check("says", ("I", "my")), "I lost my bell.", True),
    (Check("says one of", ("sails", "masts"), ("rain",)), "The masts stand close.", True),
    (Check("says one of", ("sails", "masts"), ("rain",)), "The masts stand in the rain.", False),
    (Check("says one of", ("sails", "masts")), "The boats lie there.", False),
    (Check("in order", ("light the oven", "beat the eggs")), "Light the oven, then beat the eggs.", True),
    (Check("in order", ("light the oven", "beat the eggs")), "Beat the eggs, then light the oven.", False),
    (Check("in order", ("light the oven", "beat the eggs")), "Light the oven.", False),
    (Check("list", ("dots",)), LIST, True),
    (Check("list", ("numbers",)), LIST, False),
    (Check("list", ("numbers",)), STEPS, True),
    (Check("list", ("none",)), STEPS, False),
    (Check("list", ("none",)), "Rope and lamp.", True),
    (Check("list", ("numbers",)), "1. Rope\n3. Lamp", False),
    (Check("list", ("dots",)), "- rope\n1. lamp\n- net\n2. bell", False),
    (Check("lines", number=1), "rope\nlamp", True),
    (Check("lines", number=1), "rope and lamp", False),
    (Check("lines", number=0), "rope and lamp", True),
    (Check("count", ("items",), number=3), LIST, True),
    (Check("count", ("items",), number=2), LIST, False),
    (Check("count", ("sentences",), number=2), "One came. Did two?", True),
    (Check("count", ("sentences",), number=2), "One came, so did two.", False),
    (Check("count", ("lines",), number=4), LIST, True),
    (Check("count", ("rope", "lamp", "bell"), number=2), "Take the lamp and the rope.", True),
    (Check("count", ("rope", "lamp", "bell"), number=2), "Take the lamp, the bell and the rope.", False),
    (Check("repeats", ("ding",), number=3), "Ding ding ding.", True),
    (Check("repeats", ("ding",), number=3), "Ding ding dinging.", False),
    (Check("at most", number=3), "Come home soon.", True),
    (Check("at most", number=3), "Come home very soon.", False),
    (Check("at least", number=4), "Come home very soon.", True),
    (Check("at least", number=4), "Come home soon.", False),
    (Check("capitals", number=1), "BRING THE ROPE", True),
    (Check("capitals", number=1), "Bring the ROPE", False),
    (Check("capitals", number=0), "Bring the rope", True),
    (Check("quoted", number=1), "“Bring it.”", True),
    (Check("quoted", number=1), "He said “bring it” twice.", False),
    (Check("quoted", number=0), "Bring it.", True),
    (Check("figures", number=1), "It costs 7 coins.", True),
    (Check("figures", number=0), "It costs seven coins.", True),
    (Check("figures", number=0), "It costs 7 coins.", False),
    (Check("opens", ("Ahoy there",)), "“Ahoy there, mate. Come.”", True),
    (Check("opens", ("Ahoy there",)), "Come. Ahoy there!", False),
    (Check("closes", ("fair winds",)), "Come soon. Fair winds!", True),
    (Check("closes", ("fair winds",)), "Fair winds. Come soon.", False),
    (Check("mark", ("!",)), "Come soon!”", True),
    (Check("mark", ("!",)), "Come! Soon.", False),
    (Check("answers", ("loft",), ("yard",)), "It is in the loft.", True),
    (Check("answers", ("loft",), ("yard",)), "It is in the loft or in the yard.", False),
    (Check("answers", ("loft",)), "It is in the loft. It is in the loft.", False),
    (Check("answers", ("loft",)), "Go to the loft, for in the loft it is, and in the loft it was.", True),
    (Check("answers", ("loft",)), "loft loft loft", False),
    (Check("answers", ("loft",)), "Well, look in the loft for it, Tom, look in the loft for it now.", False),
    (Check("answers one of", ("sails", "masts"), ("rain",)), "The masts are high.", True),
    (Check("answers one of", ("sails", "masts"), ("rain",)), "The masts stand in the rain.", False),
    (Check("answers in capitals", ("loft",), (), 1), "LOOK IN THE LOFT", True),
    (Check("answers in capitals", ("loft",), (), 1), "LOOK IN THE YARD", False),
    (Check("answers in capitals", ("loft",), (), 0), "LOOK IN THE LOFT", False),
    (Check("answers in quotes", ("loft",), (), 1), "“In the loft.”", True),
    (Check("answers in quotes", ("loft",), (), 1), "In the loft.", False),
    (Check("answers in figures", ("7",), ("seven",), 1), "There are 7.", True),
    (Check("answers in figures", ("seven",), ("7",), 0), "There are 7.", False),
    (Check("answers in sentences", ("loft",), (), 2), "Look here. It is in the loft.", True),
    (Check("answers in sentences", ("loft",), (), 2), "It is in the loft.", False),
    (Check("answers at most", ("loft",), (), 3), "In the loft.", True),
    (Check("answers at most", ("loft",), (), 3), "It is in the loft.", False),
    (Check("answers at least", ("loft",), (), 4), "It is in the loft.", True),
    (Check("answers at least", ("loft",), (), 4), "In the loft.", False),
    (Check("answers in order", ("Tom", "rope")), "Tom has the rope.", True),
    (Check("answers in order", ("Tom", "rope")), "The rope is with Tom.", False),
    (Check("answers first", ("Dear Tom",)), "Dear Tom, come soon.", True),
    (Check("answers first", ("Dear Tom",)), "Come soon, dear Tom.", False),
    (Check("answers last", ("lake",)), "We go to the lake.", True),
    (Check("answers last", ("lake",)), "To the lake we go.", False),
    (Check("answers with mark", ("rope",), (), 1), "Bring the rope!", True),
    (Check("answers with mark", ("rope",), (), 0), "Bring the rope!", False),
    (Check("answers times", ("lake",), (), 2), "The lake is near, and we like the lake.", True),
    (Check("answers times", ("lake",), (), 2), "The lake is near.", False),
    (Check("picks", ("plums", "nuts"), ("say",), 1), "Some nuts for you.", True),
    (Check("picks", ("plums", "nuts"), ("say",), 1), "Some nuts and plums for you.", False),
    (Check("picks", ("plums", "nuts"), ("say",), 1), "I say nuts.", False),
    (Check("sets out", ("hat", "coat"), (), 0), "hat and coat", True),
    (Check("sets out", ("hat", "coat"), (), 1), "hat\ncoat", True),
    (Check("sets out", ("hat", "coat"), (), 2), "- hat\n- coat", True),
    (Check("sets out", ("hat", "coat"), (), 3), "1. hat\n2. coat", True),
    (Check("sets out", ("hat", "coat"), (), 1), "- hat\n- coat", False),
    (Check("sets out", ("hat", "coat"), (), 0), "belt and scarf", False),
]


@pytest.mark.parametrize(("check", "text", "met"), CASES)
def test_check_agrees_with_a_reader(check: Check, text: str, met: bool) -> None:
    assert verify(check, text) is met


def test_every_kind_has_a_case_either_way() -> None:
    for kind in KINDS_OF_CHECK:
        assert {met for check, _, met in CASES if check.kind == kind} == {True, False}, kind


def test_unknown_kind() -> None:
    with pytest.raises(KeyError):
        verify(Check("rhymes"), "text")


@given(st.text(max_size=200))
def test_no_text_breaks_a_check(text: str) -> None:
    for kind in KINDS_OF_CHECK:
        assert isinstance(verify(Check(kind, ("rope",), ("lamp",), 1), text), bool)
    assert bullets(text)[0] in ("dots", "numbers", "none")
    assert len(sentences(text)) <= len(text)
    assert len(words(text)) <= len(text)
