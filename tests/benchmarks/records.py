"""The cost of writing and reading the records of jobs."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict

from params_proto.multirun.job_runner import JobRunner
from params_proto.records import JobStore, Record
from tests.benchmarks.multiruns import APPS
from tests.benchmarks.table import Row, Table
from tests.report.sweeps import PLAN, RECORD

JOBS = 1000
MANY = 100_000
OVERRIDES = ["lr=0.1", "batch_size=32", "seed=3"]
CONFIG = {"lr": 0.1, "batch_size": 32, "seed": 3}


def written(pairs: int) -> Iterator[Row]:
    """A task that does nothing, called with a record and without."""
    before = HydraConfig.instance().cfg
    with tempfile.TemporaryDirectory() as name:
        with initialize_config_dir(str(APPS / "trivial/conf"), version_base="1.3"):
            config = compose("config", OVERRIDES, return_hydra_config=True)
        with open_dict(config):
            config.hydra.runtime.output_dir = f"{name}/0"
        HydraConfig.instance().set_config(config)
        task = JobRunner(_nothing)
        PLAN._replace(config_name="config", keys=[*CONFIG], jobs=JOBS).write(Path(name))
        task.open(Path(name))
        node: Any = HydraConfig.get()
        OmegaConf.set_readonly(node, False)
        rounds = [_seconds(task, config, node, number * JOBS) for number in range(pairs)]
    HydraConfig.instance().cfg = before
    cost = median(rounds)
    yield "a job's record: claimed, written at its start and its end", f"{cost * 1000:.2f} ms"


def read(pairs: int) -> Iterator[Row]:
    """All records of a large sweep, each in its own file."""
    with tempfile.TemporaryDirectory() as name:
        records = JobStore(Path(name))
        value = {"accuracy": 0.9, "loss": 0.1}
        one = RECORD._replace(overrides=OVERRIDES, config=CONFIG, value=value)
        for number in range(MANY):
            records.write(one._replace(job=number))
        start = time.perf_counter()
        found = sum(isinstance(record, Record) for record in records.all())
        seconds = time.perf_counter() - start
    assert found == MANY
    yield "100,000 records, read", f"{seconds:.1f} s"


def _seconds(task: JobRunner, config: DictConfig, node: Any, first: int) -> float:
    """The seconds per job that the record adds, over 1,000 jobs."""

    def through(call: Callable[[DictConfig], Any]) -> float:
        start = time.perf_counter()
        for number in range(first, first + JOBS):
            node.job.num = number
            call(config)
        return time.perf_counter() - start

    return (through(task) - through(_nothing)) / JOBS


def _nothing(config: DictConfig) -> None:
    pass


TABLE = Table(
    "Records",
    ("what", "params_proto"),
    {"record": written, "records": read},
)
