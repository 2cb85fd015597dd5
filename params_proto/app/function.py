"""A decorated function: when calling it runs the Hydra app, and when its body."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
import types
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from params_proto.app import current
from params_proto.app.binding import bound
from params_proto.app.owner import Owner, functions
from params_proto.app.parameters import Names
from params_proto.errors import SweepError
from params_proto.fields import REQUIRED, Target, describe
from params_proto.fields.convert import strictly_equal

P = ParamSpec("P")
R = TypeVar("R")


class CallError(SweepError, TypeError):
    """A call with a name that the function has no parameter for, or with a wrong value."""


class App(Generic[P, R]):
    """A function whose parameters are the root of a config.

    Args:
        function: the body.
        config_path: where the user's configs are, relative to the file of the function.
        config_name: the user's primary config.
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
        functools.update_wrapper(self, function)
        self.config_path = config_path
        self.config_name = config_name
        self.__proto_owner__ = _owner(function, config_path is not None)
        functions[self.__proto_owner__.key] = self

    @property
    def __proto_fields__(self) -> Target:
        """What a Sweep over it is checked against."""
        return self.__proto_owner__.target

    @overload
    def __call__(self, /) -> R: ...
    @overload
    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> R: ...
    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Runs the body with the values; without any, in the running script, the Hydra app."""
        caller = sys._getframe(1).f_globals  # pyright: ignore[reportPrivateUsage]
        if not args and not kwargs:
            if is_being_imported(caller):
                return None
            if _is_script(caller) and not current.holds() and not current.in_job():
                return self.run()
        owner = self.__proto_owner__
        function: Callable[..., Any] = self.__wrapped__
        placed = dict(zip(owner.defaults, args, strict=False))
        if len(placed) < len(args) or placed.keys() & kwargs.keys():
            return function(*args, **kwargs)  # which is Python's to refuse
        given = {**placed, **kwargs}
        try:
            values = bound(given, lambda: Names.of(owner, self._globals()))
        except SweepError as error:
            raise CallError(str(error), error.mistakes) from None
        own = {
            name: given[name] if name in given and strictly_equal(value, given[name]) else value
            for name, value in values.pop(owner.key, {}).items()
        }
        with current.Held(values) if values else nullcontext():
            held = current.values_of(owner.key)
            in_place = [own.pop(name) for name in placed]
            for name in placed:
                held.pop(name, None)
            return function(*in_place, **{**held, **own})

    def _globals(self) -> dict[str, Any]:
        return getattr(inspect.unwrap(self), "__globals__", {})

    def run(self, /, argv: Sequence[str] | None = None) -> None:
        """Runs the Hydra app. While a child process imports the script, it does nothing.

        Args:
            argv: the command line, without the name of the script; the process's own if None.
        """
        if is_being_imported(sys._getframe(1).f_globals):  # pyright: ignore[reportPrivateUsage]
            return
        from params_proto.app.run import run

        run(self, argv)

    @functools.cached_property
    def _travelling(self) -> Callable[P, R]:
        """The function under a name by which pickle finds it."""
        function = cast("types.FunctionType", self.__wrapped__)
        parts = (function.__code__, function.__globals__, function.__name__)
        made = types.FunctionType(*parts, function.__defaults__, function.__closure__)
        made.__kwdefaults__ = function.__kwdefaults__
        made.__annotations__ = function.__annotations__
        made.__doc__ = function.__doc__
        made.__module__ = function.__module__
        vars(made).update(vars(function))
        made.__qualname__ = f"{self.__qualname__}._travelling"
        return cast("Callable[P, R]", made)

    def __reduce_ex__(self, protocol: Any, /) -> str | tuple[Any, ...]:
        function = self.__wrapped__
        if named(self.__module__, self.__qualname__) is self:
            if self.__module__ not in ("__main__", "__mp_main__"):
                return self.__qualname__
            if protocol < 4:  # which cannot name what stands inside something
                return named, (self.__module__, self.__qualname__)
            # A worker of another script has to get the function itself, which cloudpickle does.
            # Plain pickle, for a child that has the script too, goes by the name.
            function = self._travelling
        return _restored, (function, self.__qualname__, self.config_path, self.config_name)

    def __repr__(self) -> str:
        return f"<proto.cli function {self.__qualname__}{inspect.signature(self)}>"


def _restored(
    function: Callable[P, R], name: str, config_path: str | None, config_name: str | None
) -> App[P, R]:
    found = named(function.__module__, name)
    if isinstance(found, App) and vars(found).get("_travelling") is function:
        return cast("App[P, R]", found)
    function.__qualname__ = name
    return App(function, config_path, config_name)


def named(module: str, name: str) -> Any:
    """What stands under a name in a module, None if there is nothing."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _is_script(module: dict[str, Any]) -> bool:
    """Whether these are the globals of the script that Python was started with."""
    return "__file__" in module and module is vars(sys.modules["__main__"])


_read: set[str] = set()


@contextmanager
def only_read(name: str) -> Generator[None, None, None]:
    """Within the block, a module is executed for what it defines: its last line starts no app.

    Nor does that of the running script, which the module may import under its other name.

    Args:
        name: of the module.
    """
    _read.add(name)
    try:
        yield
    finally:
        _read.discard(name)


def is_being_imported(module: dict[str, Any]) -> bool:
    """Whether these are the globals of a module that is executed for what it defines.

    So is the script, which a new child process imports first.
    """
    if _read:
        script = vars(sys.modules["__main__"])
        again = module is not script and current.place_of(module) == current.place_of(script)
        if again or module.get("__name__") in _read:
            return True
    if module.get("__name__") != "__mp_main__":
        return False
    from multiprocessing import parent_process

    return parent_process() is None  # which is set once the import is over


def _owner(function: Callable[..., Any], has_configs: bool) -> Owner:
    """The parameters of a function.

    Raises:
        SweepError: it is nothing that a config can call.
    """
    problem = problem_of(function)
    if problem:
        raise SweepError(f"proto.cli decorates a plain function, but {problem}")
    parameters = inspect.signature(function).parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    if kinds & {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}:
        describe(function)  # raises, with the cure
    takes_any = inspect.Parameter.VAR_KEYWORD in kinds
    defaults = {
        parameter.name: REQUIRED if parameter.default is parameter.empty else parameter.default
        for parameter in parameters
        if parameter.kind is not parameter.VAR_KEYWORD
    }

    def target() -> Target:
        return dataclasses.replace(describe(function), has_configs=has_configs)

    title = f"{function.__module__}.{function.__qualname__}"
    return Owner(current.key_of(function), title, "", defaults, takes_any, target)


def problem_of(function: Any) -> str | None:
    """Why a thing is no function that a config can call, and what to do about it."""
    if isinstance(function, App):
        return f"{function.__qualname__} is decorated already."
    if isinstance(function, type):
        return f"{function.__qualname__} is a class: @proto.prefix makes it a node of the config."
    if not isinstance(function, types.FunctionType):
        kind = type(function).__name__
        return f"{function!r} is {_article(kind)} {kind}: write a function that calls it."
    name = function.__qualname__
    if name.endswith("<lambda>"):
        return "a lambda has no name to run it by: write it as a def."
    if "." in name and not name.rpartition(".")[0].endswith("<locals>"):
        return f"{name} is a method: write a function that calls it."
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        return f"{name} is async: write a function that calls asyncio.run({name}(...))."
    if inspect.isgeneratorfunction(function):
        return f"{name} is a generator: write a function that goes through it."
    return None


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiouAEIOU" else "a"
