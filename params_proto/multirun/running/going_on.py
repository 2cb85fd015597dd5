"""What a sweep says that ends before its last job: what was cut short, and how to go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from params_proto._text import counted
from params_proto.multirun.resume_command import command_of, relaunch_hint, resume_command
from params_proto.multirun.running.stopping import Cut
from params_proto.multirun.sweep_dir import SweepRun

if TYPE_CHECKING:
    from params_proto.multirun.resume import ResumeFilter


def how_to_go_on(beginning: SweepRun, remaining: ResumeFilter | None, begun: int) -> str:
    """The command that goes on with a sweep, and what else it would run.

    Args:
        beginning: the sweep.
        remaining: what was left of it, if it has gone on before.
        begun: how many jobs that were completed before have begun once more.
    """
    left = None if remaining is None else _left_again(remaining, begun)
    if left is None:
        return f"Go on with: {_command(beginning)}"
    from params_proto.multirun.resume import rerun_to_resume  # which few sweeps need

    options = beginning.options
    rerun = rerun_to_resume("all" if options.overwrite else options.rerun)
    return f"{left}\nGo on with: {_command(beginning, rerun)}"


def _left_again(remaining: ResumeFilter, begun: int) -> str | None:
    """Says of completed jobs that they were to run once more, and have not; if there are any.

    By its record, one that has is like one that has not: the command runs both.
    """
    left = remaining.again - begun
    if not remaining.again or (not left and remaining.all_seen):
        return None
    many = counted(left) if remaining.all_seen else f"{left} or more jobs"
    return (
        f"{many} to run again (hydra.sweeper.rerun) not begun. The command runs those done"
        " in this run once more, too."
    )


def _command(beginning: SweepRun, rerun: str | Sequence[str] | None = None) -> str:
    host, directory = beginning.host, str(beginning.directory)
    if host.launched is not None:
        return relaunch_hint(directory, rerun)
    overwrites = bool(beginning.options.overwrite)
    return resume_command(command_of(host), host.of_hydra, directory, rerun, overwrites=overwrites)


def told_of(cut: Cut, completed: int, *, submitted: bool) -> str:
    """What became of the jobs of a sweep that was interrupted.

    Args:
        cut: those of the batch that was running.
        completed: how many were, in the batches before it.
        submitted: whether jobs that have not begun are in a cluster's queue.
    """
    done = f"{counted(completed + cut.completed)} completed in this run"
    told = [f"Interrupted: {done}, {cut.interrupted} cut short."]
    if cut.running:
        told.append(cut.told_running())
    if cut.not_begun and submitted:
        told.append(
            f"{counted(cut.not_begun)} submitted and not begun: what is in the cluster's queue"
            " starts yet, unless scancel takes it out."
        )
    return "\n".join(told)
