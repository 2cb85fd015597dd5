"""A sweep of Python's own, which no config can hold: `Sweep.launch` hands it to its multirun."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from params_proto.sweep import Sweep

_sweep: ContextVar[Sweep | None] = ContextVar("params_proto_handed", default=None)


@contextmanager
def handing(sweep: Sweep) -> Generator[None, None, None]:
    """Within the block it is what a multirun runs, in place of `hydra.sweeper.sweep`."""
    token = _sweep.set(sweep)
    try:
        yield
    finally:
        _sweep.reset(token)


def handed() -> Sweep | None:
    """The sweep that Python launches here; None where a command line does.

    >>> from params_proto import Sweep
    >>> with handing(Sweep().product(lr=[0.1])):
    ...     handed()
    Sweep().product(lr=[0.1])
    >>> handed() is None
    True
    """
    return _sweep.get()
