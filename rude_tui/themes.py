"""Three looks: dark, light and high contrast. Each carries the marks' colours as variables of its own."""

from __future__ import annotations

from typing import Final

from textual.theme import Theme

from engine.export.palette import DARK_COLOURS, LIGHT_COLOURS

__all__ = ["DEFAULT", "THEMES"]

THEMES: Final = (
    Theme(
        name="rude-dark",
        primary="#7FB2D9",
        secondary="#56B4E9",
        accent="#E69F00",
        warning="#E69F00",
        error="#F0804D",
        success="#2FBF8F",
        foreground="#D7DCE2",
        background="#14181D",
        surface="#1A1F26",
        panel="#242B34",
        dark=True,
        variables={
            **DARK_COLOURS,
            "footer-background": "#242B34",
            "footer-key-foreground": "#E69F00",
            "footer-description-foreground": "#D7DCE2",
            "block-cursor-background": "#35516B",
            "block-cursor-foreground": "#FFFFFF",
            "block-cursor-blurred-background": "#262F3A",
            "border": "#7FB2D9",
        },
    ),
    Theme(
        name="rude-light",
        primary="#00609A",
        secondary="#00609A",
        accent="#8A5A00",
        warning="#8A5A00",
        error="#B03A00",
        success="#00674A",
        foreground="#1B2128",
        background="#FBFAF7",
        surface="#F4F2EC",
        panel="#E6E3DA",
        dark=False,
        variables={
            **LIGHT_COLOURS,
            "footer-background": "#E6E3DA",
            "footer-key-foreground": "#8A5A00",
            "footer-description-foreground": "#1B2128",
            "block-cursor-background": "#BBD6EA",
            "block-cursor-foreground": "#101418",
            "block-cursor-blurred-background": "#E3E6E6",
            "border": "#00609A",
        },
    ),
    Theme(
        name="rude-contrast",
        primary="#FFFFFF",
        secondary="#FFFFFF",
        accent="#FFD84D",
        warning="#FFD84D",
        error="#FF9B6B",
        success="#6BE8BD",
        foreground="#FFFFFF",
        background="#000000",
        surface="#000000",
        panel="#1C1C1C",
        dark=True,
        text_alpha=1.0,
        variables={
            **DARK_COLOURS,
            "mark-1": "#7CC8FF",
            "mark-2": "#FFB82E",
            "mark-3": "#4FE3B1",
            "mark-4": "#FFAAD4",
            "good": "#7CC8FF",
            "bad": "#FFA36B",
            "chance": "#D0D0D0",
            "footer-background": "#1C1C1C",
            "footer-key-foreground": "#FFD84D",
            "footer-description-foreground": "#FFFFFF",
            "block-cursor-background": "#FFD84D",
            "block-cursor-foreground": "#000000",
            "block-cursor-blurred-background": "#4A4A4A",
            "border": "#FFFFFF",
        },
    ),
)
DEFAULT: Final = THEMES[0].name
