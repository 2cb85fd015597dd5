"""What Hydra's ConfigStore holds while an app runs; other apps see Hydra's own configs."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import DictConfig, OmegaConf

from params_proto.compose.internals import typed_node
from params_proto.fields import Target
from params_proto.fields.schema import structured_config

_SCHEMA: Final = "params_proto_schema"


@dataclass(frozen=True)
class Entry:
    """A config to store.

    Args:
        name: its name, without `.yaml`.
        node: the config itself.
        group: the config group that it is an option of, if any.
        package: where its content goes in the composed config; "_global_" is the root.
    """

    name: str
    node: Any
    group: str | None = None
    package: str | None = None


@contextmanager
def stored(entries: Iterable[Entry]) -> Generator[None, None, None]:
    """Keeps configs in the store during a block; afterwards it is as it was before.

    Only these entries are taken back: what plugins store when Hydra first loads them stays.
    """
    store = ConfigStore.instance()
    with ExitStack() as undo:
        for entry in entries:
            folder = store.repo
            for part in entry.group.split("/") if entry.group else ():
                folder = folder.setdefault(part, {})
            file = f"{entry.name}.yaml"
            # Hydra 1.4 warns about a config that takes another's place.
            undo.callback(_put_back, folder, file, folder.pop(file, None))
            store.store(entry.name, entry.node, entry.group, entry.package, "params_proto")
        yield


def _put_back(folder: dict[str, Any], file: str, config: Any) -> None:
    folder.pop(file, None)
    if config is not None:
        folder[file] = config


def entries(targets: Iterable[Target], defaults: Mapping[str, str]) -> list[Entry]:
    """The configs of an app.

    Args:
        targets: its function, and its prefix classes.
        defaults: options of Hydra's own groups, where nobody has chosen others.

    Raises:
        SweepError: a field cannot be a node, or a default does not go into its field.
    """
    config = OmegaConf.create()
    for target in targets:
        if target.node:
            config[target.node] = _untyped(target)
        else:
            config.merge_with(_untyped(target))
    return [Entry(_SCHEMA, config, package="_global_"), _hydra_config(defaults)]


def _untyped(target: Target) -> DictConfig:
    """The typed fields of a target, in a node that is not typed itself.

    The user's files can so add keys of their own, to read them from interpolations, say; and yet
    the command line cannot: Hydra closes what it has composed, but for structured configs that
    were declared open, in which a misspelt name would pass.
    """
    typed = OmegaConf.structured(structured_config(target))
    return OmegaConf.create({name: typed_node(typed, name) for name in target.fields})


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


def sweeper_options() -> dict[str, Any]:
    """The options of the sweeper, `hydra.sweeper.*`, and their defaults."""
    Plugins.instance()  # which has the sweeper store them, where no app has begun
    node = ConfigStore.instance().load("hydra/sweeper/params_proto.yaml").node
    return cast("dict[str, Any]", OmegaConf.to_container(node))
