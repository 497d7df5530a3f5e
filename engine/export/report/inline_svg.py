"""A figure of matplotlib's as part of a page: colours follow the page's, and no style attribute is left."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import Final

from engine.export.figures import GRID, INK
from engine.export.palette import LIGHT_COLOURS

__all__ = ["inline_svg"]

_SVG: Final = "http://www.w3.org/2000/svg"
_LINK: Final = "{http://www.w3.org/1999/xlink}href"
_CLASSES: Final = {
    INK.lower(): "ink", GRID.lower(): "rule", "#ffffff": "paper", "#000000": "ink",
    **{value.lower(): name for name, value in reversed(tuple(LIGHT_COLOURS.items()))},
}  # fmt: skip
_REFERENCE: Final = re.compile(r"url\(#([^)]+)\)")


def inline_svg(drawn: bytes, key: str, label: str) -> str:
    """The figure as an `svg` element.

    Args:
        drawn: what `engine.export.figures.rendered` made; never a file from outside.
        key: set before every id, so that two figures on a page stay apart.
        label: what a reader who cannot see it is told.
    """
    root = ET.fromstring(drawn)  # noqa: S314 - drawn by this process a moment ago
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in (f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(f"{{{_SVG}}}")
        _plain(element)
        for name, value in list(element.attrib.items()):
            element.set(name, _REFERENCE.sub(rf"url(#{key}-\1)", value))
        if "id" in element.attrib:
            element.set("id", f"{key}-{element.get('id')}")
        if _LINK in element.attrib:
            element.set("href", f"#{key}-{element.attrib.pop(_LINK).removeprefix('#')}")
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.attrib |= {"role": "img", "aria-label": label, "class": "figure"}
    return ET.tostring(root, encoding="unicode")


def _plain(element: ET.Element) -> None:
    """Turn `style` into attributes, which need no leave from a content security policy, and colours into classes."""
    style = element.attrib.pop("style", "")
    for name, _, value in (part.strip().partition(": ") for part in style.split(";") if part.strip()):
        if name == "font":
            size = re.search(r"([\d.]+)px", value)
            element.set("font-size", size[1] if size else "8")
        else:
            element.set(name, value)
    classes = [
        f"{name}-{_CLASSES[value]}"
        for name in ("fill", "stroke")
        if (value := element.get(name, "").lower()) in _CLASSES
    ]
    for name in classes:
        del element.attrib[name.partition("-")[0]]
    if classes:
        element.set("class", " ".join(classes))
