"""The log of a job's earlier attempt, which stays when the job runs again in its directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto.keys import key_error
from params_proto.multirun.host import changeable

if TYPE_CHECKING:
    from omegaconf import DictConfig

_HANDLERS = "hydra.job_logging.handlers"
_BASIC = "hydra._internal.core_plugins.basic_launcher.BasicLauncher"


def append_to_logs(config: DictConfig, *, again: bool) -> None:
    """Lets handlers append to a file that begin it anew, where jobs may run a second time.

    Hydra's own appends; a config of the user's may say `mode: w`.

    Args:
        config: of the multirun.
        again: whether the sweep is one that goes on, or jobs that fail run again. Launchers other
            than Hydra's basic one may start a job twice in any case: after a worker has died beside
            it, or when a cluster requeues it.
    """
    if not again and config.hydra.launcher.get("_target_") == _BASIC:
        return
    for name in _beginning_anew(config):
        with changeable(config):
            config.hydra.job_logging.handlers[name].mode = "a"
            # What stands here reaches each job's config.
            config.hydra.overrides.hydra.append(f"{_HANDLERS}.{name}.mode=a")


def is_appending(override: str) -> bool:
    """Whether an override of Hydra is one of these.

    >>> is_appending("hydra.job_logging.handlers.file.mode=a")
    True
    """
    return override.startswith(f"{_HANDLERS}.") and override.endswith(".mode=a")


def _beginning_anew(config: DictConfig) -> list[str]:
    whole = cast("Any", OmegaConf.to_container(config.hydra))
    logging = cast("Any", whole.get("job_logging") or {})
    handlers = cast("dict[str, Any]", logging.get("handlers") or {})
    modes = {name: str(handler.get("mode")) for name, handler in handlers.items() if handler}
    return [
        name
        for name, mode in modes.items()
        if mode.startswith(("w", "x")) and not key_error(f"{_HANDLERS}.{name}.mode")
    ]
