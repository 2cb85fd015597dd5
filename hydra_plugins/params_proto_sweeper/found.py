"""What Hydra finds of the plugin in the environment of each app: `hydra/sweeper=params_proto`.

It imports this module whether or not an app uses the sweeper. So what the option holds is made when
an app chooses it, and stands in modules that Hydra does not look into: those with a `_`.
"""

from typing import Any

from hydra.core.config_store import ConfigNode, ConfigStore
from omegaconf import DictConfig


class _Option(ConfigNode):
    """The option of the group, with its node once somebody has asked for it."""

    def __init__(self) -> None:
        self.name = "params_proto.yaml"
        self.group = "hydra/sweeper"
        self.package = None
        self.provider = "hydra-params-proto"

    @property
    def node(self) -> DictConfig:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The options of the sweeper."""
        from hydra_plugins.params_proto_sweeper._config import options
        from hydra_plugins.params_proto_sweeper._target import register

        register()  # again, after a test that put OmegaConf's resolvers back
        own = vars(self)
        if "node" not in own:
            own["node"] = options()
        return own["node"]

    def __deepcopy__(self, memo: dict[int, Any]) -> ConfigNode:
        # Hydra copies the whole store for each composition, and each node once more as it is read.
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        # For a copy, which Hydra gives a node of its own, and for a process without this class.
        return ConfigNode, (self.name, self.node, self.group, self.package, self.provider)


# Not by `store`: a worker of joblib's looks for plugins when it has the options of the process that
# started it already, which Hydra 1.4 would warn of.
_groups: dict[str, Any] = ConfigStore.instance().repo
_groups.setdefault("hydra", {}).setdefault("sweeper", {})["params_proto.yaml"] = _Option()
