"""Functions that get the whole config: apps of `hydra.main`, and those written to be one."""

from __future__ import annotations

import inspect
import types
from typing import Any

_CONFIG = ("DictConfig", "omegaconf.DictConfig")  # as annotations may have it, quoted or not


def takes_whole_config(function: Any) -> bool:
    """Whether a function gets a config whose keys its parameters do not say.

    Args:
        function: or anything else, which does not.

    >>> from omegaconf import DictConfig
    >>> def main(cfg: DictConfig): ...
    >>> def train(lr): ...
    >>> takes_whole_config(main), takes_whole_config(train)
    (True, False)
    """
    if made_by_hydra_main(function) is not None:
        return True
    if not isinstance(function, types.FunctionType):
        return False
    parameters = list(inspect.signature(function).parameters.values())
    if len(parameters) != 1:
        return False
    annotation = parameters[0].annotation
    name = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", "")
    return name in _CONFIG


def made_by_hydra_main(function: Any) -> Any:
    """What `hydra.main` has made of a function; None where it has not decorated it.

    Args:
        function: which other decorators may have wrapped once more.
    """
    while function is not None:
        if getattr(function, "__globals__", {}).get("__name__") == "hydra.main":
            return function
        function = getattr(function, "__wrapped__", None)
    return None
