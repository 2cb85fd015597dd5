"""Each job has a process of its own, and what it does there costs no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from params_proto import results
from tests.workers.conftest import Project, project_in

ENDS = {
    "ends": ("completed", ""),
    "killed": ("crashed", "SIGKILL: its process was killed by SIGKILL"),
    "segfault": ("crashed", "SIGSEGV: its process was killed by SIGSEGV"),
    "exits": ("crashed", "ExitStatus: its process ended with status 7"),
    "raises": ("failed", "ValueError: unlucky"),
    "interrupts": ("crashed", "SIGINT: its process was killed by SIGINT"),
    "raises-once": ("completed", ""),
    "in-c": ("completed", ""),
    "prints": ("completed", ""),
    "thread": ("completed", ""),
}
AGAIN = {"killed", "segfault", "exits", "raises", "interrupts", "raises-once", "in-c"}


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, str]:
    """A sweep with jobs that end in every way, each of them twice if it fails, and what it said."""
    project = project_in(tmp_path_factory.mktemp("ended"))
    hows = [f"how={','.join(ENDS)}", "model.width=4,8"]
    said = project.sweep(
        *hows, "hydra.sweeper.retries=1", "hydra.sweeper.timeout=4", "hydra.sweeper.grace=0.1",
        status=1,
    )  # fmt: skip
    return project, said


def test_how_jobs_end(ended: tuple[Project, str]) -> None:
    project, said = ended
    found = {}
    for record in project.records():
        how = record.overrides[0].removeprefix("how=")
        error = f"{record.error.type}: {record.error.message}" if record.error else ""
        found.setdefault(how, set()).add((record.status.value, error, record.attempt))
    expected = {how: {(*end, 2 if how in AGAIN else 1)} for how, end in ENDS.items()}
    assert found == expected
    assert "10 completed, 2 failed, 8 crashed in out" in said
    assert "SIGSEGV: its process was killed by SIGSEGV (2 jobs: 4, 5)" in said


def test_processes(ended: tuple[Project, str]) -> None:
    project, _ = ended
    completed = [one for one in project.records() if one.value]
    pids = [one.value["pid"] for one in completed]
    assert len(completed) == len({*pids}) == 10
    assert [one.value["before"] for one in completed] == [[]] * 10
    workers = {one.pid for one in project.records()}
    assert len(workers) == 2
    assert workers.isdisjoint(pids)
    imports = (project.folder / "imports").read_text().split()
    assert len(imports) == 3  # the command, and each worker once
    assert workers < {*map(int, imports)}


def test_output(ended: tuple[Project, str]) -> None:
    project, said = ended
    attempts = (project.out / "12/output.log").read_text()
    assert "seed 0, attempt 1\n" in attempts
    assert "ValueError: unlucky at first" in attempts
    assert attempts.endswith("seed 0, attempt 2\n")
    printed = (project.out / "16/output.log").read_text()
    assert printed == "seed 0, attempt 1\nby the descriptor\nby a child\nan error\n"
    assert "by the descriptor" not in said
    assert "seed 0" not in said
    workers = [one.read_text() for one in project.out.glob(".sweep/workers/*.log")]
    assert len(workers) == 2
    assert not any("seed 0, attempt" in one for one in workers)


def test_threads_of_a_job_end_first(ended: tuple[Project, str]) -> None:
    project, _ = ended
    assert (project.folder / "by-a-thread").exists()


def test_results(ended: tuple[Project, str]) -> None:
    project, _ = ended
    frame = results(project.out)
    assert list(frame["job"]) == list(range(20))
    assert list(frame["model.width"]) == [4, 8] * 10
    assert (project.out / "results.csv").exists()
    (value,) = frame["width"][frame["job"] == 1]
    assert value == 8
    directories = [Path(one) for one in frame["directory"].dropna()]
    assert {*directories} <= {project.out / str(number) for number in range(20)}


def test_a_timeout_in_c(ended: tuple[Project, str]) -> None:
    project, _ = ended
    records = [one for one in project.records() if one.overrides[0] == "how=in-c"]
    assert [(one.attempt, one.failures) for one in records] == [(2, 1)] * 2
    logs = "".join(one.read_text() for one in project.out.glob(".sweep/workers/*.log"))
    assert len(re.findall(r"Ending job 1[45], in 0\.1 s at the latest", logs)) == 2
    assert len(re.findall(r"Job 1[45] failed in 4\.\d s", logs)) == 2
