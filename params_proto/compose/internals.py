"""What the rest of the package uses of private names in Hydra and multiprocessing."""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Final, cast

from hydra import __version__

from params_proto.fields.signature import made_by_hydra_main

if TYPE_CHECKING:
    from hydra._internal.hydra import Hydra
    from hydra.types import TaskFunction

IS_HYDRA_1_3: Final = __version__.startswith("1.3.")
"""Whether this is the older of the two Hydras, where they differ."""


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


def started(configs: str | None, name: str) -> Hydra:
    """Hydra as an app has it, which from here on is the process's.

    Args:
        configs: the folder of the configs, or their package, `pkg://...`; None for those that Hydra
            has itself.
        name: of the jobs.
    """
    from hydra._internal.hydra import Hydra
    from hydra._internal.utils import create_config_search_path

    return Hydra.create_main_hydra2(name, create_config_search_path(configs))


def decoration(
    function: Any,
) -> tuple[TaskFunction, str | None, str | None, AbstractContextManager[Any]] | None:
    """What `hydra.main` has decorated a function with; None where it has not.

    Args:
        function: which other decorators may have wrapped once more.

    Returns:
        The task function; the path of the configs, relative to its file; the name of the primary
        config; and a block within which configs may have called what they may in the app.
    """
    made = made_by_hydra_main(function)
    if made is None:
        return None
    held = inspect.getclosurevars(made).nonlocals
    allowed = nullcontext()
    if held.get("execution_whitelist") is not None:  # since Hydra 1.4
        from hydra import utils

        allowed = getattr(utils, "execution_whitelist")(held["execution_whitelist"])  # noqa: B009
    return made.__wrapped__, held.get("config_path"), held.get("config_name"), allowed
