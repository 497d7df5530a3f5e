"""Markdown as it is read: paragraphs flow, tables stand in columns, and nothing in it acts."""

from __future__ import annotations

from rich.cells import cell_len

from screens.shell.markdown_blocks import markdown_blocks

CARD = """# A *card*

Two lines of
one **bold claim**, and [a page](page.md) with `code`.

- an item
  that goes on
- another
2. and a number

| model | share |
|---|--:|
| 模型 | 9.5 |
| `b` | **10.0** |

```
| no | table |
# no heading
```
[bold red]no markup[/] \x1b[31mnor escapes
"""


def test_each_kind_of_block_is_drawn_as_what_it_is() -> None:
    heading, prose, items, table, code, last = markdown_blocks(CARD)
    assert heading.plain == "A *card*"
    assert heading.style == "bold"
    assert prose.plain == "Two lines of one bold claim, and a page (page.md) with code."
    assert [prose.plain[span.start : span.end] for span in prose.spans if span.style == "bold"] == ["bold claim"]
    assert items.plain.split("\n") == ["- an item that goes on", "- another", "2. and a number"]
    head, rule, *rows = table.plain.split("\n")
    assert set(rule) == {"─"}
    assert len({cell_len(line) for line in (head, rule, *rows)}) == 1
    assert rows[0].endswith("  9.5")
    assert rows[1].endswith(" 10.0")
    assert code.plain == "| no | table |\n# no heading"
    assert code.no_wrap
    assert last.plain.startswith("[bold red]no markup[/]")
    assert "\x1b" not in last.plain


def test_a_table_of_rows_of_unlike_length_loses_nothing() -> None:
    (table,) = markdown_blocks("| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 |")
    assert [line.split() for line in table.plain.split("\n")][2:] == [["1"], ["1", "2", "3"]]


def test_code_that_never_ends_is_shown() -> None:
    assert [block.plain for block in markdown_blocks("```\nleft\n\nopen")] == ["left\n\nopen"]


def test_nothing_is_no_block() -> None:
    assert list(markdown_blocks("")) == list(markdown_blocks("\n \n")) == []
