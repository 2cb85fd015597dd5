"""What `--help` shows: every parameter with its type, its value and its purpose."""

from __future__ import annotations

import inspect
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, cast

import omegaconf
from hydra.conf import HelpConf
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from params_proto._keys import full_key
from params_proto.app.configs import Entry
from params_proto.app.task import Task
from params_proto.errors import SweepError
from params_proto.fields import REQUIRED, Field, Target
from params_proto.fields.annotations import type_text
from params_proto.fields.help import describe_help
from params_proto.fields.schema import escape
from params_proto.overrides.render import render

DEFAULTS: Final = {"sweeper": "params_proto", "help": "params_proto"}
"""The options of Hydra's groups while the page is shown."""

_RESOLVER: Final = "params_proto_parameters"
# OmegaConf 2.4 has given the old name of another function to this one.
_IS_2_3: Final = tuple(map(int, omegaconf.__version__.split(".")[:2])) < (2, 4)
_REGISTER: Final = "register_new_resolver" if _IS_2_3 else "register_resolver"
_WIDEST: Final = 40  # of a column, except the last

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
    return Entry(DEFAULTS["help"], page, group="hydra/help")


@contextmanager
def resolver(task: Task) -> Generator[None, None, None]:
    """Fills in the table while Hydra shows the page."""

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
    titled = [("Parameters", _rows(task.root, task.app, config))]
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


def _title(name: str, cls: type) -> str:
    doc = inspect.getdoc(cls)
    return f"{name}: {doc.splitlines()[0]}" if doc else name


def _rows(target: Target, obj: Any, config: DictConfig) -> list[tuple[str, str, str, str]]:
    """Name, type, value and purpose of each field."""
    purposes = describe_help(obj)
    rows: list[tuple[str, str, str, str]] = []
    for name, field in target.fields.items():
        full = full_key(target.node, name)
        value = _value(config, full, field)
        rows.append((full, type_text(field.annotation), value, purposes.get(name, "")))
    return rows


def _value(config: DictConfig, name: str, field: Field) -> str:
    """The value that a parameter has, as it is written on the command line."""
    try:
        value = OmegaConf.select(config, name, throw_on_missing=True)
    except MissingMandatoryValue:
        if field.default is REQUIRED:
            return "required"
        value = field.default  # which a config cannot hold
    except OmegaConfBaseException:  # an interpolation that only a job can resolve
        node, _, last = name.rpartition(".")
        parent: Any = OmegaConf.select(config, node) if node else config
        return str(cast("Any", OmegaConf.to_container(parent))[last])
    try:
        return render(OmegaConf.to_container(value) if OmegaConf.is_config(value) else value)
    except SweepError:
        return getattr(value, "__name__", None) or str(value)
