"""SQL and DuckDB stay in `engine/store/`; two modules that read and write Parquet through DuckDB stand apart."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("engine", "screens", "rude_tui", "rubrics", "data")
STORE = ROOT / "engine" / "store"
PARQUET = {ROOT / "engine/export/parquet.py", ROOT / "rubrics/importers/parquet.py"}

SQL = re.compile(
    r"\bselect\b.+\bfrom\b|\binsert\s+(or\s+\w+\s+)?into\b|\bupdate\s+\S+\s+set\b|\bdelete\s+from\b"
    r"|\b(create|drop|alter)\s+(or\s+replace\s+)?(temp\s+)?(table|view|index)\b|\b(unnest|read_parquet)\("
    r"|\bjoin\b.+\b(using|on)\b|\border\s+by\b|\bon\s+conflict\b|\bwhere\b.+\bis\s+(not\s+)?null\b",
    re.IGNORECASE | re.DOTALL,
)
OF_CONNECTIONS = {"reading", "writing", "executemany", "fetchall", "fetchone", "fetchmany", "fetchnumpy", "cursor"}


def docstrings(tree: ast.AST) -> set[ast.AST]:
    """Strings that stand as statements of their own."""
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def faults(source: str) -> Iterator[str]:
    """What a module outside the store must not hold, with its line."""
    tree = ast.parse(source)
    prose = docstrings(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(name.name.partition(".")[0] == "duckdb" for name in names):
                yield f"{node.lineno}: imports duckdb"
            case ast.ImportFrom(module=str(module)) if module.partition(".")[0] == "duckdb":
                yield f"{node.lineno}: imports from duckdb"
            case ast.Call(func=ast.Attribute(attr=name)) if name in OF_CONNECTIONS:
                yield f"{node.lineno}: calls .{name}() as of a connection"
            case ast.Constant(value=str(text)) if node not in prose and SQL.search(text):
                yield f"{node.lineno}: holds SQL: {text[:60]!r}"
            case ast.JoinedStr(values=parts):
                text = "".join(part.value if isinstance(part, ast.Constant) else "x" for part in parts)
                if SQL.search(text):
                    yield f"{node.lineno}: holds SQL: {text[:60]!r}"


def modules() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def test_sql_stays_in_the_store() -> None:
    apart = [path for path in modules() if not path.is_relative_to(STORE) and path not in PARQUET]
    by_module = {str(path.relative_to(ROOT)): list(faults(path.read_text(encoding="utf-8"))) for path in apart}
    assert {name: lines for name, lines in by_module.items() if lines} == {}


@pytest.mark.parametrize("path", sorted(PARQUET), ids=lambda path: path.parent.name)
def test_what_stands_apart_is_about_parquet(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert list(faults(source)), "needs no exception any more"
    assert "parquet" in source
    assert len(source.splitlines()) < 80


def test_the_test_sees_sql() -> None:
    for path in STORE.glob("*.py"):
        if path.name not in ("__init__.py", "connection.py", "rollback.py", "status.py", "unfinished.py"):
            assert list(faults(path.read_text(encoding="utf-8"))), path.name


@pytest.mark.parametrize(
    "source",
    [
        "import duckdb",
        "def f():\n    from duckdb import connect",
        "with store.reading() as c: ...",
        "order = f'order by {name} desc'",
        "x = 'select a '\\\n  f'from {table}'",
        "rows = c.execute('SELECT 1').fetchall()",
    ],
)
def test_each_of_these_is_seen(source: str) -> None:
    assert list(faults(source))
