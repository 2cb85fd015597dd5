"""Each job has its own process, and cannot harm other jobs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.workers.conftest import APPS, Project

ENDS = {
    "ends": ("completed", "", 1),
    "killed": ("crashed", "SIGKILL: its process was killed by SIGKILL", 2),
    "segfault": ("crashed", "SIGSEGV: its process was killed by SIGSEGV", 2),
    "exits": ("crashed", "ExitStatus: its process exited with status 7", 2),
    "raises": ("failed", "ValueError: unlucky", 2),
    "interrupts": ("crashed", "SIGINT: its process was killed by SIGINT", 2),
    "raises-once": ("completed", "", 2),
    "in-c": ("completed", "", 2),
    "prints": ("completed", "", 1),
    "thread": ("completed", "", 1),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A sweep whose jobs end in every possible way, with one retry, and the command's output."""
    project = Project(tmp_path_factory.mktemp("ended"))
    shutil.copytree(APPS, project.folder, dirs_exist_ok=True)
    options = ["hydra.sweeper.retries=1", "hydra.sweeper.timeout=4", "hydra.sweeper.grace=0.1"]
    return project, project.sweep(f"how={','.join(ENDS)}", "model.width=8", *options, status=1)


def test_how_jobs_end(ended: tuple[Project, str]) -> None:
    project, output = ended
    outcomes: list[tuple[str, str, int]] = []
    for record in project.records():
        error = f"{record.error.type}: {record.error.message}" if record.error else ""
        outcomes.append((record.status.value, error, record.attempt))
    assert outcomes == [*ENDS.values()]
    assert "5 completed, 1 failed, 4 crashed in out" in output
    assert "SIGSEGV: its process was killed by SIGSEGV" in output
    assert (project.folder / "by-a-thread").exists()
    assert (project.out / "results.csv").read_text().count("\n") == 11


def test_processes(ended: tuple[Project, str]) -> None:
    project, _ = ended
    values = [record.value for record in project.records() if record.value]
    assert len(values) == len({value["pid"] for value in values}) == 5
    assert [(value["before"], value["width"]) for value in values] == [([], 8)] * 5
    workers = {record.pid for record in project.records()}
    assert workers.isdisjoint(value["pid"] for value in values)
    imports = (project.folder / "imports").read_text().split()
    assert len(imports) == 3  # the command, and each worker once
    assert workers <= {*map(int, imports)}


def test_output(ended: tuple[Project, str]) -> None:
    project, output = ended
    attempts = (project.out / "6/output.log").read_text()
    assert "seed 0, attempt 1\n" in attempts
    assert "ValueError: unlucky at first" in attempts
    frames = re.findall(r'File "(.*)", line', attempts)
    assert {Path(frame).name for frame in frames} == {"train.py"}  # neither Hydra's nor ours
    assert attempts.endswith("seed 0, attempt 2\n")
    printed = (project.out / "8/output.log").read_text()
    assert printed == "seed 0, attempt 1\nby the descriptor\nby a child\nan error\n"
    for text in ("by the descriptor", "seed 0, attempt"):
        assert text not in output
        assert text not in project.logs()


def test_a_timeout_in_c(ended: tuple[Project, str]) -> None:
    project, _ = ended
    assert "Stopping job 7; it will be killed after 0.1 s" in project.logs()
    assert re.search(r"Job 7 failed after 4\.\d s", project.logs())
    assert project.records()[7].failures == 1
