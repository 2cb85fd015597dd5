"""Gives the other packages access to private names of Hydra and the standard library."""

from __future__ import annotations

import atexit
import inspect
import threading
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, cast

from hydra import __version__

from params_proto.fields.signature import made_by_hydra_main

if TYPE_CHECKING:
    from hydra._internal.callbacks import Callbacks
    from hydra._internal.hydra import Hydra as Hydra
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

IS_HYDRA_1_3: Final = __version__.startswith("1.3.")
"""Whether this is Hydra 1.3, for the differences from Hydra 1.4."""


def share_with_children(name: str, value: Any) -> None:
    """Makes every process that multiprocessing or joblib starts from now on unpickle a value.

    It is added, by name, to the process configuration that is pickled for all descendants. That is
    private, but neither spawn nor forkserver has another way to pass something on.
    """
    from multiprocessing.process import current_process

    cast("Any", current_process())._config[name] = value


def start_hydra(configs: str | None, name: str) -> Hydra:
    """Starts Hydra for this process as an app does.

    `configs` is a folder or a package, `pkg://...`; None for only Hydra's own configs.
    """
    from hydra._internal.hydra import Hydra
    from hydra._internal.utils import create_config_search_path

    return Hydra.create_main_hydra2(name, create_config_search_path(configs))


def callbacks_of(config: DictConfig) -> Callbacks:
    """The callbacks of a config, `hydra.callbacks`."""
    from hydra._internal.callbacks import Callbacks

    return Callbacks(config)


def without_callbacks(context: HydraContext) -> None:
    """Removes the callbacks of a multirun, so that they are no longer called."""
    cast("list[Any]", cast("Any", context.callbacks).callbacks).clear()


def finish_interpreter() -> None:
    """Does what Python does when it exits: waits for threads, and calls `atexit` functions."""
    cast("Any", threading)._shutdown()  # non-daemon threads
    cast("Any", atexit)._run_exitfuncs()


def unwrap_hydra_main(
    function: Any,
) -> tuple[TaskFunction, str | None, str | None, AbstractContextManager[Any]] | None:
    """What `hydra.main` was given for a function, below other decorators; None if it was not used.

    Returns the task function, its config path relative to its file, the name of the primary config,
    and a context in which configs may call what they may in the app.
    """
    decorated = made_by_hydra_main(function)
    if decorated is None:
        return None
    closure = inspect.getclosurevars(decorated).nonlocals
    allowed = nullcontext()
    if closure.get("execution_whitelist") is not None:  # since Hydra 1.4
        from hydra import utils

        allowed = getattr(utils, "execution_whitelist")(closure["execution_whitelist"])  # noqa: B009
    return decorated.__wrapped__, closure.get("config_path"), closure.get("config_name"), allowed
