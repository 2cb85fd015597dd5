"""The examples in docs/: other sweepers' packages run the same jobs as ours."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from tests.pages import ROOT, Section, commands, ran, run, sections, write_files

MIGRATIONS = [
    (ROOT / "docs" / name).read_text("utf-8")
    for name in ("from-other-sweepers.md", "from-hydra-zen.md")
]
OPTUNA = (ROOT / "docs" / "optuna.md").read_text("utf-8")
SECTIONS = [
    pytest.param(page, section, id=section.heading)
    for page in MIGRATIONS
    for section in sections(page)
    if any(command.needs_a_neighbour for command in commands(section.text))
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    return tmp_path


def test_each_of_them_has_a_section() -> None:
    shown = [command for page in MIGRATIONS for command in commands(page)]
    notes = {command.note for command in shown if command.needs_a_neighbour}

    assert notes == {"hydra-list-sweeper", "hydra-filter-sweeper", "hydra-zen"}


@pytest.mark.parametrize(("page", "section"), SECTIONS)
def test_the_same_jobs_in_the_same_order(page: str, section: Section, folder: Path) -> None:
    write_files(page, folder)
    expected = section.jobs.splitlines()
    assert len(expected) > 2
    for line, jobs, _ in ran(section, folder, lambda command: True):
        assert jobs == expected, line


def test_optuna_minimises_what_train_returns(folder: Path) -> None:
    write_files(OPTUNA, folder)
    tuning, showing = (one.line for one in commands(OPTUNA) if one.needs_a_neighbour)

    out = run(tuning, folder)
    found = OmegaConf.to_container(OmegaConf.create(run(showing, folder)))

    jobs = re.findall(r"^adam lr=(.*) batch_size=(\d+) loss=(.*)$", out, re.MULTILINE)
    assert len(jobs) == 20
    assert len(set(jobs)) > 10
    least = min(jobs, key=lambda job: float(job[2]))[2]
    assert f"{found['best_value']:.4f}" == least
    # Of the digits that are printed several jobs may have the least.
    best = [(lr, size) for lr, size, loss in jobs if loss == least]
    lr, size = (found["best_params"][key] for key in ("optimizer.lr", "batch_size"))
    assert (f"{lr:.3f}", str(size)) in best
