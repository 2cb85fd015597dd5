"""What comes before a sweep's first job: all is checked, and the sweep is written down."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from params_proto.compose import keep
from params_proto.multirun.host import AppContext
from params_proto.multirun.jobs.composed import Composed
from params_proto.multirun.jobs.directories import Directories, cleared_if_not_begun, make
from params_proto.multirun.jobs.numbered import Batch, in_batches
from params_proto.multirun.jobs.validation import AHEAD, Validation
from params_proto.multirun.mistakes import told_by_hydra
from params_proto.multirun.options import Options
from params_proto.multirun.signals import refuse_timeout
from params_proto.multirun.start.beginning import SweepRun, begin
from params_proto.multirun.start.changes import refuse_another_function, refuse_changes
from params_proto.multirun.start.lock import locked
from params_proto.multirun.start.opening import Opened
from params_proto.multirun.start.place import give_mode, mode_of
from params_proto.records.layout import CONFIGS, OWN

if TYPE_CHECKING:
    from params_proto.multirun.start.remaining import Remaining


@dataclass(eq=False)
class Ready:
    """A sweep, the first job of which may run.

    Args:
        batches: of its jobs, each checked and written down when it is given.
        remaining: what is left of a sweep that goes on; None for a new one.
        configs: where its config files are kept, absolute.
        empty: whether no job is to run here, and none is waited for.
    """

    batches: Iterator[Batch]
    remaining: Remaining | None
    configs: Path
    empty: bool = False


def asked_for(
    options: Options, arguments: Sequence[str], host: AppContext, opened: Opened, composed: Composed
) -> SweepRun:
    """The sweep, as far as it can be known without a look at its jobs.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        host: the app.
        opened: the sweep that goes on.
        composed: told of the configs of jobs that are done.

    Raises:
        BegunSinceError: it was to go on if there was one, and there is one since.
        HydraException: a mistake in what is asked for, or the app has changed since jobs were done.
    """
    beginning = begin(options, arguments, host, opened)
    if beginning.plan is not None:
        _refuse_changes(beginning, composed)
    refuse_timeout(options.timeout, host.config)
    mode_of(host.config)
    return beginning


def make_ready(beginning: SweepRun, composed: Composed, held: ExitStack) -> Ready:
    """Checks the jobs, and writes the sweep down.

    Args:
        beginning: the sweep.
        composed: told of the configs of its jobs.
        held: keeps other processes out of the directory until it ends.

    Raises:
        HydraException: a job cannot run as it was asked for. Of more than 10,000 jobs, those after
            the first batch are checked when their batch is given.
    """
    options, host, plan = beginning.options, beginning.host, beginning.request.plan
    new, shared = beginning.plan is None, options.part is not None
    if not new:  # before a look at its jobs, which another process may be about to run
        held.enter_context(_own(beginning))
    directories = Directories(beginning.directory)
    jobs, remaining = beginning.jobs(directories)
    ahead = not plan.exceeds(AHEAD, options.part)
    validation = Validation(host, directories, composed)
    beginning.note_others(validation)
    batches = in_batches(jobs, options.batch_sizes(at_once=not ahead))
    passed = validation.passed(batches, ahead=ahead)
    # Parts of a sweep may begin at different times, with other files. The path is for workers,
    # which may have another working directory.
    name = CONFIGS if new else f"{CONFIGS}-{uuid4().hex[:8]}"
    kept = (beginning.directory / OWN / name).absolute()
    first = next(passed, None)
    if first is None and not (remaining and remaining.elsewhere):
        return Ready(iter(()), remaining, kept, empty=True)
    if new:  # what is refused leaves nothing behind, not even a directory
        make(beginning.directory)
        held.enter_context(_own(beginning))
    with cleared_if_not_begun(beginning.directory) if new else nullcontext():
        beginning.write()
        if new and beginning.joins:  # a part that began while this one looked at its jobs
            _refuse_changes(beginning, composed)
        composed.write(beginning.directory, shared=shared)
        keep(host.loader, kept, groups=None if ahead else plan.groups)

    def written_down() -> Iterator[Batch]:
        batch = first
        while batch is not None:
            yield batch
            with told_by_hydra():
                batch = next(passed, None)
                composed.write(beginning.directory, shared=shared)
                keep(host.loader, kept)

    return Ready(written_down(), remaining, kept)


def _refuse_changes(beginning: SweepRun, composed: Composed) -> None:
    options, host, plan = beginning.options, beginning.host, beginning.plan
    # Who writes over what a part has run says so.
    allowed = True if options.overwrite else options.resume_changed or ()
    if plan is not None and beginning.joins:  # one that goes on was looked at as it was opened
        refuse_another_function(beginning.directory, plan.function, host.task_function, allowed)
    refuse_changes(beginning.directory, host, composed, allowed)


def _own(beginning: SweepRun) -> AbstractContextManager[None]:
    """Keeps other processes out of the directory."""
    mode = mode_of(beginning.host.config)
    if mode is not None:
        give_mode(beginning.directory / OWN, mode)
    patient = beginning.goes_on
    return locked(beginning.directory, beginning.options.slice, patient=patient)
