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
from typing import Any, NamedTuple, cast


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
    if isinstance(obj, functools.partial):
        obj = cast("functools.partial[Any]", obj).func
    obj = inspect.unwrap(obj)
    if not isinstance(obj, type):
        return {**_from_docstring(obj), **_from_source(obj)}
    found: dict[str, str] = {}
    for base in reversed(obj.__mro__[:-1]):
        constructor = vars(base).get("__init__")
        found |= {**_from_docstring(constructor), **_from_docstring(base), **_from_source(base)}
    return found


def _from_docstring(obj: Any) -> dict[str, str]:
    """The entries of a docstring, and the strings below a class's fields: a paragraph of each."""
    from docstring_parser import ParseError, parse_from_object

    try:
        entries = parse_from_object(obj).params
    except (ParseError, TypeError, SyntaxError):  # the last two: it has no source to be read
        return {}
    found: dict[str, str] = {}
    for entry in entries:
        text = " ".join((entry.description or "").partition("\n\n")[0].split())
        if text:
            found |= {name.strip(" *"): text for name in entry.arg_name.split(",")}
    return found


def _from_source(obj: Any) -> dict[str, str]:
    """The comments beside the parameters or fields in the source."""
    try:
        source = textwrap.dedent(inspect.getsource(obj))
        (node,) = ast.parse(source).body
        in_brackets, anywhere = _Comments.of(source, depth=1), _Comments.of(source)
    except (OSError, TypeError, ValueError, SyntaxError, tokenize.TokenError):
        return {}
    if isinstance(node, ast.FunctionDef):
        return in_brackets.beside(_parameters(node))
    found: dict[str, str] = {}
    fields: list[_Place] = []
    for statement in node.body if isinstance(node, ast.ClassDef) else ():
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            found |= in_brackets.beside(_parameters(statement))
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            is_typed = isinstance(statement, ast.AnnAssign)
            name = ast.unparse(statement.target if is_typed else statement.targets[0])
            fields.append(_place(name, statement))
    return {**found, **anywhere.beside(fields)}


class _Place(NamedTuple):
    """The lines of a parameter or a field, counted from 1."""

    name: str
    first: int
    last: int


def _place(name: str, node: ast.stmt | ast.arg, default: ast.expr | None = None) -> _Place:
    return _Place(name, node.lineno, (default or node).end_lineno or node.lineno)


def _parameters(function: ast.FunctionDef) -> list[_Place]:
    arguments = function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    required = [None] * (len(positional) - len(arguments.defaults))
    defaults = [*required, *arguments.defaults, *arguments.kw_defaults]
    pairs = zip([*positional, *arguments.kwonlyargs], defaults, strict=True)
    return [_place(argument.arg, argument, default) for argument, default in pairs]


# What a comment tells a tool, with whatever comes after it; and a rule of dashes.
_NOT_HELP = re.compile(r"(^|\s*#)\s*(noqa|type:|pyright:|mypy:|pylint:|pragma:|fmt:|ruff:).*|^\W+$")


@dataclasses.dataclass(frozen=True)
class _Comments:
    """The comments of a source: by the line whose end they are at, and by the line below them."""

    at_end: dict[int, str]
    above: dict[int, str]

    @classmethod
    def of(cls, source: str, depth: int = 0) -> _Comments:
        """The comments in at least `depth` brackets: those of parameters are in one."""
        comments = cls({}, {})
        brackets = 0
        code, last = (0, 0), 0  # the last comment at the end of code, and the line it ends on
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type == tokenize.OP:
                brackets += (token.string in "([{") - (token.string in ")]}")
            if token.type != tokenize.COMMENT or brackets < depth:
                continue
            line, column = token.start
            text = _NOT_HELP.sub("", token.string.lstrip("#:").strip())
            if token.line[:column].strip():
                comments.at_end[line], code, last = text, token.start, line
            elif (line - 1, column) == (last, code[1]):  # it continues the one above
                comments.at_end[code[0]], last = f"{comments.at_end[code[0]]} {text}", line
            else:
                comments.above[line + 1] = f"{comments.above.pop(line, '')} {text}"
        return comments

    def beside(self, places: list[_Place]) -> dict[str, str]:
        """The comment of each place that has one, and shares no line with another."""
        firsts = collections.Counter(place.first for place in places)
        lasts = collections.Counter(place.last for place in places)
        found: dict[str, str] = {}
        for name, first, last in places:
            at_end = self.at_end.get(last, "") if lasts[last] == 1 else ""
            above = self.above.get(first, "") if firsts[first] == 1 else ""
            text = " ".join((at_end or above).split())
            if text:
                found[name] = text
        return found
