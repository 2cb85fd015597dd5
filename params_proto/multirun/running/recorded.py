"""A task that keeps a record of each of its jobs, in whichever process a launcher runs them."""

from __future__ import annotations

import functools
import logging
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf, read_write

from params_proto._text import to_json
from params_proto.errors import SweepError
from params_proto.multirun.errors import logged_where_it_can
from params_proto.multirun.running.interrupts import noticed
from params_proto.multirun.running.limit import Limit
from params_proto.multirun.running.outcome import failure_of, of_the_user, travels, value_of
from params_proto.multirun.running.ranks import RunningJob, command_of, is_further_task
from params_proto.multirun.running.timeouts import ends_after
from params_proto.overrides.identity import identity, values, without_selectors
from params_proto.records import Failure, JobStore, Record, Status
from params_proto.records.lock import end_with_parent
from params_proto.records.record import now

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.types import TaskFunction
    from omegaconf import DictConfig

    from params_proto.multirun.jobs import Job
    from params_proto.multirun.running.interrupts import Interrupts

log = logging.getLogger(__name__)


class ExitError(Exception):
    """A job that ended itself by `sys.exit` with something other than 0."""


class RemoteError(Exception):
    """Stands for what a job raised in another process, which cannot be sent back as it is."""


class UnrecordedError(SweepError):
    """A job that did not run, as its record cannot be written."""


class Skipped:
    """What a job returns that found itself done or running elsewhere, or the sweep at its end."""


class Launch(NamedTuple):
    """What the jobs of one launch need to know.

    Args:
        numbers: the jobs' numbers by their `hydra.sweep.subdir`; None where they have the numbers
            that the launcher gives them.
        again: completed jobs that are to run once more, and their last attempts.
        limit: of the jobs that fail.
        timeout: seconds that a job may take.
    """

    numbers: Mapping[str, int] | None = None
    again: Mapping[int, int] = {}
    limit: Limit | None = None
    timeout: float | None = None


class JobRunner:
    """The task function that the launcher gets. It is pickled with each job.

    Args:
        task: the app's own.
    """

    def __init__(self, task: TaskFunction) -> None:
        # Hydra's callbacks get it, and may ask for the task's name. Its own attributes are looked
        # up there, as copies would be pickled with each job, apart from the task.
        functools.update_wrapper(self, task, updated=())
        self.launch = Launch()
        # What this process alone has: the signals that came while a job ran, and who is told when
        # a job begins and ends.
        self.signals: Interrupts | None = None
        self.busy = False
        self.on_change: Callable[[Record], None] | None = None
        self._home = os.getpid()
        self._command = command_of(task)
        self._script: str | None = getattr(sys.modules["__main__"], "__file__", None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.__wrapped__, name)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "signals": None, "on_change": None, "busy": False}

    def keep(self, directory: Path, configs: Path, swept: list[str], selecting: list[str]) -> None:
        """Says where the records stand, and what they hold.

        Args:
            directory: the sweep's, absolute.
            configs: where it keeps its config files, absolute.
            swept: the keys whose values are told, without +, ++ and ~.
            selecting: the keys that only say which sweep is to run, and nothing about a job.
        """
        self._records = JobStore(directory)
        self._configs = configs
        self._swept = swept
        self._selecting = selecting

    def __call__(self, config: DictConfig) -> Any:
        """Runs a job, unless it has run or is running.

        Args:
            config: the job's.

        Returns:
            What the task returns.

        Raises:
            UnrecordedError: the record cannot be written.
            Exception: what the task raises.
        """
        if not HydraConfig.initialized():
            return self.__wrapped__(config)  # by a launcher that has ways of its own
        if self.signals is not None and self.signals.last is not None:
            raise self.signals.last  # which the job before has handled
        limit = self.launch.limit
        if limit is not None and limit.reached:
            return Skipped()
        if is_further_task():
            return self.__wrapped__(config)  # the job's first process keeps the record
        try:
            record = self._begun()
        except SweepError as error:
            raise UnrecordedError(str(error)) from error
        if record is None:
            return Skipped()
        if self.on_change is not None:
            self.on_change(record)
        clock = time.monotonic()

        def close(status: Status, value: Any = None, error: Failure | None = None) -> None:
            ended = record._replace(
                status=status,
                ended=now(),
                duration=round(time.monotonic() - clock, 6),
                value=value,
                error=error,
            )
            if status is Status.FAILED and limit is not None:
                with suppress(OSError):  # a disk that is full has no room for a record either
                    limit.add(record.job)
            try:
                if not self._records.finish(ended):
                    raise SweepError("is another attempt's by now.")
            except SweepError as unwritten:
                _log_unwritten(ended, unwritten)
            if self.on_change is not None:
                self.on_change(ended)

        try:
            alive, job = self._records.keep_alive(record), self._job(record)
            with alive, ends_after(self.launch.timeout), self._working(), job.announced():
                returned = self._run(config)
        except SystemExit as error:
            if error.code in (None, 0):
                close(Status.COMPLETED)
                return None
            raised = ExitError(f"sys.exit({error.code!r})")
            close(Status.FAILED, error=failure_of(raised, error, self._script))
            raise raised from error
        except KeyboardInterrupt:
            close(Status.INTERRUPTED)
            raise
        except BaseException as error:
            failure = failure_of(error, script=self._script)
            close(Status.FAILED, error=failure)
            if not isinstance(error, Exception):  # which no launcher takes for a job's failure
                raise RemoteError(f"{failure.type}: {failure.message}") from error
            if os.getpid() != self._home and not travels(error):
                raise RemoteError(
                    f"{failure.type}: {failure.message}\n\n{failure.traceback}"
                ) from None
            error.__traceback__ = of_the_user(error)  # Hydra shows what is below its own frames
            raise
        close(Status.COMPLETED, value_of(record.job, returned))
        if os.getpid() != self._home and not travels(returned):
            log.warning(
                f"what job {record.job} returned, a {type(returned).__qualname__}, cannot be sent"
                " back from its process: it counts as None."
            )
            return None
        return returned

    def _run(self, config: DictConfig) -> Any:
        """Calls the task, and raises a signal that this has taken for something else."""
        if os.getpid() != self._home:
            end_with_parent(self._home)
        came: list[int] = []
        try:
            with noticed() as came:
                returned = self.__wrapped__(config)
        except SystemExit as error:
            if came:  # as a handler of the job's own says it
                raise KeyboardInterrupt from error
            raise
        finally:
            if self.signals is not None:
                self.signals.again()
                self.signals.note(came)
        if self.signals is not None and self.signals.last is not None:
            raise self.signals.last
        if came:
            raise KeyboardInterrupt
        return returned

    def _job(self, record: Record) -> RunningJob:
        directory = str(self._records.directory)
        return RunningJob(self._command, directory, str(self._configs), record.job)

    @contextmanager
    def _working(self) -> Generator[None, None, None]:
        self.busy = True
        try:
            yield
        finally:
            self.busy = False

    def returned(self, one: Job, directory: str, result: JobReturn) -> Record:
        """Writes the record of a job from what a launcher returned, where the job could not.

        Its process had another disk, or was not one of Hydra's.

        Args:
            one: the job.
            directory: of the job, relative to the sweep's.
            result: what came back.

        Returns:
            The record, also where it cannot be written.
        """
        value: Any = result._return_value  # pyright: ignore[reportPrivateUsage]
        failed = isinstance(value, Exception)

        first = self._first(one.number, one.overrides, directory)
        ended = first._replace(
            status=Status.FAILED if failed else Status.COMPLETED,
            ended=first.started,
            value=None if failed else value_of(one.number, value),
            error=failure_of(value) if failed else None,
        )
        try:
            claimed = self._records.claim(first, one.rerun_after)
            if claimed is not None:
                ended = ended._replace(attempt=claimed.attempt)
                self._records.finish(ended)
        except SweepError as unwritten:
            _log_unwritten(ended, unwritten)
        return ended

    def _begun(self) -> Record | None:
        """The record of the job that this process runs from here on, if it is to."""
        hydra = cast("Any", HydraConfig.get())
        number = int(hydra.job.num)
        if self.launch.numbers is not None:
            # A directory that only the job knows has none, and the launcher counts as it was told.
            number = self.launch.numbers.get(str(hydra.sweep.subdir), number)
            with read_write(hydra.job):  # a launcher may count in a way of its own
                hydra.job.num = number
        lines = cast("list[str]", OmegaConf.to_container(hydra.overrides.task))
        directory = self._relative(str(hydra.runtime.output_dir))
        first = self._first(number, lines, directory)
        return self._records.claim(first, self.launch.again.get(number, 0))

    def _first(self, number: int, job: list[str], directory: str) -> Record:
        own = without_selectors(job, self._selecting)
        given = dict(values(own))
        return Record.start(
            job=number,
            overrides=job,
            config={key: to_json(given[key]) for key in self._swept if key in given},
            identity=identity(own),
            dir=directory,
        )

    def _relative(self, directory: str) -> str:
        path = Path(directory)
        sweep = self._records.directory
        return str(path.relative_to(sweep) if path.is_relative_to(sweep) else path)


def _log_unwritten(record: Record, error: SweepError) -> None:
    with logged_where_it_can():
        log.error(f"job {record.job} is {record.status.value}, but its record, {error}")
