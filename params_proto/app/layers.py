"""The values now: what a bind, the running job or an assignment gives to a parameter.

A read asks, in this order: the binds and the job of its own context (a thread, an asyncio task);
the job that this process runs; in any thread but the main one, the innermost bind of that; what
came along from the process that started this one; what was assigned; and last the class or function
itself, for its default.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar

from params_proto.app.packed import Packed
from params_proto.errors import SweepError

Key = tuple[str, str]
"""A function or class: the file or module that defines it, and its name in there."""

ABSENT: Final = object()
"""What `lookup` returns where nothing has a value."""

# What kinds of function have returned before they have run.
_RUNS_ON: Final = (
    inspect.iscoroutinefunction,
    inspect.isgeneratorfunction,
    inspect.isasyncgenfunction,
)

P = ParamSpec("P")
R = TypeVar("R")


def key_of(obj: Any) -> Key:
    """The key of a function or class.

    A script is one place, whether it is `__main__`, `__mp_main__` in a child process, or imported
    under its own name: the file counts.
    """
    module = sys.modules.get(obj.__module__)
    place = place_of(vars(module)) if module is not None else obj.__module__
    return place, obj.__qualname__


def place_of(module: Mapping[str, Any]) -> str:
    """The file of a module's globals; its name if it has none, as in a notebook."""
    file = module.get("__file__")
    return os.path.abspath(file) if file else module.get("__name__", "")


class Layer:
    """Values that hold for a while, above those that held before."""

    __slots__ = ("before", "below", "job", "values")

    def __init__(
        self,
        values: Mapping[Key, Mapping[str, Any]],
        below: Layer | None = None,
        job: bool = False,
    ) -> None:
        self.values = {key: dict(named) for key, named in values.items()}
        self.below = below
        self.job = job
        self.before: tuple[Layer | None, Layer | None] = (None, None)  # its context's, the job's

    def chain(self) -> Iterator[Layer]:
        """This layer and those below it."""
        layer: Layer | None = self
        while layer is not None:
            yield layer
            layer = layer.below


class Shared:
    """What all threads of this process share."""

    def __init__(self) -> None:
        self.job: Layer | None = None
        self.main: list[Layer] = []  # the main thread's binds, the innermost last
        self.brought: Layer | None = None  # from the process that started this one
        self.assigned: dict[Key, dict[str, Any]] = {}
        self.tells = False  # whether processes that start here take the values along


shared: Final = Shared()
_context: ContextVar[Layer | None] = ContextVar("params_proto", default=None)


def top() -> Layer | None:
    """The innermost values that hold here."""
    layer = _context.get() or shared.job
    if layer is None and shared.main and not _in_main_thread():  # whose tasks are apart
        layer = shared.main[-1]
    return layer or shared.brought


def lookup(key: Key, name: str) -> Any:
    """The value that a parameter has now, ABSENT where only its default is left."""
    layer = top()
    while layer is not None:
        named = layer.values.get(key)
        if named is not None and name in named:
            value = named[name]
            return value.open(name) if type(value) is Packed else value
        layer = layer.below
    return shared.assigned.get(key, {}).get(name, ABSENT)


def values_of(key: Key) -> dict[str, Any]:
    """Every value that a function or class has now, apart from its defaults."""
    names = set(shared.assigned.get(key, ()))
    innermost = top()
    if innermost is not None:
        names.update(*(layer.values.get(key, ()) for layer in innermost.chain()))
    return {name: lookup(key, name) for name in names}


def assign(key: Key, name: str, value: Any) -> None:
    """Sets a value in the innermost bind or job, or for the process where there is none."""
    layer = top()
    values = shared.assigned if layer is None else layer.values
    values.setdefault(key, {})[name] = value


def forget(key: Key) -> None:
    """Drops what was assigned: the class or function is defined anew."""
    shared.assigned.pop(key, None)


def holds() -> bool:
    """Whether a bind or a job gives values here."""
    return top() is not None


def in_job() -> bool:
    """Whether a job runs: in this process, or in the one that started it."""
    if shared.job is not None or (shared.brought is not None and shared.brought.job):
        return True
    # A job of a plain Hydra app, which may never have been loaded.
    hydra_config = sys.modules.get("hydra.core.hydra_config")
    return hydra_config is not None and hydra_config.HydraConfig.initialized()


class Held:
    """A block in which values hold; also a decorator, for functions that run in one go.

    Args:
        values: by function or class and name.
        job: whether the block is a Hydra job, whose values all threads of the process see.
    """

    def __init__(self, values: Mapping[Key, Mapping[str, Any]], job: bool = False) -> None:
        self._values = values
        self._job = job
        self._entered: list[Layer] = []  # by all threads and tasks

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, with the values during each of its calls."""
        if any(is_kind(function) for is_kind in _RUNS_ON):
            raise SweepError(
                f"bind cannot decorate {function.__name__}, which runs on after its call has"
                " returned. Write `with proto.bind(...):` inside it."
            )

        @functools.wraps(function)
        def inside(*args: P.args, **kwargs: P.kwargs) -> R:
            with Held(self._values, self._job):  # one of its own: threads may call at once
                return function(*args, **kwargs)

        return inside

    def __enter__(self) -> None:
        if not shared.tells:
            from params_proto.app.children import tell  # which loads multiprocessing

            tell()
        layer = Layer(self._values, top(), self._job)
        layer.before = (_context.get(), shared.job)
        self._entered.append(layer)
        _context.set(layer)
        if self._job:
            shared.job = layer
        elif _in_main_thread():
            shared.main.append(layer)

    def __exit__(self, *exception: object) -> None:
        innermost = _context.get()
        chain = innermost.chain() if innermost is not None else ()
        layer = next((one for one in chain if one in self._entered), None)
        if layer is not None:
            _context.set(layer.before[0])
        else:  # entered in another context, as a fixture of an async test may be
            layer = self._entered[-1]
        self._entered.remove(layer)
        if self._job:
            shared.job = layer.before[1]
        elif layer in shared.main:
            shared.main.remove(layer)


def _in_main_thread() -> bool:
    import threading

    return threading.current_thread() is threading.main_thread()
