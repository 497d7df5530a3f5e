"""What Textual keeps to itself and the app needs all the same: touched here alone, for the version that is pinned."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

from textual._styles_cache import StylesCache
from textual.app import App
from textual.color import Color
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.screen import Screen
from textual.style import Style

__all__ = ["CachedStylesheet", "QuietApp", "style_once"]


def style_once(screen: Screen[Any], app: App[Any]) -> None:
    """Have a screen that is about to open styled as it opens, not twice more."""
    if not screen.is_running:
        screen._css_update_count = app._css_update_count


@lru_cache(1024)
def _backgrounds(base: Color, background: Color) -> tuple[Style, Style]:
    return Style(background=base + background), Style(background=base)


def _get_inner_outer(_: StylesCache, base: Color, background: Color) -> tuple[Style, Style]:
    return _backgrounds(base, background)


# Textual's own remembers whose the colours were, and with that all that a thousand closed widgets ever drew: some 30 MB
# an hour of going from screen to screen (Textualize/textual#6665).
StylesCache.get_inner_outer = _get_inner_outer  # type: ignore[method-assign,assignment]


class QuietApp(App[int]):
    """An app that closes on what nobody expected, and leaves it to its caller to say so."""

    def _fatal_error(self) -> None:
        """Close; Textual's own would print the traceback, with the values of all variables."""
        self._close_messages_no_wait()

    def raise_unexpected(self) -> None:
        """Once the terminal is as it was, raise what closed the app, if anything did."""
        if self._exception is not None:
            raise self._exception


class CachedStylesheet(Stylesheet):
    """The rules of all widgets, each source of them read once for each theme.

    Textual reads every source again whenever a screen first opens: three tenths of the time that takes.
    """

    _read: ClassVar[dict[tuple[Any, ...], list[RuleSet]]] = {}
    """What each source came to, by its text, its place and the theme's variables."""

    def __init__(self, *, variables: dict[str, str] | None = None) -> None:
        super().__init__(variables=variables)
        self._theme = frozenset((variables or {}).items())

    def set_variables(self, variables: dict[str, str]) -> None:
        """Take a theme's variables; the ones there are change nothing."""
        theme = frozenset(variables.items())
        if theme != self._theme:
            self._theme = theme
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Read the sources again where the variables have changed."""
        if self._require_parse:
            self.parse()

    def _parse_rules(self, css: str, *where: Any, **more: Any) -> list[RuleSet]:
        key = (self._theme, css, where, *more.items())
        if key not in self._read:
            self._read[key] = super()._parse_rules(css, *where, **more)
        return self._read[key]
