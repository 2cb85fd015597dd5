"""Jobs are spawned in a fresh interpreter where forking is unsafe."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pytest

from params_proto.workers.job_process import reason_not_to_fork
from tests.waiting import until
from tests.workers.conftest import Project, alive


@pytest.mark.growth
def test_an_import_that_starts_a_thread(project: Project) -> None:
    environment = {**os.environ, "TRAIN_IMPORTS": "threads"}
    command = project.start("how=prints,killed,saves", workers=1, env=environment)
    job = project.wait_for_start(0)
    (worker,) = project.workers()
    reason = "Running the job in a fresh interpreter: Python threads are running, such as watchdog"
    assert project.logs().count(reason) == 3
    os.kill(worker, signal.SIGTERM)
    until(lambda: not alive(worker))
    assert not alive(job)
    _, crashed, saved = project.records()
    assert (saved.status.value, saved.attempt) == ("interrupted", 1)
    assert (project.out / "2/1.ckpt").exists()
    assert crashed.error is not None
    assert crashed.error.type == "SIGKILL"
    output = (project.out / "0/output.log").read_text().splitlines()
    assert output[-4:] == ["seed 0, attempt 1", "by the descriptor", "by a child", "an error"]
    done = project.records()[0].value
    assert (done["number"], done["before"], done["directory"]) == (0, [], str(project.out / "0"))
    assert done["pid"] not in (job, worker)
    command.communicate(timeout=60)
    assert command.returncode == 3


@pytest.mark.growth
def test_an_import_that_uses_openmp(project: Project) -> None:
    """A fork would wait for OpenMP threads that it does not have."""
    environment = {**os.environ, "TRAIN_IMPORTS": "openmp", "OMP_NUM_THREADS": "2"}
    project.sweep("how=openmp,ends", "hydra.sweeper.timeout=60", workers=1, env=environment)
    assert project.statuses() == ["completed"] * 2
    assert "fresh interpreter" not in project.logs()


def test_macos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert reason_not_to_fork() == "forking is unsafe on macOS"


BLAS = """
import os, numpy
from params_proto.workers.job_process import reason_not_to_fork
numpy.ones((500, 500)) @ numpy.ones((500, 500))
print(len(os.listdir("/proc/self/task")), reason_not_to_fork())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="counts threads in /proc")
def test_blas_threads_do_not_count(python: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")
    threads, unsafe = python("-c", BLAS).stdout.split()
    assert int(threads) > 1
    assert unsafe == "None"


CUDA = """
import sys
from types import SimpleNamespace
from params_proto.workers.job_process import reason_not_to_fork
for initialised in (True, False):
    cuda = SimpleNamespace(is_initialized=lambda: initialised)
    sys.modules["torch"] = SimpleNamespace(cuda=cuda)
    print(reason_not_to_fork())
"""


def test_cuda(python: Any) -> None:
    """In a process of its own: other tests may have loaded an OpenMP that cannot be paused."""
    assert python("-c", CUDA).stdout.splitlines() == ["CUDA is already initialised", "None"]


RANDOM = """
import numpy, random
from params_proto import proto
numpy.random.random()

@proto.cli
def main(seed: int = 0):
    return numpy.random.random(), random.random()

if __name__ == "__main__":
    main()
"""


@pytest.mark.growth
def test_random_numbers(project: Project) -> None:
    (project.folder / "draws.py").write_text(RANDOM)
    project.sweep("seed=range(0,3)", workers=1, script="draws.py")
    numbers = [number for record in project.records() for number in record.value]
    assert len({*numbers}) == 6
