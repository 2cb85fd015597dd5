"""The decorators: `cli` for a Hydra app, `prefix` for a node of its config, `bind` for values.

>>> @prefix
... class Training:
...     lr: float = 0.001  # step size
>>> @cli
... def main(seed: int = 42):
...     return seed, Training.lr
>>> main(seed=1)
(1, 0.001)
>>> with bind(Training, lr=0.1):
...     main()
(42, 0.1)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from types import NoneType
from typing import Any, ParamSpec, TypeVar, overload

from params_proto.app.current import BoundValues
from params_proto.app.function import App
from params_proto.app.prefix_class import PrefixClass, prefix_class
from params_proto.app.registry import functions, resolve
from params_proto.errors import SweepError

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


@overload
def cli(function: Callable[P, R], /) -> App[P, R]: ...
@overload
def cli(
    *, config_path: str | os.PathLike[str] | None = None, config_name: str | None = None
) -> Callable[[Callable[P, R]], App[P, R]]: ...
def cli(
    function: Callable[..., Any] | None = None,
    /,
    *,
    config_path: str | os.PathLike[str] | None = None,
    config_name: str | None = None,
) -> Any:
    """Makes a function a Hydra app: its parameters are the root of the app's config.

    `train()` in the running script runs the app; `train(lr=0.1)`, and `train()` anywhere else or
    inside a `bind` or a job, calls the body. `train.run(argv)` always runs the app.
    (For Python, `train(**{})` is `train()`: beware of an empty config in a loop.)

    The body gets values of the annotated types: a call converts its arguments as a Sweep does, and
    refuses conversions that would lose information.

    Args:
        function: a plain function, all of whose parameters can be given by name.
        config_path: the folder of the user's configs, relative to the file of the function.
        config_name: the primary config in that folder, composed on top of the function's defaults.

    Returns:
        The app, which has the function's name, signature and docstring; `__wrapped__` is the
        function itself.

    Raises:
        SweepError: `function` is not a plain function, or takes an argument by position only. A
            call raises it for a value that does not fit its parameter.

    >>> @cli
    ... def train(lr: float = 0.001, batch_size: int = 32):
    ...     return lr * batch_size
    >>> train(lr=0.5)
    16.0
    """
    if function is None:
        return partial(cli, config_path=config_path, config_name=config_name)
    path = None if config_path is None else os.fspath(config_path)
    app = App(function, path, config_name)
    functions[app.__proto_parameters__.key] = app
    return app


@overload
def prefix(cls: type[T], /) -> type[T]: ...
@overload
def prefix(name: str | None = None, /) -> Callable[[type[T]], type[T]]: ...
def prefix(cls: type | str | None = None, /) -> Any:
    """Makes a class a node of the config: its annotated fields are read and set on the class.

    Inside a job or a `bind` they have its values, in every thread and in child processes. A process
    pool that outlives a job keeps the values of the job in which it was created: create it in each
    job, or pass the values to its functions.

    Args:
        cls: the class, whose node is its name in snake_case; or the name of the node, as in
            `@proto.prefix("optim")`.

    Returns:
        The class, which cannot be instantiated. A subclass is a separate node with the inherited
        fields.

    Raises:
        SweepError: `cls` is not a plain class, or the name cannot be that of a node.

    >>> @prefix
    ... class Training:
    ...     lr: float = 0.001
    >>> Training.lr = 0.1
    >>> Training.lr
    0.1
    >>> Training.lrr
    Traceback (most recent call last):
        ...
    AttributeError: Training has no field lrr. Did you mean lr?
    """
    if cls is None or isinstance(cls, str):
        return partial(prefix_class, node=cls)
    return prefix_class(cls)


def bind(target: Any = None, /, **values: Any) -> BoundValues:
    """Sets values for the parameters of functions and prefix classes in a `with` block.

    Also works as a decorator: the values then apply during each call of the function.

    Args:
        target: a `@proto.cli` function or a `@proto.prefix` class, whose names take precedence.
        values: values by name; `**{"training.lr": 0.1}` also names the node. A plain name belongs
            to a function if one has it, else to the only prefix class that has it. Values are
            converted as in a Sweep.

    Returns:
        A context manager. Binds nest; each thread and each asyncio task has its own. After the
        block everything is as before, even if it ends with an exception.

    Raises:
        SweepError: `target` is neither of these, a name is unknown, or a value does not fit its
            field. It is raised before the block runs.

    >>> @cli
    ... def train(lr: float = 0.001):
    ...     return lr
    >>> with bind(train, lr=0.1):
    ...     train()
    0.1
    """
    parameters = getattr(target, "__proto_parameters__", None)
    if not isinstance(target, (App, PrefixClass, NoneType)):
        raise SweepError(
            f"proto.bind takes a @proto.cli function or a @proto.prefix class, not {target!r}."
        )
    return BoundValues(resolve(parameters, values))
