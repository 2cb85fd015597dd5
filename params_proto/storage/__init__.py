"""Sweeps in files and frames, and in lines of overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from params_proto.storage.files import load as load
from params_proto.storage.files import save as save
from params_proto.storage.from_lines import sweep_of_lines as sweep_of_lines
from params_proto.storage.from_steps import sweep_from_steps as sweep_from_steps
from params_proto.storage.to_steps import steps_to_mapping as steps_to_mapping

if TYPE_CHECKING:
    from params_proto.storage.frames import from_dataframe as from_dataframe
    from params_proto.storage.frames import to_dataframe as to_dataframe


def __getattr__(name: str) -> Any:
    if name in ("from_dataframe", "to_dataframe"):
        from params_proto.storage import frames  # and with it pandas

        return getattr(frames, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
