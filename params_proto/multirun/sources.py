"""Loads a configured sweep: from steps in the config, a file, or a Sweep in Python."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from traceback import extract_tb
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto._keys import strip_prefix
from params_proto.algebra.builder import Builder
from params_proto.algebra.scope import Scope
from params_proto.errors import SweepError, combine_mistakes, did_you_mean, short_repr
from params_proto.overrides.parse import from_hydra
from params_proto.records.manifest import SWEEP, has_plan
from params_proto.storage.files import load
from params_proto.storage.plain import sweep_from_steps
from params_proto.sweep import Sweep

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader

_FILES = (".yaml", ".yml", ".jsonl", ".csv")
_FORMS = (
    "Write steps (product: {lr: [0.1, 0.01]}), a file that Sweep.save wrote (sweep.yaml),"
    " package.module:attribute or path/to/file.py:attribute. An option of a config group is chosen"
    " by its group, +sweep=ablation."
)


def load_configured_sweep(
    node: Any,
    *,
    cwd: Path,
    scope: Scope = Scope(),  # noqa: B008 - immutable
    loader: ConfigLoader | None = None,
) -> Builder | Sweep:
    """The sweep that `hydra.sweeper.sweep` specifies.

    Args:
        node: its value in a multirun's config, or a Sweep.
        cwd: the base of relative paths.
        scope: the scope of keys in steps and files; a Sweep in Python has its own.
        loader: Hydra's loader, for `glob`.
    """
    sweep = _read(node, cwd, scope, loader)
    place = "the sweep" if isinstance(node, Sweep) else "hydra.sweeper.sweep"
    mistakes = [
        f"{place}: {key} is a key of Hydra itself, which is the same for all jobs. Give it one"
        " value outside the sweep, in the overrides or in the app's config."
        for key in sweep.expression.places
        if strip_prefix(key).split(".")[0].split("/")[0] == "hydra"
    ]
    if mistakes:
        raise combine_mistakes(mistakes)
    return sweep


def _read(node: Any, cwd: Path, scope: Scope, loader: ConfigLoader | None) -> Builder | Sweep:
    if OmegaConf.is_config(node):
        node = OmegaConf.to_container(node, resolve=True)
    if isinstance(node, Sweep):
        return node
    if isinstance(node, (dict, list)):
        # Remaining interpolations are for the job: `\${seed}` in the config.
        steps = from_hydra(cast("Any", node))
        return sweep_from_steps(steps, Builder(scope), config_loader=loader)
    text = node if isinstance(node, str) else short_repr(node)
    if text.endswith(_FILES):
        path = cwd / Path(text).expanduser()
        if not path.exists():
            raise SweepError(
                f"hydra.sweeper.sweep={text}: there is no file {path}. Paths are relative to the"
                " working directory: save a sweep there, or give an absolute path."
            )
        # A file written by a multirun includes the command line: `d={x: 1} d.x=1,2`.
        allow_overlap = path.name == SWEEP and has_plan(path.parent)
        return load(path, Builder(scope, allow_overlap=allow_overlap), config_loader=loader)
    place, _, attribute = text.rpartition(":")
    if not (place and attribute):
        raise SweepError(f"hydra.sweeper.sweep={text} is not a sweep. {_FORMS}")
    try:
        path = (cwd / Path(place).expanduser()).resolve()
        return _attribute(_file(path) if place.endswith(".py") else _module(place), attribute)
    except SweepError as error:
        raise SweepError(f"hydra.sweeper.sweep={text}: {error}") from error


# --- a Sweep in a Python module, which is executed without starting an app


def _attribute(module: ModuleType, attribute: str) -> Sweep:
    found: Any = module
    sweeps = [key for key, value in vars(module).items() if isinstance(value, Sweep)]
    for name in attribute.split("."):
        if not hasattr(found, name):
            where = getattr(module, "__file__", None) or module.__name__
            raise SweepError(
                f"{where} has no {attribute}.{did_you_mean(name, sweeps)} A Sweep must be defined"
                " before the app runs."
            )
        found = getattr(found, name)
    if not isinstance(found, Sweep):
        raise SweepError(f"{attribute} is not a Sweep, but {type(found).__name__}.")
    return found


def _file(path: Path) -> ModuleType:
    """The module of a Python file, which is executed only if it has not been yet."""
    if not path.is_file():
        raise SweepError(
            f"there is no file {path}. Paths are relative to the working directory: write"
            " path/to/file.py:attribute, or an absolute path."
        )
    for module in list(sys.modules.values()):  # including __main__, the running script
        if _is_of(module, path):
            return module
    name = f"params_proto_sweep_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # the name ends in .py
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # needed by classes defined in it
    try:
        with _without_starting_apps():
            spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        lines = [f.lineno for f in extract_tb(error.__traceback__) if f.filename == str(path)]
        place = f"{path}:{lines[-1]}" if lines else path
        raise SweepError(f"running {place} {_raised(error)}") from error
    return module


def _is_of(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return bool(file) and file.endswith(path.name) and Path(file).resolve() == path


def _module(name: str) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    try:
        spec = importlib.util.find_spec(name)
        main = sys.modules["__main__"]
        if spec and spec.origin and _is_of(main, Path(spec.origin).resolve()):
            return main  # importing the running script by its other name would run it again
        with _without_starting_apps():
            return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise SweepError(
            f"importing {name} {_raised(error)}. Write package.module:attribute for a module that"
            " Python can import from here, or the path of its file, path/to/file.py:attribute."
        ) from error


def _raised(error: BaseException) -> str:
    return f"raises {type(error).__name__}: {error}".rstrip(": ")


@contextmanager
def _without_starting_apps() -> Generator[None, None, None]:
    """Makes a script's last line, `train()` or `main()`, do nothing within the block."""
    import hydra

    from params_proto.app.function import import_without_run, is_being_imported

    decorator = hydra.main

    def main(*arguments: Any, **options: Any) -> Callable[[Any], Any]:
        decorate = decorator(*arguments, **options)

        def decorated(task: Any) -> Any:
            app = decorate(task)

            @wraps(app)
            def started(config: Any = None) -> Any:
                starts = config is not None or not is_being_imported({})
                return app(config) if starts else None

            return started

        return decorated

    hydra.main = main
    try:
        with import_without_run():
            yield
    finally:
        hydra.main = decorator
