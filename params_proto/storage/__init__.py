"""Sweeps in files and frames, and in lines of overrides. Each module loads when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from params_proto.storage.files import load as load
    from params_proto.storage.files import parsed as parsed
    from params_proto.storage.files import save as save
    from params_proto.storage.frames import from_dataframe as from_dataframe
    from params_proto.storage.frames import to_dataframe as to_dataframe
    from params_proto.storage.plain import sweep_from_steps as sweep_from_steps
    from params_proto.storage.plain import sweep_of_lines as sweep_of_lines

_MODULES = {
    "load": "files",
    "parsed": "files",
    "save": "files",
    "sweep_of_lines": "plain",
    "sweep_from_steps": "plain",
    "from_dataframe": "frames",
    "to_dataframe": "frames",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
