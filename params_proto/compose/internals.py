"""What the rest of the package uses of private names in multiprocessing."""

from __future__ import annotations

from typing import Any, cast


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
