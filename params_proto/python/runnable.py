"""What a launch runs: a decorated function, a plain one, or an app of `hydra.main`."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra import version

from params_proto.app import current
from params_proto.app.function import App, problem_of
from params_proto.app.registry import functions
from params_proto.compose.app import Decoration, decoration
from params_proto.errors import SweepError
from params_proto.fields.signature import takes_whole_config
from params_proto.overrides.parse import is_hydra_1_3
from params_proto.python.caller import Caller, caller, code_of
from params_proto.python.place import Own, Place, place_of

if TYPE_CHECKING:
    from hydra.types import TaskFunction

    from params_proto.sweep import Sweep

_FORMS = "a @proto.cli function, a plain one whose parameters get the values, or a @hydra.main app"


class Runnable(NamedTuple):
    """What the jobs run.

    Args:
        place: of the configs.
        app: the decorated function, if it is one.
        task: the function that gets the whole config, if it is not.
        decoration: of `hydra.main`, if there is one.
    """

    place: Place
    app: App[..., Any] | None = None
    task: TaskFunction | None = None
    decoration: Decoration | None = None

    def rules(self) -> AbstractContextManager[Any]:
        """Sets the version of the rules to run by, which `hydra.main` has done for its apps."""
        if self.decoration is not None:
            return self.decoration.allowed()
        if is_hydra_1_3():
            version.setbase("1.3")
        return nullcontext()


def runnable(
    sweep: Sweep,
    target: Any,
    config_path: str | os.PathLike[str] | None,
    config_name: str | None,
) -> Runnable:
    """What is to run.

    Args:
        sweep: whose own target it is where none is given.
        target: what is given.
        config_path: the folder of the configs, relative to the file of the caller.
        config_name: the primary config.

    Raises:
        SweepError: it is nothing that a job can run.
    """
    function: Any = _own(sweep) if target is None else target
    app: App[..., Any] | None = _app(function)
    decorated = None if app is not None else decoration(function)
    own = None
    if app is not None:
        own = Own(app.__wrapped__, app.config_path, app.config_name)
    elif decorated is not None:
        function = decorated.function
        own = Own(inspect.unwrap(function), decorated.config_path, decorated.config_name)
    elif (problem := problem_of(function)) is not None:
        raise SweepError(f"launch runs {_FORMS}; but {problem}")
    place = place_of(config_path, config_name, own)
    place = place._replace(name=_name_of(function if own is None else own.function))
    if app is not None:
        return Runnable(place, app)
    if decorated is not None or takes_whole_config(function):
        return Runnable(place, None, function, decorated)
    return Runnable(place, _as_app(function, place))


def _own(sweep: Sweep) -> Any:
    """The function among the targets of a sweep, a decorated one if there is one."""
    found = [one for one in sweep.targets if not isinstance(one, type)]
    for one in [*filter(_app, found)] or found:
        return one
    over = ", ".join([one.__name__ for one in sweep.targets]) or "nothing"
    raise SweepError(
        f"launch needs a function for the jobs to run, and the sweep is over {over}: write"
        f" launch(train). It takes {_FORMS}."
    )


def _app(target: Any) -> App[..., Any] | None:
    """The target, where it is a decorated function."""
    return cast("App[..., Any]", target) if isinstance(target, App) else None


def _as_app(function: Callable[..., Any], place: Place) -> App[..., Any]:
    """A plain function as if it were decorated, without a trace among those that are."""
    key = current.key_of(function)
    before = functions.get(key)
    app = App(function, place.configs, place.primary)
    if before is None:
        del functions[key]
    else:
        functions[key] = before
    return app


def _name_of(function: Any) -> str:
    """What the jobs of a command line would be called; in a notebook, the function's name."""
    code = code_of(function)
    if code is None:
        return caller().name
    if Path(code.co_filename).is_file():
        return Caller.of(code).name
    return getattr(function, "__name__", type(function).__name__)
