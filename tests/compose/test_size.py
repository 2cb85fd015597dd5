"""Sweeps of many jobs: when the first one starts, and what stays in memory of finished ones."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, open_dict

from params_proto import multirun
from params_proto.compose import prefix
from params_proto.compose.loader import CachedLoader
from params_proto.multirun import (
    AppContext,
    JobRunner,
    Options,
    ResumeTarget,
    executor,
    options,
    sweep_dir,
)
from tests.compose.loaders import TREE, alive, cached, master, write

pytestmark = pytest.mark.usefixtures("plugins", "hydra_restore_singletons")


def task(config: DictConfig) -> None:
    """What jobs would run."""


def run(options: Options, arguments: list[str], app: AppContext, launcher: Any) -> Any:
    """As the sweeper does."""
    return multirun.run(
        options, arguments, app, launcher, JobRunner(task), ResumeTarget(app.config)
    )


class Composing:
    """A launcher that composes each job as others do, and runs none.

    Args:
        app: the composed app.
        most: the batches to take.
    """

    def __init__(self, app: AppContext, most: int | None = None) -> None:
        self.app = app
        self.most = most
        self.batches: list[int] = []
        self.configs = 0  # alive before the last batch

    def launch(self, jobs: Sequence[Sequence[str]], initial_job_idx: int) -> list[JobReturn]:
        if len(self.batches) == self.most:
            raise EnoughError
        self.batches.append(len(jobs))
        self.configs = alive(DictConfig)
        returns: list[JobReturn] = []
        for number, job in enumerate(jobs, initial_job_idx):
            config = self.app.compose(job)
            with open_dict(config):
                config.hydra.job.num = number
            returns.append(JobReturn(job, config, config, status=JobStatus.COMPLETED))
            returns[-1].return_value = None
        return returns


class EnoughError(Exception):
    """The launcher has taken enough batches."""


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppContext:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")  # what the launcher raises is raised
    monkeypatch.chdir(tmp_path)
    loader = cached(write(tmp_path / "conf", TREE))
    config = master(
        loader, "hydra/sweeper=params_proto", "hydra.sweep.dir=out", "hydra.job.name=app"
    )
    HydraConfig.instance().set_config(config)
    return AppContext(config, loader, task)


@pytest.mark.growth
def test_nothing_grows_with_the_jobs(app: AppContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """Except for the returns of up to a thousand jobs, here of up to a hundred."""
    monkeypatch.setattr(executor, "BATCH", 100)
    left: list[tuple[int, int]] = []
    for jobs in (200, 200, 150, 450):  # once for what is made only once
        options = Options(max_batch_size=50, overwrite=True)
        launcher: Any = Composing(app)
        returns = run(options, [f"seed=range({jobs})"], app, launcher)
        assert launcher.batches == [50] * (jobs // 50)
        assert returns == []
        left.append((launcher.configs, alive(DictConfig)))
    counts = [count for counts in left[1:] for count in counts]
    # A batch has a thousand and more.
    assert max(counts) - min(counts) < 100


def test_a_large_sweep_starts_with_its_first_batch(
    app: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    composed: list[int] = []
    own = CachedLoader.load_sweep_config

    def counted(loader: CachedLoader, multirun: DictConfig, job: list[str]) -> DictConfig:
        composed.append(len(composed))
        return own(loader, multirun, job)

    monkeypatch.setattr(CachedLoader, "load_sweep_config", counted)
    assert (sweep_dir.MAX_CHECKED_AT_START, options.BATCH) == (10_000, 1000)
    monkeypatch.setattr(sweep_dir, "MAX_CHECKED_AT_START", 100)
    monkeypatch.setattr(options, "BATCH", 10)
    launcher: Any = Composing(app, most=0)
    with pytest.raises(EnoughError):
        run(Options(), ["seed=range(101)"], app, launcher)
    assert len(composed) == 10
    launcher = Composing(app, most=1)
    with pytest.raises(EnoughError):
        run(Options(max_batch_size=15, overwrite=True), ["seed=range(101)"], app, launcher)
    assert launcher.batches == [15]
    assert len(composed) == 10 + 15 + 15 + 15  # the first batch twice, and the next one once


@pytest.mark.growth
@pytest.mark.parametrize(("keys", "most"), [(10, 12), (10_000, 9)], ids=["small", "large"])
def test_what_jobs_have_in_common_is_forgotten_by_its_size(
    tmp_path: Path, keys: int, most: int
) -> None:
    options = {f"db/o{number}": f"port: {number}\n" for number in range(12)}
    large = "".join(f"k{number}: {number}\n" for number in range(keys))
    loader = cached(write(tmp_path, {**TREE, **options, "config": TREE["config"] + large}))
    multirun = master(loader)
    before = alive(prefix.ConfigPrefix)
    for option in range(12):
        assert loader.load_sweep_config(multirun, [f"db=o{option}"]).db.port == option
    assert 1 < alive(prefix.ConfigPrefix) - before <= most
