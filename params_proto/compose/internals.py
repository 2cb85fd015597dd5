"""What the rest of the package uses of private names in OmegaConf and multiprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from omegaconf import DictConfig


def typed_node(config: DictConfig, name: str) -> Any:
    """A node with its type and flags, which `config[name]` gives for containers alone."""
    return cast("Any", config)._get_node(name)


def hand_to_children(name: str, value: Any) -> None:
    """Has every process that multiprocessing or joblib starts from here on unpickle a value.

    A process's configuration is pickled for its children, and theirs. It has no public name, and
    neither spawn nor forkserver has another way to hand something on.

    Args:
        name: of the value; a later one of the same name takes its place.
        value: what is pickled whenever a child starts.
    """
    from multiprocessing.process import current_process

    cast("Any", current_process())._config[name] = value
