"""A launch: the multirun that a command line would start, in this process."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from hydra.core.plugins import Plugins
from hydra.errors import CompactHydraException
from hydra.types import RunMode

from params_proto.analysis.frame import results
from params_proto.app.configs import entries, stored
from params_proto.app.current import in_job
from params_proto.app.function import is_being_imported
from params_proto.app.run import in_full, mistakes_of
from params_proto.app.task import Task
from params_proto.compose.app import started
from params_proto.errors import SweepError, frame_of_caller, together
from params_proto.multirun.context import launch_context, root_names
from params_proto.multirun.directories import directory_of_sweep, take_own
from params_proto.overrides.render import assignment
from params_proto.python.arguments import checked
from params_proto.python.directory import refuse_another, refuse_time
from params_proto.python.kept import process_kept, singletons_kept
from params_proto.python.lines import launcher_lines, lines_of
from params_proto.python.logs import logging_kept
from params_proto.python.runnable import Runnable, runnable
from params_proto.python.workers import fresh_workers
from params_proto.records.manifest import has_plan

if TYPE_CHECKING:
    import pandas as pd
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

    from params_proto.sweep import Sweep

log = logging.getLogger(__name__)

_one = Lock()  # Hydra's state, the signals and the logging are the process's


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
    """Runs the jobs of a sweep. See `Sweep.launch`.

    Args:
        sweep: what to run.
        target: with which function.
        config_path: the folder of the configs.
        config_name: the primary config.
        launcher: the name of Hydra's launcher.
        sweep_dir: the directory of the sweep.
        overrides: as on the command line.
        options: those of the sweeper.
        launcher_options: those of the launcher.
    """
    _refuse_where_others_run()
    given = checked("launch", config_path, config_name, overrides)
    lines = [*lines_of(launcher, sweep_dir, options), *given]
    if sweep_dir is not None:
        refuse_another(sweep_dir, given)
    there = Path.cwd()
    what = runnable(sweep, target, config_path, config_name)
    Plugins.instance()  # which configure nothing, but put configs into the store that are to stay
    with _alone(), ExitStack() as kept:
        for keeper in (process_kept, singletons_kept, logging_kept, fresh_workers):
            kept.enter_context(keeper())
        kept.enter_context(what.rules())
        task = kept.enter_context(_task(what, lines))
        hydra = started(what.place.configs, what.place.name)

        def composed(overrides: list[str]) -> DictConfig:
            primary = what.place.primary
            return hydra.config_loader.load_configuration(primary, overrides, RunMode.MULTIRUN)

        if isinstance(task, Task):
            lines = in_full(task, lines, lambda others: root_names(composed(others)))
            if mistakes := mistakes_of(task, lines):
                raise together(mistakes)
        config = composed(lines)
        lines += launcher_lines(launcher, config, launcher_options)
        _refuse(config)
        if options["resume"]:
            refuse_time(config)
        take_own(config, kept)
        directory = directory_of_sweep(config)
        _refuse_used(directory, config.hydra.sweeper)
        # Resolved once more, it could be another one.
        lines.append(assignment("hydra.sweep.dir", str(directory)))
        with _told(), launch_context(sweep):
            hydra.multirun(what.place.primary, task, [*lines, "hydra.mode=MULTIRUN"])
    if not has_plan(there / directory):
        part = config.hydra.sweeper.slice
        raise SweepError(f"hydra.sweeper.slice={part} takes none of the sweep's {sweep.size} jobs.")
    return results(there / directory)


def _refuse_where_others_run() -> None:
    """Refuses a launch within a job, or in a process that a job has started.

    Raises:
        SweepError: it is one.
    """
    if is_being_imported(frame_of_caller().f_globals):
        raise SweepError(
            "launch in a script that is imported: by a new process, as multiprocessing's do that"
            " spawn, it would launch once more, and where a sweep in it is looked up, nothing is to"
            ' start. Write it below `if __name__ == "__main__":`.'
        )
    if in_job():
        raise SweepError(
            "launch inside a running job: one process runs one app at a time. Launch where no job"
            " runs, or in a process of its own."
        )


@contextmanager
def _alone() -> Generator[None, None, None]:
    """Refuses a second launch beside this one."""
    if not _one.acquire(blocking=False):
        raise SweepError(
            "launch beside another launch of this process: Hydra has one state for all threads."
            " Wait for the first, or launch in a process of its own."
        )
    try:
        yield
    finally:
        _one.release()


@contextmanager
def _task(what: Runnable, lines: Sequence[str]) -> Generator[TaskFunction, None, None]:
    """The task function, and within the block what it needs of Hydra's store."""
    if what.app is None:
        assert what.task is not None
        yield what.task
        return
    closed = what.place.configs is None and what.place.primary is None
    searches = any("hydra.searchpath" in line for line in lines)
    task = Task.of(what.app, closed=closed and not searches)
    with stored(entries(task.targets, {})):
        yield task


def _refuse_used(directory: Path, sweeper: Any) -> None:
    """Refuses a directory that has a sweep, which nobody has said to go on with."""
    if has_plan(directory) and not (sweeper.resume or sweeper.overwrite or sweeper.slice):
        raise SweepError(
            f"sweep_dir={str(directory)!r} holds a sweep already. Go on with it, resume=True, or"
            " give this one another directory, or write over it,"
            " overrides=['hydra.sweeper.overwrite=true']."
        )


def _refuse(config: DictConfig) -> None:
    """Refuses what is for command lines only."""
    sweeper: Any = config.hydra.sweeper
    if sweeper.sweep is not None:
        raise SweepError(
            "hydra.sweeper.sweep: the config has a sweep of its own, and launch runs the one that"
            " it is called on. Leave it out, overrides=['hydra.sweeper.sweep=null']."
        )
    if sweeper.dry_run not in (None, False):
        raise SweepError(
            "hydra.sweeper.dry_run is for the command line. In Python list(sweep) has the configs,"
            " and sweep.compose() what Hydra makes of them."
        )


@contextmanager
def _told() -> Generator[None, None, None]:
    """Raises in Python's terms what ends a command line."""
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
