"""`params-proto work`, `watch` and `stop`: the workers of a sweep, from any shell."""

from __future__ import annotations

import re
import signal
from collections.abc import Collection, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from params_proto._files import write_stderr
from params_proto._text import pluralize
from params_proto.analysis.ranking import RETURN_VALUE, Ranking
from params_proto.errors import SweepError
from params_proto.multirun.plan import Job
from params_proto.multirun.resume import parse_rerun
from params_proto.multirun.signals import exit_on_interrupt, interrupts
from params_proto.records import JobStore, Status
from params_proto.records.lock import is_running_elsewhere
from params_proto.records.manifest import read_plan
from params_proto.workers import queue, workers_dir
from params_proto.workers.engines import LocalEngine
from params_proto.workers.run import STOPPING, finish_hint, jobs_left_message, worker_environments
from params_proto.workers.watch import Watcher
from params_proto.workers.worker import ALL_COMPLETED, JOBS_LEFT, SOME_FAILED, TIME_LIMIT

_OPTION = re.compile(r"hydra\.sweeper\.(\w+)")


def work(
    directory: Path,
    workers: int | None,
    gpus: str | None,
    jobs_per_gpu: int,
    time_limit: float | None,
    rerun: str | None,
) -> NoReturn:
    """Runs jobs of a sweep with workers on this machine until none are left.

    Raises:
        SweepError: there is no such sweep, or an option is wrong.
        SystemExit: always, with the status of the sweep.
    """
    found = workers_dir.read_setup(directory)
    in_use = workers_dir.gpus_in_use(directory)
    for flag, number in {"workers": workers, "jobs-per-gpu": jobs_per_gpu}.items():
        if number is not None and number < 1:
            raise SweepError(f"--{flag}={number} is not a number of workers: 1 or more.")
    with _naming_flags():
        environments = worker_environments(_gpus(gpus), jobs_per_gpu, workers, in_use)
        again = _statuses(rerun)
    limit = {} if time_limit is None else {TIME_LIMIT: str(time_limit)}
    here = found.with_failures_reset()
    if not (here.path.exists() and here.path.samefile(directory)):  # seen by another path from here
        here = here._replace(directory=str(directory.absolute()))
    here.write()  # removes an earlier request to stop
    _queue_again(directory, again)
    engine = LocalEngine()
    what = engine.start(here, [{**environment, **limit} for environment in environments])
    write_stderr(f"{what} for {directory}.")
    try:
        with interrupts():
            status = _watch(directory)
            engine.wait()
            raise SystemExit(status)
    except KeyboardInterrupt as error:
        write_stderr(STOPPING.format(here.grace))
        with exit_on_interrupt():
            engine.terminate(here)
        write_stderr(finish_hint(directory))
        raise SystemExit(128 + getattr(error, "number", signal.SIGINT)) from None


@contextmanager
def _naming_flags() -> Generator[None, None, None]:
    """Makes errors name the flags of this command instead of the sweeper's options."""
    try:
        yield
    except SweepError as error:
        text = _OPTION.sub(lambda found: f"--{found[1].replace('_', '-')}", str(error))
        raise SweepError(text) from error.__cause__


def _gpus(text: str | None) -> str | int | list[str] | None:
    """The value of `--gpus`, in the form of `hydra.sweeper.gpus`.

    >>> _gpus("auto"), _gpus("2"), _gpus("0,MIG-1"), _gpus("[2]")
    ('auto', 2, ['0', 'MIG-1'], ['2'])
    """
    if text is None or text == "auto":
        return text
    return int(text) if text.isdecimal() else _names(text)


def _statuses(text: str | None) -> frozenset[Status]:
    """Which statuses to rerun, from `--rerun`.

    >>> _statuses("failed") == _statuses("[failed]") == {Status.FAILED}
    True
    """
    if text is None:
        return frozenset()
    names = _names(text)
    return parse_rerun(names[0] if len(names) == 1 else names)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.strip("[]").split(",") if name.strip()]


def _queue_again(directory: Path, wanted: Collection[Status]) -> None:
    """Requeues jobs whose last attempt has one of these statuses."""
    if not wanted:
        return
    again = [
        queue.QueuedJob(
            Job(record.job, record.overrides, record.dir, record.attempt),
            record.failed_attempts,
        )
        for record in JobStore(directory).readable()
        if record.status in wanted
    ]
    queue.enqueue(directory, again)


def watch(directory: Path) -> NoReturn:
    """Shows the progress of a sweep until it ends.

    Raises:
        SweepError: there is no such sweep.
        SystemExit: always, with the status of the sweep.
    """
    try:
        raise SystemExit(_watch(directory))
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None


def _watch(directory: Path) -> int:
    """Shows the progress of a sweep until it ends; the exit status."""
    workers_dir.read_setup(directory)
    plan = read_plan(directory)
    watch = Watcher(directory, Ranking.by(plan.metric or RETURN_VALUE, plan.direction))
    if workers_dir.has_workers(directory) and not is_running_elsewhere(directory):
        write_stderr("No worker runs yet: waiting for those that were started.")
    watch.run()
    parts = [f"{watch.completed} completed", f"{len(watch.failures)} failed"]
    write_stderr(f"{', '.join(parts)} in {directory}: params-proto results {directory}")
    if watch.remaining:
        write_stderr(jobs_left_message(directory, watch))
        return (
            SOME_FAILED
            if workers_dir.read_setup(directory).launch.has_too_many_failures
            else JOBS_LEFT
        )
    if watch.failures:
        write_stderr(finish_hint(directory, rerun=True))
        return SOME_FAILED
    return ALL_COMPLETED


def stop(directory: Path, now: bool) -> str:
    """Makes the workers of a sweep start no more jobs.

    Returns:
        A description of what happens next.
    """
    workers_dir.read_setup(directory)
    cancelled = workers_dir.cancel_queued(directory)
    if workers_dir.has_ended(directory):
        return f"No job is left to stop: params-proto results {directory} shows how each has ended."
    workers_dir.request_stop(directory, now=now)
    when = "end the jobs that run" if now else "exit after the job that each runs"
    text = f"No more jobs start in {directory}; workers {when}."
    if cancelled:
        text += f" {pluralize(cancelled, 'queued worker')} cancelled."
    return f"{text} {workers_dir.finish_command(directory)} continues."
