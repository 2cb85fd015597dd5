"""What each parameter is for, as its author wrote it: the comment beside it, or the docstring."""

from __future__ import annotations

import ast
import collections
import functools
import inspect
import io
import re
import textwrap
import tokenize
from collections.abc import Mapping
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
    """Each parameter's entry in a docstring: its first paragraph, in one line."""
    from docstring_parser import ParseError, parse

    try:
        entries = parse(getattr(obj, "__doc__", None) or "").params
    except ParseError:
        return {}
    found: dict[str, str] = {}
    for entry in entries:
        text = " ".join((entry.description or "").partition("\n\n")[0].split())
        if text:
            found.update({name.strip(" *"): text for name in entry.arg_name.split(",")})
    return found


def _from_source(obj: Any) -> dict[str, str]:
    """The comments beside the parameters or fields in the source."""
    try:
        source = textwrap.dedent(inspect.getsource(obj))
        (node,) = ast.parse(source).body
        comments = _comments(source)
    except (OSError, TypeError, ValueError, SyntaxError, tokenize.TokenError):
        return {}
    in_brackets = {line: comment for line, comment in comments.items() if comment.in_brackets}
    if isinstance(node, ast.FunctionDef):
        return _beside(_parameters(node), in_brackets)
    if not isinstance(node, ast.ClassDef):
        return {}
    found: dict[str, str] = {}
    fields: list[_Place] = []
    for statement, following in zip(node.body, [*node.body[1:], ast.Pass()], strict=True):
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            found |= _beside(_parameters(statement), in_brackets)
        name = _field_name(statement)
        if name is not None:
            fields.append(_place(name, statement))
            found |= _string_below(name, following)
    return {**found, **_beside(fields, comments)}


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


def _field_name(statement: ast.stmt) -> str | None:
    """The name that a statement of a class's body gives a value or a type."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    if len(targets) == 1 and isinstance(targets[0], ast.Name):
        return targets[0].id
    return None


def _string_below(name: str, statement: ast.stmt) -> dict[str, str]:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        text = statement.value.value
        return {name: " ".join(text.split())} if isinstance(text, str) else {}
    return {}


class _Comment(NamedTuple):
    column: int
    text: str
    is_alone: bool  # on a line of its own
    in_brackets: bool  # as those of parameters are


# What a comment tells a tool, with whatever comes after it.
_FOR_A_TOOL = re.compile(r"(^|\s*#)\s*(noqa|type:|pyright:|mypy:|pylint:|pragma:|fmt:|ruff:).*")


def _comments(source: str) -> dict[int, _Comment]:
    """The comments of a source, by line."""
    comments: dict[int, _Comment] = {}
    brackets = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.OP:
            brackets += (token.string in "([{") - (token.string in ")]}")
        if token.type == tokenize.COMMENT:
            line, column = token.start
            text = _FOR_A_TOOL.sub("", token.string.lstrip("#:")).strip()
            is_alone = not token.line[:column].strip()
            comments[line] = _Comment(column, text, is_alone, brackets > 0)
    return comments


def _beside(places: list[_Place], comments: Mapping[int, _Comment]) -> dict[str, str]:
    """The comment of each place that has one, and shares no line with another."""
    found: dict[str, str] = {}
    firsts = collections.Counter(place.first for place in places)
    lasts = collections.Counter(place.last for place in places)
    for name, first, last in places:
        text = _at_end(last, comments) if lasts[last] == 1 else ""
        if not text and firsts[first] == 1:
            text = _above(first, comments)
        if text:
            found[name] = text
    return found


def _at_end(line: int, comments: Mapping[int, _Comment]) -> str:
    """The comment at a line's end, with the lines that continue it in the same column."""
    if line not in comments or comments[line].is_alone:
        return ""
    lines = [comments[line]]
    while _continues(lines[0], comments.get(line + len(lines))):
        lines.append(comments[line + len(lines)])
    return _one_line(lines)


def _above(line: int, comments: Mapping[int, _Comment]) -> str:
    """The comment on the lines right above, without those that continue one before."""
    lines: list[_Comment] = []
    while line - 1 in comments and comments[line - 1].is_alone:
        line -= 1
        lines.insert(0, comments[line])
    before = comments.get(line - 1)
    return _one_line([each for each in lines if before is None or not _continues(before, each)])


def _continues(comment: _Comment, following: _Comment | None) -> bool:
    return following is not None and following.is_alone and following.column == comment.column


def _one_line(comments: list[_Comment]) -> str:
    """The comments that say something, as one line: a rule of dashes does not."""
    return " ".join(each.text for each in comments if re.search(r"\w", each.text))
