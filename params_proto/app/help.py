"""The page that `--help` shows: every parameter with its type, value and help text.

The help text is the comment at the parameter, or its entry in the docstring.
"""

from __future__ import annotations

import ast
import inspect
import re
import shutil
import textwrap
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from itertools import takewhile
from typing import Any, Final, cast

from hydra.conf import HelpConf
from hydra.core.global_hydra import GlobalHydra
from omegaconf import MISSING, DictConfig, OmegaConf

from params_proto._keys import full_key
from params_proto.app.task import Task
from params_proto.compose.internals import IS_HYDRA_1_3
from params_proto.fields import REQUIRED
from params_proto.fields.schema import escape
from params_proto.fields.signature import type_text
from params_proto.overrides.render import has_interpolation, render, unescape

DEFAULTS: Final = {"sweeper": "params_proto", "help": "params_proto"}
"""Options of Hydra's groups for showing the page."""

CONFIG: Final = "hydra/help/params_proto"
"""The path of the page's config."""

_RESOLVER: Final = "params_proto_parameters"
# In OmegaConf 2.4, which Hydra 1.4 needs, it has the name that another function had before.
_REGISTER: Final = "register_new_resolver" if IS_HYDRA_1_3 else "register_resolver"

# Hydra first resolves ${...}, on the composed config, and then fills in $...
_TEMPLATE: Final = f"""\
${{hydra.help.header}}

${{{_RESOLVER}:}}
${{hydra.help.footer}}"""

_GROUPS: Final = """
Config groups: group=option
$APP_CONFIG_GROUPS"""

_FOOTER: Final = """\
Give a parameter a value with name=value, and run a job for each of several with -m name=1,2,3.
With -m, hydra.sweeper.sweep=FILE runs a sweep, hydra.sweeper.dry_run=true only shows its jobs, and
hydra.sweeper.resume=DIR runs what is left of one. params-proto shows the results.
--hydra-help shows the options of Hydra itself."""


def page(task: Task) -> HelpConf:
    """The help page as a config for Hydra."""
    doc = inspect.getdoc(task.app) or ""
    head = f"{task.__name__}: {doc.partition(f'{chr(10)}{chr(10)}')[0]}".removesuffix(": ")
    header = escape(head.replace("$", "$$"))
    return HelpConf("${hydra.job.name}", header, _FOOTER, _TEMPLATE)


@contextmanager
def resolver(task: Task) -> Generator[None, None, None]:
    """Fills in the table while Hydra shows the page."""

    def parameters(*, _root_: DictConfig) -> str:
        groups = GlobalHydra.instance().config_loader().list_groups("")
        table = parameters_table(task, _root_).replace("$", "$$")
        return table + _GROUPS if {*groups} - {"hydra"} else table

    getattr(OmegaConf, _REGISTER)(_RESOLVER, parameters, replace=True)
    try:
        yield
    finally:
        OmegaConf.clear_resolver(_RESOLVER)


def parameters_table(task: Task, config: DictConfig) -> str:
    """The parameters of an app and its prefix classes with their values, under titles."""
    sections: dict[str, list[tuple[str, str, str, str]]] = {}
    objects = {"": task.app, **task.nodes}
    for target in task.targets:
        obj = objects[target.node]
        title = "Parameters"
        if target.node:
            title = ": ".join([target.node, *(inspect.getdoc(obj) or "").splitlines()[:1]])
        purposes = describe_help(obj)
        # Not resolved: some interpolations exist only in a job.
        values = cast("Any", OmegaConf.to_container(OmegaConf.select(config, target.node)))
        sections[title] = [
            (
                full_key(target.node, name),
                type_text(field.annotation),
                _value(values[name], field.default),
                purposes.get(name, ""),
            )
            for name, field in target.fields.items()
        ]
    rows = [row for section in sections.values() for row in section]
    widest = shutil.get_terminal_size().columns // 3  # of a column, except the last
    widths = [
        max([0, *filter(widest.__ge__, map(len, column))]) for column in zip(*rows, strict=True)
    ]
    lines: list[str] = []
    for title, section in sections.items():
        lines.append(title)
        for *cells, purpose in section:
            padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
            lines.append("  ".join(["", *padded, purpose]).rstrip())
        lines.append("")
    return "\n".join(lines)


def _value(value: Any, default: Any) -> str:
    """A parameter's value in a config, as written on the command line."""
    if value == MISSING:  # required, or not representable in a config
        return "required" if default is REQUIRED else getattr(default, "__name__", str(default))
    if isinstance(value, str):
        return value if has_interpolation(value) else render(unescape(value))
    return render(value)


def describe_help(obj: Any) -> dict[str, str]:
    """The help texts of a function's parameters or a class's fields, by name.

    A help text is the comment at the end of the parameter's line, else the comment lines right
    above it, else the string right below a class's field, else the entry in the docstring (Google's
    "Args:", NumPy's "Parameters", Sphinx's ":param x:"). A class also has those of its bases; an
    object without source, such as a builtin, has none.

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
    obj = inspect.unwrap(obj)
    found: dict[str, str] = {}
    for part in reversed(obj.__mro__[:-1]) if isinstance(obj, type) else (obj,):
        found |= _from_docstring(part) | _from_comments(part)
    return found


def _from_docstring(obj: Any) -> dict[str, str]:
    """The entries of a docstring and the strings below a class's fields, one paragraph of each."""
    from docstring_parser import ParseError, parse_from_object

    try:
        entries = parse_from_object(obj).params
    except (ParseError, TypeError, SyntaxError):  # the last two: no readable source
        return {}
    found: dict[str, str] = {}
    for entry in entries:
        text = " ".join((entry.description or "").partition("\n\n")[0].split())
        if text:
            found |= {name.strip(" *"): text for name in entry.arg_name.split(",")}
    return found


def _from_comments(obj: Any) -> dict[str, str]:
    """The comments at the parameters or fields in the source."""
    try:
        source = textwrap.dedent(inspect.getsource(obj))
        (node,) = ast.parse(source).body
    except (OSError, TypeError, ValueError, SyntaxError):
        return {}
    lines = source.encode().splitlines()  # the columns of ast count bytes
    comments = {name: _comment(lines, first, last) for name, first, last in _places(node)}
    return {name: text for name, text in comments.items() if text}


_Place = tuple[str, ast.stmt | ast.arg, ast.stmt | ast.expr | ast.arg]
"""A parameter or field, and the nodes that it begins and ends with."""


def _places(node: ast.stmt) -> list[_Place]:
    """The parameters of a function, or the fields of a class."""
    if isinstance(node, ast.FunctionDef):
        positional = [*node.args.posonlyargs, *node.args.args]
        required = [None] * (len(positional) - len(node.args.defaults))
        defaults = [*required, *node.args.defaults, *node.args.kw_defaults]
        parameters = zip([*positional, *node.args.kwonlyargs], defaults, strict=True)
        return [
            (parameter.arg, parameter, default or parameter) for parameter, default in parameters
        ]
    return [
        (re.split(r"\W", ast.unparse(statement), maxsplit=1)[0], statement, statement)
        for statement in cast("ast.ClassDef", node).body
        if isinstance(statement, (ast.Assign, ast.AnnAssign))
    ]


# Comments for tools, with anything after them, and lines of dashes.
_NOT_HELP = re.compile(r"(^|\s*#)\s*(noqa|type:|pyright:|mypy:|pylint:|pragma:|fmt:|ruff:).*|^\W+$")


def _comment(lines: Sequence[bytes], first: ast.stmt | ast.arg, last: Any) -> str:
    """The comment at the end of a place, or right above it, unless another shares the line."""
    indent, end = first.col_offset, cast("int", last.end_lineno)
    before = lines[first.lineno - 1][:indent].strip()
    after = re.match(rb"\s*,?\s*(#.*)", lines[end - 1][last.end_col_offset :])
    beside: list[bytes] = []
    if after and (not before or before.endswith(b"(")):
        beside = [after[1]]
    above: list[bytes] = []
    if not before:
        upwards = reversed(lines[: first.lineno - 1])
        above = [*takewhile(re.compile(rb" {%d}#" % indent).match, upwards)][::-1]
    return _text(beside) or _text(above)


def _text(comments: Sequence[bytes]) -> str:
    texts = [_NOT_HELP.sub("", line.decode().strip().lstrip("#:").strip()) for line in comments]
    return " ".join(" ".join(texts).split())
