"""One job: claimed in the sweep's directory, run, and recorded, in whichever process it runs.

A launcher gets a `JobRunner` as its task function. Without Hydra, and without the sweep's own
process, `JobRunner(task, directory).run(job, config)` does the same. What a job raises or returns
reaches its record as JSON; the other ranks of a job in distributed training have no record.
"""

from __future__ import annotations

import functools
import hashlib
import json
import linecache
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import run_job
from omegaconf import OmegaConf, read_write

from params_proto._keys import bare
from params_proto._text import to_json, utf8
from params_proto.compose import over_copies
from params_proto.errors import SweepError
from params_proto.multirun.changes import function_of
from params_proto.multirun.context import changeable, launched_sweep
from params_proto.multirun.directories import in_directory
from params_proto.multirun.errors import logged_where_it_can
from params_proto.multirun.jobs import Job
from params_proto.multirun.resume import reopened
from params_proto.multirun.signals import Interrupts, interrupts, time_limit
from params_proto.overrides.identity import identity, values, without_selectors
from params_proto.records import Failure, JobStore, Record, Status
from params_proto.records.lock import end_with_parent
from params_proto.records.manifest import CONFIGS, OWN, make_folder, open_file, read_plan
from params_proto.records.record import now

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import HydraContext, TaskFunction
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

_OWN_MODULES = ("params_proto.", "hydra.", "hydra_plugins.")
# How a traceback names the code of a script that cloudpickle has sent.
_SENT_CODE = re.compile(r'File "<dynamic-code>", line (\d+), in (.*)\n')
_VARIABLE = "PARAMS_PROTO_JOB"  # names the running job to its child processes
# What Lightning adds to the command of a rank.
_RANK_OVERRIDES = ("hydra.run.", "hydra.job.", "hydra.output_subdir=")


class ExitError(Exception):
    """A job that ended itself by `sys.exit` with something other than 0."""


class RemoteError(Exception):
    """Stands for what a job raised that no launcher takes for a job's failure."""


class UnrecordedError(SweepError):
    """A job that did not run, as its record cannot be written."""


class Skipped:
    """What a job returns that is done, runs elsewhere, or comes after too many failures."""


class FailureCounter(NamedTuple):
    """Counts the jobs that fail, wherever they run: a file for each.

    Args:
        folder: of the files, one for this run alone.
        max_failures: start no further job once more than this many have failed.
    """

    folder: Path
    max_failures: int

    @property
    def exceeded(self) -> bool:
        """Whether too many jobs have failed."""
        return self.folder.is_dir() and len(os.listdir(self.folder)) > self.max_failures

    def add(self, job: int) -> None:
        """Counts a job, once."""
        make_folder(self.folder)
        with open_file(self.folder / str(job), "a"):
            pass

    def remove(self, job: int) -> None:
        """Counts a job no longer: it runs again."""
        (self.folder / str(job)).unlink(missing_ok=True)


class Launch(NamedTuple):
    """What the jobs of one launch need to know.

    Args:
        numbers: the jobs' numbers by their `hydra.sweep.subdir`; None where the launcher's count is
            right.
        rerun_after: the last attempts of completed jobs that are to run once more.
        failures: counts the jobs that fail, if there is a limit.
        timeout: seconds that a job may take.
    """

    numbers: Mapping[str, int] | None = None
    rerun_after: Mapping[int, int] = {}
    failures: FailureCounter | None = None
    timeout: float | None = None


class JobRunner:
    """Runs the jobs of a sweep one at a time; it is pickled with each job.

    Args:
        task: the app's own task function.
        directory: the sweep's, if it is known yet.
    """

    def __init__(self, task: TaskFunction, directory: Path | None = None) -> None:
        # Hydra's callbacks get it, and may ask for the task's name. Its own attributes are looked
        # up there, as copies would be pickled with each job, apart from the task.
        functools.update_wrapper(self, task, updated=())
        self.launch = Launch()
        # What the sweep's own process has: its handler of signals, and who watches its jobs.
        self.signals: Interrupts | None = None
        self.on_change: Callable[[Record], None] | None = None
        self._home = os.getpid()
        self._command = _command_of(task)
        self._script: str | None = getattr(sys.modules["__main__"], "__file__", None)
        if directory is not None:
            self.open(directory)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "signals": None, "on_change": None}

    def open(self, directory: Path, configs: Path | None = None) -> None:
        """Works in the directory of a sweep that has been written down.

        Args:
            directory: the sweep's, absolute.
            configs: where the config files of this run are kept; by default those of the first.
        """
        plan = read_plan(directory)
        self._records = JobStore(directory)
        self._configs = configs or directory / OWN / CONFIGS
        self._keys = plan.keys
        self._selecting = [line.partition("=")[0] for line in plan.selecting]

    def __call__(self, config: DictConfig) -> Any:
        """Runs the job that Hydra has composed a config for.

        Returns:
            What the task returns; `Skipped` where the job is not to run.

        Raises:
            UnrecordedError: the record cannot be written.
            Exception: what the task raises.
        """
        if not HydraConfig.initialized():
            return self.__wrapped__(config)  # by a launcher that has ways of its own
        if _is_further_task():  # the job's first process keeps the record
            return Skipped() if self._stops() else self.__wrapped__(config)
        return self.run(self._job(), config)

    def run(self, job: Job, config: DictConfig) -> Any:
        """Claims a job, runs it, and records how it ended; see `__call__`.

        Args:
            job: its `directory` is relative to the sweep's, by default its number.
            config: what the task gets.
        """
        if self._stops():
            return Skipped()
        try:
            record = self._records.claim(self._first(job), job.rerun_after)
        except SweepError as error:
            raise UnrecordedError(str(error)) from error
        if record is None:
            return Skipped()
        if self.on_change is not None:
            self.on_change(record)
        clock = time.monotonic()
        alive, limit = self._records.keep_alive(record), time_limit(self.launch.timeout)
        try:
            with alive, limit, self._announced(job.number):
                returned = self._call(config)
        except BaseException as error:
            status, failure, raised = _judged(error, self._script)
            self._finish(record, clock, status, error=failure)
            if raised is None:
                return None
            if raised is error:
                raise
            raise raised from error
        self._finish(record, clock, Status.COMPLETED, value=_value_of(job.number, returned))
        return returned

    def record_returned(self, job: Job, result: JobReturn, error: Exception | None) -> Record:
        """Records a job from what its launcher returned: its process could not, on another disk.

        Returns:
            The record, also where it cannot be written.
        """
        first = self._first(job)
        ended = first._replace(
            status=Status.COMPLETED if error is None else Status.FAILED,
            ended=first.started,
            value=_value_of(job.number, result.return_value) if error is None else None,
            error=None if error is None else _failure_of(error),
        )
        try:
            claimed = self._records.claim(first, job.rerun_after)
            if claimed is not None:
                ended = ended._replace(attempt=claimed.attempt)
                self._records.finish(ended)
        except SweepError as unwritten:
            _log_unwritten(ended, unwritten)
        return ended

    def _stops(self) -> bool:
        """Whether no further job is to run."""
        if self.signals is not None and self.signals.last is not None:
            raise self.signals.last  # which the job before has handled
        return self.launch.failures is not None and self.launch.failures.exceeded

    def _call(self, config: DictConfig) -> Any:
        """Calls the task, and raises a signal that this has swallowed."""
        if os.getpid() != self._home:
            end_with_parent(self._home)
        ours = None if self.signals is None else nullcontext(self.signals)
        with ours or interrupts(in_worker=True) as signals:
            try:
                returned = self.__wrapped__(config)
            except SystemExit:
                if signals.last is None:
                    raise
                returned = None
            finally:
                signals.install()
            if signals.last is not None:
                raise signals.last
            return returned

    def _job(self) -> Job:
        """The job that Hydra runs in this process."""
        hydra = cast("Any", HydraConfig.get())
        number = int(hydra.job.num)
        if self.launch.numbers is not None:
            # A directory that only the job knows has none, and the launcher's count is right.
            number = self.launch.numbers.get(str(hydra.sweep.subdir), number)
            with read_write(hydra.job):  # a launcher may count in a way of its own
                hydra.job.num = number
        sweep, path = self._records.directory, Path(str(hydra.runtime.output_dir))
        return Job(
            number,
            cast("list[str]", OmegaConf.to_container(hydra.overrides.task)),
            str(path.relative_to(sweep) if path.is_relative_to(sweep) else path),
            self.launch.rerun_after.get(number, 0),
        )

    def _first(self, job: Job) -> Record:
        """The record of a first attempt that starts now."""
        own = without_selectors(job.overrides, self._selecting)
        given = dict(values(own))
        return Record.start(
            job=job.number,
            overrides=list(job.overrides),
            config={key: to_json(given[key]) for key in self._keys if key in given},
            identity=identity(own),
            dir=str(job.number) if job.directory is None else job.directory,
        )

    def _finish(
        self,
        record: Record,
        clock: float,
        status: Status,
        value: Any = None,
        error: Failure | None = None,
    ) -> None:
        """Records how a job ended, in the log where the disk takes no record."""
        ended = record._replace(
            status=status,
            ended=now(),
            duration=round(time.monotonic() - clock, 6),
            value=value,
            error=error,
        )
        if status is Status.FAILED and self.launch.failures is not None:
            with suppress(OSError):  # a disk that is full has no room for a record either
                self.launch.failures.add(record.job)
        try:
            if not self._records.finish(ended):
                raise SweepError(f"{self._records.path(record.job)} is another attempt's by now.")
        except SweepError as unwritten:
            _log_unwritten(ended, unwritten)
        if self.on_change is not None:
            self.on_change(ended)

    @contextmanager
    def _announced(self, number: int) -> Generator[None, None, None]:
        """Within, processes that the job starts with the sweep's own command run this job."""
        directory, configs = str(self._records.directory), str(self._configs)
        os.environ[_VARIABLE] = json.dumps([self._command, directory, configs, number])
        try:
            yield
        finally:
            os.environ.pop(_VARIABLE, None)


def user_traceback(error: BaseException) -> TracebackType | None:
    """The traceback from the first frame on that is neither Hydra's nor ours."""
    trace = error.__traceback__
    while trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith(
        _OWN_MODULES
    ):
        trace = trace.tb_next
    return trace or error.__traceback__


def _judged(
    error: BaseException, script: str | None
) -> tuple[Status, Failure | None, BaseException | None]:
    """How a job ended that raised, what its record says of it, and what to raise, if anything."""
    if type(error) is SystemExit and error.code in (None, 0):  # Lightning's for SIGTERM is another
        return Status.COMPLETED, None, None
    if isinstance(error, KeyboardInterrupt):
        return Status.INTERRUPTED, None, error
    if isinstance(error, SystemExit):
        left = ExitError(f"sys.exit({error.code!r})")
        return Status.FAILED, _failure_of(left, error, script), left
    failure = _failure_of(error, script=script)
    if not isinstance(error, Exception):
        return Status.FAILED, failure, RemoteError(f"{failure.type}: {failure.message}")
    error.__traceback__ = user_traceback(error)  # Hydra shows what is below its own frames
    return Status.FAILED, failure, error


def _failure_of(
    error: BaseException, cause: BaseException | None = None, script: str | None = None
) -> Failure:
    """What a job raised, as its record holds it.

    Args:
        error: what it is called.
        cause: what has the traceback, if that is something else.
        script: the file that the sweep was started with.
    """
    whole = cause or error
    try:
        message = str(error)
    except Exception as unsayable:
        message = f"(its __str__ raises {type(unsayable).__qualname__})"
    try:
        trace = "".join(traceback.format_exception(type(whole), whole, user_traceback(whole)))
    except Exception as unsayable:
        trace = f"(it cannot be printed: {type(unsayable).__qualname__})"
    if script is not None:
        trace = _SENT_CODE.sub(lambda frame: _frame(script, int(frame[1]), frame[2]), trace)
    return Failure(type(error).__qualname__, utf8(message), utf8(trace))


def _frame(script: str, line: int, name: str) -> str:
    source = linecache.getline(script, line).strip()
    return f'File "{script}", line {line}, in {name}\n' + (f"    {source}\n" if source else "")


def _value_of(job: int, returned: Any) -> Any:
    """What a task returned as JSON, with a warning about what JSON cannot represent."""
    unfit: list[str] = []
    try:
        value = to_json(returned, unfit)
    except Exception as error:  # the user's own __str__, item, keys
        log.warning(
            f"the record of job {job} has no value: reading what it returned raises"
            f" {type(error).__qualname__}."
        )
        return None
    if unfit:
        more = f" and {len(unfit) - 1} more" if len(unfit) > 1 else ""
        log.warning(
            f"the record of job {job} lacks a part of what it returned, which JSON cannot"
            f" represent: {unfit[0]}{more}. Return numbers, texts, or dicts and lists of them."
        )
    return value


def _log_unwritten(record: Record, error: SweepError) -> None:
    with logged_where_it_can():
        log.error(f"job {record.job} is {record.status.value}, but its record, {error}")


class Rank(NamedTuple):
    """This process as a further rank of a job, which has no record of its own.

    Args:
        directory: the sweep's.
        configs: where the sweep keeps its config files.
        record: of the process that runs the job.
    """

    directory: Path
    configs: Path
    record: Record

    def run(
        self, context: HydraContext, config: DictConfig, task: TaskFunction
    ) -> list[Sequence[JobReturn]]:
        """Runs the job.

        Args:
            context: Hydra's.
            config: of the multirun, as this process was started.
            task: what the job runs.

        Returns:
            What the job returned, as from a sweep of this one job.

        Raises:
            Exception: what the job raises.
        """
        loader = over_copies(context.config_loader, self.configs)
        config = reopened(self.directory, config, loader).config
        with changeable(config):
            config.hydra.overrides.hydra += [
                in_directory(self.record.dir),
                "hydra.output_subdir=null",  # the first rank has written it
            ]
        own = loader.load_sweep_config(config, self.record.overrides)
        with changeable(own):
            own.hydra.job.num = own.hydra.job.id = self.record.job
        returned = run_job(
            hydra_context=context,
            task_function=task,
            config=own,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
        _ = returned.return_value  # raises what the job raised
        return [[returned]]


def rank_here(task: TaskFunction) -> Rank | None:
    """The further rank of a running job that this process is, if it is one.

    Distributed training starts its own command again for each further rank, `-m` and all; the job's
    process has announced itself to it.
    """
    found = os.environ.get(_VARIABLE)
    if found is None or launched_sweep() is not None:
        return None
    command, directory, configs, number = json.loads(found)
    if command != _command_of(task):
        return None
    records = JobStore(Path(directory))
    record = records.read(number)
    # What a job leaves behind, as a shell in the background, may have the variable later.
    if record is None or not records.is_running(record):
        return None
    return Rank(Path(directory), Path(configs), record)


def _command_of(task: TaskFunction) -> str:
    """A hash of what the command of a sweep and those of its jobs' ranks have in common."""
    own = [one for one in sys.argv[1:] if not bare(one).startswith(_RANK_OVERRIDES)]
    return hashlib.sha256("\0".join([function_of(task), *own]).encode()).hexdigest()


def _is_further_task() -> bool:
    """Whether this process is one that submitit runs beside a job's first one."""
    if "submitit_folder" not in HydraConfig.get().launcher:
        return False
    from submitit import JobEnvironment

    return JobEnvironment().global_rank > 0
