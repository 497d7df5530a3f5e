"""Questions in SQL of a person's own, for those who think in it."""

from __future__ import annotations

from engine.store.asking import EXAMPLE, VIEWS, WORDS, SqlAnswer, ask, columns_by_view

__all__ = ["EXAMPLE", "VIEWS", "WORDS", "SqlAnswer", "ask", "columns_by_view"]
