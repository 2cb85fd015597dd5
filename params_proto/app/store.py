"""Configs in Hydra's ConfigStore for as long as one app runs; other apps see Hydra's own."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, cast

from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from omegaconf import OmegaConf


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
    undo = ExitStack()
    with undo:
        for entry in entries:
            folder = store.repo
            for part in entry.group.split("/") if entry.group else ():
                if part not in folder:
                    folder[part] = {}
                    undo.callback(_drop_empty, folder, part)
                folder = folder[part]
            file = f"{entry.name}.yaml"
            # Hydra 1.4 warns about a config that takes another's place.
            undo.callback(_put_back, folder, file, folder.pop(file, None))
            store.store(entry.name, entry.node, entry.group, entry.package, "params_proto")
        yield


def sweeper_options() -> dict[str, Any]:
    """The options of the sweeper, `hydra.sweeper.*`, and their defaults."""
    Plugins.instance()  # which has the sweeper store them, where an app has not begun
    node = ConfigStore.instance().load("hydra/sweeper/params_proto.yaml").node
    return cast("dict[str, Any]", OmegaConf.to_container(node))


def _put_back(folder: dict[str, Any], file: str, config: Any) -> None:
    folder.pop(file, None)
    if config is not None:
        folder[file] = config


def _drop_empty(folder: dict[str, Any], name: str) -> None:
    if not folder[name]:
        del folder[name]
