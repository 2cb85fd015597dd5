"""The directories of a sweep and its jobs, checked before anything is written."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException


def directories(path: Path) -> list[str]:
    found = [each.parent for each in path.rglob(".hydra")]
    return sorted(str(each.relative_to(path)) for each in found)


@pytest.mark.parametrize(
    ("subdir", "expected"),
    [
        ("${hydra.job.override_dirname}", ["seed=1", "seed=2"]),
        ("runs/${seed}", ["runs/1", "runs/2"]),
        ("${hydra.job.id}-${hydra.job.name}", ["0-app", "1-app"]),
        ("a/../b${seed}", ["b1", "b2"]),
    ],
)
def test_directories_that_tell_the_jobs_apart(
    multirun: Any, subdir: str, expected: list[str]
) -> None:
    run = multirun("seed=1,2", f"hydra.sweep.subdir={subdir}")
    assert directories(run.directory) == expected


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["seed=1,2", "lr=3,4", "hydra.sweep.subdir=${lr}"], r"job 0 \(seed=1 lr=3\) and job 2 \(seed=2 lr=3\) would share .*out/3"),
        # a value that is another job's number
        (["seed=1,2", "lr=0,1", "hydra.sweep.subdir=${seed}"], r"job 0 \(seed=1 lr=0\) and job 1 \(seed=1 lr=1\) would share .*out/1"),
        (["name=a,sweep.yaml", "hydra.sweep.subdir=${name}"], "job 1 .*, where a file is or will"),
        (["seed=1,2", "hydra.sweep.subdir=sweep.yaml/${seed}"], "job 0 .*, where a file is or will"),
        (["seed=1", "hydra.sweep.subdir=../x"], r"job 0 \(seed=1\) would have .*, outside the"),
        (["name=a,../../b", "hydra.sweep.subdir=${name}"], r"job 1 \(name=../../b\) would have"),
    ],
    ids=str,
)  # fmt: skip
def test_a_directory_that_is_refused(
    multirun: Any, app: Path, overrides: list[str], message: str
) -> None:
    with pytest.raises(CompactHydraException, match=message):
        multirun(*overrides)
    assert sorted(path.name for path in app.iterdir()) == ["app.py", "conf", "out"]
    assert not list((app / "out").iterdir())


@pytest.mark.parametrize(
    ("overrides", "named", "directory", "jobs"),
    [
        (["seed=1,2"], "logs/${seed}", "logs/0", ["0", "1"]),
        (["db=mysql,pg"], "logs/${db.driver}", "logs/mysql", ["0", "1"]),
        (["seed=1,2", "hydra.sweeper.slice=1:", "hydra.sweep.subdir=of-${seed}"], *("logs/${seed}", "logs/0", ["of-2"])),
    ],
    ids=["key", "group", "slice"],
)  # fmt: skip
def test_one_directory_of_a_sweep_whose_jobs_name_several(
    multirun: Any,
    app: Path,
    overrides: list[str],
    named: str,
    directory: str,
    jobs: list[str],
) -> None:
    multirun(*overrides, to=named)
    assert directories(app / "logs") == [f"{directory.removeprefix('logs/')}/{job}" for job in jobs]
    assert (app / directory / "multirun.yaml").is_file()


def test_a_directory_that_only_jobs_could_resolve(multirun: Any, app: Path) -> None:
    message = "Missing mandatory value: task. It is resolved once, before the jobs: give the key a"
    config = app / "conf/config.yaml"
    config.write_text(f"{config.read_text()}task: ???\n")
    with pytest.raises(CompactHydraException, match=message):
        multirun("task=a,b", to="logs/${task}")
    assert not list((app / "logs").rglob("sweep.yaml"))


def test_a_sweep_is_not_written_over(multirun: Any, app: Path) -> None:
    run = multirun("seed=1,2")
    before = run.files()
    for sweep in (["seed=1,2"], ["lr=3"]):
        with pytest.raises(
            CompactHydraException, match=r"out already contains a sweep .*sweep.yaml"
        ):
            multirun(*sweep)
    assert run.files() == before
    assert multirun("seed=3", "hydra.sweeper.overwrite=true").jobs == ["seed=3"]
    assert run.files()["sweep.yaml"] == "set: {seed: 3}\n"


def test_what_the_basic_sweeper_left_is_a_sweep(multirun: Any) -> None:
    multirun("seed=1,2", sweeper="basic")
    with pytest.raises(CompactHydraException, match=r"already contains a sweep .*multirun.yaml"):
        multirun("seed=1,2")


def test_a_directory_that_only_the_job_knows(
    multirun: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cluster's job id does not exist yet when the sweep is checked."""
    from hydra._internal.core_plugins.basic_launcher import BasicLauncher

    launch = BasicLauncher.launch

    def with_an_id(self: Any, *arguments: Any, **options: Any) -> Any:
        monkeypatch.setenv("CLUSTER_ID", "77")
        return launch(self, *arguments, **options)

    monkeypatch.setattr(BasicLauncher, "launch", with_an_id)
    run = multirun("seed=1", "hydra.sweep.subdir='${oc.env:CLUSTER_ID}'")
    assert directories(run.directory) == ["77"]


def test_a_file_in_the_place_of_a_job(multirun: Any, app: Path) -> None:
    (app / "out").mkdir()
    (app / "out" / "1").write_text("")
    with pytest.raises(CompactHydraException, match=r"job 1 \(seed=2\) .*out/1, where a file is"):
        multirun("seed=1,2")
