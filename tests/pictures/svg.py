"""Terminal windows as SVG that look the same on any page and with any fonts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Any, NamedTuple

_COLUMN, _LINE, _SIZE = 8.4, 19, 14  # pixels: of a character, and of the font
_EDGE, _BAR, _GAP = 16, 28, 14  # around the text, above it, between two windows
_COLOURS = {"default": "#e6edf3", "green": "#56d364", "cyan": "#56d4dd", "red": "#ff7b72"}
_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


class Run(NamedTuple):
    """Characters of one line that look alike."""

    column: int
    text: str
    colour: str = "default"
    bold: bool = False


class Window(NamedTuple):
    """The title of a window, and its lines."""

    title: str
    lines: Sequence[Sequence[Run]]


def runs(line: Mapping[int, Any], columns: int) -> list[Run]:
    """The spans of a pyte line without gaps, so that columns stay aligned in any font.

    Args:
        line: its characters.
        columns: how many there are.
    """
    found: list[Run] = []
    looks = groupby(range(columns), lambda at: (line[at].fg, line[at].bold))
    for (colour, bold), ats in looks:
        first, *rest = ats
        text = "".join(line[at].data for at in (first, *rest))
        for part in re.finditer(r"\S+(?: \S+)*", text):
            found.append(Run(first + part.start(), part[0], colour, bold))
    return found


def drawn(windows: Sequence[Window], columns: int, label: str) -> str:
    """The windows, one below the other.

    Args:
        windows: what is in each.
        columns: of a line.
        label: what is to be seen, for who does not see it.
    """
    width = round(columns * _COLUMN) + 2 * _EDGE
    top, shapes = 1, list[str]()
    for window in windows:
        height = _BAR + len(window.lines) * _LINE + _EDGE
        shapes += _window(window, top, width, height)
        top += height + _GAP
    height = top - _GAP + 1
    style = f"text {{ font: {_SIZE}px {_FONTS} }} .bold {{ font-weight: bold }}"
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">',
        f"<title>{escape(label)}</title>",
        f"<style>{style}</style>",
    ]
    return "\n".join([*head, *shapes, "</svg>\n"])


def _window(window: Window, top: int, width: int, height: int) -> list[str]:
    box = f'x="1" y="{top}" width="{width - 2}" height="{height}" rx="8"'
    title = f'x="{_EDGE}" y="{top + 19}" fill="#9198a1"'
    lines = [
        _text(run, top + _BAR + (number + 1) * _LINE - 5)
        for number, line in enumerate(window.lines)
        for run in line
    ]
    return [
        f'<rect {box} fill="#161b22" stroke="#3d444d"/>',
        f"<text {title}>{escape(window.title)}</text>",
        *lines,
    ]


def _text(run: Run, y: int) -> str:
    at = f'x="{_EDGE + run.column * _COLUMN:.1f}" y="{y}" fill="{_COLOURS[run.colour]}"'
    length = f'textLength="{len(run.text) * _COLUMN:.1f}" lengthAdjust="spacingAndGlyphs"'
    bold = ' class="bold"' if run.bold else ""
    return f"<text {at} {length}{bold}>{escape(run.text, quote=False)}</text>"
