"""The shape of the packages: rooms with few arrows between them, no circles, one class to a name, small files."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator

from rooms import PAGE, ROOT, Sources, circles, count, page, pictures

SOURCES = Sources()


def _classes(package: str = "") -> Iterator[tuple[str, ast.ClassDef]]:
    for module, statements in SOURCES.statements.items():
        if module.startswith(package):
            yield from ((module, node) for node in statements if isinstance(node, ast.ClassDef))


def test_a_room_imports_few_others() -> None:
    assert count(SOURCES.rooms) <= 60


def test_the_pictures_of_the_architecture_are_those_of_the_imports() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert page(text, pictures(SOURCES)) == text, "run: python docs/rooms.py --write"


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(SOURCES.modules) == []


def test_the_engine_holds_rooms_and_the_worker() -> None:
    loose = {path.name for path in SOURCES.files.values() if path.parent.name == "engine"}
    assert loose == {"__init__.py", "worker.py"}


def test_no_two_classes_of_the_engine_share_a_name() -> None:
    homes = defaultdict(list)
    for module, node in _classes("engine."):
        if not node.name.startswith("_"):
            homes[node.name].append(module)
    twice = [f"{name}: {', '.join(homes[name])}" for name in homes if len(homes[name]) > 1]
    assert not twice, "\n".join(sorted(twice))


def test_no_class_is_cut_into_a_chain_of_bases() -> None:
    """A base with one subclass, which is itself a base with one subclass, is one class in three pieces."""
    subclasses = defaultdict(set)
    for _, node in _classes():
        for base in node.bases:
            base = base.value if isinstance(base, ast.Subscript) else base
            subclasses[base.id if isinstance(base, ast.Name) else ast.unparse(base).rpartition(".")[2]].add(node.name)
    ours = {node.name for _, node in _classes()}
    single = {base: next(iter(below)) for base, below in subclasses.items() if base in ours and len(below) == 1}
    assert not {base for base, below in single.items() if below in single}


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in SOURCES.files.items()}
    assert not {module: lines for module, lines in lengths.items() if lines > 400}


def test_few_snapshots_are_pictures() -> None:
    """A change of style rewrites every picture, and somebody has to look at each; text says what is on a screen."""
    assert len(list((ROOT / "tests").rglob("*.svg"))) <= 40
