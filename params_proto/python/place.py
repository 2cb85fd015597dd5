"""Where the configs of an app are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, NamedTuple

from params_proto.python.caller import Caller, caller, code_of


class Own(NamedTuple):
    """What an app has said about its configs.

    Args:
        function: whose file its path begins at.
        config_path: their folder or package.
        config_name: the primary config.
    """

    function: Any
    config_path: str | None = None
    config_name: str | None = None


class Place(NamedTuple):
    """The place itself.

    Args:
        configs: a folder or a package, `pkg://...`; None where there is none.
        primary: the name of the primary config.
        name: of the jobs.
    """

    configs: str | None
    primary: str | None
    name: str


def place_of(
    config_path: str | os.PathLike[str] | None, config_name: str | None, own: Own | None
) -> Place:
    """The place that is named, or else the app's own.

    Args:
        config_path: relative to the file of the caller.
        config_name: the primary config.
        own: what an app has for defaults.
    """
    at = caller()
    if own is not None and config_path is None:
        code = code_of(own.function)
        at, config_path = at if code is None else Caller.of(code), own.config_path
    if own is not None and config_name is None:
        config_name = own.config_name
    if config_path is None:
        return Place(None, config_name, at.name)
    path = os.fspath(config_path)
    if "://" not in path:
        path = str(Path(os.path.realpath(at.folder / path)))
    return Place(path, config_name, at.name)
