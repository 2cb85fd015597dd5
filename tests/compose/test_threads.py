"""One loader in two threads, as a launcher may use it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from omegaconf import OmegaConf

from tests.compose.loaders import TREE, cached, hydras, master, write


@pytest.fixture
def _in_turns() -> Iterator[None]:
    """Makes the threads switch as often as possible."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_in_turns")
def test_two_threads(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, {**TREE, **{f"db/o{n}": f"driver: d{n}\n" for n in range(6)}})
    loader = cached(tmp_path)
    multirun = master(hydras(tmp_path))
    start = Barrier(2)

    def compose(thread: int) -> list[tuple[str, int, int]]:
        start.wait()
        made: list[tuple[str, int, int]] = []
        for seed in range(60):
            job = [f"db=o{(seed + thread) % 6}", f"seed={seed}", f"+thread={thread}"]
            config = loader.load_sweep_config(multirun, job)
            assert OmegaConf.to_container(config.hydra.overrides.task) == job
            made.append((config.db.driver, config.seed, config.thread))
        return made

    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(compose, range(2)))
    for thread in range(2):
        assert made[thread] == [(f"d{(n + thread) % 6}", n, thread) for n in range(60)]
    assert not caplog.records
