"""What is another in each job, composed from one prefix: time, environment, resolvers, numbers."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.experimental.callback import Callback
from omegaconf import DictConfig, OmegaConf

from tests.compose.roads import Compositions, resolver
from tests.multirun.stock import Left, assert_same, task

# Hydra 1.4 would have the task say what its configs may build.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:hydra\.utils\.instantiate\(\) resolved:UserWarning"
)

Leave = Callable[..., Left]


class Seen(Callback):
    """Writes what it is given of each job, and changes the environment for the next."""

    seen: list[tuple[str, Any]] = []  # noqa: RUF012 - what one run saw

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        self.seen.append(("multirun start", OmegaConf.to_container(config)))

    def on_job_start(self, config: DictConfig, **kwargs: Any) -> None:
        self._see("start", config)

    def on_job_end(self, config: DictConfig, job_return: Any, **kwargs: Any) -> None:
        self._see("end", config)
        os.environ["MARK"] = f"after job {config.hydra.job.num}"

    def _see(self, when: str, config: DictConfig) -> None:
        resolved: Any = OmegaConf.to_container(config, resolve=True)
        del resolved["hydra"]["sweeper"], resolved["hydra"]["runtime"]["choices"]["hydra/sweeper"]
        del resolved["hydra"]["overrides"]["hydra"][0]
        self.seen.append((when, resolved))


@pytest.fixture
def leaves(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Leave:
    """Runs a multirun in one directory, from one environment, and takes what it left."""
    monkeypatch.setenv("MARK", "before")

    def run(
        *overrides: str, sweeper: str = "params_proto", of_task: Callable[[DictConfig], Any] = task
    ) -> Left:
        os.environ["MARK"] = "before"
        os.chdir(app)
        Seen.seen.clear()
        return Left(
            lambda: multirun("hydra.run.dir=no", *overrides, sweeper=sweeper, task=of_task),
            app / "out",
            capsys,
        )

    return run


def add(app: Path, text: str) -> None:
    path = app / "conf" / "config.yaml"
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize(
    "overrides",
    [
        ["hydra.output_subdir=meta", "hydra.job.chdir=true", "hydra.verbose=app"],
        ["hydra.job.config.override_dirname.kv_sep='~'", "hydra.sweep.subdir='${hydra:job.override_dirname}'"],
        ["+hydra.job.env_set.LEVEL=high", "+hydra.job.env_set.N='${hydra:job.num}'", "hydra.job.env_copy=[MARK,HOME]"],
        ["+experiment=fast", "+model=large,small", "hydra.job.name=other", "hydra/job_logging=disabled",
         "hydra.sweep.subdir='${now:%Y-%m-%d}/${hydra.runtime.choices.model}-${hydra.job.name}-${hydra.job.num}'"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_a_run_leaves_what_one_of_hydra_leaves(leaves: Leave, overrides: list[str]) -> None:
    """Byte for byte, in `.hydra/` as well, but for the sweeper's own node and name."""
    job = ["seed=1,2", "++name=a\\,b"]
    basic = leaves(*job, *overrides, sweeper="basic")
    assert basic.error is None
    assert_same(basic, leaves(*job, *overrides))


CALLBACK = (
    f"hydra: {{callbacks: {{seen: {{_target_: {__name__}.Seen}}}}, job: {{env_copy: [MARK]}}}}\n"
    "mark: ${oc.env:MARK}\n"
)


def test_what_a_callback_sees_and_changes(leaves: Leave, app: Path) -> None:
    add(app, CALLBACK)
    basic = leaves("seed=1,2,3", sweeper="basic")
    assert basic.error is None
    expected = [*Seen.seen]
    ours = leaves("seed=1,2,3")
    assert_same(basic, ours)
    # The multirun's config has the sweeper's node.
    assert Seen.seen[1:] == expected[1:]
    marks = [(config["mark"], config["hydra"]["job"]["env_set"]) for _, config in Seen.seen[1:]]
    assert marks == [
        (mark, {"MARK": mark})
        for number in range(3)
        for mark in [f"after job {number - 1}" if number else "before"] * 2
    ]


def test_what_a_task_changes_of_its_process(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MARK", "before")
    counted = Compositions()

    def moves(config: DictConfig) -> Any:
        seen = config.mark, str(HydraConfig.get().runtime.cwd)
        os.environ["MARK"] = f"after {config.seed}"
        folder = app / str(config.seed)
        folder.mkdir(exist_ok=True)
        os.chdir(folder)
        return seen

    run = multirun("+mark=${oc.env:MARK}", "seed=1,2,3", task=moves)
    marks, folders = zip(*run.values, strict=True)
    assert marks == ("before", "after 1", "after 2")
    assert folders == tuple(map(str, (app, app / "1", app / "2")))
    assert counted.by_hydra == 0


def test_the_time_of_a_job_is_that_of_the_multirun(multirun: Any) -> None:
    def times(config: DictConfig) -> Any:
        return str(HydraConfig.get().run.dir), config.at, config.fine

    jobs = multirun("+at='${now:%H}'", "+fine='${now:%f}'", "seed=1,2,3", task=times).values
    assert len({folder for folder, _, _ in jobs}) == 1
    assert len({fine for _, _, fine in jobs}) == 3


def all_resolved(config: DictConfig) -> Any:
    hydra = HydraConfig.get()
    return (
        OmegaConf.to_container(config, resolve=True),
        hydra.sweep.subdir,
        hydra.runtime.output_dir,
        OmegaConf.to_container(hydra.job, resolve=True),
    )


RESOLVED = (
    "plain: ${counted:plain}\nkept: ${kept:plain}\n"
    "first: ${kept:1}\nsecond: ${first}\nthird: ${counted:${first}}\n"
    "hydra: {job: {env_set: {N: '${counted:env}', M: '${kept:env}'}},"
    " sweep: {subdir: '${hydra.job.num}-${counted:subdir}-${kept:subdir}'}}\n"
)


def test_resolvers_are_called_as_often(multirun: Any, app: Path) -> None:
    calls: list[str] = []

    def counted(name: Any) -> str:
        calls.append(str(name))
        return f"{name}-{len(calls)}"

    resolver("counted", counted)
    resolver("kept", counted, use_cache=True)
    add(app, RESOLVED)

    def run(compose: str) -> tuple[list[Any], list[str]]:
        calls.clear()
        sweep = ["db=mysql,pg", "seed=1,2", "hydra.sweeper.overwrite=true"]
        values = multirun(*sweep, f"hydra.sweeper.compose={compose}", task=all_resolved).values
        return values, [*calls]

    expected = run("hydra")
    assert len(expected[1]) >= 8
    assert run("cached") == expected
