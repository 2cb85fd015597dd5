"""Sweep directories with any number and outcome of jobs.

The files are written by what writes them in a run: thousands of jobs would take minutes to run.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from params_proto import Sweep
from params_proto._text import to_json
from params_proto.records import Failure, JobStore, Record, Status
from params_proto.records.manifest import PlanFile

BEGAN = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)

PLAN = PlanFile(
    script=["python", "train.py", "-m"],
    function="train.py:main",
    config_name=None,
    task=[],
    hydra=["hydra.mode=MULTIRUN"],
    sweep_selectors=[],
    keys=[],
    groups=[],
    derived=[],
    jobs=1,
    sweep="0" * 64,
    earlier=0,
    created="2026-11-24T10:00:00.000+01:00",
)
RECORD = Record(
    job=0,
    overrides=[],
    config={},
    identity="0" * 32,
    dir="0",
    host="node",
    pid=1,
    process=None,
    attempt=1,
    status=Status.COMPLETED,
    started="2026-11-24T10:00:00.000+01:00",
    ended="2026-11-24T10:00:02.000+01:00",
    duration=2.0,
)


class PendingError(Exception):
    """A job that has not run."""


class CrashedError(Exception):
    """A job whose process died."""


def leave(
    directory: Path,
    sweep: Sweep,
    task: Callable[[dict[str, Any]], Any],
    groups: tuple[str, ...] = (),
) -> Path:
    """Writes to a directory what a run of the sweep would leave.

    Args:
        directory: it is made.
        sweep: its jobs.
        task: what each of them does with its config.
        groups: the keys that choose the option of a config group.
    """
    directory.mkdir(parents=True)
    sweep.save(directory / "sweep.yaml")
    text = (directory / "sweep.yaml").read_bytes()
    PLAN._replace(
        hydra=["hydra.mode=MULTIRUN", "hydra.sweeper.sweep=train.py:grid"],
        keys=[*sweep.keys],
        groups=[*groups],
        jobs=len(sweep),
        sweep=hashlib.sha256(text).hexdigest(),
        created=BEGAN.isoformat(timespec="milliseconds"),
    ).write(directory)
    records = JobStore(directory)
    for job, (config, overrides) in enumerate(zip(sweep, sweep.overrides(), strict=True)):
        record = _record(job, config, overrides, task)
        if record is not None:
            records.write(record)
    return directory


def _record(
    job: int, config: dict[str, Any], overrides: list[str], task: Callable[[dict[str, Any]], Any]
) -> Record | None:
    began = BEGAN + timedelta(seconds=3 * job)
    record = RECORD._replace(
        job=job,
        overrides=overrides,
        config={key: to_json(value) for key, value in config.items()},
        identity=str(job),
        dir=str(job),
        started=began.isoformat(timespec="milliseconds"),
        ended=(began + timedelta(seconds=2)).isoformat(timespec="milliseconds"),
    )
    try:
        return record._replace(value=to_json(task(config), []))
    except PendingError:
        return None
    except CrashedError:
        return record._replace(status=Status.CRASHED, duration=None)
    except Exception as error:
        failure = Failure(type(error).__name__, str(error), traceback.format_exc())
        return record._replace(status=Status.FAILED, error=failure)
