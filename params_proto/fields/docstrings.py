"""The entries for parameters in a docstring, in the three ways that people write them."""

from __future__ import annotations

import re

_GOOGLE = re.compile(
    r"(Args|Arguments|Parameters|Params|Attributes|Fields|Keyword Arg(ument)?s|Other Parameters):"
)
_GOOGLE_ENTRY = re.compile(r"\*{0,2}(?P<names>\w+)\s*(\(.*?\))?\s*:(?P<text>.*)")
_NUMPY = re.compile(r"(Parameters|Attributes|Other Parameters|Keyword Arguments)")
_NUMPY_ENTRY = re.compile(r"(?P<names>\*{0,2}\w+(\s*,\s*\*{0,2}\w+)*)\s*(:.*)?")
_SPHINX_ENTRY = re.compile(
    r":(param|parameter|arg|argument|key|keyword|ivar|cvar|var)\s+([^:]*\s)?"
    r"\*{0,2}(?P<names>\w+)\s*:(?P<text>.*)"
)


def from_docstring(docstring: str) -> dict[str, str]:
    r"""Each parameter's entry in a docstring, in one line.

    Args:
        docstring: as it stands in the code, indentation and all.

    >>> from_docstring("Train.\n\nArgs:\n    lr (float): the rate,\n        in 1/step")
    {'lr': 'the rate, in 1/step'}
    >>> from_docstring("Parameters\n----------\nlr, momentum : float\n    how fast")
    {'lr': 'how fast', 'momentum': 'how fast'}
    >>> from_docstring(":param float lr: the rate")
    {'lr': 'the rate'}
    """
    found: dict[str, str] = {}
    lines = docstring.expandtabs().splitlines()
    for number, line in enumerate(lines):
        rest = lines[number + 1 :]
        if _SPHINX_ENTRY.fullmatch(line.strip()):
            found.update(_entries([line.strip(), *_deeper(rest, _indent(line))], _SPHINX_ENTRY))
        elif _GOOGLE.fullmatch(line.strip()):
            # Below a first line Python 3.13 has taken the indentation away.
            level = number == 0 and rest and not _indent(rest[0])
            found.update(_entries(_deeper(rest, -1 if level else _indent(line)), _GOOGLE_ENTRY))
        elif _NUMPY.fullmatch(line.strip()) and rest and re.fullmatch(r"\s*-{3,}\s*", rest[0]):
            found.update(_entries(_section(rest[1:]), _NUMPY_ENTRY))
    return {name: text for name, text in found.items() if text}


def _entries(lines: list[str], entry: re.Pattern[str]) -> dict[str, str]:
    """The entries of a section: one begins at the section's own indentation, the rest is text."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    depth = min((_indent(line) for line in lines if line.strip()), default=0)
    for line in lines:
        match = entry.fullmatch(line.strip()) if _indent(line) == depth else None
        if match is not None:
            names = [name.strip(" *") for name in match["names"].split(",")]
            first = match.groupdict().get("text") or ""
            found.update({name: [first.strip()] for name in names})
        elif not line.strip():
            names = []  # an entry is its first paragraph
        else:
            for name in names:
                found[name].append(line.strip())
    return {name: " ".join(filter(None, texts)) for name, texts in found.items()}


def _deeper(lines: list[str], indent: int) -> list[str]:
    """The lines up to one that is not indented deeper, blank ones included."""
    for number, line in enumerate(lines):
        if line.strip() and _indent(line) <= indent:
            return lines[:number]
    return lines


def _section(lines: list[str]) -> list[str]:
    """The lines up to the next NumPy heading."""
    for number, line in enumerate(lines[1:], 1):
        if re.fullmatch(r"\s*-{3,}\s*", line):
            return lines[: number - 1]
    return lines


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
