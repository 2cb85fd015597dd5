"""Mistakes in a launch are reported before any job runs."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from params_proto import Sweep, SweepError, proto

pytestmark = pytest.mark.usefixtures("alone")

Launch = Callable[[], Any]


def train(lr: float = 0.1, seed: int = 0) -> float:
    Path("ran").touch()
    return lr


@proto.cli
def app(lr: float = 0.1) -> float:
    Path("ran").touch()
    return lr


@dataclass
class Shape:
    lr: float = 0.1


async def slow(lr: float = 0.1) -> float:
    return lr


HAS = "backend, prefer, require, verbose, timeout, pre_dispatch, batch_size, temp_folder"
MISTAKES: dict[str, tuple[Launch, str]] = {
    "no function": (lambda: Sweep(Shape).launch(), r"launch needs a function for the jobs to run, and the sweep has none: write launch\(train"),
    "a class as the target": (lambda: Sweep().launch(Shape), "but Shape is something else"),
    "a lambda": (lambda: Sweep().launch(lambda lr: lr), "is something else"),
    "a partial": (lambda: Sweep().launch(functools.partial(train, lr=1)), "is something else: write a"),
    "async": (lambda: Sweep().launch(slow), r"slow is async or .* a function that calls asyncio"),
    "a directory that cannot be resolved": (lambda: Sweep(train).launch(sweep_dir="a/${b}"), r"hydra.sweep.dir: Interpolation key 'b' not found\. It is resolved once, before the jobs"),
    "option": (lambda: Sweep(train).launch(launcher="joblib", njobs=2, n_job=3), rf"has an option njobs or n_job\. The launcher's own options: n_jobs, .*{HAS}"),
    "resume where": (lambda: Sweep(train).launch(resume=True), r"resume=True resumes in sweep_dir, but multirun/\$\{now:%Y-%m-%d\}.* is a different directory each time: give a fixed one, sweep_dir='runs/1'"),
    "resume a directory": (
        lambda: Sweep(train).launch(resume="out"),  # pyright: ignore[reportArgumentType]
        "resume must be True or False, got 'out': give the directory as sweep_dir",
    ),
    "rerun without resume": (lambda: Sweep(train).launch(rerun=["failed"], sweep_dir="out"), "applies only when resuming"),
    "max_failures": (lambda: Sweep(train).launch(max_failures=-1), "-1 is not a number of jobs"),
    "retries": (lambda: Sweep(train).launch(retries=-1), "-1 is not a number of times"),
    "timeout": (lambda: Sweep(train).launch(timeout=-1), "is not a positive number of seconds"),
    "overrides": (lambda: Sweep(train).launch(overrides="lr=1"), r"launch takes a list of lines as its overrides, got 'lr=1'\. Write \['lr=0\.1'\]"),
    "an override's name": (lambda: Sweep(train).launch(overrides=["lrr=1"]), r"train has no parameter lrr\. Did you mean lr\?"),
    "a name": (lambda: Sweep().product(lrr=[1, 2]).launch(train), r"train has no parameter lrr\. Did you mean lr\?"),
    "a name of an app": (lambda: Sweep().product(lrr=[1, 2]).launch(app), r"app has no parameter lrr\. Did you mean lr\?"),
    "a value": (lambda: Sweep().product(seed=[1, 1.5]).launch(train), r"seed takes int, got 1\.5: 1\.5 is not an int\. Give it a value of that type\.$"),
    "a key of Hydra": (lambda: Sweep().product({"hydra.job.name": ["a"]}).launch(train), "the sweep: hydra.job.name is a key of Hydra itself, .* one value outside the sweep"),
    "another sweep": (lambda: Sweep(train).launch(overrides=["hydra.sweeper.sweep={repeat:2}"]), "the config has its own sweep"),
    "dry_run": (lambda: Sweep(train).launch(overrides=["hydra.sweeper.dry_run=true"]), "dry_run is for the command line"),
    "no jobs in a shard": (lambda: Sweep(train).launch(overrides=["hydra.sweeper.slice=5:"]), "hydra.sweeper.slice=5: selects none of the sweep's 1 jobs"),
    "no jobs": (lambda: Sweep(train).product(lr=[1]).exclude(lr=1).launch(), "the sweep has no jobs"),
}  # fmt: skip


@pytest.mark.parametrize(("launch", "match"), MISTAKES.values(), ids=MISTAKES)
def test_it_is_refused(launch: Launch, match: str, tmp_path: Path) -> None:
    with pytest.raises(SweepError, match=match):
        launch()

    assert list(tmp_path.iterdir()) == []


def test_a_directory_has_one_sweep() -> None:
    Sweep(train).product(lr=[1, 2]).launch(sweep_dir="out")

    with pytest.raises(SweepError, match="out already contains a sweep"):
        Sweep(train).product(lr=[3]).launch(sweep_dir="out")

    again = ["hydra.sweeper.overwrite=true"]
    df = Sweep(train).product(lr=[3]).launch(sweep_dir="out", overrides=again)
    assert list(df["value"]) == [3]


def test_a_directory_that_cannot_be_made() -> None:
    Path("multirun").touch()

    with pytest.raises(SweepError, match="cannot be made: Not a directory"):
        Sweep(train).launch()


@pytest.mark.filterwarnings("ignore::params_proto.SweepWarning")
def test_a_shard_may_run_before_the_rest() -> None:
    sweep = Sweep(train).product(lr=[1, 2, 3])
    first = sweep.launch(sweep_dir="out", overrides=["hydra.sweeper.slice=0:1"])
    both = sweep.launch(sweep_dir="out", overrides=["hydra.sweeper.slice=1:2"])

    assert list(first["status"]) == ["completed", "pending", "pending"]
    assert list(both["status"]) == ["completed", "completed", "pending"]


def test_a_limit_in_a_thread_which_gets_no_signals(tmp_path: Path) -> None:
    directory = tmp_path / "out"
    with ThreadPoolExecutor(1) as pool:
        launched = pool.submit(
            lambda: Sweep(train).product(lr=[1, 2]).launch(sweep_dir=directory, timeout=3)
        )
        with pytest.raises(SweepError, match="timeout: this launcher runs its jobs in threads"):
            launched.result()
    assert not directory.exists()
