"""`hydra.sweeper.dry_run` checks and shows the jobs, without any effect."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from params_proto.multirun import dry_run

DRY = "hydra.sweeper.dry_run=true"


def left(app: Path) -> list[str]:
    return [str(path.relative_to(app)) for path in app.glob("out/**/*")]


def test_a_table(multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    multirun("lr=1,2", "seed=3,4", "hydra.sweep.subdir=lr${lr}/${seed}", DRY)
    said = capsys.readouterr().out
    assert said == (
        "job  overrides    directory\n"
        "  0  lr=1 seed=3  lr1/3\n"
        "  1  lr=1 seed=4  lr1/4\n"
        "  2  lr=2 seed=3  lr2/3\n"
        "  3  lr=2 seed=4  lr2/4\n"
        f"4 jobs in {app}/out, 4 checked and valid. Nothing was started or written (dry run).\n"
    )
    assert left(app) == []


def test_a_dry_run_of_a_resume(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def task(config: Any) -> None:
        if config.seed == 2:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        multirun("seed=1,2", task=task)
    before = left(app)
    capsys.readouterr()
    resume = "hydra.sweeper.resume=true"
    multirun("seed=1,2,3", resume, DRY)
    shown = [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()[1:4]]
    assert shown == [
        ["0", "seed=1", "0", "completed"],
        ["1", "seed=2", "1", "failed, runs again"],
        ["2", "seed=3", "2"],
    ]
    config = app / "conf/config.yaml"
    config.write_text(config.read_text().replace("lr: 0.1", "lr: 0.2"))
    again = ["hydra.sweeper.rerun=[crashed]", "hydra.sweeper.resume_changed=true"]
    multirun("seed=1,2,3", resume, *again, "hydra.sweeper.dry_run=json")
    said = capsys.readouterr()
    assert "the app's config has changed since" in said.err
    jobs = [json.loads(line) for line in said.out.splitlines()]
    assert [(one["job"], one["status"], one["runs"]) for one in jobs] == [
        (0, "completed", False),
        (1, "failed", False),
        (2, "pending", True),
    ]
    assert (jobs[1]["overrides"], jobs[1]["dir"]) == (["seed=2"], "1")
    assert left(app) == before


def test_of_many_jobs_the_first_thousand(
    multirun: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dry_run.BATCH == 1000
    monkeypatch.setattr(dry_run, "BATCH", 50)
    multirun("seed=range(1000000)", "hydra.sweeper.slice=7:", DRY)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:-1]] == [*map(str, range(7, 57))]
    assert lines[-1].startswith("999,993 jobs in ")


def test_a_reader_that_has_seen_enough(app: Path, python: Any) -> None:
    (app / "app.py").write_text(
        "import hydra\n"
        "@hydra.main(version_base='1.3', config_path='conf', config_name='config')\n"
        "def main(config): ...\n"
        "main()\n"
    )
    ours = f"{sys.executable} -W ignore app.py -m hydra/sweeper=params_proto seed='range(200)'"
    long = f"name={'x' * 999}"  # all in all more than a pipe holds
    piped = f"{ours} {long} hydra.sweeper.dry_run=json | head -1"
    done = subprocess.run(["sh", "-c", piped], cwd=app, capture_output=True, text=True)
    assert json.loads(done.stdout)["overrides"][0] == "seed=0"
    assert done.stderr == ""


def test_what_all_jobs_have_is_shown_once(
    multirun: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    multirun("name=x", "lr=3", "+model=small", "seed=1,2", DRY)
    assert capsys.readouterr().out.splitlines()[1:-1] == [
        *("  0  seed=1     0", "  1  seed=2     1"),
        "Every job also has name=x lr=3 +model=small",
    ]
    multirun("name=x", DRY)
    assert capsys.readouterr().out.splitlines()[1:-1] == ["  0  name=x     0"]
    multirun("name=x,y", "hydra.sweeper.slice=3::8", DRY)
    assert capsys.readouterr().out.splitlines()[1].startswith("0 jobs in ")


def test_a_directory_that_only_the_job_knows(
    multirun: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    multirun("seed=1", "hydra.sweep.subdir=${oc.env:NOT_HERE}", DRY)
    assert capsys.readouterr().out.splitlines()[1].split(maxsplit=2) == [
        "0",
        "seed=1",
        "known when it runs",
    ]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["seed=1,2", "hydra.sweep.subdir=same", DRY], "would share the directory"),
        (["seed=1", "hydra.sweeper.dry_run=yaml"], "dry_run=yaml: it is true for a table, or json"),
        (["seed=1", "hydra.sweeper.dry_run="], "dry_run=: it is true for a table, or json"),
    ],
    ids=["directory", "form", "nothing"],
)
def test_mistakes(multirun: Any, app: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(CompactHydraException, match=message):
        multirun(*overrides)
    assert left(app) == []
