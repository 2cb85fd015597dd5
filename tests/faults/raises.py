"""Jobs that raise everything, return what cannot be kept, or end their process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from params_proto.records import Record, Status
from tests.faults.promises import expect_nothing_left, records
from tests.faults.sweeps import JOBLIB, Run, Sweep
from tests.faults.violations import expect
from tests.versions import HYDRA_1_3

COMPLETED, FAILED, CRASHED = Status.COMPLETED, Status.FAILED, Status.CRASHED

# What becomes of a job, and the type of its error.
ORDERLY: Mapping[str, tuple[Status, str | None]] = {
    "fine": (COMPLETED, None),
    "unpicklable": (FAILED, "UnpicklableError"),
    "unmade": (FAILED, "UnmadeError"),
    "unsayable": (FAILED, "UnsayableError"),
    "recursion": (FAILED, "RecursionError"),
    "group": (FAILED, "ExceptionGroup"),
    "cancelled": (FAILED, "CancelledError"),
    "surrogate": (FAILED, "ValueError"),
    "exit": (COMPLETED, None),
    "exit-0": (COMPLETED, None),
    "exit-3": (FAILED, "SystemExit"),
    "exit-text": (FAILED, "SystemExit"),
    "unserialisable": (COMPLETED, None),
    "endless": (COMPLETED, None),
    "fine-too": (COMPLETED, None),
}
DEADLY: Sequence[tuple[str, Status]] = (
    ("fine", COMPLETED),
    ("os-exit", CRASHED),
    ("fine-too", COMPLETED),
    ("segmentation", CRASHED),
    ("deadly-value", COMPLETED),
    ("fine", COMPLETED),
    ("sigkill", CRASHED),
    ("fine-too", COMPLETED),
)


def basic(folder: Path) -> None:
    """Each job's end is recorded as what it was, and the others run."""
    _expect_orderly(Sweep(folder, [f"how={','.join(ORDERLY)}"], app="raises"))


def joblib(folder: Path) -> None:
    """The same where what is raised is sent from one process to another."""
    _expect_orderly(Sweep(folder, [f"how={','.join(ORDERLY)}"], JOBLIB, app="raises"))


def workers(folder: Path) -> None:
    """A job that takes its worker with it is recorded as crashed, and the others are completed."""
    ways = ",".join([how for how, _ in DEADLY])
    sweep = Sweep(folder, [f"how={ways}"], JOBLIB, app="raises")
    run = sweep.start()
    expect(run.ended() == 1, f"it ends with {run.returncode}", run.output)
    _expect_no_traceback(run)
    found = records(sweep.directory)
    for number, (how, status) in enumerate(DEADLY):
        record = _of(found, number, run)
        expect(record.status is status, f"{how} is recorded as {record}", run.output)
        told = f"job {number} (how={how}) crashed: its process died." in run.text()
        expect(told == (status is CRASHED), f"{how} is told wrongly", run.output)
    expect_nothing_left(sweep.directory)


def interrupt(folder: Path) -> None:
    """A job that raises KeyboardInterrupt ends the sweep, as Ctrl-C does."""
    sweep = Sweep(folder, ["how=fine,interrupt,fine-too"], app="raises")
    run = sweep.start()
    expect(run.ended() == 130, f"it ends with {run.returncode}", run.output)
    _expect_no_traceback(run)
    expect("Interrupted: 1 job completed in this run, 1 cut short." in run.text(), "?", run.output)
    found = {number: one.status for number, one in records(sweep.directory).items()}
    expect(found == {0: COMPLETED, 1: Status.INTERRUPTED}, f"{found}", run.output)


def _expect_orderly(sweep: Sweep) -> None:
    run = sweep.start()
    expect(run.ended() == 1, f"it ends with {run.returncode}", run.output)
    # Hydra 1.4 logs what a job raised, as it is.
    readable = "Logging error" not in run.text() or not HYDRA_1_3
    expect(readable, "a message that nobody can read", run.output)
    expect("9 jobs failed:" in run.text(), "no summary", run.output)
    found = records(sweep.directory)
    for number, (how, (status, error)) in enumerate(ORDERLY.items()):
        record = _of(found, number, run)
        expect(record.status is status, f"{how} is recorded as {record}", run.output)
        raised = record.error is not None
        expect(raised == (status is FAILED), f"{how} has the error {record.error}", run.output)
        if record.error is not None:
            expect(error in (None, record.error.type), f"{how}: {record.error}", run.output)
            trace = "in main" in record.error.traceback or how == "unsayable"
            expect(trace, f"{how} has the traceback {record.error.traceback}", run.output)
        unkept = f"the record of job {number} lacks a part of what it returned" in run.text()
        expect(unkept == (how in ("unserialisable", "endless")), f"{how}: no warning", run.output)
    expect_nothing_left(sweep.directory)


def _of(found: Mapping[int, Record], number: int, run: Run) -> Record:
    expect(number in found, f"job {number} has no record", run.output)
    return found[number]


def _expect_no_traceback(run: Run) -> None:
    expect("Traceback (most" not in run.text(), "a traceback", run.output)
