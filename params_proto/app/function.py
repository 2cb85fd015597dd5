"""A decorated function: when calling it runs the Hydra app, and when its body."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
import types
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any, Generic, ParamSpec, TypeVar, cast, overload

from params_proto.app import current
from params_proto.app.registry import KeyResolver, ParameterSet, functions
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
        self.__proto_parameters__ = _parameters(function, config_path is not None)
        functions[self.__proto_parameters__.key] = self

    @property
    def __proto_fields__(self) -> Target:
        """What a Sweep over it is checked against."""
        return self.__proto_parameters__.target

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
            is_script = "__file__" in caller and caller is vars(sys.modules["__main__"])
            if is_script and current.innermost() is None and not current.in_job():
                return self.run()
        parameters = self.__proto_parameters__
        function: Callable[..., Any] = self.__wrapped__
        by_position = dict(zip(parameters.defaults, args, strict=False))
        if len(by_position) < len(args) or by_position.keys() & kwargs.keys():
            return function(*args, **kwargs)  # which Python refuses
        given = {**by_position, **kwargs}
        try:
            values = KeyResolver.of(parameters).resolve(given)
        except SweepError as error:
            raise CallError(str(error), error.mistakes) from None
        own = values.pop(parameters.key, {})
        with current.BoundValues(values) if values else nullcontext():
            named = {**current.values_of(parameters.key), **own}
            for name in given.keys() & own.keys():
                if strictly_equal(own[name], given[name]):
                    named[name] = given[name]  # itself, not a copy
            return function(*[named.pop(name) for name in by_position], **named)

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
    def _pickled_function(self) -> Callable[P, R]:
        """The function under a name by which pickle finds it."""
        function = cast("types.FunctionType", self.__wrapped__)
        copied = copy_function(function, function.__code__, function.__globals__)
        copied.__qualname__ = f"{self.__qualname__}._pickled_function"
        return cast("Callable[P, R]", copied)

    def __reduce_ex__(self, protocol: Any, /) -> str | tuple[Any, ...]:
        function = self.__wrapped__
        if find(self.__module__, self.__qualname__) is self:
            if self.__module__ not in ("__main__", "__mp_main__"):
                return self.__qualname__
            # A worker of another script has to get the function itself, which cloudpickle does.
            # Plain pickle, for a child that has the script too, goes by the name.
            function = self._pickled_function
        return _unpickle_app, (function, self.__qualname__, self.config_path, self.config_name)

    def __repr__(self) -> str:
        return f"<proto.cli function {self.__qualname__}{inspect.signature(self)}>"


def _unpickle_app(
    function: Callable[P, R], name: str, config_path: str | None, config_name: str | None
) -> App[P, R]:
    found = find(function.__module__, name)
    if getattr(found, "_pickled_function", None) is function:
        return found
    function.__qualname__ = name
    return App(function, config_path, config_name)


def find(module: str, name: str) -> Any:
    """What a module has under a qualified name, None if nothing."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def copy_function(
    function: types.FunctionType, code: types.CodeType, module: dict[str, Any]
) -> types.FunctionType:
    """A function with the signature and the attributes of another.

    Args:
        function: the other.
        code: of the copy.
        module: the globals of the copy.
    """
    parts = function.__name__, function.__defaults__, function.__closure__
    copied = types.FunctionType(code, module, *parts)
    functools.update_wrapper(copied, function)
    copied.__kwdefaults__ = function.__kwdefaults__
    vars(copied).pop("__wrapped__")
    return copied


_imports: list[object] = []


@contextmanager
def import_without_run() -> Generator[None, None, None]:
    """Within the block, modules are executed for what they define: no app starts."""
    _imports.append(object())
    try:
        yield
    finally:
        _imports.pop()


def is_being_imported(module: Mapping[str, Any]) -> bool:
    """Whether these are the globals of a module that is executed for what it defines.

    So is the script, which a new child process imports first.
    """
    if _imports:
        return True
    if module.get("__name__") != "__mp_main__":
        return False
    from multiprocessing import parent_process

    return parent_process() is None  # which is set once the import is over


def _parameters(function: Callable[..., Any], has_configs: bool) -> ParameterSet:
    """The parameters of a function.

    Raises:
        SweepError: a config cannot call it.
    """
    problem = problem_of(function)
    if problem:
        raise SweepError(f"proto.cli decorates a plain function, but {problem}")
    parameters = inspect.signature(function).parameters.values()
    kinds = {parameter.kind for parameter in parameters}
    if kinds & {inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL}:
        describe(function)  # raises, with the cure
    defaults = {
        parameter.name: REQUIRED if parameter.default is parameter.empty else parameter.default
        for parameter in parameters
        if parameter.kind is not parameter.VAR_KEYWORD
    }

    def target() -> Target:
        return dataclasses.replace(describe(function), has_configs=has_configs)

    return ParameterSet(
        key=current.key_of(function),
        title=f"{function.__module__}.{function.__qualname__}",
        node="",
        defaults=defaults,
        others=frozenset(),
        takes_any=inspect.Parameter.VAR_KEYWORD in kinds,
        describe=target,
    )


def problem_of(function: Any) -> str | None:
    """Why a config cannot call something, and what to do about it."""
    if isinstance(function, App):
        return f"{function.__qualname__} is decorated already."
    if isinstance(function, type):
        return f"{function.__qualname__} is a class: @proto.prefix makes it a node of the config."
    if not isinstance(function, types.FunctionType):
        kind = type(function).__name__
        article = "an" if kind[0] in "aeiou" else "a"
        return f"{function!r} is {article} {kind}: write a function that calls it."
    name = function.__qualname__
    if name.endswith("<lambda>"):
        return "a lambda has no name to run it by: write it as a def."
    if "." in name and not name.rpartition(".")[0].endswith("<locals>"):
        return f"{name} is a method: write a function that calls it."
    if inspect.isgeneratorfunction(function):
        return f"{name} is a generator: write a function that iterates over it."
    if current.is_suspended(function):
        return f"{name} is async: write a function that calls asyncio.run({name}(...))."
    return None
