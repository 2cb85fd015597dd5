"""Hydra's expansion of the defaults list, without configs that nobody reads.

For each config that has a defaults list, Hydra 1.3 builds a config of all choices so far, to
resolve options that are interpolations in (`db: ${server}_db`). Building these is half of the
expansion. Here one is built where there is such an option, and refused where a resolver gives it,
which may give another one to the next job; the rest is Hydra's code as it stands, with this one
function of its module exchanged, in a copy of the module's names.
"""

# pyright: reportPrivateUsage=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false

from __future__ import annotations

from types import FunctionType
from typing import Any

from hydra._internal import defaults_list

from params_proto.compose.doubts import DoubtError
from params_proto.compose.interpolations import RESOLVER

_MAP = "_create_interpolation_map"


def _rebound() -> dict[str, Any]:
    """The names of Hydra's module, its functions calling each other by these."""
    names: dict[str, Any] = dict(vars(defaults_list))
    for name, value in vars(defaults_list).items():
        if isinstance(value, FunctionType) and value.__module__ == defaults_list.__name__:
            names[name] = FunctionType(
                value.__code__, names, name, value.__defaults__, value.__closure__
            )
    if _MAP in names:
        build = names[_MAP]

        def build_if_read(overrides: Any, defaults: list[Any], added: bool) -> Any:
            texts = list(filter(None, map(_interpolation, defaults)))
            for text in texts:
                if RESOLVER.search(text):
                    raise DoubtError(f"a resolver chooses {text}")
            return build(overrides, defaults, added) if texts else None

        names[_MAP] = build_if_read
    return names


def _interpolation(default: Any) -> str | None:
    named = getattr(default, "value", None) or getattr(default, "path", None)
    return named if isinstance(named, str) and "${" in named else None


expanded = _rebound()["create_defaults_list"]
