"""Sweeps with and without workers have equal jobs, configs, directories, records and results."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from params_proto import results
from params_proto.records.manifest import read_plan
from tests.python.test_notebook import run as run_notebook
from tests.workers.conftest import Project

# Fields that may differ: who ran a job, and when.
OWN = ("host", "pid", "process", "started", "ended", "duration")
OF_A_PROCESS = ("pid", "before", "directory")  # values returned by train.py that may differ
LOG = "output.log"


def files(sweep: Path) -> dict[str, str]:
    """The files that the jobs have written, without times and the name of the sweep."""
    texts: dict[str, str] = {}
    for path in sorted(sweep.rglob("*")):
        name = path.relative_to(sweep)
        if path.is_dir() or name.parts[0] == ".sweep" or name.name in (LOG, "results.csv"):
            continue
        lines = path.read_text().splitlines()
        kept = [
            re.sub(rf"\b{sweep.name}\b", "SWEEP", re.sub(r"^\[[-\d]+ [\d:,]+\]", "", line))
            for line in lines
            if "workers" not in line and "params_proto.multirun.executor" not in line
        ]
        texts[str(name)] = "\n".join(kept)
    return texts


def frame(sweep: Path) -> pd.DataFrame:
    rows = results(sweep)
    rows["dir"] = [str(Path(directory).relative_to(sweep)) for directory in rows["dir"]]
    return rows.drop(columns=[column for column in rows if column in (*OWN, *OF_A_PROCESS)])


def report(project: Project, sweep: str) -> list[str]:
    """The lines of its report, without numbers, which depend on the times."""
    assert project.cli("report", sweep) == 0
    text = (project.folder / sweep / "report.html").read_text().partition("<script")[0]
    text = re.sub(r"\b(plain|out)\b| hydra\.sweeper\.workers=1", "", text)
    return re.sub(r"\d[\d.]*(e-\d+)?", "0", text).splitlines()


def compare(project: Project, jobs: int) -> None:
    """Compares the sweeps in `plain` and `out`."""
    plain, out = project.folder / "plain", project.out
    assert len(project.records("plain")) == jobs
    pairs = zip(project.records("plain"), project.records(), strict=True)
    for ours, theirs in ((a._asdict(), b._asdict()) for a, b in pairs):
        for record in (ours, theirs):
            for name in OWN:
                del record[name]
            if isinstance(record["value"], dict):
                for name in OF_A_PROCESS:
                    record["value"].pop(name, None)
            if record["error"]:
                record["error"] = record["error"].message
        assert ours == theirs
    assert files(plain) == files(out)
    pd.testing.assert_frame_equal(frame(plain), frame(out))
    same = {"created": "", "hydra": []}
    assert read_plan(plain)._replace(**same) == read_plan(out)._replace(**same)


def test_a_hydra_app(project: Project) -> None:
    arguments = ["+sweep=grid", "hydra.job.chdir=true",
                 "hydra.sweep.subdir=${hydra.job.override_dirname}"]  # fmt: skip
    project.sweep(*arguments, to="plain", workers=None, script="groups.py", status=1)
    plain = (project.folder / "notes").read_text().splitlines()
    (project.folder / "notes").unlink()
    output = project.sweep(*arguments, script="groups.py", status=1)
    notes = (project.folder / "notes").read_text().splitlines()
    compare(project, 4)
    assert sorted(notes) == sorted(plain)
    assert (notes[0], notes[-1]) == (plain[0], plain[-1])
    assert "lr 1" not in output


def test_a_proto_app(project: Project) -> None:
    arguments = ["seed=1,2", "model.width=8", "how=ends,raises"]
    project.sweep(*arguments, to="plain", workers=None, status=1)
    project.sweep(*arguments, workers=1, status=1)
    for name in ("plain", "out"):  # what job() returned
        values = [record.value for record in project.records(name) if record.value]
        assert [value["number"] for value in values] == [0, 2]
        assert [value["directory"] for value in values] == [
            str(project.folder / name / number) for number in "02"
        ]
    compare(project, 4)


def test_a_launch(project: Project) -> None:
    done = subprocess.run(
        [sys.executable, "launch.py"],
        cwd=project.folder, capture_output=True, text=True, check=True, timeout=240,
    )  # fmt: skip
    compare(project, 4)
    assert done.stdout.count("a job with lr=1") == 2  # only the jobs without workers
    frames = re.findall(r"^(?:job,lr|\d,).*$", done.stdout, re.MULTILINE)
    assert (
        frames[:5]
        == frames[5:]
        == [
            "job,lr,seed,loss",
            *[
                f"{number},{lr},{seed},{3 * lr + seed}"
                for number, (lr, seed) in enumerate([(1.0, 3), (1.0, 4), (2.0, 3), (2.0, 4)])
            ],
        ]
    )


CELLS = [
    "factor = 10\ndef train(lr: float = 0.1):\n    print('job', lr)\n    return lr * factor",
    "from params_proto import Sweep, proto\nsweep = Sweep(proto.cli(train)).product(lr=[1, 2])",
    "a = sweep.launch(sweep_dir='plain')",
    "b = sweep.launch(sweep_dir='out', workers=1)",
    "a['value'].tolist(), b['value'].tolist()",
]


@pytest.mark.growth
def test_a_notebook(project: Project) -> None:
    shown: Any = run_notebook(project.folder, *CELLS)
    assert shown[0] == "([10.0, 20.0], [10.0, 20.0])"
    assert shown[1:] == ["job 1.0", "job 2.0"]  # only the jobs without workers
    compare(project, 2)
    assert report(project, "plain") == report(project, "out")
