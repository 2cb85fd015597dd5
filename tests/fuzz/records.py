"""Damaged files in the directory of a sweep, which is read and resumed."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hydra.errors import HydraException
from hypothesis import strategies as st
from omegaconf.errors import OmegaConfBaseException

from params_proto.analysis.ranking import Ranking
from params_proto.multirun import JobRunner, Options, ResumeTarget, run
from params_proto.multirun.changes import read_first_job
from params_proto.multirun.directories import Directories
from params_proto.multirun.errors import reported_by_hydra
from params_proto.multirun.plan import Job, in_batches
from params_proto.multirun.resume import Best, ResumeFilter, job_states, resume_target
from params_proto.multirun.sweep_dir import SweepRun, open_sweep
from params_proto.multirun.validation import Validation
from params_proto.overrides.identity import identity
from params_proto.records import JobStore
from params_proto.records.manifest import (
    COMPOSED,
    MULTIRUN,
    PLAN,
    STATE_DIR,
    SWEEP,
    read_plan,
    record_path,
)
from params_proto.records.record import Record, Status
from tests.fuzz.app import NO_LAUNCHER, Multirun, multirun
from tests.fuzz.promises import Kind
from tests.fuzz.texts import SNIPPETS, as_bytes, mutated, short
from tests.report.sweeps import RECORD

_ARGUMENTS = ["lr=1,2", "name=a"]
_JOBS = [["lr=1", "name=a"], ["lr=2", "name=a"]]


def _record(job: int, status: Status) -> Record:
    return RECORD._replace(
        job=job,
        overrides=_JOBS[job],
        config={"lr": job + 1},
        identity=identity(_JOBS[job]),
        dir=str(job),
        host="elsewhere",
        pid=2**22 + 1,
        status=status,
        ended=None if status is Status.RUNNING else RECORD.ended,
        value={"loss": 0.5},
    )


_VALUES: Sequence[Any] = [
    None, True, False, 0, 1, 2, -1, 1.5, 2**70, 10**300, float("nan"), float("inf"), [], {},
    [[]], "", "../..", "/etc", "0", "1", "a/../../b", "~", ".sweep/jobs", "x" * 300, "a\x00b",
    "\ud800", "running", ["lr=1"], ["lr=1", 2], ["lr=[" * 60], ["x=" + "[" * 3000],
    ["lr=${oc.env:HOME}"], ["~lr"], ["a"], ["hydra.sweep.dir=/tmp"],
    ["hydra.sweep.subdir=../.."], ["hydra/launcher=x"], ["lr=1", "lr=\ud800"], ["+sweep=grid"],
    ["db=pg", "lr=1,2"], ["lr=\x00"], ["name=" + "a" * 300], ["", "="], ["lr='"],
    {"type": "E", "message": "m", "traceback": "t"}, {"type": 1}, "failed", "completed",
    "crashed", {"lr": 1}, {"a": {"b": [None]}}, "2026-11-24", "elsewhere", "1" * 4000,
    ["hydra.x=1"], ["lr=9" * 900], *SNIPPETS[:10],
]  # fmt: skip
_FIELDS = {
    "record": [*Record._fields],
    "plan": [
        *("format", "script", "config_name", "task", "hydra", "sweep_selectors", "keys", "jobs"),
        *("sweep", "earlier", "created"),
    ],
    "composed": ["overrides", "config"],
}
_ODD_JSON = [
    "[" * 90 + "]" * 90, "[" * 900 + "]" * 900, "1" * 5000, "NaN", "1e999", '"\\ud800"',
    '"\\u0000"',
]  # fmt: skip
_FILES: Mapping[str, str] = {
    "record": str(record_path(Path(), 0)),
    "plan": f"{STATE_DIR}/{PLAN}",
    "composed": f"{STATE_DIR}/{COMPOSED}",
    "sweep": SWEEP,
    "multirun": MULTIRUN,
    "claim": str(record_path(Path(), 0).with_suffix(".claim-2")),
}


@cache
def _sound(folder: Path) -> tuple[Multirun, Mapping[str, bytes]]:
    """A sweep of two jobs, one of them not done, as its first process would have left it."""
    directory = folder / "out"
    app = multirun(folder)
    sweep_run = open_sweep(Options(), _ARGUMENTS, app.context, ResumeTarget(app.config))
    directory.mkdir()
    sweep_run.write()
    directories = sweep_run.directories()
    jobs = (state.job for state in sweep_run.states(directories))
    _validate(app, sweep_run, directories, jobs)
    JobStore(directory).write(_record(0, Status.RUNNING))
    JobStore(directory).write(_record(1, Status.COMPLETED))
    contents = {
        name: (directory / path).read_bytes()
        for name, path in _FILES.items()
        if (directory / path).exists()
    }
    return app, contents


def _validate(
    app: Multirun, sweep_run: SweepRun, directories: Directories, jobs: Iterable[Job]
) -> None:
    validation = Validation(app.context, directories)
    for _ in validation.validate(in_batches(jobs, 9), ahead=True):
        pass
    if validation.first is not None:
        sweep_run.note_first_job(*validation.first)


# --- inputs: a file's name, and what makes its new content of the sound one

_raw = st.one_of(
    as_bytes(st.sampled_from([*SNIPPETS, *_ODD_JSON])), st.binary(max_size=20), as_bytes(short)
)
_changed = st.tuples(
    st.sampled_from(["record", "record", "plan", "composed"]),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from(_VALUES)), min_size=1, max_size=2),
    st.one_of(st.none(), st.none(), st.none(), st.sampled_from(_ODD_JSON)),
)
_edited = st.tuples(st.sampled_from([*_FILES]), mutated(st.just("")), st.integers(0, 2**12))
_whole = st.tuples(st.sampled_from([*_FILES]), _raw)
_how = st.sampled_from([*["read"] * 9, *["begin"] * 4, "dry", "dry", "saved"])
_inputs = st.tuples(_how, st.one_of(_changed, _changed, _changed, _edited, _whole))


def _content(sound: Mapping[str, bytes], change: Any) -> bytes:
    name = change[0]
    before = sound.get(name, b'["elsewhere", 4194305, null]')
    if len(change) == 2:
        return change[1]
    if isinstance(change[1], str):
        text, place = change[1].encode("utf-8", "surrogatepass"), change[2] % (len(before) + 1)
        return before[:place] + text + before[place + len(text) // 2 :]
    found = json.loads(before)
    for at, value in change[1]:
        found[_FIELDS[name][at % len(_FIELDS[name])]] = value
    text = json.dumps(found)
    if change[2] is not None:  # what json.dumps would not write
        text = text.replace(f"{json.dumps(change[1][0][1])}", change[2], 1)
    return text.encode()


def _read(app: Multirun, directory: Path) -> None:
    """Everything that is read from the files and written again, without a config."""
    records = JobStore(directory)
    list(records.all())
    read_plan(directory)
    read_first_job(directory)
    jobs = [Job(number, job) for number, job in enumerate(_JOBS)]
    resume_filter = ResumeFilter(records, Best(Ranking("loss")))
    list(resume_filter.select(job_states(jobs, records, Directories(directory))))
    for job in (0, 1):
        records.claim(_record(job, Status.RUNNING))


def _target(resume: Any, app: Multirun) -> ResumeTarget:
    return resume_target(resume, app.config, app.loader, app.context.task_function)


def _begin(app: Multirun) -> None:
    """Everything that a resume does before its first job."""
    sweep_run = open_sweep(Options(resume=True), _ARGUMENTS, app.context, _target(True, app))
    directories = sweep_run.directories()
    jobs = (state.job for state in sweep_run.states(directories))
    sweep_run.write()
    _validate(app, sweep_run, directories, jobs)


def _dry(resume: Any, app: Multirun) -> None:
    options = Options(resume=resume, dry_run="json")
    target = _target(resume, app)
    task = JobRunner(app.context.task_function)
    context = Multirun(target.config, app.loader).context
    arguments = [*target.config.hydra.overrides.task] if target.saved else _ARGUMENTS
    run(options, arguments, context, NO_LAUNCHER, task, target)


_HOW: Mapping[str, Callable[[Multirun, Path], None]] = {
    "read": _read,
    "begin": lambda app, directory: _begin(app),
    "dry": lambda app, directory: _dry(True, app),
    "saved": lambda app, directory: _dry(str(directory), app),
}


def _call(given: Any, folder: Path) -> None:
    how, change = given
    app, sound = _sound(folder)
    directory = folder / "out"
    changed = directory / _FILES[change[0]]
    changed.write_bytes(_content(sound, change))
    try:
        with contextlib.redirect_stdout(io.StringIO()), reported_by_hydra():
            _HOW[how](app, directory)
    finally:
        for name, path in _FILES.items():
            if name in sound:
                (directory / path).write_bytes(sound[name])
            else:
                (directory / path).unlink(missing_ok=True)


KIND = Kind("records", _inputs, _call, (HydraException, OmegaConfBaseException))
