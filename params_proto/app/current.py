"""The current values of parameters: from a bind, the running job or an assignment.

A read looks, in this order, at: the binds and the job of its own context (a thread, an asyncio
task); the job that this process runs and, in threads other than the main one, the main thread's
binds; the values of the process that started this one; assignments; and finally the default.

fork copies all of that with the memory. spawn, forkserver and joblib's workers unpickle it.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, TypeVar, cast

from params_proto.errors import SweepError

Key = tuple[str, str]
"""A function or class: the file or module that defines it, and its qualified name."""

P = ParamSpec("P")
R = TypeVar("R")


def key_of(obj: Any) -> Key:
    """The key of a function or class.

    A script has one key, whether it is `__main__`, `__mp_main__` in a child process, or imported
    under its own name: its file counts. A notebook has none.
    """
    file = getattr(sys.modules.get(obj.__module__), "__file__", None)
    return os.path.abspath(file) if file else obj.__module__, obj.__qualname__


class LazyPickle:
    """A value from another process, unpickled when it is first read.

    A value that cannot be pickled stops neither the process nor the other values.

    >>> LazyPickle(0.1).load("lr")
    0.1
    """

    __slots__ = ("error", "pickled")

    def __init__(self, value: Any) -> None:
        import pickle  # not at the top: a third of the package's import time

        self.pickled, self.error = b"", ""
        try:
            self.pickled = pickle.dumps(value)
        except Exception as error:  # types raise different exceptions
            self.error = str(error)

    def load(self, name: str) -> Any:
        """The value of a parameter; raises if it could not be pickled."""
        import pickle

        if self.error:
            raise SweepError(
                f"The value of {name} did not reach this process: {self.error}."
                " Pass it to the function as an argument."
            )
        return pickle.loads(self.pickled)


@dataclass(eq=False)
class Layer:
    """The values of one bind or job, on top of an outer layer.

    Args:
        values: values by function or class and name.
        is_job: whether they belong to a Hydra job.
        outer: the innermost layer of the context in which this one was entered.
    """

    values: dict[Key, dict[str, Any]]
    is_job: bool = False
    outer: Layer | None = None


@dataclass
class ProcessValues:
    """The values that all threads of this process share.

    Pickled, it contains the current values; unpickled, it becomes those of the new process.
    """

    shared: list[Layer] = field(default_factory=list[Layer])  # jobs; binds of the main thread
    inherited: Layer | None = None  # from the process that started this one
    assigned: dict[Key, dict[str, Any]] = field(default_factory=dict[Key, "dict[str, Any]"])

    def __reduce__(self) -> tuple[Any, ...]:
        layer = innermost()
        values = {
            key: {
                name: value if type(value) is LazyPickle else LazyPickle(value)
                for name, value in named.items()
            }
            for key, named in (layer.values.items() if layer else ())
        }
        return _inherit, (values, is_in_job())


def _inherit(values: dict[Key, dict[str, Any]], is_job: bool) -> ProcessValues:
    """Takes over the values of the process that started this one."""
    process.inherited = Layer(values, is_job) if values or is_job else None
    return process


process: Final = ProcessValues()
_context: ContextVar[Layer | None] = ContextVar("params_proto", default=None)


def innermost() -> Layer | None:
    """The layer that is looked up first in this context."""
    layer = _context.get()
    if layer is not None:
        return layer
    is_main = _is_main_thread()
    seen = [layer for layer in process.shared if layer.is_job or not is_main]
    return [process.inherited, *seen][-1]


def lookup(key: Key, name: str, default: Any) -> Any:
    """The current value of a parameter, or its default."""
    layer = innermost()
    values = {} if layer is None else layer.values.get(key, {})
    if name not in values:
        return process.assigned.get(key, {}).get(name, default)
    value = values[name]
    return value.load(name) if type(value) is LazyPickle else value


def current_values(key: Key) -> dict[str, Any]:
    """All current values of a function or class, except defaults."""
    layer = innermost()
    names = {*process.assigned.get(key, ()), *(layer.values.get(key, ()) if layer else ())}
    return {name: lookup(key, name, None) for name in names}


def assign(key: Key, name: str, value: Any) -> None:
    """Sets a value in the innermost bind or job, or for the process if there is none."""
    layer = innermost()
    values = process.assigned if layer is None else layer.values
    values.setdefault(key, {})[name] = value


def is_in_job() -> bool:
    """Whether a job is running, in this process or in its parent."""
    layers = filter(None, [process.inherited, *process.shared])
    if any(layer.is_job for layer in layers):
        return True
    # A job of a plain Hydra app, which may never have been loaded.
    hydra_config = sys.modules.get("hydra.core.hydra_config")
    return hydra_config is not None and hydra_config.HydraConfig.initialized()


@dataclass
class BoundValues:
    """A context manager and decorator that gives parameters their values.

    Args:
        values: values by function or class and name.
        is_job: whether the block is a Hydra job, whose values all threads of the process see.
    """

    values: Mapping[Key, Mapping[str, Any]]
    is_job: bool = False

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """The function, with the values during each of its calls."""
        if is_suspended(function):
            raise SweepError(
                f"bind cannot decorate {function.__name__}, whose body runs only after the call has"
                " returned. Write `with proto.bind(...):` inside it."
            )

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            with self:
                return function(*args, **kwargs)

        return wrapper

    def __enter__(self) -> None:
        from params_proto.compose.internals import share_with_children

        share_with_children("params_proto", process)
        outer = innermost()
        values = {} if outer is None else {key: {**named} for key, named in outer.values.items()}
        for key, named in self.values.items():
            values[key] = {**values.get(key, {}), **named}
        layer = Layer(values, self.is_job, _context.get())
        _context.set(layer)
        if self.is_job or _is_main_thread():
            process.shared.append(layer)

    def __exit__(self, *exception: object) -> None:
        # The blocks of a context end in reverse order, across all binds.
        layer = cast("Layer", _context.get())
        _context.set(layer.outer)
        if layer in process.shared:
            process.shared.remove(layer)


def is_suspended(function: Callable[..., Any]) -> bool:
    """Whether calling a function returns before its body has run."""
    flags = inspect.CO_COROUTINE | inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
    code = getattr(function, "__code__", None)
    return code is not None and bool(code.co_flags & flags)


def _is_main_thread() -> bool:
    import threading

    return threading.current_thread() is threading.main_thread()


def restore(key: Key, values: Mapping[str, Any], sender: int) -> None:
    """Takes over the values a class was pickled with in its parent process, the `sender`.

    So a reused worker sees the values of its current job, while values sent back by workers are
    ignored.
    """
    if os.getppid() == sender:
        process.inherited = process.inherited or Layer({})
        process.inherited.values[key] = dict(values)
