"""Families by construction: right replies meet, wrong and blind ones do not."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from rubrics.taxonomy import Category
from rubrics.world_b import FAMILIES, FRAME, Family, families_of, lexicon
from rubrics.world_b.cases import Side

pytestmark = pytest.mark.long

DRAWS = 100
KINDS = (
    lexicon.NAMES, lexicon.THINGS, lexicon.PLACES, lexicon.STUFFS, lexicon.COLOURS, lexicon.DAYS, lexicon.DISHES,
    lexicon.GEAR, lexicon.ADDRESSES, tuple(lexicon.DEEDS), tuple(lexicon.VOICES.values()), tuple(lexicon.SIGHTS),
    tuple(step for steps in lexicon.JOBS.values() for step in steps),
)  # fmt: skip
EACH = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def sides(family: Family, draws: int = DRAWS) -> list[tuple[Side, Side]]:
    """Each drawn side with its twin."""
    drawn = [family.draw(random.Random(f"test {family.name} {number}")) for number in range(draws)]
    return [pair for one, two in drawn for pair in ((one, two), (two, one))]


@EACH
def test_a_reply_meets_its_own_prompt_and_breaks_its_twin(family: Family) -> None:
    for side, twin in sides(family):
        assert side.prompt != twin.prompt
        assert side.check.holds(side.reply), side
        assert not side.check.holds(twin.reply), (side, twin.reply)


@EACH
def test_case_and_blanks_do_not_matter(family: Family) -> None:
    for side, twin in sides(family, 20):
        for change in (str.upper, str.capitalize, lambda text: f"\n  {text} \n", lambda text: text.replace(" ", "  ")):
            assert side.check.holds(change(side.reply)), change(side.reply)
            assert not side.check.holds(change(twin.reply)), change(twin.reply)


@EACH
def test_blind_answers_fail(family: Family) -> None:
    for side, twin in sides(family, 50):
        blind = [
            "",
            " \n",
            ".",
            "the",
            side.prompt,
            side.prompt.splitlines()[-1],
            FRAME.format(prompt=side.prompt),
            *(f"{one}{between}{two}" for one, two in ((side.reply, twin.reply), (twin.reply, side.reply))
              for between in (" ", "\n", " or ", " and ")),
            f"not {side.reply}",
        ]  # fmt: skip
        assert [text for text in blind if side.check.holds(text)] == [], side


@EACH
def test_no_fixed_answer_meets_much_more_than_half(family: Family) -> None:
    """Each reply breaks its twin, so at best it meets one side of every draw."""
    drawn = [side for side, _ in sides(family, 30)]
    for reply in {side.reply for side in drawn}:
        assert sum(side.check.holds(reply) for side in drawn) <= len(drawn) / 2, reply


def guessed(side: Side, twin: Side) -> float | None:
    """Share of right answers among those with another word of its kind where the two replies differ in one word."""
    right, wrong = side.reply.split(), twin.reply.split()
    places = [at for at, (one, two) in enumerate(zip(right, wrong, strict=False)) if one != two]
    if len(right) != len(wrong) or len(places) != 1:
        return None
    at = places[0]
    word, other = right[at].strip(".,"), wrong[at].strip(".,")
    kinds = [kind for kind in KINDS if word in kind and other in kind]
    if not kinds:
        return None
    said = re.findall(r"\w+", side.prompt)
    options = [option for option in kinds[0] if option in said] if word in said else list(kinds[0])
    replies = [" ".join([*right[:at], right[at].replace(word, option), *right[at + 1 :]]) for option in options]
    return None if len(options) == 1 else sum(map(side.check.holds, replies)) / len(options)


def test_chance_is_what_a_guess_among_answers_of_the_kind_meets() -> None:
    found = {}
    for family in FAMILIES:
        shares = [share for side, twin in sides(family, 40) if (share := guessed(side, twin)) is not None]
        if len(shares) > 20:
            found[family.name] = (sum(shares) / len(shares), family.chance)
    assert len(found) >= 24
    wrong = {name: shares for name, shares in found.items() if shares[0] != pytest.approx(shares[1])}
    assert wrong == {}


def test_the_shares_are_disjoint_large_enough_and_even() -> None:
    least = {"taught": 24, "held": 16, "unseen": 32}
    assert {family.share for family in FAMILIES} == set(least)
    assert len({family.name for family in FAMILIES}) == len({family.draw for family in FAMILIES}) == len(FAMILIES)
    for share, number in least.items():
        families = families_of(share)  # type: ignore[arg-type]
        counts = Counter(family.category for family in families)
        assert len(families) >= number
        assert set(counts) == set(Category)
        assert len(set(counts.values())) == 1


def test_prompts_are_short_and_begin_their_replies_at_a_line() -> None:
    assert FRAME.format(prompt="x").endswith("\n")
    for family in FAMILIES:
        for side, _ in sides(family, 40):
            assert len(side.prompt.split()) <= 40
            assert len(side.reply.split()) <= 12
            assert side.prompt == side.prompt.strip()
            assert side.reply == side.reply.strip()


def test_every_subcategory_has_families_of_every_share() -> None:
    counts = Counter((family.subcategory, family.share) for family in FAMILIES)
    assert len(counts) == 12 * 3
