"""The configs of an app: what it is made of, and what of it Hydra's store holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

from params_proto.app.base_config import base_config
from params_proto.app.children import resolve_annotations
from params_proto.app.function import App, find
from params_proto.app.registry import ParameterSet, nodes, parameters_of
from params_proto.app.store import Entry
from params_proto.app.task import Node, Task
from params_proto.errors import SweepError
from params_proto.fields import Target

_SCHEMA = "params_proto_schema"


def task_of(app: App[..., Any], *, closed: bool) -> Task:
    """The app with every prefix class that is defined now.

    Args:
        app: a decorated function.
        closed: whether there are no configs of the user's.

    Raises:
        SweepError: a class and a parameter have one name in the config.
    """
    root = app.__proto_parameters__
    classes = {node: _of_module(app.__module__, cls) for node, cls in nodes().items()}
    owners = {node: cast("ParameterSet", parameters_of(cls)) for node, cls in classes.items()}
    for name in root.defaults:
        if name in owners:
            raise SweepError(
                f"The class {owners[name].title} and a parameter of {root.title} are both {name!r}"
                f' in the config: give the class another node, @proto.prefix("{name}_"), or the'
                " parameter another name."
            )
    return Task(
        app,
        _with_current_defaults(root),
        {node: Node(cls, _with_current_defaults(owners[node])) for node, cls in classes.items()},
        closed=closed,
    )


def _of_module(module: str, cls: type) -> type:
    """The class as a module has it: a script that is imported as well has made it twice."""
    found = find(module, cls.__qualname__)
    owner, other = parameters_of(found), parameters_of(cls)
    return found if owner and other and owner.key == other.key else cls


def entries(task: Task, defaults: Mapping[str, str]) -> list[Entry]:
    """What is in Hydra's store while the app runs.

    Args:
        task: the app.
        defaults: options of Hydra's own groups, where nobody has chosen others.

    Raises:
        SweepError: a default is no value for its parameter.
    """
    schema = base_config(task.root, [node.target for node in task.nodes.values()])
    return [Entry(_SCHEMA, schema, package="_global_"), _hydra_config(defaults)]


def _with_current_defaults(owner: ParameterSet) -> Target:
    """The fields with what was assigned to them, or is bound now, for a default."""
    fields = {
        name: dataclasses.replace(field, default=owner.value(name))
        for name, field in owner.target.fields.items()
    }
    seen: set[type] = set()
    for field in fields.values():
        resolve_annotations(field.annotation, seen)
        resolve_annotations(type(field.default), seen)
    return dataclasses.replace(owner.target, fields=fields)


def _hydra_config(defaults: Mapping[str, str]) -> Entry:
    """Hydra's own config, with the schema in front of everything and our defaults for its groups.

    What an application or a plugin has chosen in place of Hydra's own defaults stays.
    """
    config = ConfigStore.instance().load("hydra/config.yaml").node
    listed: list[Any] = [f"/{_SCHEMA}"]
    for default in config.defaults:
        if OmegaConf.is_dict(default):
            ((group, option),) = default.items()
            if option in ("basic", "default"):
                default = {group: defaults.get(group, option)}
        listed.append(default)
    config.defaults = listed
    return Entry("config", config, group="hydra")
