"""What differs between jobs with one prefix: time, environment, resolvers, numbers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from tests.compose.loaders import Compositions, append, resolver

# Hydra 1.4 would have the task say what its configs may build.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:hydra\.utils\.instantiate\(\) resolved:UserWarning"
)


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
    append(app / "conf", RESOLVED)

    def run(compose: str) -> tuple[list[Any], list[str]]:
        calls.clear()
        sweep = ["db=mysql,pg", "seed=1,2", "hydra.sweeper.overwrite=true"]
        values = multirun(*sweep, f"hydra.sweeper.compose={compose}", task=all_resolved).values
        return values, [*calls]

    expected = run("hydra")
    assert len(expected[1]) >= 8
    assert run("cached") == expected
