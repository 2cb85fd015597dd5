"""What Hydra's ConfigStore holds while an app runs; other apps see Hydra's own configs."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, cast

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf

from params_proto.fields import Target
from params_proto.fields.schema import structured_config

_SCHEMA: Final = "params_proto_schema"


class Entry(NamedTuple):
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
    replaced: list[tuple[dict[str, Any], str, Any]] = []
    for entry in entries:
        folder = store.repo
        for part in entry.group.split("/") if entry.group else ():
            folder = folder.setdefault(part, {})
        file = f"{entry.name}.yaml"
        # Hydra 1.4 warns about a config that takes another's place.
        replaced.append((folder, file, folder.pop(file, None)))
        store.store(entry.name, entry.node, entry.group, entry.package, "params_proto")
    try:
        yield
    finally:
        for folder, file, config in reversed(replaced):
            folder.pop(file, None)
            if config is not None:
                folder[file] = config


def entries(targets: Iterable[Target], defaults: Mapping[str, str]) -> list[Entry]:
    """The configs of an app: that of its fields, and Hydra's own with it in front of everything.

    Args:
        targets: its function, and its prefix classes.
        defaults: options of Hydra's own groups. What an application or a plugin has chosen in place
            of Hydra's own defaults stays.

    Raises:
        SweepError: a field cannot be a node, or a default does not go into its field.
    """
    schema = OmegaConf.create()
    for target in targets:
        config = structured_config(target)
        schema.merge_with({target.node: config} if target.node else config)
    hydra = ConfigStore.instance().load("hydra/config.yaml").node
    listed: list[Any] = [f"/{_SCHEMA}"]
    for default in hydra.defaults:
        if OmegaConf.is_dict(default):
            ((group, option),) = default.items()
            if option in ("basic", "default"):
                default = {group: defaults.get(group, option)}
        listed.append(default)
    hydra.defaults = listed
    return [Entry(_SCHEMA, schema, package="_global_"), Entry("config", hydra, group="hydra")]


def sweeper_options() -> dict[str, Any]:
    """The options of the sweeper, `hydra.sweeper.*`, and their defaults."""
    Plugins.instance()  # which has the sweeper store them, where no app has begun
    node = ConfigStore.instance().load("hydra/sweeper/params_proto.yaml").node
    return cast("dict[str, Any]", OmegaConf.to_container(node))
