"""`Sweep.launch`: runs in this process the multirun that a command line would start."""

from __future__ import annotations

import inspect
import os
import pickle
import signal
import sys
from collections.abc import Generator, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra import version
from hydra.errors import CompactHydraException
from hydra.types import RunMode

from params_proto.analysis.frame import results
from params_proto.app import current
from params_proto.app.function import App, is_being_imported, problem_of
from params_proto.app.run import app_configs, configs_in_store, resolve_overrides
from params_proto.app.task import Task
from params_proto.compose.internals import IS_HYDRA_1_3, start_hydra, unwrap_hydra_main
from params_proto.errors import SweepError, frame_of_caller, short_repr
from params_proto.fields.signature import takes_whole_config
from params_proto.multirun.context import launch_context, root_names
from params_proto.multirun.directories import (
    directory_of_sweep,
    is_named_by_time,
    reserve_directory,
    unresolved_sweep_value,
)
from params_proto.overrides.render import OverrideText, assignment, quote
from params_proto.python.compose import Place, checked_overrides, place_of
from params_proto.python.isolation import isolated_launch
from params_proto.records.manifest import has_plan

if TYPE_CHECKING:
    import pandas as pd
    from omegaconf import DictConfig

    from params_proto.compose.internals import Hydra
    from params_proto.sweep import Sweep

_FORMS = "a @proto.cli function, a plain one whose parameters get the values, or a @hydra.main app"

_launching = Lock()  # Hydra's state, signals and logging are shared by the process


def launch(
    sweep: Sweep,
    target: Any,
    config_path: str | os.PathLike[str] | None,
    config_name: str | None,
    launcher: str,
    sweep_dir: str | os.PathLike[str] | None,
    overrides: Iterable[str] | None,
    options: Mapping[str, Any],
    launcher_options: Mapping[str, Any],
) -> pd.DataFrame:
    """Runs the jobs of a sweep. See `Sweep.launch`."""
    _refuse_where_jobs_run()
    given = checked_overrides("launch", overrides)
    lines = [*_sweeper_lines(launcher, sweep_dir, options), *given]
    cwd = Path.cwd()
    function: Any = _own_function(sweep) if target is None else target
    place, task, allowed = _runnable(function, config_path, config_name)
    with _one_at_a_time(), isolated_launch(), ExitStack() as stack:
        has_search_path = any("hydra.searchpath" in line for line in lines)
        app = LaunchedApp(place, task, function if allowed is not None else None, has_search_path)
        hydra, task = app.start(stack)

        def composed(overrides: list[str]) -> DictConfig:
            loader = hydra.config_loader
            return loader.load_configuration(place.primary, overrides, RunMode.MULTIRUN)

        if isinstance(task, Task):
            lines = resolve_overrides(task, lines, lambda others: root_names(composed(others)))
        config = composed(lines)
        lines += _launcher_lines(launcher, config, launcher_options)
        _refuse_config(config, resume=options["resume"])
        reserve_directory(config, stack)
        directory = directory_of_sweep(config)
        # Resolving it again could give another directory.
        lines.append(assignment("hydra.sweep.dir", str(directory)))
        if (config.hydra.sweeper.workers, config.hydra.sweeper.gpus) != (None, None):
            stack.enter_context(app.sent_to_workers())
        with _python_errors(), launch_context(sweep):
            hydra.multirun(place.primary, task, [*lines, "hydra.mode=MULTIRUN"])
    if not has_plan(cwd / directory):
        shard = config.hydra.sweeper.slice
        raise SweepError(
            f"hydra.sweeper.slice={shard} selects none of the sweep's {sweep.size} jobs."
        )
    return results(cwd / directory)


class LaunchedApp(NamedTuple):
    """What a launch runs, in its own process or in a worker.

    Args:
        place: where the configs are.
        task: an app, or a function that gets the whole config.
        decorated: the function that `hydra.main` made, if any.
        has_search_path: whether the command line has a search path of its own.
    """

    place: Place
    task: Any
    decorated: Any
    has_search_path: bool

    def start(self, stack: ExitStack, configs: str | None = None) -> tuple[Hydra, Any]:
        """Starts Hydra in this process until `stack` ends; returns it and what the jobs run.

        Args:
            stack: the block.
            configs: where to look for configs, instead of in the app's own folder.
        """
        place, task = self.place, self.task
        unwrapped = unwrap_hydra_main(self.decorated)
        if unwrapped is not None:  # hydra.main has set the version base
            stack.enter_context(unwrapped[3])
        elif IS_HYDRA_1_3:
            version.setbase("1.3")
        if isinstance(task, App):
            has_configs = place.configs is not None or place.primary is not None
            app = cast("App[..., Any]", task)
            task = Task.of(app, closed=not has_configs and not self.has_search_path)
            stack.enter_context(configs_in_store(app_configs(task.targets, {})))
        return start_hydra(configs or place.configs, place.name), task

    @contextmanager
    def sent_to_workers(self) -> Generator[None, None, None]:
        """Pickles this for workers that are started within the block.

        Raises:
            SweepError: this cannot be pickled.
        """
        cloudpickle: Any = import_module("cloudpickle")

        from params_proto.workers.run import launched_task

        try:
            script = getattr(sys.modules["__main__"], "__file__", "")
            pickled = pickle.dumps((sys.path, script, cloudpickle.dumps(self)))
        except Exception as error:
            name = getattr(self.task, "__name__", "the function")
            raise SweepError(
                f"workers get {name} pickled, and it cannot be: {error}. Define what it uses at the"
                " top of a module, and open files and connections within the function."
            ) from error
        token = launched_task.set(("params_proto.python.worker", pickled))
        try:
            yield
        finally:
            launched_task.reset(token)


def _runnable(
    function: Any, config_path: str | os.PathLike[str] | None, config_name: str | None
) -> tuple[Place, Any, AbstractContextManager[Any] | None]:
    """The place of a function's configs, what the jobs run, and what configs may call.

    The jobs run an app, or a function that gets the whole config.
    """
    if isinstance(function, App):
        own = function.config_path, function.config_name
        place = place_of(config_path, config_name, cast("Any", function).__wrapped__, *own)
        return place, cast("Any", function), None
    allowed, decorated = None, unwrap_hydra_main(function)
    if decorated is not None:
        function, own_path, own_name, allowed = decorated
        place = place_of(config_path, config_name, inspect.unwrap(function), own_path, own_name)
    elif (problem := problem_of(function)) is not None:
        raise SweepError(f"launch runs {_FORMS}; but {problem}")
    else:
        place = place_of(config_path, config_name, function)
    if decorated is not None or takes_whole_config(function):
        return place, function, allowed
    return place, App(function, place.configs, place.primary), None


def _own_function(sweep: Sweep) -> Any:
    """The function among the targets of a sweep, a decorated one if there is one."""
    found = [target for target in sweep.targets if not isinstance(target, type)]
    if not found:
        raise SweepError(
            "launch needs a function for the jobs to run, and the sweep has none: write"
            f" launch(train). It takes {_FORMS}."
        )
    return max(found, key=lambda target: isinstance(target, App))


def _sweeper_lines(
    launcher: str, sweep_dir: str | os.PathLike[str] | None, options: Mapping[str, Any]
) -> list[str]:
    """The overrides that select the sweeper and the launcher, and set the sweeper's options.

    >>> _sweeper_lines("joblib", "runs/1", {"resume": True, "rerun": ["failed"], "timeout": None})
    ... # doctest: +NORMALIZE_WHITESPACE
    ['hydra/launcher=joblib', 'hydra/sweeper=params_proto', 'hydra.sweep.dir=runs/1',
     'hydra.sweeper.resume=True', 'hydra.sweeper.rerun=[failed]']
    """
    if type(options["resume"]) is not bool:
        raise SweepError(
            f"resume must be True or False, got {short_repr(options['resume'])}: give the"
            " directory as sweep_dir, launch(sweep_dir='runs/1', resume=True)."
        )
    lines = [assignment("hydra/launcher", launcher), "hydra/sweeper=params_proto"]
    if sweep_dir is not None:
        path = os.fspath(sweep_dir)
        # An interpolation such as `${now:%Y}` is resolved as on a command line.
        text = OverrideText(path, quote(path)) if "${" in path else path
        lines.append(assignment("hydra.sweep.dir", text))
    for name, value in options.items():
        if value is not None and (name != "resume" or value):
            lines.append(assignment(f"hydra.sweeper.{name}", _plain(value)))
    return lines


def _launcher_lines(launcher: str, config: DictConfig, options: Mapping[str, Any]) -> list[str]:
    """The overrides that set the options of the launcher; raises for unknown options."""
    node: Any = config.hydra.launcher
    has = [str(name) for name in node if name != "_target_"]
    unknown = [name for name in options if name not in has]
    if unknown:
        raise SweepError(
            f"neither launch nor the launcher {launcher} has an option {' or '.join(unknown)}."
            f" The launcher's own options: {', '.join(has) or 'none'}. For another launcher's, name"
            " it: launcher='joblib'. Options of its nested nodes, and new ones, belong in"
            " overrides, '+hydra.launcher.name=value'."
        )
    return [assignment(f"hydra.launcher.{name}", _plain(value)) for name, value in options.items()]


def _plain(value: Any) -> Any:
    """A value for an override: a path as text, an iterable as a list."""
    if isinstance(value, os.PathLike):
        return os.fspath(cast("os.PathLike[str]", value))
    is_single = isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable)
    return cast("Any", value) if is_single else list(cast("Iterable[Any]", value))


def _refuse_where_jobs_run() -> None:
    """Raises if this is called inside a job, or while its own script is being imported."""
    if is_being_imported(frame_of_caller().f_globals):
        raise SweepError(
            "launch was called while its script is being imported. Processes started by"
            " multiprocessing import the script and would launch again. Put it under"
            ' `if __name__ == "__main__":`.'
        )
    if current.is_in_job():
        raise SweepError(
            "launch was called inside a running job, and a process runs one app at a time. Call it"
            " outside of jobs or in a separate process."
        )


def _refuse_config(config: DictConfig, *, resume: bool) -> None:
    """Raises for options of the command line only, and for a resume in a new directory."""
    sweeper: Any = config.hydra.sweeper
    if sweeper.sweep is not None:
        raise SweepError(
            "hydra.sweeper.sweep: the config has its own sweep, and launch runs the one that it is"
            " called on. Remove it with overrides=['hydra.sweeper.sweep=null']."
        )
    if sweeper.dry_run not in (None, False):
        raise SweepError(
            "hydra.sweeper.dry_run is for the command line. In Python, list(sweep) gives the"
            " configs, and sweep.compose() the composed ones."
        )
    if resume and is_named_by_time(config):
        raise SweepError(
            f"resume=True resumes in sweep_dir, but {unresolved_sweep_value(config)} is a different"
            " directory each time: give a fixed one, sweep_dir='runs/1'."
        )


@contextmanager
def _one_at_a_time() -> Generator[None, None, None]:
    """Raises if another launch is running in this process."""
    if not _launching.acquire(blocking=False):
        raise SweepError(
            "another launch is running in this process, and all threads share Hydra's state. Wait"
            " for it to end, or launch in a separate process."
        )
    try:
        yield
    finally:
        _launching.release()


@contextmanager
def _python_errors() -> Generator[None, None, None]:
    """Turns the errors that end a command line into SweepError and KeyboardInterrupt."""
    try:
        yield
    except CompactHydraException as error:
        cause = error.__cause__
        if isinstance(cause, SweepError):  # a mistake in the sweep
            raise cause from None
        if type(error) is CompactHydraException:  # ours
            raise SweepError(str(error)) from cause
        reason = "" if cause is None else ": " + str(cause).partition("\n")[0]
        raise SweepError(f"{error}{reason}") from error  # a job's config
    except SystemExit as error:
        if error.code == 128 + signal.SIGINT:
            raise KeyboardInterrupt from None
        raise
