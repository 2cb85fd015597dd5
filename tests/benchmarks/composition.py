"""Composing configs only, compared with Hydra."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from statistics import median
from types import SimpleNamespace
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.config_loader import ConfigLoader
from hydra.core.global_hydra import GlobalHydra
from hydra.core.utils import run_job
from hydra.types import HydraContext, RunMode
from omegaconf import DictConfig, open_dict

from params_proto import Sweep
from params_proto.compose import cached_loader, share_prefixes
from tests.benchmarks.multiruns import APPS, VALUES
from tests.benchmarks.table import Row, Table
from tests.compose.counting import counts

CONF = APPS / "project/conf"
NAME = "train"

Configs = Callable[[], Iterable[DictConfig]]
"""Composes configs lazily."""


def loaded(pairs: int) -> Iterator[Row]:
    """`load_sweep_config`, by which sweepers and launchers compose."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        hydra: ConfigLoader = GlobalHydra.instance().config_loader()
        ours = cached_loader(hydra)
        share_prefixes(ours)
        master = hydra.load_configuration(NAME, [], RunMode.MULTIRUN)
        first, *jobs = Sweep.from_overrides(VALUES).overrides()
        ours.load_sweep_config(master, first)  # makes the prefix

        def by(loader: ConfigLoader) -> Configs:
            return lambda: (loader.load_sweep_config(master, job) for job in jobs)

        yield _row("load_sweep_config, after the first job", by(hydra), by(ours), len(jobs), pairs)


def run_alone(pairs: int) -> Iterator[Row]:
    """Hydra's `run_job`, which is the same with any sweeper."""
    with initialize_config_dir(str(CONF), version_base="1.3"), tempfile.TemporaryDirectory() as to:
        loader: ConfigLoader = GlobalHydra.instance().config_loader()
        overrides = [f"hydra.sweep.dir={to}", "hydra/job_logging=disabled"]
        master = loader.load_configuration(NAME, overrides, RunMode.MULTIRUN)
        callbacks: Any = SimpleNamespace(on_job_start=_nothing, on_job_end=_nothing)
        seconds: list[float] = []
        for number in range(20 * pairs):
            config = loader.load_sweep_config(master, [])
            with open_dict(config):
                config.hydra.job.num, config.hydra.job.id = number, str(number)
            start = time.process_time()
            run_job(
                _nothing,
                config,
                "hydra.sweep.dir",
                "hydra.sweep.subdir",
                HydraContext(loader, callbacks),
            )
            seconds.append(time.process_time() - start)
    took = f"{median(seconds) * 1000:.1f} ms"
    yield "run_job, for comparison: from a config to its job's end", took, took, ""


def _nothing(*_: object, **__: object) -> None:
    pass


def in_python(pairs: int) -> Iterator[Row]:
    """`Sweep.compose` from its start, and `hydra.compose` in a loop."""
    sweep = Sweep.from_overrides(VALUES)

    def by_hydra() -> Iterator[DictConfig]:
        with initialize_config_dir(str(CONF), version_base="1.3"):
            yield from (compose(NAME, overrides=job) for job in sweep.overrides())

    def ours() -> Iterator[DictConfig]:
        return sweep.compose(CONF, NAME)

    yield _row("Sweep.compose, and hydra.compose in a loop", by_hydra, ours, len(sweep), pairs)


def _row(what: str, by_hydra: Configs, ours: Configs, configs: int, pairs: int) -> Row:
    assert list(islice(by_hydra(), 20)) == list(islice(ours(), 20)), f"{what}: the configs differ"
    seconds: tuple[list[float], list[float]] = [], []
    for number in range(pairs):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            start = time.process_time()
            for _ in (by_hydra, ours)[which]():
                pass
            seconds[which].append((time.process_time() - start) / configs * 1000)
    assert (counts["from_prefixes"] > 0, counts["by_hydra"]) == (True, 0), f"{what}: {counts}"
    ratio = median(a / b for a, b in zip(*seconds, strict=True))
    hydra, params_proto = map(median, seconds)
    return what, f"{hydra:.1f} ms", f"{params_proto:.2f} ms", f"{ratio:.0f}x"


TABLE = Table(
    "Composing",
    ("what", "Hydra", "params_proto", "CPU time"),
    {"load": loaded, "run_job": run_alone, "compose": in_python},
)
