"""A Sweep in a Python module, which is executed for it, and starts nothing."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Generator, Mapping, Sized
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import Any

from params_proto.app.function import import_without_run
from params_proto.errors import SweepError, did_you_mean
from params_proto.multirun.asked.configured import no_file
from params_proto.sweep import Sweep


def attribute_of(text: str, cwd: Path, place: str, attribute: str) -> Sweep:
    """The sweep that `place:attribute` names.

    Args:
        text: both, for messages.
        cwd: where relative paths begin.
        place: a module, or the path of a Python file.
        attribute: of the module.

    Raises:
        SweepError: it is no sweep, is not there, or its module raises.
    """
    if place.endswith(".py"):
        module = _file(text, (cwd / Path(place).expanduser()).resolve())
    else:
        module = _module(text, place)
    return _attribute(text, module, attribute)


@contextmanager
def _starting_nothing() -> Generator[None, None, None]:
    """Within, the last line of a script, `train()` or `main()`, does nothing."""
    import hydra

    decorator = hydra.main
    reading = [True]
    hydra.main = _not_started(decorator, reading)
    try:
        with import_without_run():
            yield
    finally:
        hydra.main = decorator
        reading.clear()


def _not_started(decorator: Callable[..., Any], reading: Sized) -> Callable[..., Any]:
    """`hydra.main`, whose apps do nothing while a module is read.

    Args:
        decorator: Hydra's own.
        reading: empty once the module has been read, in which others may have got this one.
    """

    def main(*arguments: Any, **options: Any) -> Callable[[Any], Any]:
        decorate = decorator(*arguments, **options)

        def decorated(task: Any) -> Any:
            app = decorate(task)

            @wraps(app)
            def started(config: Any = None) -> Any:
                return None if reading and config is None else app(config)

            return started

        return decorated

    return main


def _file(text: str, path: Path) -> ModuleType:
    """The module of a Python file, which is executed only if it has not been yet."""
    if not path.is_file():
        raise no_file(text, path, "write path/to/file.py:attribute from there, or from /")
    for module in list(sys.modules.values()):  # __main__ among them, the running script
        if _is_of(module, path):
            return module
    name = f"params_proto_sweep_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # the name ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where classes in it look for their module
    try:
        with _starting_nothing():
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(path)]
        place = f"{path}:{lines[-1]}" if lines else path
        raise _unfit(text, f"running {place}", error) from error
    return module


def _is_of(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and file.endswith(path.name) and Path(file).resolve() == path


def _module(text: str, name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    try:
        spec = importlib.util.find_spec(name)
        main = sys.modules["__main__"]
        if spec and spec.origin and _is_of(main, Path(spec.origin).resolve()):
            return main  # the running script by its other name, which would run it again
        with _starting_nothing():
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        unfit = _unfit(text, f"importing {name}", error)
        raise SweepError(
            f"{unfit}. Write package.module:attribute for a module that Python can import from"
            " here, or the path of its file, path/to/file.py:attribute."
        ) from error
    except (Exception, SystemExit) as error:
        raise _unfit(text, f"importing {name}", error) from error


def _unfit(text: str, doing: str, error: BaseException) -> SweepError:
    return SweepError(
        f"hydra.sweeper.sweep={text}: {doing} raises {type(error).__name__}: {error}".rstrip(": ")
    )


def _attribute(text: str, module: ModuleType, attribute: str) -> Sweep:
    found: Any = module
    sweeps = [key for key, value in _contents(module).items() if isinstance(value, Sweep)]
    for name in attribute.split("."):
        if not hasattr(found, name):
            where = getattr(module, "__file__", None) or module.__name__
            hint = did_you_mean(name, sweeps) or " It must be defined before the app runs."
            raise SweepError(f"hydra.sweeper.sweep={text}: {where} has no {attribute}.{hint}")
        found = getattr(found, name)
    if not isinstance(found, Sweep):
        raise SweepError(
            f"hydra.sweeper.sweep={text}: {attribute} is no Sweep, but {type(found).__name__}."
            + (f" Sweeps there: {', '.join(sweeps)}." if sweeps else "")
        )
    return found


def _contents(module: ModuleType) -> Mapping[str, object]:
    return vars(module)
