"""Running a sweep: everything is checked, the sweep written down, each batch launched."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import OmegaConf

from params_proto.errors import SweepError
from params_proto.multirun import saved
from params_proto.multirun.asked import asked
from params_proto.multirun.compose import keep
from params_proto.multirun.directories import (
    KEPT,
    MULTIRUN,
    SWEEP,
    Directories,
    cleared_if_not_begun,
    directory_of_sweep,
    make,
    refuse_used,
)
from params_proto.multirun.host import Host
from params_proto.multirun.mistakes import told_by_hydra
from params_proto.multirun.numbering import first_number
from params_proto.multirun.options import Options
from params_proto.multirun.plan import Batch
from params_proto.multirun.selecting import only_select_the_sweep
from params_proto.multirun.validation import AHEAD, Validation
from params_proto.storage import atomic

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn
    from hydra.plugins.launcher import Launcher

log = logging.getLogger(__name__)

_KEPT = 1000  # jobs whose returns are kept until the end


def run(
    options: Options, arguments: Sequence[str], host: Host, launcher: Launcher
) -> list[Sequence[JobReturn]]:
    """Runs every job.

    Args:
        options: those of the sweeper.
        arguments: the overrides of the command line.
        host: the app.
        launcher: runs the jobs.

    Returns:
        The returns of the jobs, batch by batch; none where there are more than 1,000.

    Raises:
        HydraException: a mistake in what is asked for. It is found before anything is written or
            run, but for those of a sweep of more than 10,000 jobs, which are checked with their
            batch, and for a launcher that numbers its jobs in a way of its own.
        Exception: whatever a job raised, once its batch is done.
    """
    with told_by_hydra():
        part = options.part
        # Before a job's: what it resolves once, as the time of day, is the same in all of them.
        directory = directory_of_sweep(host.config)
        request = asked(options, arguments, host)
        ahead = not request.plan.exceeds(AHEAD, part)
        batches = request.plan.batches(options.batch_sizes(at_once=not ahead), part)
        text = saved.text(request.without(only_select_the_sweep(host, request.outside)))
        joins = part is not None  # a directory that other parts of the sweep have
        joined = joins and _holds(directory, text)
        if not (options.overwrite or joined):
            refuse_used(directory)
        directories = Directories(directory, joined and not options.overwrite)
        passed = Validation(host, directories).passed(batches, ahead=ahead)
        batch = next(passed, None)
        if batch is None:
            return _nothing(options, request.plan.space.size)
        if not joined:
            make(directory)
            joined = joins and _holds(directory, text)  # since another began while this was checked
        if not (options.overwrite or joined):
            refuse_used(directory)
        # Parts of a sweep may begin at different times, with other files. The path is for workers,
        # which may have another working directory.
        name = f"configs-{batch.numbers.start}" if joined else "configs"
        kept = (directory / KEPT / name).absolute()
        with nullcontext() if joined else cleared_if_not_begun(directory):
            if not joined:
                # First what other parts of the sweep look at.
                atomic.write(directory / SWEEP, [text])
                atomic.write(directory / MULTIRUN, [OmegaConf.to_yaml(host.config)])
            keep(host.loader, kept, options=not ahead)
    returns: list[Sequence[JobReturn]] = []
    jobs = 0
    while batch is not None:
        results = launcher.launch(batch.jobs, initial_job_idx=first_number(batch.numbers))
        for result in results:
            _ = result.return_value  # raises what the job raised
        with told_by_hydra():
            _refuse_other_numbers(batch, results)
            jobs += len(results)
            # Each holds three configs of its job: many of them would fill the memory.
            returns = [*returns, results] if jobs <= _KEPT else []
            del results
            batch = next(passed, None)
            keep(host.loader, kept, options=False)
    return returns


def _holds(directory: Path, text: str) -> bool:
    """Whether the directory holds this very sweep, parts of which may share it."""
    path = directory / SWEEP
    return path.is_file() and path.read_bytes() == text.encode()


def _nothing(options: Options, size: int) -> list[Sequence[JobReturn]]:
    """Of a sweep that has jobs, a part may have none: the ninth machine's share of eight."""
    if not size:
        raise SweepError(
            "the sweep has no jobs: its exclude or where steps drop every config, or its file has"
            " no rows."
        )
    log.warning(f"hydra.sweeper.slice={options.slice} takes none of the sweep's {size} jobs.")
    return []


def _refuse_other_numbers(batch: Batch, results: Sequence[JobReturn]) -> None:
    """Stops after a launcher that counts its jobs in a way of its own."""
    given = [result.hydra_cfg.hydra.job.num for result in results if result.hydra_cfg is not None]
    if batch.numbers.step != 1 and any(map(int.__ne__, given, batch.numbers)):
        raise SweepError(
            f"hydra.sweeper.slice: this launcher gave the jobs the numbers {given[:3]}..., not"
            f" {list(batch.numbers[:3])}...: it takes slices without a step only, like 0:100."
        )
