"""One job: claimed in the sweep's directory, run, and recorded, in whichever process it runs.

A launcher gets a `JobRunner` as its task function. Outside of a Hydra job, and without the sweep's
own process, `JobRunner(task, directory).run(job, config)` does the same for a composed config. What
a job raises or returns reaches its record as JSON.
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
from omegaconf import OmegaConf, read_write

from params_proto._keys import strip_prefix
from params_proto._text import pluralize, to_json, utf8
from params_proto.errors import SweepError
from params_proto.multirun.context import function_of
from params_proto.multirun.errors import ignore_logging_errors
from params_proto.multirun.plan import Job
from params_proto.multirun.signals import Interrupts, interruptible, time_limit
from params_proto.overrides.identity import identity, values, without_selectors
from params_proto.records import Failure, JobStore, Record, Status
from params_proto.records.lock import end_with_parent
from params_proto.records.manifest import CONFIGS, STATE_DIR, create_file, read_plan
from params_proto.records.record import now

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

log = logging.getLogger(__name__)

ANNOUNCEMENT = "PARAMS_PROTO_JOB"  # the variable by which a job announces itself
# Lightning's additions to the command of a rank.
_ADDED = ("hydra.run.", "hydra.job.", "hydra.output_subdir=")
_OWN_MODULES = ("params_proto.", "hydra.", "hydra_plugins.")
# The traceback's name for the code of a script sent by cloudpickle.
_SENT_CODE = re.compile(r'File "<dynamic-code>", line (\d+), in (.*)\n')


class Skipped:
    """Returned for a job that is completed, runs elsewhere, or follows too many failures."""


class Launch(NamedTuple):
    """What the jobs of one launch need to know.

    Args:
        numbers: numbers by `hydra.sweep.subdir`; empty if the launcher's own count is right.
        rerun_after: for completed jobs to be rerun, the number of their last attempt.
        timeout: seconds that a job may take; None for no limit.
        max_failures: stop launching once more than this many jobs have failed; None for no limit.
        failures: the folder that counts failures on all machines, with one file for each.
    """

    numbers: Mapping[str, int] = {}
    rerun_after: Mapping[int, int] = {}
    timeout: float | None = None
    max_failures: int | None = None
    failures: Path = Path()

    @property
    def has_too_many_failures(self) -> bool:
        """Whether to start no further job."""
        return (
            self.max_failures is not None
            and self.failures.is_dir()
            and len(os.listdir(self.failures)) > self.max_failures
        )

    def count_failure(self, job: int) -> None:
        """Counts a job that has failed, once."""
        if self.max_failures is not None:
            create_file(self.failures / str(job), "a")

    def forget_failure(self, job: int) -> None:
        """Does not count a job that runs again."""
        (self.failures / str(job)).unlink(missing_ok=True)


def ignore(_: object) -> None:
    """The default observer of jobs, which does nothing."""


class JobRunner:
    """Runs the jobs of a sweep one at a time; it is pickled with each job.

    Args:
        task: the app's own task function.
        directory: the directory of the sweep, if it is known yet.
    """

    def __init__(self, task: TaskFunction, directory: Path | None = None) -> None:
        # Hydra's callbacks get this object, and may ask for the task's name. Other attributes are
        # looked up on the task, as copies would be pickled with each job.
        functools.update_wrapper(self, task, updated=())
        self.launch = Launch()
        # Only in the sweep's own process: the signal handler and the observer of jobs.
        self.signals: Interrupts | None = None
        self.on_change: Callable[[Record], None] = ignore
        self._home = os.getpid()
        self._has_claim = False  # whether another process claims and records the job
        self._command = command_hash(task)
        self._script = str(getattr(sys.modules["__main__"], "__file__", ""))
        if directory is not None:
            self.open(directory)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "signals": None, "on_change": ignore}

    def open(self, directory: Path, configs: Path | None = None) -> None:
        """Opens the directory of a saved sweep; `configs` has this run's copies of config files."""
        plan = read_plan(directory)
        self._records = JobStore(directory)
        self._configs = configs or directory / STATE_DIR / CONFIGS
        self._keys = plan.keys
        self._sweep_selectors = [line.partition("=")[0] for line in plan.sweep_selectors]

    def adopt(self, job: JobStore) -> None:
        """Runs a job that another process has claimed and will record.

        Args:
            job: the store of this one job, which passes its record on to that process.
        """
        self._records, self._home, self._has_claim = job, os.getpid(), True

    def __call__(self, config: DictConfig) -> Any:
        """Runs the job of a composed config; returns `Skipped` if it is not to run."""
        if not HydraConfig.initialized():
            return self.__wrapped__(config)  # a launcher calls it in an unknown way
        hydra = cast("Any", HydraConfig.get())
        if "submitit_folder" in hydra.launcher and not self._has_claim:
            from submitit import JobEnvironment

            if JobEnvironment().global_rank > 0:  # only the job's first task keeps a record
                return Skipped() if self._stops() else self.__wrapped__(config)
        number = int(hydra.job.num)
        if self.launch.numbers:
            # A directory that is known only now is not in it; then the launcher's count is right.
            number = self.launch.numbers.get(str(hydra.sweep.subdir), number)
            with read_write(hydra.job):  # a launcher may count differently
                hydra.job.num = number
        overrides = cast("list[str]", OmegaConf.to_container(hydra.overrides.task))
        directory = self.relative(Path(str(hydra.runtime.output_dir)))
        rerun_after = self.launch.rerun_after.get(number, 0)
        return self.run(Job(number, overrides, directory, rerun_after), config)

    def relative(self, output: Path) -> str:
        """A job's directory for its record: relative to the sweep's, if it is inside."""
        sweep = self._records.directory
        return str(output.relative_to(sweep) if output.is_relative_to(sweep) else output)

    def run(self, job: Job, config: DictConfig) -> Any:
        """Claims a job, runs it, and records how it ended; see `__call__`.

        The job's `directory` is relative to the sweep directory, by default its number.
        """
        if self._stops():
            return Skipped()
        record = self._records.claim(self.first_record(job), job.rerun_after)
        if record is None:
            return Skipped()
        self.on_change(record)
        if os.getpid() != self._home:
            end_with_parent(self._home)
        start = time.monotonic()
        timeout, configs = self.launch.timeout, self._configs
        try:
            with (
                self._records.keep_alive(record),
                nullcontext() if timeout is None else time_limit(timeout),
                announced([self._command, str(self._records.directory), str(configs), job.number]),
                interruptible(self.signals),
            ):
                returned = self.__wrapped__(config)
        except KeyboardInterrupt:
            self._finish(record, start, Status.INTERRUPTED)
            raise
        except BaseException as error:
            if type(error) is SystemExit and error.code in (None, 0):  # not Lightning's subclass
                returned = None
            else:
                failure, raised = _failed(error, self._script)
                self._finish(record, start, Status.FAILED, error=failure)
                if raised is error:
                    raise
                raise raised from error
        self._finish(record, start, Status.COMPLETED, value=_value_of(job.number, returned))
        return returned

    def record_returned(self, job: Job, result: JobReturn, error: Exception | None) -> Record:
        """Records a job from what its launcher returned, if its process has another disk.

        Returns the record, even if it cannot be written.
        """
        first = self.first_record(job)
        ended = first._replace(status=Status.FAILED, ended=first.started)
        if error is None:
            value = _value_of(job.number, result.return_value)
            ended = ended._replace(status=Status.COMPLETED, value=value)
        else:
            ended = ended._replace(error=_failed(error, self._script)[0])
        try:
            claimed = self._records.claim(first, job.rerun_after)
            if claimed is not None:
                ended = ended._replace(attempt=claimed.attempt)
                self._records.finish(ended)
        except SweepError as unwritten:
            _log_unwritten(ended, unwritten)
        return ended

    def _stops(self) -> bool:
        """Whether to start no further job."""
        if self.signals is not None and self.signals.last is not None:
            raise self.signals.last  # again: Python ignores exceptions in __del__, for example
        return self.launch.has_too_many_failures

    def first_record(self, job: Job) -> Record:
        """The record of a first attempt, starting now."""
        own = without_selectors(job.overrides, self._sweep_selectors)
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
        start: float,
        status: Status,
        value: Any = None,
        error: Failure | None = None,
    ) -> None:
        """Records how a job ended, or logs it if the disk is full or read-only."""
        ended = record._replace(
            status=status,
            ended=now(),
            duration=round(time.monotonic() - start, 6),
            value=value,
            error=error,
        )
        if status is Status.FAILED:
            with suppress(OSError):  # a full disk may have no room for the record either
                self.launch.count_failure(record.job)
        try:
            if not self._records.finish(ended):
                raise SweepError(
                    f"{self._records.path(record.job)} now belongs to another attempt."
                )
        except SweepError as unwritten:
            _log_unwritten(ended, unwritten)
        self.on_change(ended)


# --- the processes that a job starts, see `ranks`


def command_hash(task: TaskFunction) -> str:
    """A hash of what the command of a sweep shares with those of its jobs' ranks."""
    own = [argument for argument in sys.argv[1:] if not strip_prefix(argument).startswith(_ADDED)]
    return hashlib.sha256("\0".join([function_of(task), *own]).encode()).hexdigest()


@contextmanager
def announced(job: Sequence[str | int]) -> Generator[None, None, None]:
    """Announces a job to the processes that it starts within the block.

    `job` has the hash of the sweep's command, the directories of the sweep and of its config files,
    and the job's number.
    """
    os.environ[ANNOUNCEMENT] = json.dumps(job)
    try:
        yield
    finally:
        os.environ.pop(ANNOUNCEMENT, None)


# --- what a job raises or returns


def user_traceback(error: BaseException) -> TracebackType | None:
    """The traceback from the first frame that is neither Hydra's nor ours."""
    trace = error.__traceback__
    while trace is not None and str(trace.tb_frame.f_globals.get("__name__")).startswith(
        _OWN_MODULES
    ):
        trace = trace.tb_next
    return trace or error.__traceback__


def _failed(error: BaseException, script: str) -> tuple[Failure, Exception]:
    """A job's exception, for its record and for its launcher. `script` started the sweep."""
    kind = type(error).__qualname__
    try:
        message = str(error)
    except Exception as unprintable:
        message = f"(its __str__ raises {type(unprintable).__qualname__})"
    trace = "".join(traceback.format_exception(type(error), error, user_traceback(error)))
    if script:  # a notebook has none
        trace = _SENT_CODE.sub(lambda frame: _frame(script, int(frame[1]), frame[2]), trace)
    failure = Failure(kind, utf8(message), utf8(trace))
    if not isinstance(error, Exception):  # launchers expect an Exception
        return failure, RuntimeError(f"{kind}: {message}")
    error.__traceback__ = user_traceback(error)  # Hydra shows the frames below its own
    return failure, error


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
        log.warning(
            f"the record of job {job} lacks {pluralize(len(unfit), 'part')} of what it returned,"
            f" which JSON cannot represent, such as {unfit[0]}. Return numbers, texts, or dicts and"
            " lists of them."
        )
    return value


def _log_unwritten(record: Record, error: SweepError) -> None:
    with ignore_logging_errors():
        log.error(f"job {record.job} is {record.status.value}, but was not recorded: {error}")
