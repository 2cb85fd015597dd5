"""What each parameter is for, as its author wrote it: the comment beside it, or the docstring."""

from __future__ import annotations

import ast
import collections
import dataclasses
import functools
import inspect
import io
import re
import textwrap
import tokenize
from typing import Any, cast

from params_proto.fields.docstrings import from_docstring


def describe_help(obj: Any) -> dict[str, str]:
    """The help of each parameter of a function, or field of a class, that has one.

    It is the comment at the end of the parameter's line, else the comment lines right above it,
    else the string right below a class's field, else the parameter's entry in the docstring
    (Google's "Args:", NumPy's "Parameters", Sphinx's ":param x:"). A class has its bases' too.

    Args:
        obj: a function, a decorated one, a class or a `functools.partial`.

    Returns:
        Name to text, in one line; nothing for what has no source, such as a builtin.

    >>> class Training:
    ...     '''How to train.
    ...
    ...     Attributes:
    ...         lr: the learning rate
    ...             of the optimizer
    ...     '''
    ...
    ...     lr: float = 0.1
    >>> describe_help(Training)
    {'lr': 'the learning rate of the optimizer'}
    """
    while isinstance(obj, functools.partial):
        obj = cast("functools.partial[Any]", obj).func
    obj = inspect.unwrap(obj)
    if not isinstance(obj, type):
        return {**from_docstring(getattr(obj, "__doc__", None) or ""), **_from_source(obj)}
    found: dict[str, str] = {}
    for base in reversed(obj.__mro__[:-1]):
        of_class = base.__dict__.get("__doc__") or ""
        of_constructor = getattr(base.__dict__.get("__init__"), "__doc__", None) or ""
        for docstring in (of_constructor, of_class):
            found.update(from_docstring(docstring))
        found.update(_from_source(base))
    return found


def _from_source(obj: Any) -> dict[str, str]:
    """The comments beside the parameters or fields in the source."""
    try:
        source = textwrap.dedent(inspect.getsource(obj))
        (node,) = ast.parse(source).body
        comments = _Comments.of(source)
        in_brackets = _Comments.of(source, depth=1)
    except (OSError, TypeError, ValueError, SyntaxError, tokenize.TokenError):
        return {}
    if isinstance(node, ast.FunctionDef):
        return in_brackets.beside(_parameters(node))
    if not isinstance(node, ast.ClassDef):
        return {}
    found: dict[str, str] = {}
    for statement, following in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            found.update(in_brackets.beside(_parameters(statement)))
        name = _field(statement)
        if name is not None:
            below = _text_alone(following)
            if below:
                found[name] = " ".join(below.split())
    fields = [_Place.of(name, s) for s in node.body if (name := _field(s)) is not None]
    return {**found, **comments.beside(fields)}


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where a parameter or a field stands: its first line and its last, counted from 1."""

    name: str
    first: int
    last: int

    @classmethod
    def of(cls, name: str, *nodes: ast.arg | ast.stmt | ast.expr) -> _Place:
        ends = [node.end_lineno or node.lineno for node in nodes]
        return cls(name, nodes[0].lineno, max(ends))


def _parameters(function: ast.FunctionDef) -> list[_Place]:
    arguments = function.args
    ordered = [*arguments.posonlyargs, *arguments.args]
    unset = len(ordered) - len(arguments.defaults)
    pairs = [
        *zip(ordered, [*[None] * unset, *arguments.defaults], strict=True),
        *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True),
    ]
    return [_Place.of(arg.arg, arg, *[d for d in (default,) if d]) for arg, default in pairs]


def _field(statement: ast.stmt) -> str | None:
    """The name that a statement of a class's body gives a value or a type."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    if len(targets) == 1 and isinstance(targets[0], ast.Name):
        return targets[0].id
    return None


def _text_alone(statement: ast.stmt | None) -> str:
    """The text of a statement that is nothing but a string."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return value if isinstance(value, str) else ""
    return ""


# What a comment says to a tool, with whatever stands behind it.
_TO_A_TOOL = re.compile(r"(^|\s*#)\s*(noqa|type:|pyright:|mypy:|pylint:|pragma:|fmt:|ruff:).*")


@dataclasses.dataclass(frozen=True)
class _Comments:
    """The comments of a source by line: at the end of code, and on a line of their own."""

    behind: dict[int, tuple[int, str]]
    alone: dict[int, tuple[int, str]]

    @classmethod
    def of(cls, source: str, depth: int = 0) -> _Comments:
        """The comments that stand in at least `depth` brackets: those of parameters do in one."""
        comments = cls({}, {})
        open_brackets = 0
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.OP:
                open_brackets += (token.string in "([{") - (token.string in ")]}")
            if token.type == tokenize.COMMENT and open_brackets >= depth:
                line, column = token.start
                text = _TO_A_TOOL.sub("", token.string.lstrip("#:")).strip()
                alone = not token.line[:column].strip()
                (comments.alone if alone else comments.behind)[line] = (column, text)
        return comments

    def beside(self, places: list[_Place]) -> dict[str, str]:
        """The comment of each place that has one, and shares no line with another."""
        found: dict[str, str] = {}
        firsts = collections.Counter(place.first for place in places)
        lasts = collections.Counter(place.last for place in places)
        for place in places:
            text = self._behind(place.last) if lasts[place.last] == 1 else ""
            if not text and firsts[place.first] == 1:
                text = self._above(place.first)
            if text:
                found[place.name] = text
        return found

    def _behind(self, line: int) -> str:
        """The comment at a line's end, with the lines that go on in the same column."""
        if line not in self.behind:
            return ""
        column, text = self.behind[line]
        lines = [text]
        while self.alone.get(line + 1, (-1, ""))[0] == column:
            line += 1
            lines.append(self.alone[line][1])
        return _one_line(lines)

    def _above(self, line: int) -> str:
        """The comment on the lines right above, without those that go on with one before."""
        above: list[tuple[int, str]] = []
        while line - 1 in self.alone:
            line -= 1
            above.insert(0, self.alone[line])
        continued = self.behind.get(line - 1, (-1, ""))[0]
        return _one_line([text for column, text in above if column != continued])


def _one_line(lines: list[str]) -> str:
    """The lines that say something, as one: a rule of dashes does not."""
    return " ".join(line for line in lines if re.search(r"\w", line))
