"""What `--help` shows: every parameter with its type, its value and what it is for."""

from __future__ import annotations

import enum
import inspect
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, cast

import omegaconf
from hydra.conf import HelpConf
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from params_proto.app.store import Entry
from params_proto.app.task import Task
from params_proto.fields import REQUIRED, Field, Target
from params_proto.fields.annotations import type_text
from params_proto.fields.help import describe_help
from params_proto.fields.schema import escape

NAME: Final = "params_proto"
"""The option of the group hydra/help."""

_RESOLVER: Final = "params_proto_parameters"
# OmegaConf 2.4 has given the old name of another function to this one.
_IS_2_3: Final = tuple(map(int, omegaconf.__version__.split(".")[:2])) < (2, 4)
_REGISTER: Final = "register_new_resolver" if _IS_2_3 else "register_resolver"
_WIDEST: Final = 40  # of a column, but for what stands in the last

_PLAIN: Final = re.compile(r"[A-Za-z_./~$@-][\w ./:~${}@-]*(?<! )")

# Hydra resolves ${...} first, on the composed config, and fills in $... then.
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


def entry(task: Task) -> Entry:
    """The page as a config for Hydra."""
    doc = inspect.getdoc(task.app) or ""
    head = f"{task.__name__}: {doc.partition(f'{chr(10)}{chr(10)}')[0]}".removesuffix(": ")
    header = escape(head.replace("$", "$$"))
    page = HelpConf("${hydra.job.name}", header, _FOOTER, _TEMPLATE)
    return Entry(NAME, page, group="hydra/help")


@contextmanager
def resolving(task: Task) -> Generator[None, None, None]:
    """While Hydra shows the page: what its table comes from."""

    def parameters(*, _root_: DictConfig) -> str:
        groups = GlobalHydra.instance().config_loader().list_groups("")
        table = parameters_table(task, _root_).replace("$", "$$")
        return table + (_GROUPS if any(group != "hydra" for group in groups) else "")

    getattr(OmegaConf, _REGISTER)(_RESOLVER, parameters, replace=True)
    try:
        yield
    finally:
        OmegaConf.clear_resolver(_RESOLVER)


def parameters_table(task: Task, config: DictConfig) -> str:
    """The parameters of an app and of its prefix classes, under a title each.

    Args:
        task: the app.
        config: the composed config, whose values are shown.
    """
    titled = [(_title("Parameters", None), _rows(task.root, task.app, config))]
    for name, node in task.nodes.items():
        titled.append((_title(name, node.cls), _rows(node.target, node.cls, config)))
    rows = [row for _, section in titled for row in section]
    widths = [
        max((len(row[column]) for row in rows if len(row[column]) <= _WIDEST), default=0)
        for column in range(3)
    ]
    lines: list[str] = []
    for title, section in titled:
        lines.append(title)
        for row in section:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            lines.append("  ".join(["", *cells, row[3]]).rstrip())
        lines.append("")
    return "\n".join(lines)


def _title(name: str, cls: type | None) -> str:
    doc = (inspect.getdoc(cls) or "") if cls is not None else ""
    return f"{name}: {doc.splitlines()[0]}" if doc else name


def _rows(target: Target, obj: Any, config: DictConfig) -> list[tuple[str, str, str, str]]:
    """Name, type, value and purpose of each field."""
    purposes = describe_help(obj)
    prefix = f"{target.node}." if target.node else ""
    return [
        (
            prefix + name,
            type_text(field.annotation),
            _value(config, prefix + name, field),
            purposes.get(name, ""),
        )
        for name, field in target.fields.items()
    ]


def _value(config: DictConfig, name: str, field: Field) -> str:
    """The value that a parameter has, about as it would be written on the command line."""
    try:
        value = OmegaConf.select(config, name, throw_on_missing=True)
    except MissingMandatoryValue:
        # A default that a config cannot hold is missing there, too.
        return "required" if field.default is REQUIRED else _text(field.default)
    except OmegaConfBaseException:  # an interpolation that only a job can resolve
        value = OmegaConf.to_container(config, resolve=False)
        for part in name.split("."):
            value = cast("Any", value)[part]
    return _text(OmegaConf.to_container(value) if OmegaConf.is_config(value) else value)


def _text(value: Any) -> str:
    """A value as text, strings without quotes where that is clear.

    >>> _text({"betas": [0.9, None], "name": "adam", "note": ""})
    "{betas: [0.9, null], name: adam, note: ''}"
    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, enum.Enum):
        return value.name
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else repr(value)
    if isinstance(value, Mapping):
        items = cast("Mapping[Any, Any]", value).items()
        return f"{{{', '.join(f'{_text(key)}: {_text(inner)}' for key, inner in items)}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_text, cast('Sequence[Any]', value)))}]"
    return getattr(value, "__name__", None) or str(value)
