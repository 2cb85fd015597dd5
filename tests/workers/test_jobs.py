"""Each job has a process of its own, and what it does there costs no other."""

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
    "exits": ("crashed", "ExitStatus: its process ended with status 7", 2),
    "raises": ("failed", "ValueError: unlucky", 2),
    "interrupts": ("crashed", "SIGINT: its process was killed by SIGINT", 2),
    "raises-once": ("completed", "", 2),
    "in-c": ("completed", "", 2),
    "prints": ("completed", "", 1),
    "thread": ("completed", "", 1),
}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A sweep with jobs that end in every way, each of them twice if it fails, and what it said."""
    project = Project(tmp_path_factory.mktemp("ended"))
    shutil.copytree(APPS, project.folder, dirs_exist_ok=True)
    options = ["hydra.sweeper.retries=1", "hydra.sweeper.timeout=4", "hydra.sweeper.grace=0.1"]
    return project, project.sweep(f"how={','.join(ENDS)}", "model.width=8", *options, status=1)


def test_how_jobs_end(ended: tuple[Project, str]) -> None:
    project, said = ended
    found: list[tuple[str, str, int]] = []
    for record in project.records():
        error = f"{record.error.type}: {record.error.message}" if record.error else ""
        found.append((record.status.value, error, record.attempt))
    assert found == [*ENDS.values()]
    assert "5 completed, 1 failed, 4 crashed in out" in said
    assert "SIGSEGV: its process was killed by SIGSEGV" in said
    assert (project.folder / "by-a-thread").exists()
    assert (project.out / "results.csv").read_text().count("\n") == 11


def test_processes(ended: tuple[Project, str]) -> None:
    project, _ = ended
    completed = [one.value for one in project.records() if one.value]
    assert len(completed) == len({one["pid"] for one in completed}) == 5
    assert [(one["before"], one["width"]) for one in completed] == [([], 8)] * 5
    workers = {one.pid for one in project.records()}
    assert workers.isdisjoint(one["pid"] for one in completed)
    imports = (project.folder / "imports").read_text().split()
    assert len(imports) == 3  # the command, and each worker once
    assert workers <= {*map(int, imports)}


def test_output(ended: tuple[Project, str]) -> None:
    project, said = ended
    attempts = (project.out / "6/output.log").read_text()
    assert "seed 0, attempt 1\n" in attempts
    assert "ValueError: unlucky at first" in attempts
    frames = re.findall(r'File "(.*)", line', attempts)
    assert {Path(one).name for one in frames} == {"train.py"}  # none of Hydra's, and none of ours
    assert attempts.endswith("seed 0, attempt 2\n")
    printed = (project.out / "8/output.log").read_text()
    assert printed == "seed 0, attempt 1\nby the descriptor\nby a child\nan error\n"
    for text in ("by the descriptor", "seed 0, attempt"):
        assert text not in said
        assert text not in project.logs()


def test_a_timeout_in_c(ended: tuple[Project, str]) -> None:
    project, _ = ended
    assert "Stopping job 7; it is killed after 0.1 s" in project.logs()
    assert re.search(r"Job 7 failed in 4\.\d s", project.logs())
    assert project.records()[7].failures == 1
