"""Long names, and names of wide and stacked characters: each has a double of one-cell letters and the same width."""

from __future__ import annotations

from rich.cells import cell_len

from rubrics.schema import Pair, Suite
from rubrics.taxonomy import Subcategory
from screens.shell.plain import plain

__all__ = ["cells", "doubled", "long_names", "masked", "named_suite"]

_DOUBLES = {"ế̴̂": "α", "千字文模型": "β" * 10, "👩‍🚀❤️": "γ" * 5}
"""Chinese, an emoji with joiners and a letter with stacked marks, each with as many letters as it takes cells. Both
sort the same."""
_STEMS = ("千字文模型", "👩‍🚀❤️-crew", "ế̴̂-stacked", "long-name-of-a-base-model-with-many-parts", "plain")


def doubled(text: str) -> str:
    """The same with one-cell letters in place of all others."""
    for wide, letters in _DOUBLES.items():
        assert cell_len(plain(wide)) == len(letters)
        text = text.replace(wide, letters)
    return text


def long_names(count: int, *, stem: str = "", double: bool) -> list[str]:
    """So many names, long ones, wide ones and plain ones in turn."""
    names = [f"{stem}{_STEMS[number % len(_STEMS)]}-{number}b" for number in range(count)]
    return [doubled(name) for name in names] if double else names


def named_suite(domains: int, *, double: bool) -> Suite:
    """Pairs in so many domains, whose names, ids and criteria are long and wide."""
    subcategories = list(Subcategory)
    names = long_names(domains, stem="gardens of ", double=double)
    pairs = []
    for number in range(2 * max(12, domains)):
        criteria = [
            {"id": long_names(k + 1, stem="c-", double=double)[k], "text": f"Keeps to rule {k} of the kitchen garden.",
             "subcategory": str(subcategories[(number + k * 5) % 12])}
            for k in range(3)
        ]  # fmt: skip
        pairs.append(
            Pair.model_validate(
                {
                    "id": long_names(number % 5 + 1, stem=f"{number:03d}-", double=double)[-1],
                    "domain": names[number % domains],
                    "prompt": f"Plan week {number // 2} in the kitchen garden, in three short steps.",
                    "chosen": "First water the beds. Then sow two rows of peas.",
                    "rejected": "First sow two rows of peas. Then water the path, and perhaps call a friend.",
                    "criteria": criteria,
                    "violated": [criterion["id"] for criterion in criteria[: 1 + (number % 5 == 0)]],
                    "group": f"week-{number // 2}",
                }
            )
        )
    name = "千字文模型-suite-👩‍🚀❤️-of-a-long-name"
    return Suite(doubled(name) if double else name, tuple(pairs), "A suite whose names are hard to draw.")


def cells(line: str) -> list[str]:
    """A line of the screen cell by cell: of a wide character the second cell is empty, marks stay with their letter."""
    found: list[str] = []
    for character in line:
        size = cell_len(character)
        if size:
            found += [character, *[""] * (size - 1)]
        elif found:
            found[-1] += character
    return found


def masked(line: str) -> str:
    """A line cell by cell with a mark in place of each cell of a wide or stacked character, or of its double."""
    hard = set("".join(_DOUBLES.values()) + "ế千字文模型👩🚀❤")
    return "".join("¤" if not cell or cell in hard or len(cell) > 1 else cell for cell in cells(line))
