"""Where a configured sweep comes from: steps in the config, a file, or a Sweep in Python."""

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
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from params_proto._keys import bare
from params_proto.algebra.builder import Builder
from params_proto.algebra.expression import Expression
from params_proto.algebra.scope import Scope
from params_proto.errors import SweepError, did_you_mean, shown
from params_proto.overrides.parse import from_hydra
from params_proto.records.manifest import SWEEP, has_plan
from params_proto.sweep import Sweep

if TYPE_CHECKING:
    from hydra.core.config_loader import ConfigLoader
    from omegaconf import DictConfig

_FILES = (".yaml", ".yml", ".jsonl", ".csv")
_FORMS = (
    "Write steps (product: {lr: [0.1, 0.01]}), a file that Sweep.save wrote (sweep.yaml),"
    " package.module:attribute or path/to/file.py:attribute."
)


class SavedSweep(NamedTuple):
    """The `sweep.yaml` of a sweep's directory as it was read; it may be replaced at any time.

    Args:
        path: the file.
        text: its content.
    """

    path: Path
    text: str


class ConfiguredSweep(NamedTuple):
    """The steps of a configured sweep.

    Args:
        expression: the steps, with keys in full.
        targets: the functions and classes that it is over.
    """

    expression: Expression
    targets: tuple[Any, ...] = ()


def resolved(config: DictConfig) -> Any:
    """The value of `hydra.sweeper.sweep` in a multirun's config, every interpolation resolved."""
    from omegaconf import OmegaConf

    node: Any = config.hydra.sweeper.sweep
    return OmegaConf.to_container(node, resolve=True) if OmegaConf.is_config(node) else node


def place_of(node: Any) -> str:
    """Where the steps are, for messages.

    >>> place_of("sweep.yaml"), place_of({"repeat": 2})
    ('hydra.sweeper.sweep=sweep.yaml', 'hydra.sweeper.sweep')
    """
    if isinstance(node, SavedSweep):
        return str(node.path)
    if isinstance(node, Sweep):
        return "the sweep"
    return f"hydra.sweeper.sweep={node}" if isinstance(node, str) else "hydra.sweeper.sweep"


def configured(
    node: Any,
    *,
    cwd: Path,
    scope: Scope = Scope(),  # noqa: B008 - which cannot be changed
    loader: ConfigLoader | None = None,
    selects: Callable[[str], str | None] = lambda option: None,
) -> ConfiguredSweep:
    """The steps that `hydra.sweeper.sweep` says.

    Args:
        node: its value with interpolations resolved, the file of a sweep that has run, or a Sweep.
        cwd: where relative paths begin.
        scope: of the keys of steps and files; a Sweep in Python has its own.
        loader: Hydra's, for `glob`.
        selects: the override that selects an option of a config group, if there is one.

    Raises:
        SweepError: it is not a sweep, does not exist, or sweeps a key of Hydra itself.
    """
    sweep = _read(node, cwd, scope, loader, selects)
    is_launched = isinstance(node, Sweep)
    for key in sweep.expression.places:
        if bare(key).split(".")[0].split("/")[0] == "hydra":
            place = "the sweep" if is_launched else "hydra.sweeper.sweep"
            cure = "in overrides" if is_launched else "on the command line or in the app's config"
            raise SweepError(
                f"{place}: {key} is a key of Hydra itself, which is the same for all jobs."
                f" Give it one value, {cure}."
            )
    return ConfiguredSweep(sweep.expression, sweep.targets)


def _read(
    node: Any,
    cwd: Path,
    scope: Scope,
    loader: ConfigLoader | None,
    selects: Callable[[str], str | None],
) -> Builder | Sweep:
    from params_proto.storage.files import load
    from params_proto.storage.plain import sweep_from_steps

    if node is None:
        return Builder(scope)
    if isinstance(node, SavedSweep):
        return _saved(node, scope, loader)
    if isinstance(node, Sweep):
        return node
    if isinstance(node, (dict, list)):
        # What is an interpolation still is one for the job: `\${seed}` in the config.
        steps = from_hydra(cast("Any", node))
        return sweep_from_steps(steps, Builder(scope), config_loader=loader)
    if not isinstance(node, str):
        raise SweepError(f"hydra.sweeper.sweep={shown(node)} is not a sweep. {_FORMS}")
    if node.endswith(_FILES):
        path = cwd / Path(node).expanduser()
        if not path.exists():
            raise _no_file(node, path, "save a sweep there, or give the path from /")
        if path.name == SWEEP and has_plan(path.parent):
            return _saved(SavedSweep(path, path.read_text("utf-8")), scope, loader)
        return load(path, Builder(scope), config_loader=loader)
    place, colon, attribute = node.rpartition(":")
    if node.endswith(".py"):
        raise SweepError(
            f"hydra.sweeper.sweep={node} is a Python file: name the Sweep in it, {node}:NAME."
        )
    if not colon or not place or not attribute:
        choice = selects(node)
        hint = _FORMS if choice is None else f"Did you mean {choice}?"
        raise SweepError(f"hydra.sweeper.sweep={node} is not a sweep. {hint}")
    return _attribute_of(node, cwd, place, attribute)


def _saved(file: SavedSweep, scope: Scope, loader: ConfigLoader | None) -> Builder:
    """A sweep that a multirun wrote. It includes the command line: `d={x: 1} d.x=1,2`."""
    from params_proto.storage.files import parsed

    empty = Builder(scope, layered=True)
    return parsed(file.text, str(file.path), empty, config_loader=loader)


def _no_file(text: str, path: Path, cure: str) -> SweepError:
    return SweepError(
        f"hydra.sweeper.sweep={text}: there is no file {path}. A path begins at the working"
        f" directory: {cure}."
    )


# --- a Sweep in a Python module, which is executed to get it, and starts nothing


def _attribute_of(text: str, cwd: Path, place: str, attribute: str) -> Sweep:
    """The Sweep that `place:attribute` names.

    Raises:
        SweepError: it is not a Sweep, does not exist, or its module raises.
    """
    if place.endswith(".py"):
        module = _file(text, (cwd / Path(place).expanduser()).resolve())
    else:
        module = _module(text, place)
    found: Any = module
    sweeps = [key for key, value in vars(module).items() if isinstance(value, Sweep)]
    for name in attribute.split("."):
        if not hasattr(found, name):
            where = getattr(module, "__file__", None) or module.__name__
            hint = did_you_mean(name, sweeps) or " It must be defined before the app runs."
            raise SweepError(f"hydra.sweeper.sweep={text}: {where} has no {attribute}.{hint}")
        found = getattr(found, name)
    if not isinstance(found, Sweep):
        raise SweepError(
            f"hydra.sweeper.sweep={text}: {attribute} is not a Sweep, but {type(found).__name__}."
            + (f" Sweeps there: {', '.join(sweeps)}." if sweeps else "")
        )
    return found


def _file(text: str, path: Path) -> ModuleType:
    """The module of a Python file, which is executed only if it has not been yet."""
    if not path.is_file():
        raise _no_file(text, path, "write path/to/file.py:attribute from there, or from /")
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
        raise _raises(text, f"running {place}", error) from error
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
    except (Exception, SystemExit) as error:
        cure = (
            ". Write package.module:attribute for a module that Python can import from here, or the"
            " path of its file, path/to/file.py:attribute."
            if isinstance(error, ModuleNotFoundError)
            else ""
        )
        raise SweepError(f"{_raises(text, f'importing {name}', error)}{cure}") from error


def _raises(text: str, doing: str, error: BaseException) -> SweepError:
    return SweepError(
        f"hydra.sweeper.sweep={text}: {doing} raises {type(error).__name__}: {error}".rstrip(": ")
    )


@contextmanager
def _starting_nothing() -> Generator[None, None, None]:
    """Within, a script's last line, `train()` or `main()`, does nothing."""
    import hydra

    from params_proto.app.function import import_without_run

    decorator = hydra.main
    is_read = False

    def main(*arguments: Any, **options: Any) -> Callable[[Any], Any]:
        decorate = decorator(*arguments, **options)

        def decorated(task: Any) -> Any:
            app = decorate(task)

            @wraps(app)
            def started(config: Any = None) -> Any:
                return app(config) if is_read or config is not None else None

            return started

        return decorated

    hydra.main = main
    try:
        with import_without_run():
            yield
    finally:
        hydra.main = decorator
        is_read = True
