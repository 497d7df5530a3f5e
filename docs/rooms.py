"""The packages and the rooms of engine/, counted and drawn from the imports in the files.

python docs/rooms.py            print both pictures, and how many rooms and arrows there are
python docs/rooms.py --write    put them into docs/architecture.md, between its markers
python docs/rooms.py --check    fail where docs/architecture.md is not current

Every import counts: at the top of a file, inside a function, or for type checking only.
"""

from __future__ import annotations

import argparse
import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("rude_tui", "screens", "engine", "rubrics", "data")
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- begin: written by docs/rooms.py -->", "<!-- end: written by docs/rooms.py -->"

Graph = Mapping[str, set[str]]
"""Each place with those that it imports."""


class Sources:
    """The Python files of some packages, by the name they are imported under, as syntax trees."""

    def __init__(self, root: Path = ROOT, packages: Iterable[str] = PACKAGES) -> None:
        self.files: dict[str, Path] = {}
        for package in packages:
            for path in sorted((root / package).rglob("*.py")):
                name = ".".join(path.relative_to(root).with_suffix("").parts)
                self.files[name.removesuffix(".__init__")] = path

    @cached_property
    def trees(self) -> dict[str, ast.Module]:
        """Module → its syntax tree."""
        return {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in self.files.items()}

    @cached_property
    def modules(self) -> Graph:
        """Module → the modules of these packages that it imports."""
        return {name: set(self._imports(name)) - {name} for name in self.files}

    @cached_property
    def packages(self) -> Graph:
        """Package → the other packages that it imports."""
        return self._gathered(lambda module: module.partition(".")[0])

    @cached_property
    def rooms(self) -> Graph:
        """Room of engine/ → the other rooms that it imports. A loose module is a room."""
        return self._gathered(lambda module: module.split(".")[1] if module.startswith("engine.") else "")

    @cached_property
    def statements(self) -> dict[str, list[ast.stmt]]:
        """Module → its statements, those inside others too; no expressions, which are ten times as many."""
        return {name: list(_below(tree)) for name, tree in self.trees.items()}

    def _imports(self, name: str) -> Iterator[str]:
        for node in self.statements[name]:
            if isinstance(node, ast.ImportFrom):
                assert not node.level, f"{name} imports relative to itself; write the whole name"
                targets = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            else:
                continue
            for target in targets:
                while target and target not in self.files:
                    target = target.rpartition(".")[0]
                if target:
                    yield target

    def _gathered(self, place: Callable[[str], str]) -> Graph:
        graph: dict[str, set[str]] = {}
        for module, imports in self.modules.items():
            if here := place(module):
                graph.setdefault(here, set()).update({place(target) for target in imports} - {here, ""})
        return graph

    def heading(self, package: str) -> str:
        """What a package holds: the first line of its docstring."""
        return (ast.get_docstring(self.trees[package]) or "").partition("\n")[0]


def count(graph: Graph) -> int:
    """How many arrows a graph has."""
    return sum(map(len, graph.values()))


def _below(node: ast.AST) -> Iterator[ast.stmt]:
    for part in ("body", "orelse", "finalbody", "handlers", "cases"):
        below = getattr(node, part, ())
        for inner in below if isinstance(below, list) else ():
            if isinstance(inner, ast.stmt):
                yield inner
            yield from _below(inner)


def circles(graph: Graph) -> list[list[str]]:
    """Places that import each other, directly or through others: each such group in order of name."""
    reach = {place: reachable(graph, place) for place in graph}
    groups = {frozenset(other for other in reach[place] if place in reach[other]) for place in graph}
    return sorted(sorted(group) for group in groups if group)


def reachable(graph: Graph, start: str) -> set[str]:
    """What a place imports, directly or through others; itself only where that comes round again."""
    seen: set[str] = set()
    waiting = [*graph[start]]
    while waiting:
        place = waiting.pop()
        if place not in seen:
            seen.add(place)
            waiting.extend(graph[place])
    return seen


def without_shortcuts(graph: Graph) -> Graph:
    """The same graph but for each arrow that another way leads along, too. It must have no circle."""
    return {
        place: {end for end in ends if not any(end in reachable(graph, other) for other in ends - {end})}
        for place, ends in graph.items()
    }


def mermaid(graph: Graph) -> str:
    """A graph as a Mermaid flow chart from top to bottom."""
    arrows = [f"    {place} --> {end}" for place in sorted(graph) for end in sorted(graph[place])]
    alone = [f"    {place}" for place in sorted(graph.keys() - {*chain(*graph.values())}) if not graph[place]]
    return "\n".join(["```mermaid", "flowchart TD", *arrows, *alone, "```"])


def pictures(sources: Sources) -> str:
    """Both pictures and the table of rooms, as they stand in the page."""
    rooms = sources.rooms
    said = (
        f"`engine/` has {len(rooms)} rooms with {count(rooms)} arrows between them. The pictures leave out an arrow "
        "where another way leads to the same place; the table names all."
    )
    table = [
        f"| `{room}` | {sources.heading(f'engine.{room}')} | {', '.join(sorted(rooms[room])) or '–'} |"
        for room in sorted(rooms)
    ]
    packages, engine = (mermaid(without_shortcuts(graph)) for graph in (sources.packages, rooms))
    return "\n".join([packages, "", said, "", engine, "", "| room | holds | imports |", "|---|---|---|", *table])


def page(text: str, made: str) -> str:
    """The page with what stands between its markers replaced."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page lacks its markers: {BEGIN} … {END}")
    return f"{before}{BEGIN}\n\n{made}\n\n{END}{after}"


def main() -> None:
    """Print, write or check; the exit code is 1 where the page is not current."""
    parser = argparse.ArgumentParser(description="The rooms of engine/, counted and drawn.")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--write", action="store_true", help="write them into docs/architecture.md")
    doing.add_argument("--check", action="store_true", help="fail where docs/architecture.md is not current")
    asked = parser.parse_args()
    made = pictures(Sources())
    if not (asked.write or asked.check):
        sys.stdout.write(f"{made}\n")
        return
    text = PAGE.read_text(encoding="utf-8")
    if asked.write:
        PAGE.write_text(page(text, made), encoding="utf-8")
    elif page(text, made) != text:
        sys.exit("docs/architecture.md is not current; run: python docs/rooms.py --write")


if __name__ == "__main__":
    main()
