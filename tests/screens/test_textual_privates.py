"""What Textual keeps to itself is touched in one module, which is written for the version that is pinned."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import pkgutil
import textwrap
import tomllib
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from textual.message_pump import MessagePump

import rude_tui
import screens

ROOT = Path(rude_tui.__file__).parents[1]
HOME = ROOT / "screens" / "shell" / "textual_privates.py"
# `_asdict` and its like are how a NamedTuple is asked; textual-serve has one module of its own that wraps it.
PUBLIC = {"_asdict", "_replace", "_fields"}
SERVER = ROOT / "rude_tui" / "serving.py"
FILES = sorted({*(ROOT / "screens").rglob("*.py"), *(ROOT / "rude_tui").rglob("*.py")} - {HOME, SERVER})


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _reached_into(tree: ast.Module) -> Iterator[str]:
    """Private attributes of anything but oneself, and private names that are imported."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_private(node.attr) and node.attr not in PUBLIC:
            if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                yield ast.unparse(node)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            yield from (f"{node.module}: {name}" for name in names if _is_private(name))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if any(map(_is_private, alias.name.split("."))))


def test_nothing_reaches_into_another_object() -> None:
    reached = {
        str(file.relative_to(ROOT)): found
        for file in FILES
        if (found := list(_reached_into(ast.parse(file.read_text(encoding="utf-8")))))
    }
    assert reached == {}


def test_the_check_sees_what_it_looks_for() -> None:
    source = (
        "from textual._context import active_app\nimport textual._x\nscreen._css_update_count = super()._y\nself._own"
    )
    assert len(list(_reached_into(ast.parse(source)))) == 4


def _classes() -> list[type[MessagePump]]:
    modules = ["rude_tui.app", *(module.name for module in pkgutil.walk_packages(screens.__path__, "screens."))]
    return [
        thing
        for name in modules
        for thing in vars(importlib.import_module(name)).values()
        if isinstance(thing, type) and issubclass(thing, MessagePump) and thing.__module__ == name
        if name != "screens.shell.textual_privates"
    ]


def _private_names(kind: type) -> set[str]:
    """What a class defines, assigns or reads of itself that begins with an underscore."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    names = set(vars(kind)["__annotations__"]) if "__annotations__" in vars(kind) else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
            names.add(node.attr)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
    return set(filter(_is_private, names))


_textual_names = functools.cache(_private_names)


@pytest.mark.long
@pytest.mark.parametrize("kind", _classes(), ids=lambda kind: kind.__name__)
def test_no_class_uses_or_hides_a_private_part_of_its_base(kind: type[MessagePump]) -> None:
    bases = [base for base in kind.__mro__ if base.__module__.partition(".")[0] in ("textual", "textual_plotext")]
    taken = set().union(*map(_textual_names, bases))
    assert _private_names(kind) & taken == set()


def test_textual_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (pin,) = [line for line in project["dependencies"] if line.startswith("textual==")]
    assert f"textual=={version('textual')}" == pin
    assert pin in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
