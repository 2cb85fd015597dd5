"""The current values: what a bind, the running job or an assignment gives to a parameter.

A read looks, in this order, at: the binds and the job of its own context (a thread, an asyncio
task); the job that this process runs; in any thread but the main one, the main thread's innermost
bind; the values of the process that started this one; assignments; and last the default.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final, ParamSpec, TypeVar

from params_proto.errors import SweepError

Key = tuple[str, str]
"""A function or class: the file or module that defines it, and its qualified name."""

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


class LazyPickle:
    """A value from another process, unpickled when it is first read.

    A value that cannot be pickled stops neither the process nor the other values.

    >>> LazyPickle(0.1).load("lr")
    0.1
    """

    __slots__ = ("error", "pickled")

    def __init__(self, value: Any) -> None:
        import pickle  # not at the top: it would be a third of what importing the package costs

        self.pickled, self.error = b"", ""
        try:
            self.pickled = pickle.dumps(value)
        except Exception as error:  # each type has its own way to refuse
            self.error = str(error)

    def load(self, name: str) -> Any:
        """The value itself.

        Args:
            name: the parameter that has it, for the message.

        Raises:
            SweepError: it could not be pickled.
        """
        import pickle

        if self.error:
            raise SweepError(
                f"The value of {name} did not reach this process: {self.error}."
                " Pass it to the function as an argument."
            )
        return pickle.loads(self.pickled)


class Layer:
    """The values of one bind or job.

    Args:
        values: by function or class and name.
        below: the layer whose values show through.
        is_job: whether the values are those of a Hydra job.
        outer: the innermost layer of the context in which this one was entered.
    """

    __slots__ = ("below", "is_job", "outer", "values")

    def __init__(
        self,
        values: Mapping[Key, Mapping[str, Any]],
        below: Layer | None = None,
        is_job: bool = False,
        outer: Layer | None = None,
    ) -> None:
        self.values = {key: dict(named) for key, named in values.items()}
        self.below = below
        self.is_job = is_job
        self.outer = outer


class ProcessValues:
    """What all threads of this process share."""

    def __init__(self) -> None:
        self.job: Layer | None = None
        self.main: list[Layer] = []  # the main thread's binds, the innermost last
        self.inherited: Layer | None = None  # from the process that started this one
        self.assigned: dict[Key, dict[str, Any]] = {}
        self.reaches_children = False  # whether new processes inherit the values


process: Final = ProcessValues()
_context: ContextVar[Layer | None] = ContextVar("params_proto", default=None)


def innermost() -> Layer | None:
    """The layer whose values come first here."""
    layer = _context.get() or process.job
    if layer is None and process.main and not _in_main_thread():
        layer = process.main[-1]
    return layer or process.inherited


def layers(top: Layer | None) -> Iterator[Layer]:
    """A layer and those below it."""
    while top is not None:
        yield top
        top = top.below


def lookup(key: Key, name: str, default: Any) -> Any:
    """The value that a parameter has now, or else the default."""
    layer = innermost()
    while layer is not None:
        values = layer.values.get(key)
        if values is not None and name in values:
            value = values[name]
            return value.load(name) if type(value) is LazyPickle else value
        layer = layer.below
    return process.assigned.get(key, {}).get(name, default)


def values_of(key: Key) -> dict[str, Any]:
    """Every value that a function or class has now, apart from its defaults."""
    names = {name for layer in layers(innermost()) for name in layer.values.get(key, ())}
    names.update(process.assigned.get(key, ()))
    return {name: lookup(key, name, None) for name in names}


def assign(key: Key, name: str, value: Any) -> None:
    """Sets a value in the innermost bind or job, or for the process if there is none."""
    layer = innermost()
    values = process.assigned if layer is None else layer.values
    values.setdefault(key, {})[name] = value


def in_job() -> bool:
    """Whether a job runs: in this process, or in the one that started it."""
    if process.job is not None or (process.inherited is not None and process.inherited.is_job):
        return True
    # A job of a plain Hydra app, which may never have been loaded.
    hydra_config = sys.modules.get("hydra.core.hydra_config")
    return hydra_config is not None and hydra_config.HydraConfig.initialized()


class BoundValues:
    """A context manager that gives parameters their values; also a decorator.

    Args:
        values: by function or class and name.
        is_job: whether the block is a Hydra job, whose values all threads of the process see.
    """

    def __init__(self, values: Mapping[Key, Mapping[str, Any]], is_job: bool = False) -> None:
        self._values = values
        self._is_job = is_job
        self._entered: list[Layer] = []  # by all threads and tasks

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, with the values during each of its calls."""
        if is_suspended(function):
            raise SweepError(
                f"bind cannot decorate {function.__name__}, which runs on after its call has"
                " returned. Write `with proto.bind(...):` inside it."
            )

        @functools.wraps(function)
        def bound(*args: P.args, **kwargs: P.kwargs) -> R:
            with BoundValues(self._values):  # one for each call: threads may call at once
                return function(*args, **kwargs)

        return bound

    def __enter__(self) -> None:
        if not process.reaches_children:
            from params_proto.app.children import reach_children  # which loads multiprocessing

            reach_children()
        layer = Layer(self._values, innermost(), self._is_job, _context.get())
        self._entered.append(layer)
        _context.set(layer)
        if self._is_job:
            process.job = layer
        elif _in_main_thread():
            process.main.append(layer)

    def __exit__(self, *exception: object) -> None:
        layer = next((one for one in layers(_context.get()) if one in self._entered), None)
        if layer is not None:
            _context.set(layer.outer)
        else:  # entered in another context, as a fixture of an async test may be
            layer = self._entered[-1]
        self._entered.remove(layer)
        if self._is_job:
            process.job = None
        elif layer in process.main:
            process.main.remove(layer)


def is_suspended(function: Callable[..., Any]) -> bool:
    """Whether a call of a function returns before its body has run."""
    flags = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & flags)


def _in_main_thread() -> bool:
    import threading

    return threading.current_thread() is threading.main_thread()
