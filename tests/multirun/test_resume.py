"""`hydra.sweeper.resume` runs only missing jobs, in their earlier directories."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import json
import logging
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException
from omegaconf import OmegaConf

from params_proto.records import JobStore, Record, Status
from params_proto.records.manifest import read_plan
from params_proto.records.process import this_process
from params_proto.records.record import now
from tests.compose.loaders import append, edit, resolver, write
from tests.multirun.conftest import STOP, JobError, numbers, resume


def each(directory: Path, name: str) -> list[Any]:
    return [getattr(one, name) for one in JobStore(directory).readable()]


def plain(config: Any) -> Any:
    return OmegaConf.to_container(config)


def failing(*jobs: int) -> Callable[[Any], Any]:
    """A task that returns its config, except in some jobs."""

    def task(config: Any) -> Any:
        if HydraConfig.get().job.num in jobs:
            raise JobError("not yet")
        return OmegaConf.to_container(config)

    return task


Broken = Callable[..., Path]


@pytest.fixture
def broken(multirun: Any) -> Broken:
    """Runs a sweep that stops at a job: those after it have not run."""

    def run(*overrides: str, at: int = 1, to: str = "out") -> Path:
        with pytest.raises(JobError):
            multirun(*overrides, STOP, task=failing(at), to=to)
        return Path(to).absolute()

    return run


SWEEPS = [
    ["lr=1e-1,0.25,.5", "name='1',x"],
    ["+sweep=grid", "+model=small", "hydra.sweeper.sweep.product.lr=[5]"],
    ["+sweep=pairs", "db=null,pg", "hydra.sweep.subdir=${hydra.job.override_dirname}"],
    ["hydra.sweeper.sweep={product:{seed:[1,2]},repeat:2}"],
]


@pytest.mark.parametrize("sweep", SWEEPS, ids=" ".join)
def test_it_ends_as_if_it_had_never_stopped(
    multirun: Any, broken: Broken, sweep: list[str]
) -> None:
    whole = multirun(*sweep, to="whole").directory
    out = broken(*sweep)
    before = {path: path.read_text() for path in out.rglob("overrides.yaml")}
    assert each(out, "status") == ["completed", "failed"]
    done = JobStore(out).path(0).read_text()
    run = multirun(resume(out))
    assert numbers(run) == each(whole, "job")[1:]
    # What only selects the sweep comes last.
    assert [*map(sorted, run.batches[0])] == [*map(sorted, each(whole, "overrides")[1:])]
    assert JobStore(out).path(0).read_text() == done
    assert each(out, "attempt") == [1, 2, *[1] * (len(run.jobs) - 1)]
    for name in ("job", "config", "identity", "dir", "status", "value"):
        assert each(out, name) == each(whole, name)
    for path in whole.rglob("overrides.yaml"):
        lines = (out / path.relative_to(whole)).read_text().splitlines()
        assert sorted(lines) == sorted(path.read_text().splitlines())
    assert all(sorted(path.read_text()) == sorted(text) for path, text in before.items())
    names = {path.name for path in out.iterdir()}
    assert names == {path.name for path in whole.iterdir()}
    assert (out / "sweep.yaml").read_text() == (whole / "sweep.yaml").read_text()


def test_nothing_is_left(multirun: Any, capfd: pytest.CaptureFixture[str]) -> None:
    """The sweep's process died before it wrote the table."""
    out = multirun("seed=1,2", "hydra.sweeper.metric=seed").directory
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (out / "results.csv").unlink()
    assert multirun("hydra.sweeper.resume=out").returns == []
    said = capfd.readouterr()
    assert "Nothing is left to run: 2 jobs in " in said.out
    assert "Best: lowest seed = 1, job 0" in said.err.splitlines()[-2]  # by the metric of the plan
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def logging_fails(_: Any) -> None:
    logging.getLogger("app").warning("attempt")
    raise JobError("not yet")


def logs(directory: Path) -> dict[str, int]:
    """The number of attempts in each job's log."""
    texts = {path.name: path.read_text() for path in directory.glob("*.log")}
    return {name: text.count("attempt\n") for name, text in texts.items()}


def test_the_earlier_log_is_kept(multirun: Any) -> None:
    for overrides in (["seed=1"], [resume(Path("out").absolute())]):
        with pytest.raises(JobError):
            multirun(*overrides, task=logging_fails)
    assert logs(Path("out/0")) == {"app.log": 2}


# --- a sweep that has changed


def test_a_sweep_that_changes(multirun: Any, capsys: pytest.CaptureFixture[str]) -> None:
    out = multirun("seed=1,2,3").directory
    grown = multirun("seed=0,1,2,3,4", resume(out))
    assert "has changed. Completed jobs are kept" in capsys.readouterr().out
    assert (grown.jobs, numbers(grown)) == (["seed=0", "seed=4"], [3, 4])
    assert each(out, "overrides") == [[f"seed={seed}"] for seed in (1, 2, 3, 0, 4)]
    assert (out / "sweep.yaml").read_text() == "product: {seed: [0, 1, 2, 3, 4]}\n"

    shrunk = multirun("seed=4,2,9", resume(out))
    assert (shrunk.jobs, numbers(shrunk)) == (["seed=9"], [5])

    assert multirun("seed=9,4,3,2,1,0", resume(out)).jobs == []
    assert multirun(resume(out)).jobs == []

    other = multirun("lr=7", "seed=9,10", resume(out))
    assert (other.jobs, numbers(other)) == (["lr=7 seed=9", "lr=7 seed=10"], [6, 7])
    assert each(out, "dir") == [str(job) for job in range(8)]
    assert each(out, "attempt") == [1] * 8
    assert json.loads((out / ".sweep" / "plan.json").read_text())["earlier"] == 3


def test_what_failed_before_the_change_runs_where_it_did(multirun: Any, broken: Broken) -> None:
    out = broken("seed=1,2,3", "hydra.sweep.subdir=s${seed}")
    subdir = "hydra.sweep.subdir=t${seed}"  # for what is new
    run = multirun("seed=5,3,2,1", subdir, resume(out))
    assert sorted(zip(numbers(run), run.jobs, strict=True)) == [
        (1, "seed=2"),
        (2, "seed=5"),
        (3, "seed=3"),
    ]
    assert each(out, "dir") == ["s1", "s2", "t5", "t3"]
    assert each(out, "attempt") == [1, 2, 1, 1]


@pytest.mark.parametrize(
    ("first", "second"),
    [("+sweep=grid", "+sweep=other"), ("+sweep=grid", "seed=0,1,2 lr=1,2,3")],
)  # fmt: skip
def test_what_failed_under_another_choice_runs_as_chosen_now(
    multirun: Any, app: Path, broken: Broken, first: str, second: str
) -> None:
    text = "# @package hydra.sweeper.sweep\nproduct: {seed: [0, 1, 2], lr: [2, 1]}\n"
    (app / "conf" / "sweep" / "other.yaml").write_text(text)
    out = broken(*first.split())
    failed = list(JobStore(out).readable())[1]
    multirun(*second.split(), resume(out))
    assert {*each(out, "status")} == {"completed"}
    again = list(JobStore(out).readable())[1]
    assert (again.attempt, again.dir, again.config) == (2, "1", failed.config)
    assert ("+sweep" in " ".join(again.overrides)) == ("+sweep" in second)


def test_what_failed_before_its_key_was_in_the_config(
    multirun: Any, app: Path, broken: Broken
) -> None:
    out = broken("+new=1,2,3")
    append(app / "conf", "\nnew: 0\n")
    run = multirun("new=1,2,3", resume(out), "hydra.sweeper.resume_changed=true")
    assert run.jobs == ["new=2", "new=3"]
    assert each(out, "dir") == ["0", "1", "2"]


LEAVES = """
import os
from pathlib import Path
import hydra

@hydra.main(version_base=None, config_path="conf", config_name="config")
def main(config):
    there = Path(__file__).parent / "elsewhere"
    there.mkdir(exist_ok=True)
    os.chdir(there)
    if config.seed == 2 and not Path("again").exists():
        Path("again").touch()
        raise LookupError

main()
"""


def test_a_job_that_leaves_the_working_directory_and_another_config(app: Path, python: Any) -> None:
    (app / "leaves.py").write_text(LEAVES)
    ours = ["-m", "leaves", "-m", "hydra/sweeper=params_proto"]
    (app / "conf" / "other.yaml").write_text("defaults: [config, _self_]\n")
    other = ["--config-name", "other"]
    done = python(*ours, "seed=1,2,3", "hydra.sweep.dir=out", *other, status=1)
    again = " -m leaves -m --config-name other hydra/sweeper=params_proto hydra.sweeper.resume="
    assert again in done.stdout
    out = app / "out"
    assert (out / "results.csv").is_file()
    assert each(out, "dir") == ["0", f"{app}/elsewhere/out/1", f"{app}/elsewhere/out/2"]
    assert [*(out / ".sweep/running").iterdir()] == []
    refused = python(*ours, resume(Path("out")), status=1).stderr
    assert "was started with the config other, and this is config: give --config-na" in refused
    python(*ours, resume(Path("out")), *other)
    assert (each(out, "dir")[1], each(out, "attempt")) == ("1", [1, 2, 1])
    assert {*each(out, "status")} == {"completed"}


def test_a_job_in_the_directory_of_one_before(multirun: Any) -> None:
    subdir = "hydra.sweep.subdir=${lr}"
    out = multirun("lr=1,2", "name=a", subdir).directory
    message = r"job 0 and job 2 \(name=b lr=1\) would share the directory .*out/1"
    for more in ([], ["hydra.sweeper.max_batch_size=1"]):
        with pytest.raises(CompactHydraException, match=message):
            multirun("name=b,a", "lr=1,2", subdir, *more, resume(out))
    assert each(out, "job") == [0, 1]


def test_a_job_in_the_directory_of_another_slice(multirun: Any) -> None:
    sweep = ["seed=1,2", "lr=1,2", "hydra.sweep.subdir=${lr}"]
    multirun(*sweep, "hydra.sweeper.slice=:2")
    for more in ([], ["hydra.sweeper.dry_run=true"]):
        message = r"job 0 and job 2 \(seed=2 lr=1\) would share the directory .*out/1"
        with pytest.raises(CompactHydraException, match=message):
            multirun(*sweep, "hydra.sweeper.slice=2:", *more)


def test_slices_of_more_of_the_same(multirun: Any) -> None:
    repeat = "hydra.sweeper.sweep={{product:{{seed:[1,2]}},repeat:{}}}".format
    out = multirun(repeat(2)).directory
    for part in ("5:", ":5"):
        multirun(repeat(4), resume(out), f"hydra.sweeper.slice={part}")
    assert sorted(each(out, "overrides")) == [["seed=1"]] * 4 + [["seed=2"]] * 4
    assert each(out, "attempt") == [1] * 8


def test_shards_of_a_resumed_sweep(multirun: Any, broken: Broken) -> None:
    out = broken("seed=range(0,6)")
    assert numbers(multirun(resume(out), "hydra.sweeper.slice=0::2")) == [2, 4]
    assert numbers(multirun(resume(out), "hydra.sweeper.slice=1::2")) == [1, 3, 5]
    assert each(out, "dir") == [str(job) for job in range(6)]


# --- resume=true


def test_true_starts_what_is_not_there(multirun: Any, app: Path) -> None:
    (app / "out").mkdir()
    (app / "out" / "slurm-1.out").write_text("")
    first = multirun("seed=1,2", "hydra.sweeper.resume=true")
    assert numbers(first) == [0, 1]
    assert multirun("seed=1,2", "hydra.sweeper.resume=true").jobs == []
    assert multirun("seed=1,2,3", "hydra.sweeper.resume=true").jobs == ["seed=3"]


@pytest.mark.parametrize("to", ["${now:%H}", "out/${name}"])
def test_true_in_the_directory_of_the_time(multirun: Any, to: str) -> None:
    message = r"resume=true resumes the sweep in hydra.sweep.dir, but .*\} is a different directory"
    with pytest.raises(CompactHydraException, match=message):
        multirun("seed=1", "name='of ${lr}'", "lr='${now:%H}'", "hydra.sweeper.resume=true", to=to)


def test_a_sweep_that_another_process_has_begun_since_is_not_written_over(
    multirun: Any, app: Path
) -> None:
    other = multirun("seed=1,2", to="other").directory

    def moved() -> str:
        """What another process does while this one composes its jobs."""
        shutil.copytree(other, app / "out", dirs_exist_ok=True)
        return "app"

    resolver("moved", moved)
    try:
        with pytest.raises(CompactHydraException, match="already contains a sweep"):
            multirun(
                "seed=3", "hydra.sweeper.resume=true", "hydra.sweep.subdir='${moved:}-${seed}'"
            )
    finally:
        OmegaConf.clear_resolver("moved")
    assert each(app / "out", "attempt") == [1, 1]


# --- hydra.sweeper.rerun


@pytest.mark.parametrize(
    ("rerun", "expected"),
    [
        ([], [1, 2, 3, 4]),
        (["hydra.sweeper.rerun=[crashed,interrupted]"], [2, 3, 4]),
        (["hydra.sweeper.rerun=[completed]"], [0, 4]),
        (["hydra.sweeper.rerun=all"], [0, 1, 2, 3, 4]),
    ],
    ids=str,
)
def test_jobs_of_some_status(multirun: Any, rerun: list[str], expected: list[int]) -> None:
    out = multirun("seed=range(0,5)").directory
    kept = JobStore(out)
    of_one = {1: Status.FAILED, 2: Status.CRASHED, 3: Status.INTERRUPTED}
    for job, status in of_one.items():
        record = kept.read(job)
        assert record is not None
        kept.write(record._replace(status=status))
    kept.path(4).unlink()
    run = multirun(resume(out), *rerun)
    assert numbers(run) == expected
    assert each(out, "attempt") == [2 if job in expected and job != 4 else 1 for job in range(5)]
    assert each(out, "dir") == [str(job) for job in range(5)]


# --- what runs elsewhere, or did


def running_in(kept: JobStore, job: int, pid: int) -> Record:
    record = kept.read(job)
    assert record is not None
    record = record._replace(pid=pid, process=None, status=Status.RUNNING, ended=None)
    kept.write(record)
    return record


@pytest.mark.parametrize("ends", ["completed", "dies"])
def test_a_job_that_still_runs_is_waited_for(
    multirun: Any,
    child: subprocess.Popen[bytes],
    ends: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = multirun("seed=1,2,3").directory
    kept = JobStore(out)
    record = running_in(kept, 1, child.pid)

    class End(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("Waiting for job"):
                threading.Timer(0.2, end).start()

    def end() -> None:
        if ends == "completed":
            kept.write(record._replace(status=Status.COMPLETED, ended=now(), value="by the child"))
        child.kill()
        child.wait()

    handler = End()
    logging.getLogger("params_proto").addHandler(handler)
    run = multirun(resume(out))
    logging.getLogger("params_proto").removeHandler(handler)
    said = f"Waiting for job 1, which process {child.pid} on {this_process().host} runs."
    assert said in capsys.readouterr().out
    if ends == "completed":
        assert run.jobs == []
        assert each(out, "attempt") == [1, 1, 1]
        assert each(out, "value")[1] == "by the child"
    else:
        assert run.jobs == ["seed=2"]
        assert each(out, "attempt") == [1, 2, 1]
        assert each(out, "status") == ["completed"] * 3
    assert each(out, "dir") == ["0", "1", "2"]


def test_what_a_dead_process_left_has_crashed(
    multirun: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    out = multirun("seed=1,2,3").directory
    kept = JobStore(out)
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        pass
    running_in(kept, 1, child.pid)
    running_in(kept, 2, child.pid)
    assert multirun(resume(out), "hydra.sweeper.rerun=[failed]").jobs == []
    assert "2 of which did not complete" in capsys.readouterr().out
    assert each(out, "status") == ["completed", "crashed", "crashed"]
    assert all(each(out, "ended"))
    assert multirun(resume(out)).jobs == ["seed=2", "seed=3"]
    assert each(out, "attempt") == [1, 2, 2]


def test_a_damaged_record(multirun: Any, capsys: pytest.CaptureFixture[str]) -> None:
    out = multirun("seed=range(0,6)").directory
    for job, content in enumerate(["", "{}", '{"job": 1', "\x00" * 99]):
        JobStore(out).path(job).write_text(content)
    JobStore(out).path(0).with_name("notes.txt").write_text("")
    run = multirun(resume(out))
    assert numbers(run) == [0, 1, 2, 3]
    said = capsys.readouterr().out
    assert all(f"/{job}.json is not a record (" in said for job in range(4))
    assert each(out, "job") == [*range(6)]
    assert each(out, "status") == ["completed"] * 6
    JobStore(out).path(5).unlink()
    JobStore(out).path(5).mkdir()  # it may be that of a job that is done
    with pytest.raises(CompactHydraException, match=r"5\.json cannot be read: Is a directory"):
        multirun(resume(out))


# --- what is refused


def test_a_sweep_that_was_edited_by_hand(multirun: Any) -> None:
    """The sweep has changed: jobs are identified by their overrides."""
    out = multirun("seed=1,2").directory
    path = out / "sweep.yaml"
    path.write_bytes(b"\xff")
    with pytest.raises(CompactHydraException, match=r"sweep\.yaml cannot be read"):
        multirun(resume(out))
    path.write_text("product: {seed: [3, 2]}\n")
    assert multirun(resume(out)).jobs == ["seed=3"]
    assert each(out, "overrides") == [["seed=1"], ["seed=2"], ["seed=3"]]
    assert each(out, "attempt") == [1, 1, 1]


def test_a_damaged_config_of_then(multirun: Any, broken: Broken) -> None:
    out = broken("seed=1,2,3")
    path = out / ".sweep" / "composed.json"
    for text in ("{", "[]", '{"overrides": ["seed=1"], "config": []}', "[" * 100_000):
        path.write_text(text)
        message = r"composed\.json was not written by a sweep .* Remove it to"
        with pytest.raises(CompactHydraException, match=message):
            multirun(resume(out))
    path.unlink()
    assert numbers(multirun(resume(out))) == [1, 2]


MISTAKES = [
    (["hydra.sweeper.resume={out}", "hydra.sweeper.overwrite=true"], "overwrite=true and hydra.sweeper.resume cannot be combined"),
    (["hydra.sweeper.resume=3"], "resume=3 is not the directory of a sweep, which has a sweep.yaml"),
    (["hydra.sweeper.resume={out}", "hydra.sweeper.rerun=[failed,no]"], "rerun=.*: it is `all`, or a list of completed, failed, crashed, interrupted, l"),
    (["seed=1", "hydra.sweeper.rerun=all"], "rerun=all applies only when resuming: also give"),
    (["hydra.sweeper.resume={out}", "hydra.sweeper.resume_changed=x"], "resume_changed=x: it is true, false, or a list of the keys of the config that may differ"),
]  # fmt: skip


def test_a_mistake_leaves_everything(multirun: Any) -> None:
    out = multirun("seed=1").directory
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    for overrides, message in MISTAKES:
        with pytest.raises(CompactHydraException, match=message):
            multirun("seed=1,2", *[one.format(out=out) for one in overrides])
        assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("gone", ["sweep.yaml", ".sweep/plan.json"])
def test_a_file_needed_to_resume_is_gone(multirun: Any, gone: str) -> None:
    out = multirun("seed=1,2").directory
    (out / gone).unlink()
    message = "is not the directory of a sweep, .* restore the missing file"
    for way in (resume(out), "hydra.sweeper.resume=true"):
        with pytest.raises(CompactHydraException, match=message):
            multirun("seed=1,2", way)
    with pytest.raises(
        CompactHydraException, match="give this one another directory, or overwrite it"
    ):
        multirun("seed=1,2")
    assert (out / ".sweep/jobs/0/0/1.json").is_file()


def test_another_process_resumes_in_between(multirun: Any, broken: Broken) -> None:
    out = broken("seed=1,2")

    def other() -> str:
        """What other processes do whenever this one looks at a job's config."""
        plan = read_plan(out)
        plan._replace(sweep=f"{plan.earlier}", earlier=plan.earlier + 1).write(out)
        return "app"

    resolver("other", other)
    try:
        with pytest.raises(CompactHydraException, match="another process has resumed the sw"):
            multirun(resume(out), "hydra.job.name='${other:}'")
    finally:
        OmegaConf.clear_resolver("other")
    assert each(out, "job") == [0, 1]
    assert each(out, "attempt") == [1, 1]


def test_options_that_a_group_has_set_are_those_of_the_saved_sweep(
    multirun: Any, app: Path
) -> None:
    text = "# @package _global_\nhydra: {sweeper: {max_failures: 0, slice: '0:3'}}\n"
    write(app / "conf", {"care/much": text})
    with pytest.raises(JobError):
        multirun("+care=much", "seed=1,2,3,4", task=failing(0, 1))
    out = app / "out"
    assert each(out, "job") == [0]
    with pytest.raises(JobError):
        multirun(resume(out), task=failing(0, 1))
    assert each(out, "attempt") == [2]
    multirun(resume(out), "hydra.sweeper.max_failures=3")
    assert each(out, "status") == [Status.COMPLETED] * 3


# --- an app that has changed


def test_an_app_that_has_changed(
    multirun: Any, app: Path, broken: Broken, capsys: pytest.CaptureFixture[str]
) -> None:
    out = broken("lr=1,2,3", "db=pg,mysql")
    path = app / "conf" / "config.yaml"
    text = path.read_text().replace("lr: 0.1\nseed: 0", "lr: 0.7\nseed: 5\nnew: {x: 1}")
    path.write_text(text.replace("obj: {_target_: builtins.dict, x: 1}\n", ""))
    (app / "conf" / "db" / "pg.yaml").write_text("driver: pg\nport: 5433\n")
    with pytest.raises(CompactHydraException) as caught:
        multirun(resume(out))
    first, *changes, last = str(caught.value).splitlines()
    assert first == f"{out}: the app's config has changed since"
    assert sorted(changes) == [
        '- db.engine.kind: was "inno", is now missing',
        "- db.port: was 5432, is now 5433",
        "- new.x: was missing, is now 1",
        '- obj._target_: was "builtins.dict", is now missing',
        "- obj.x: was 1, is now missing",
        "- seed: was 0, is now 5",
    ]  # fmt: skip
    assert "hydra.sweeper.resume_changed=true" in last
    assert each(out, "status") == ["completed", "failed"]

    multirun(resume(out), "hydra.sweeper.resume_changed=true", "hydra.sweeper.slice=1:2")
    assert "the app's config has changed since\n- " in capsys.readouterr().out
    assert numbers(multirun(resume(out))) == [2, 3, 4, 5]
    assert "has changed since" not in capsys.readouterr().out


def test_a_change_that_no_job_sees(multirun: Any, app: Path, broken: Broken) -> None:
    out = broken("lr=1,2,3", "db=pg")
    edit(app / "conf" / "config.yaml", "lr: 0.1", "# a comment\nlr: 0.7")
    write(app / "conf", {"db/mysql": "driver: other\n"})
    assert numbers(multirun(resume(out))) == [1, 2]
