"""What a multirun begins with: its jobs, and what has become of them; then it is written down."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from omegaconf import OmegaConf

from params_proto import _files
from params_proto.errors import SweepError
from params_proto.keys import bare
from params_proto.multirun.asked import saved, sweeps
from params_proto.multirun.asked.request import SweepRequest, asked, asked_before
from params_proto.multirun.asked.selecting import only_select_the_sweep
from params_proto.multirun.host import AppContext
from params_proto.multirun.jobs.directories import Directories, directory_of_sweep
from params_proto.multirun.jobs.numbered import Job, numbered
from params_proto.multirun.jobs.validation import Validation
from params_proto.multirun.options import Options
from params_proto.multirun.start import place
from params_proto.multirun.start.changes import function_of
from params_proto.multirun.start.choices import counted_on
from params_proto.multirun.start.command import command_of
from params_proto.multirun.start.opening import Opened
from params_proto.records import Record, Records
from params_proto.records.layout import (
    MULTIRUN,
    OWN,
    SWEEP,
)
from params_proto.records.plan import PlanFile, read_plan
from params_proto.records.record import now

if TYPE_CHECKING:
    from params_proto.multirun.start.remaining import Remaining, Seen

log = logging.getLogger(__name__)

_BESIDE = 1000  # jobs of all parts of a sweep, whose directories each part looks at


@dataclass(eq=False)
class SweepRun:
    """A sweep in its directory, before any job.

    Args:
        options: those of the sweeper.
        host: the app.
        directory: the sweep's.
        request: what was asked for.
        selecting: the keys that only say which sweep it is.
        text: of `sweep.yaml`.
        plan: of the sweep that goes on here, or that this is a part of; None for a new one.
        goes_on: whether it was said to go on.
        order: of the keys of a job, where the file has another; else empty.
    """

    options: Options
    host: AppContext
    directory: Path
    request: SweepRequest
    selecting: Sequence[str]
    text: str
    plan: PlanFile | None
    goes_on: bool
    order: Sequence[str] = ()

    @property
    def joins(self) -> bool:
        """Whether it is a part of a sweep, other parts of which began before."""
        return self.plan is not None and not self.goes_on

    def jobs(self, directories: Directories) -> tuple[Iterable[Job], Remaining | None]:
        """The jobs that are to run.

        Args:
            directories: told of those that were used before.

        Returns:
            The jobs, and who leaves out those that need not run, where there may be any.
        """
        if self.plan is None:
            return self._numbered(self.options.part), None
        from params_proto.multirun.start.best import Best  # which few sweeps need
        from params_proto.multirun.start.remaining import Remaining

        remaining = Remaining(Records(self.directory), Best(self.options.ranking))
        return remaining.of(self.seen(directories)), remaining

    def note_others(self, validation: Validation) -> None:
        """Notes the directories of jobs that are none of these: of a former sweep, other parts.

        Args:
            validation: of these.
        """
        if self.plan is not None and (self._renumbers or self._names_directories):
            for record in Records(self.directory).all():
                if isinstance(record, Record) and not os.path.isabs(record.dir):
                    validation.directories.take(record.job, record.dir)
        validation.note(self._beside())

    def _beside(self) -> Iterator[Job]:
        """Jobs of other parts of the sweep, which may not have begun."""
        part, size = self.options.part, self.request.plan.space.size
        if part is not None and self._names_directories and not self._renumbers:
            own = range(size)[part]
            first = self._numbered(slice(min(size, _BESIDE)))
            yield from (one for one in first if one.number not in own)

    @property
    def _names_directories(self) -> bool:
        """Whether the jobs' directories may be other than their numbers."""
        sweep = cast("Any", OmegaConf.to_container(self.host.config.hydra.sweep))
        return sweep["subdir"] != "${hydra.job.num}"

    def seen(self, directories: Directories) -> Iterator[Seen]:
        """All jobs, and what has become of them.

        Args:
            directories: told of those that were used before.
        """
        return self._seen(self._numbered(self.options.part), directories)

    def last(self, directories: Directories) -> Seen:
        """The last of them, without a look at the others where their numbers do not depend on it.

        Args:
            directories: told of that of the job.
        """
        if self._renumbers:
            return deque(self.seen(directories), maxlen=1)[0]
        part = self.options.part
        numbers = range(self.request.plan.space.size)[slice(None) if part is None else part]
        only = self._numbered(slice(numbers[-1], numbers[-1] + 1))
        return next(self._seen(only, directories))

    def _seen(self, jobs: Iterable[Job], directories: Directories) -> Iterator[Seen]:
        from params_proto.multirun.start.numbers import renumbered
        from params_proto.multirun.start.remaining import EVERY, Seen, seen, statuses

        if self.plan is None:
            yield from map(Seen, jobs)
            return
        records = Records(self.directory)
        if self._renumbers:
            files = sweeps.all_of(self.directory, self.plan)
            earlier = chain.from_iterable(map(self._jobs_of, files))
            is_new_part = self.options.part is not None and not self.is_there
            whole = numbered(self.request.plan, None, self.selecting) if is_new_part else ()
            jobs = renumbered(jobs, earlier, whole, records, self.selecting)
        again = EVERY if self.options.overwrite else statuses(self.options.rerun)
        yield from seen(jobs, records, directories, again)

    @property
    def _renumbers(self) -> bool:
        """Whether jobs have other numbers than their places, as another sweep was there before."""
        return self.plan is not None and bool(self.plan.earlier or not self.is_there)

    def _numbered(self, part: slice | None) -> Iterable[Job]:
        jobs = numbered(self.request.plan, part, self.selecting)
        if self.order:
            jobs = (one._replace(overrides=_in_order(one.overrides, self.order)) for one in jobs)
        return jobs

    def write(self) -> None:
        """Writes down what runs.

        Raises:
            BegunSinceError: the sweep that is to go on, if there is one, has begun since.
            SweepError: another sweep has begun here since, or the files cannot be written.
        """
        self.remove_half_written()
        if self.plan is None and self.options.part is not None:
            self.plan = sweeps.joined(
                self.directory, self.text
            )  # since another part began meanwhile
        if self.joins:
            return
        if self.goes_on and not self._as_seen(read_plan(self.directory)):
            raise SweepError(
                f"another process has gone on with the sweep in {self.directory} since this one"
                " looked at it, and the jobs may have other numbers now: run the command again."
            )
        if self.plan is None and not self.options.overwrite:
            place.refuse_begun(self.options, self.directory)
        earlier = 0
        if self.plan is None:
            place.remove_sweep(self.directory / OWN)
        else:
            earlier = self.plan.earlier
            if not self.is_there:
                sweeps.follow(self.directory, self.plan, self.text)
                earlier += 1
                log.info(
                    f"The sweep in {self.directory} is another one now. What is done of it stays"
                    f" done; the former is {sweeps.earlier(self.directory, self.plan.earlier)}."
                )
        plan = self.request.plan
        before = self.plan
        PlanFile(
            script=command_of(self.host),
            function=function_of(self.host.task_function),
            config_name=self.host.config.hydra.job.config_name,
            task=before.task if before and self.order else self.request.arguments,
            hydra=before.hydra if before and self.order else self.host.of_hydra,
            selecting=[
                line for line in self.request.arguments if line.partition("=")[0] in self.selecting
            ],
            order=list(self.order) or plan.order,
            keys=plan.swept,
            groups=[key for key in plan.swept if plan.is_group(key)],
            choices=counted_on(self.host.config, self.host.of_hydra, self.selecting),
            jobs=plan.size,
            sweep=sweeps.digest(self.text),
            earlier=earlier,
            created=before.created if before else now(),
            metric=self.options.metric or (before and before.metric),
            direction=self.options.direction or (before and before.direction),
        ).write(self.directory)
        # Other parts of the sweep look at this first.
        _files.write(self.directory / SWEEP, [self.text])
        config = OmegaConf.to_yaml(self.host.config)
        _files.write(self.directory / MULTIRUN, [config], lasting=False)

    def remove_half_written(self) -> None:
        """Removes the files that a process has left that died while it wrote them."""
        if self.options.part is None:  # beside which nothing else runs
            place.remove_half_written(self.directory, records=self.plan is not None)

    @property
    def is_there(self) -> bool:
        """Whether the directory holds this sweep, and not another that it is to follow."""
        return self.plan is not None and self.plan.sweep == sweeps.digest(self.text)

    def _as_seen(self, there: PlanFile) -> bool:
        """Whether the directory has the plan that was read, or another part of this sweep's."""
        of_a_part = self.options.part is not None and there.sweep == sweeps.digest(self.text)
        return there == self.plan or of_a_part

    def _jobs_of(self, file: sweeps.SweepFile) -> Iterable[Job]:
        return numbered(asked_before(file, [], self.host).plan)


def begin(options: Options, arguments: Sequence[str], host: AppContext, opened: Opened) -> SweepRun:
    """Reads what is to run, and what is in the directory.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        host: the app.
        opened: the sweep that goes on.

    Raises:
        BegunSinceError: it was to go on if there was one, and there is one since.
        SweepError: a mistake in what is asked for, or a directory that is in use.
    """
    if options.overwrite and opened.plan is not None:
        raise SweepError(
            "hydra.sweeper.overwrite=true and hydra.sweeper.resume: the one starts again, the other"
            " goes on. To run jobs again that are completed, hydra.sweeper.rerun=all."
        )
    # Before a job's: what it resolves once, as the time of day, is the same in all of them.
    directory = directory_of_sweep(host.config)
    plan, order = opened.plan, ()
    # Also where another follows: by the earlier ones it is known which jobs there were.
    before = None if plan is None else sweeps.present(directory, plan)
    if opened.saved and plan is not None and before is not None:
        text = before.text
        request = asked_before(before, arguments, host)
        selecting = [line.partition("=")[0] for line in plan.selecting]
        order = tuple(plan.order)
    else:
        request = asked(options, arguments, host)
        selecting = only_select_the_sweep(host, request.outside)
        text = saved.text(request.without(selecting))
    if plan is None and options.part is not None:
        plan = sweeps.joined(directory, text)
    if plan is None and options.overwrite:
        place.refuse_running(directory)
    elif plan is None:
        place.refuse_begun(options, directory)
    goes_on = opened.plan is not None
    return SweepRun(options, host, directory, request, selecting, text, plan, goes_on, order)


def _in_order(job: Sequence[str], order: Sequence[str]) -> list[str]:
    # A key may be spelled in another way where the file has it: +lr, ++lr.
    places = {bare(key): place for place, key in enumerate(order)}
    return sorted(job, key=lambda line: places.get(bare(line.partition("=")[0]), len(places)))
