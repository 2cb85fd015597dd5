"""A Hydra app with a tree of configs, run in this process as a multirun."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hydra import version
from hydra.core.utils import JobReturn
from hydra.test_utils.test_utils import SweepTaskFunction
from omegaconf import DictConfig, OmegaConf

from tests.compose.loaders import write
from tests.versions import HYDRA_1_3

CONFIGS = {
    "config": "defaults: [_self_, db: mysql, db/engine@engine: inno, optional opt: none]\n"
    "lr: 0.1\nseed: 0\nname: null\nlayers: [1, 2]\nopts: {a: 1, b: {c: 2}}\n"
    "obj: {_target_: builtins.dict, x: 1}\nhome: ${oc.env:HOME}\n",
    "db/mysql": "driver: mysql\nport: 3306\n",
    "db/pg": "defaults: [engine@engine: inno]\ndriver: pg\nport: 5432\n",
    "db/engine/inno": "kind: inno\n",
    "db/engine/isam": "kind: isam\n",
    "model/small": "hidden: 16\n",
    "model/large": "hidden: 64\n",
    "experiment/fast": "# @package _global_\ndefaults: [override /db: pg]\nlr: 0.5\n",
    "experiment/swept": "# @package _global_\nlr: 0.5\n"
    "hydra: {sweeper: {sweep: {product: {seed: [1, 2]}}}}\n",
    "sweep/grid": "# @package hydra.sweeper.sweep\nproduct: {lr: [1, 2], seed: 'range(0,3)'}\n",
    "sweep/pairs": "# @package hydra.sweeper.sweep\n"
    "zip: {lr: [1, 2], +model: [small, large]}\nset: {name: run}\n",
}


STOP = "hydra.sweeper.max_failures=0"
JOBLIB = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]


class JobError(Exception):
    pass


def resume(directory: Path) -> str:
    return f"hydra.sweeper.resume={directory}"


def numbers(run: Any) -> list[int]:
    return [job.hydra_cfg.hydra.job.num for batch in run.returns for job in batch]


def records(directory: Path) -> dict[int, dict[str, Any]]:
    """The records of the jobs by their numbers, read without the package's code."""
    paths = (directory / ".sweep" / "jobs").rglob("*.json")
    found = [json.loads(path.read_text()) for path in paths]
    return {one["job"]: one for one in sorted(found, key=lambda one: one["job"])}


class Multirun(NamedTuple):
    """What a multirun left: the returns, and its directory."""

    returns: Sequence[Sequence[JobReturn]]
    directory: Path

    @property
    def batches(self) -> list[list[list[str]]]:
        """Each job's overrides, batch by batch."""
        return [[list(job.overrides or []) for job in batch] for batch in self.returns]

    @property
    def jobs(self) -> list[str]:
        return [" ".join(job) for batch in self.batches for job in batch]

    @property
    def values(self) -> list[Any]:
        """What each job's task returned: by default its config."""
        return [job.return_value for batch in self.returns for job in batch]

    def files(self) -> dict[str, str]:
        """Every file in the directory, by its path."""
        paths = [path for path in sorted(self.directory.rglob("*")) if path.is_file()]
        return {str(path.relative_to(self.directory)): path.read_text() for path in paths}


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the app, which is the working directory."""
    write(tmp_path / "conf", CONFIGS)
    (tmp_path / "app.py").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def returns_config(config: DictConfig) -> Any:
    return OmegaConf.to_container(config)


Run = Callable[..., Multirun]


@pytest.fixture
def multirun(
    plugins: None, app: Path, hydra_restore_singletons: None, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs `app.py -m overrides...` in this process, and raises what a job raises."""
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    if HYDRA_1_3:
        version.setbase("1.3")

    def run(
        *overrides: str,
        sweeper: str = "params_proto",
        task: Callable[[DictConfig], Any] = returns_config,
        to: str = "out",
    ) -> Multirun:
        sweep = SweepTaskFunction()
        sweep.calling_file = str(app / "app.py")
        sweep.config_path = "conf"
        sweep.config_name = "config"
        sweep.task_function = task
        sweep.overrides = [f"hydra/sweeper={sweeper}", *overrides]
        sweep.temp_dir = str(app / to)
        # As in a process of its own, also after a run with hydra.verbose=true.
        sweep.configure_logging = True
        logging.getLogger().setLevel(logging.WARNING)
        sweep.__enter__()  # without __exit__, which would delete the directory
        return Multirun(sweep.returns or [], app / to)

    return run
