"""Typed rows that become a data frame of whichever library is installed; none of them is needed for anything else."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from engine.export.rows import columns_of
from engine.export.tables import Table
from rubrics.errors import RudeError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow

__all__ = ["Frame"]

R = TypeVar("R", bound=tuple[Any, ...])

_ARROW: Final = {
    "varchar": "string", "double": "float64", "integer": "int32", "bigint": "int64", "boolean": "bool_",
}  # fmt: skip
_PANDAS: Final = {
    "varchar": "object", "double": "float64", "integer": "Int32", "bigint": "Int64", "boolean": "boolean",
}  # fmt: skip
_POLARS: Final = {
    "varchar": "String", "double": "Float64", "integer": "Int32", "bigint": "Int64", "boolean": "Boolean",
}  # fmt: skip
"""Each library's types by DuckDB's; all of them tell what is not known from any number."""


@dataclass(frozen=True)
class Frame(Generic[R]):
    """Rows of one type, in order; a sequence of them."""

    kind: type[R]
    rows: tuple[R, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[R]:
        return iter(self.rows)

    def __getitem__(self, place: int) -> R:
        return self.rows[place]

    @property
    def columns(self) -> Mapping[str, str]:
        """Name and DuckDB type of each column: text, whole numbers, numbers, yes and no."""
        return columns_of(self.kind)

    def to_table(self) -> Table:
        """As `engine.export.files.write_table` takes it."""
        return Table(self.columns, list(self.rows))

    def to_arrow(self) -> pyarrow.Table:
        """The same as an Arrow table; what is not known is null.

        Raises:
            RudeError: pyarrow is not installed.
        """
        arrow = _library("pyarrow", "Arrow tables")
        types = {name: getattr(arrow, _ARROW[kind])() for name, kind in self.columns.items()}
        return arrow.table({name: arrow.array(values, types[name]) for name, values in self._by_column()})

    def to_pandas(self) -> pandas.DataFrame:
        """The same as a pandas data frame; whole numbers stay whole beside what is not known.

        Raises:
            RudeError: pandas is not installed.
        """
        library = _library("pandas", "data frames of pandas")
        return library.DataFrame({
            name: library.Series(values, dtype=_PANDAS[self.columns[name]]) for name, values in self._by_column()
        })  # fmt: skip

    def to_polars(self) -> polars.DataFrame:
        """The same as a polars data frame; what is not known is null.

        Raises:
            RudeError: polars is not installed.
        """
        library = _library("polars", "data frames of polars")
        schema = {name: getattr(library, _POLARS[kind]) for name, kind in self.columns.items()}
        return library.DataFrame(dict(self._by_column()), schema=schema)

    def _by_column(self) -> Iterator[tuple[str, list[Any]]]:
        for place, name in enumerate(self.columns):
            yield name, [row[place] for row in self.rows]


def _library(name: str, what: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise RudeError(f"{what} need {name}, which is not installed", fix=f"install {name} beside this") from None
