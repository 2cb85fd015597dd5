"""The class of the sweeper, which is given once all that stands beside it can be resolved.

Hydra resolves the node `hydra.sweeper` before it makes the sweeper, and ends in OmegaConf's
traceback where an interpolation in it leads nowhere. It asks for the class first, so the class is
an interpolation, too: its resolver looks at the others, and says what is wrong in one line.
"""

from typing import Any

from hydra.errors import CompactHydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

# With an argument, though there is one class only: without, OmegaConf parses it, which takes 3 ms
# of each run of an app.
TARGET = "${params_proto.class:sweeper}"
_RESOLVER = "params_proto.class"

_CLASS = "hydra_plugins.params_proto_sweeper.sweeper.ParamsProtoSweeper"


class UnresolvedError(InterpolationResolutionError, CompactHydraException):
    """An interpolation under `hydra.sweeper` that leads nowhere.

    OmegaConf lets the one base class through, and Hydra prints the other without a traceback.
    """

    def __str__(self) -> str:
        # OmegaConf adds where it was looking: at the class, which nobody wrote.
        return super().__str__().partition("\n")[0]


def class_of(what: str, *, _parent_: DictConfig) -> str:
    """The name of the class.

    Args:
        what: the sweeper.
        _parent_: the node `hydra.sweeper`, as OmegaConf gives it to a resolver.

    Raises:
        UnresolvedError: an interpolation in the node cannot be resolved.
    """
    for key in _parent_:
        if key != "_target_":
            _resolve(_parent_, str(key))
    return _CLASS


def _resolve(node: DictConfig, key: str) -> None:
    try:
        value: Any = node[key]
        if OmegaConf.is_config(value):
            OmegaConf.to_container(value, resolve=True)
    except MissingMandatoryValue:
        return  # for whoever reads it
    except OmegaConfBaseException as error:
        place = error.full_key or f"hydra.sweeper.{key}"
        raise UnresolvedError(
            f"{place}: {str(error).splitlines()[0]}. What stands under hydra.sweeper is resolved"
            " once, before the jobs: it may name a key of the config, and ${hydra.job.name} in"
            " place of ${hydra:job.name}. Write \\${...} for what each job is to resolve."
        ) from error


def register() -> None:
    """Lets the class be looked up, where that is not so yet."""
    if not OmegaConf.has_resolver(_RESOLVER):
        # OmegaConf 2.4 has given it the name of an older function, which takes no options.
        has_options = OmegaConf.register_resolver.__kwdefaults__ is not None
        name = "register_resolver" if has_options else "register_new_resolver"
        getattr(OmegaConf, name)(_RESOLVER, class_of)


register()  # for a process that was given a node, and has not looked for plugins
