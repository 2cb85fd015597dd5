"""A decorated function, and whether a call runs the Hydra app or the function's body."""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Generic, ParamSpec, TypeVar, overload

from params_proto.app import current
from params_proto.app.registry import ParameterSet, find, functions, resolve
from params_proto.errors import SweepError
from params_proto.fields import REQUIRED, Target, describe
from params_proto.fields.convert import strictly_equal
from params_proto.fields.signature import annotations_of

P = ParamSpec("P")
R = TypeVar("R")


class App(Generic[P, R]):
    """A function whose parameters are the root of a config.

    Args:
        function: the body.
        config_path: the folder of the user's configs, relative to the file of the function.
        config_name: the user's primary config.

    Raises:
        SweepError: a config cannot call the function.
    """

    __wrapped__: Callable[P, R]
    __name__: str
    __qualname__: str

    def __init__(
        self,
        function: Callable[P, R],
        config_path: str | None = None,
        config_name: str | None = None,
    ) -> None:
        problem = problem_of(function)
        if problem:
            raise SweepError(f"proto.cli decorates a plain function, but {problem}")
        functools.update_wrapper(self, function)
        self.config_path = config_path
        self.config_name = config_name
        parameters = inspect.signature(function).parameters.values()
        kinds = {parameter.kind for parameter in parameters}
        if kinds & {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}:
            describe(function)  # raises, with a fix
        self.__proto_parameters__ = ParameterSet(
            key=current.key_of(function),
            title=f"{function.__module__}.{function.__qualname__}",
            name=self.__name__,
            node="",
            defaults={
                parameter.name: REQUIRED
                if parameter.default is parameter.empty
                else parameter.default
                for parameter in parameters
                if parameter.kind is not parameter.VAR_KEYWORD
            },
            annotations=functools.partial(annotations_of, function),
            takes_any=inspect.Parameter.VAR_KEYWORD in kinds,
            has_configs=config_path is not None,
        )

    @property
    def __proto_fields__(self) -> Target:
        """What a Sweep over it is checked against."""
        return self.__proto_parameters__.target

    @overload
    def __call__(self, /) -> R: ...
    @overload
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Runs the body; without arguments in the running script, the Hydra app."""
        caller = sys._getframe(1).f_globals  # pyright: ignore[reportPrivateUsage]
        if not args and not kwargs:
            if is_being_imported(caller):
                return None
            is_script = "__file__" in caller and caller is vars(sys.modules["__main__"])
            if is_script and current.innermost() is None and not current.is_in_job():
                from params_proto.app.run import run

                return run(self)
        parameters = self.__proto_parameters__
        function: Callable[..., Any] = self.__wrapped__
        by_position = dict(zip(parameters.defaults, args, strict=False))
        if len(by_position) < len(args) or by_position.keys() & kwargs.keys():
            return function(*args, **kwargs)  # Python raises
        given = {**by_position, **kwargs}
        values = resolve(parameters, given)
        own = values.pop(parameters.key, {})
        with current.BoundValues(values) if values else nullcontext():
            named = {**current.current_values(parameters.key), **own}
            for name in given.keys() & own.keys():
                if strictly_equal(own[name], given[name]):
                    named[name] = given[name]  # itself, not a copy
            return function(*[named.pop(name) for name in by_position], **named)

    def run(self, /, argv: Sequence[str] | None = None) -> None:
        """Runs the Hydra app; does nothing while a child process imports the script."""
        if is_being_imported(sys._getframe(1).f_globals):  # pyright: ignore[reportPrivateUsage]
            return
        from params_proto.app.run import run

        run(self, argv)

    def __reduce_ex__(self, protocol: Any, /) -> str | tuple[Any, ...]:
        function: Any = self.__wrapped__
        if find(self.__module__, self.__qualname__) is self:
            if self.__module__ not in ("__main__", "__mp_main__"):
                return self.__qualname__
            # A worker of another script needs the function itself, which cloudpickle sends. Plain
            # pickle, for a child process with the same script, looks it up by this name.
            function.__qualname__ = f"{self.__qualname__}.__wrapped__"
        return _unpickle_app, (function, self.__qualname__, self.config_path, self.config_name)

    def __repr__(self) -> str:
        return f"<proto.cli function {self.__qualname__}{inspect.signature(self)}>"


def _unpickle_app(
    function: Callable[P, R], name: str, config_path: str | None, config_name: str | None
) -> App[P, R]:
    found = find(function.__module__, name)
    if getattr(found, "__wrapped__", None) is function:
        return found
    function.__qualname__ = name
    app = App(function, config_path, config_name)
    functions[app.__proto_parameters__.key] = app
    return app


_imports: list[object] = []


@contextmanager
def import_without_run() -> Generator[None, None, None]:
    """Executes modules in the block for their definitions only: no app starts."""
    _imports.append(object())
    try:
        yield
    finally:
        _imports.pop()


def is_being_imported(module: Mapping[str, Any]) -> bool:
    """Whether these are the globals of a module that is executed for its definitions only.

    This includes the script, which a new child process imports first.
    """
    if _imports:
        return True
    if module.get("__name__") != "__mp_main__":
        return False
    from multiprocessing import parent_process

    return parent_process() is None  # set once the import is over


def problem_of(function: Any) -> str | None:
    """Why a config cannot call this, and how to fix it."""
    name = getattr(function, "__qualname__", repr(function))
    is_plain = isinstance(function, types.FunctionType)
    if not is_plain or not name.rpartition("<locals>.")[2].isidentifier():
        return (
            f"{name} is something else: write a function, with def, that calls it. @proto.prefix"
            " decorates classes."
        )
    if current.is_suspended(function):
        return (
            f"{name} is async or a generator: write a function that calls asyncio.run({name}(...)),"
            " or iterates over it."
        )
    return None
