"""Taking tables away: CSV first; Parquet and JSON hold the same rows exactly."""

from engine.export.files import write_table
from engine.export.tables import WHAT, Table, table

__all__ = ["WHAT", "Table", "table", "write_table"]
