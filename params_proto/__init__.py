"""Hyperparameter sweeps, written once: for a Python loop and for a Hydra multirun."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from params_proto import proto as proto
    from params_proto.analysis.frame import results as results
    from params_proto.analysis.frame import summarize as summarize
    from params_proto.errors import SweepError as SweepError
    from params_proto.errors import SweepWarning as SweepWarning
    from params_proto.sweep import Sweep as Sweep
    from params_proto.workers.job import job as job

__all__ = ["Sweep", "SweepError", "SweepWarning", "job", "proto", "results", "summarize"]

# Loaded on first access: plugin discovery must be nearly free.
_HOMES = {
    "Sweep": "sweep",
    "SweepError": "errors",
    "SweepWarning": "errors",
    "job": "workers.job",
    "results": "analysis.frame",
    "summarize": "analysis.frame",
}


def __getattr__(name: str) -> Any:
    if name == "proto":
        return import_module("params_proto.proto")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"params_proto.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
