"""Jobs that fail: reported at once and at the end, rerun, counted, and resumed."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException

from tests.multirun.conftest import JOBLIB, JobError, records


def fails(config: Any) -> int:
    """Fails by seed: 0 never, 1 always, above 1 until the job has had that many attempts."""
    hydra = HydraConfig.get()
    path = Path(hydra.runtime.output_dir) / "attempts"
    attempts = len(path.read_text()) + 1 if path.exists() else 1
    path.write_text("x" * attempts)
    if config.seed == 1 or config.seed > attempts:
        raise JobError(f"seed {config.seed}")
    return attempts


def summary(said: str) -> list[str]:
    """The lines between the one that counts the failures and the one that says how to resume."""
    lines = said.splitlines()
    first = next(place for place, line in enumerate(lines) if line.endswith(" failed:"))
    last = next(place for place, line in enumerate(lines) if line.startswith("Resume with: "))
    return [*re.findall(r"\d+ jobs? failed:$", lines[first]), *lines[first + 1 : last]]


def test_they_are_reported_at_once_and_at_the_end(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def task(config: Any) -> None:
        if config.seed % 2:
            raise JobError(f"an odd one\nand {config.seed}")
        if config.seed > 6:
            raise KeyError(config.seed)

    with pytest.raises(JobError, match="and 1"):
        multirun("seed=range(0,16)", "hydra.sweeper.max_batch_size=6", task=task)
    said = capsys.readouterr().out
    errors = [line.partition(" - ")[2] for line in said.splitlines() if "][ERROR] - job " in line]
    assert errors[0] == f"job 1 (seed=1) failed: JobError: an odd one. Its directory: {app}/out/1"
    assert said.index(errors[0]) < said.index("#2 : seed=2")
    assert len(errors) == 12
    assert summary(said) == [
        "12 jobs failed:",
        "- JobError: an odd one (8 jobs: 1, 3, 5, 7, 9, 11, 13, 15)",
        "- KeyError: 8 (1 job: 8)",
        "- KeyError: 10 (1 job: 10)",
        "- KeyError: 12 (1 job: 12)",
        "- KeyError: 14 (1 job: 14)",
    ]


@pytest.mark.parametrize(("launcher", "most"), [([], 1), (JOBLIB, 0)], ids=["basic", "joblib"])
def test_no_more_jobs_start_after_some_have_failed(
    multirun: Any, app: Path, launcher: list[str], most: int
) -> None:
    batches = ["hydra.sweeper.max_batch_size=6", f"hydra.sweeper.max_failures={most}"]
    with pytest.raises(JobError):
        multirun("seed=0,1,1,1,0,0,0,0,0,0", *batches, *launcher, task=fails)
    found = records(app / "out")
    failed = [job for job, one in found.items() if one["status"] == "failed"]
    if launcher:  # one more may have begun beside it
        assert most + 1 <= len(failed) <= most + 2
        assert max(found) <= 5
    else:
        assert {job: one["status"] for job, one in found.items()} == {
            0: "completed",
            **dict.fromkeys(range(1, 2 + most), "failed"),
        }
    # what did not run is as if it had never been launched: it runs when the sweep resumes
    # and the failures of this run do not count in that one
    ours = [f"hydra.sweeper.resume={app}/out", f"hydra.sweeper.max_failures={most}"]
    run = multirun(*ours, *launcher, task=lambda config: config.seed)
    assert len(run.jobs) == 10 - sum(one["status"] == "completed" for one in found.values())
    assert {one["status"] for one in records(app / "out").values()} == {"completed"}


def dies(config: Any) -> int:
    """Kills job 0 while job 1 runs beside it; job 1 then runs until it is killed."""
    hydra = HydraConfig.get()
    beside = Path(hydra.sweep.dir) / "1" / "begun"
    if config.seed == 0:
        while not beside.exists():
            time.sleep(0.02)
        os._exit(1)
    if config.seed == 1 and not beside.exists():
        beside.touch()
        time.sleep(60)
    return int(config.seed)


def kills(config: Any) -> int:
    if config.seed == 1:
        os._exit(1)
    return fails(config) if config.seed == 2 else int(config.seed)


def test_a_job_that_kills_its_worker_is_run_again_by_itself(multirun: Any, app: Path) -> None:
    """A job that kills its process runs again each time it shared that with another job."""
    with pytest.raises(CompactHydraException, match="its process died"):
        multirun("seed=0,1,2,3", "hydra.sweeper.retries=1", *JOBLIB, task=kills)
    found = records(app / "out")
    assert [one["status"] for one in found.values()] == ["completed", "crashed", *["completed"] * 2]
    assert found[1]["attempt"] == 4


class UnmadeError(Exception):
    """Pickled with only its text, from which it cannot be restored."""

    def __init__(self, text: str, code: int) -> None:
        super().__init__(text)


def cannot_be_sent(config: Any) -> Any:
    if config.seed == 2:
        raise UnmadeError("no luck", 3)
    return threading.Lock() if config.seed == 1 else config.seed


def test_what_a_worker_cannot_send_stops_no_other_job(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The launcher of Hydra 1.4 has sent its text, as a RuntimeError.
    with pytest.raises((CompactHydraException, RuntimeError), match="UnmadeError: no luck"):
        multirun("seed=range(0,4)", *JOBLIB, task=cannot_be_sent)
    found = [one["status"] for one in records(app / "out").values()]
    assert found == ["completed", "completed", "failed", "completed"]
    assert [one["attempt"] for one in records(app / "out").values()][1:3] == [1, 1]
    assert "The other jobs continue." in capsys.readouterr().out


@pytest.mark.parametrize("most", [0, 1])
def test_who_died_is_found_before_others_start(multirun: Any, app: Path, most: int) -> None:
    with pytest.raises(CompactHydraException, match="its process died"):
        multirun("seed=range(0,6)", f"hydra.sweeper.max_failures={most}", *JOBLIB, task=dies)
    found = {job: one["status"] for job, one in records(app / "out").items()}
    if most:
        assert found == {0: "crashed", **dict.fromkeys(range(1, 6), "completed")}
    else:  # the one that was killed beside it is not run again
        assert found == {0: "crashed", 1: "interrupted"}
    multirun(f"hydra.sweeper.resume={app}/out", task=lambda config: config.seed)
    assert {one["status"] for one in records(app / "out").values()} == {"completed"}


def test_a_job_that_fails_is_run_again(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(JobError, match="seed 1"):
        multirun("seed=0,1,2,3,4", "hydra.sweeper.retries=2", task=fails)
    found = records(app / "out")
    assert [one["attempt"] for one in found.values()] == [1, 3, 2, 3, 3]
    assert [one["status"] for one in found.values()] == [
        *("completed", "failed", "completed", "completed", "failed")
    ]
    assert [one["value"] for one in found.values()] == [1, None, 2, 3, None]
    assert [one["dir"] for one in found.values()] == ["0", "1", "2", "3", "4"]
    said = capsys.readouterr().out
    assert "Launching 4 jobs again, 1 of 2 retries" in said
    assert "Launching 3 jobs again, 2 of 2 retries" in said
    assert summary(said)[0] == "2 jobs failed:"


def test_retries_come_after_their_batch(multirun: Any, capsys: pytest.CaptureFixture[str]) -> None:
    multirun(
        "seed=2,0,2,0", "hydra.sweeper.max_batch_size=2", "hydra.sweeper.retries=1", task=fails
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition("#")[2] for line in lines if "\t#" in line] == [
        *("0 : seed=2", "1 : seed=0", "0 : seed=2"),
        *("2 : seed=2", "3 : seed=0", "2 : seed=2"),
    ]


# --- the command that resumes


def test_it_works_where_a_config_says_overwrite(multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    config = app / "conf/config.yaml"
    config.write_text(config.read_text() + "hydra: {sweeper: {overwrite: true}}\n")
    with pytest.raises(JobError):
        multirun("seed=0,1", task=fails)
    _, _, command = capsys.readouterr().out.partition("Resume with: ")
    line = command.splitlines()[0]
    assert line.endswith(f"hydra.sweeper.overwrite=false hydra.sweeper.resume={app}/out")
    run = multirun(*shlex.split(line)[-2:], task=lambda config: config.seed)
    assert run.values == [1]


APP = """
import os, sys
import hydra

@hydra.main(version_base="1.3", config_path="conf", config_name="config")
def main(config):
    if not os.path.exists("mended"):
        if config.seed == 2:
            raise ValueError("not yet")
        if config.seed == 3:
            sys.exit(7)
        if config.seed == 4:
            sys.exit()
    print(f"ran {config.seed}", flush=True)

main()
"""


def test_as_a_user_runs_it(app: Path, python: Any) -> None:
    (app / "my app.py").write_text(APP)
    done = python(
        *("-u", "-W", "ignore::ImportWarning", "my app.py"),
        *("hydra.mode=MULTIRUN", "hydra/sweeper=params_proto", "seed=1,2,3,4,5"),
        *("hydra/launcher=joblib", "hydra.launcher.n_jobs=1", 'hydra.sweep.dir="it\'s a run"'),
        status=1,
    )
    assert "Traceback" not in done.stdout
    (said,) = [line for line in done.stdout.splitlines() if line.startswith("Resume with: ")]
    assert " -u -W ignore::ImportWarning 'my app.py' " in said
    assert summary(done.stdout) == [
        "2 jobs failed:",
        "- ValueError: not yet (1 job: 1)",
        "- SystemExit: 7 (1 job: 2)",
    ]
    statuses = {job: one["status"] for job, one in records(app / "it's a run").items()}
    assert [*statuses.values()] == ["completed", "failed", "failed", "completed", "completed"]
    (app / "mended").touch()
    again = subprocess.run(
        ["sh", "-c", said.removeprefix("Resume with: ")],
        cwd=app,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert again.returncode == 0, again.stderr
    assert "Joblib.Parallel(n_jobs=1" in again.stdout
    assert sorted(line for line in again.stdout.splitlines() if line.startswith("ran")) == [
        *("ran 2", "ran 3")
    ]
    assert [one["attempt"] for one in records(app / "it's a run").values()] == [1, 2, 2, 1, 1]
