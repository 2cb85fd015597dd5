"""The files of a sweep: where they are, their permissions, and `plan.json`, whole and damaged."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE, S_ISGID
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from params_proto.errors import SweepError
from params_proto.multirun.job_runner import Launch
from params_proto.records import JobStore, Status
from params_proto.records.manifest import (
    FAILED,
    FORMAT,
    OWN,
    PlanFile,
    has_plan,
    read_plan,
    record_path,
    record_paths,
)
from tests.records.test_record import RECORD

JOB = 1234
FOREIGN = [
    *("0/0/01.json", "0/0/-1.json", "0/0/1.JSON", "0/0/1.json~", "0/0/1.claim-1", "0/0/x.json"),
    *("0/0/.1.json.node7-4242.tmp", "0/0/1000.json", "0/1/1.json", "00/0/1.json", "0/00/1.json"),
    *("0/x/1.json", "x/0/1.json", "1.json", "0/1.json", "0/0/\u0661.json"),
]


@pytest.mark.parametrize(
    ("job", "path"),
    [
        (0, "0/0/0.json"),
        (999, "0/0/999.json"),
        (1000, "0/1/1000.json"),
        (999_999, "0/999/999999.json"),
        (10**36 + 7, f"{10**30}/0/{10**36 + 7}.json"),
    ],
)
def test_the_path_of_a_record(tmp_path: Path, job: int, path: str) -> None:
    expected = tmp_path / ".sweep" / "jobs" / path
    assert record_path(tmp_path, job) == expected
    expected.parent.mkdir(parents=True)
    expected.write_text("")
    assert list(record_paths(tmp_path)) == [(job, expected)]


def test_foreign_files_are_left_out(tmp_path: Path) -> None:
    assert list(record_paths(tmp_path)) == []
    jobs = tmp_path / ".sweep" / "jobs"
    for name in FOREIGN:
        (jobs / name).parent.mkdir(parents=True, exist_ok=True)
        (jobs / name).write_text("{}")
    assert list(record_paths(tmp_path)) == []


# --- plan.json

PLAN = PlanFile(
    script=["python", "train.py", "-m"],
    function="train.py:main",
    config_name="config",
    task=["+sweep=ablation", "name='é a'"],
    hydra=["hydra.mode=MULTIRUN"],
    selecting=["+sweep=ablation"],
    order=["lr", "sweep"],
    keys=["lr"],
    choices=[],
    groups=[],
    jobs=40,
    sweep="0" * 64,
    earlier=0,
    created="2026-11-24T10:00:00.000+01:00",
)
FILE = PLAN._asdict()

lines = st.lists(st.text(max_size=4), max_size=2)


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    (tmp_path / ".sweep").mkdir()
    (tmp_path / "sweep.yaml").write_text("")
    return tmp_path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@settings(max_examples=10)
@given(st.builds(PlanFile, lines, st.text(), st.none() | st.text(), lines, lines, lines, lines, lines, lines, lines, st.none() | st.integers(0), st.text(), st.integers(0), st.text(), st.none() | st.text(), st.none(), st.just(FORMAT)))  # fmt: skip
def test_what_is_written_is_read(place: Path, plan: PlanFile) -> None:
    plan.write(place)
    assert read_plan(place) == plan


def test_it_is_there_with_its_sweep(tmp_path: Path) -> None:
    PLAN.write(tmp_path)
    assert not has_plan(tmp_path)
    (tmp_path / "sweep.yaml").write_text("")
    assert has_plan(tmp_path)
    assert [path.name for path in (tmp_path / ".sweep").iterdir()] == ["plan.json"]
    assert json.loads((tmp_path / ".sweep" / "plan.json").read_text()) == FILE | {"format": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "it is not a JSON object"),
        ("{}", "format is missing"),
        ("[" * 100_000, "it is not JSON: it is nested too deep"),
        *[(json.dumps(FILE)[:length], "is not the plan of a sweep: it is not JSON") for length in (0, 1, 100)],
        *[(json.dumps({key: FILE[key] for key in FILE if key != name}), f": {name} is missing") for name in FILE],
        (json.dumps(FILE | {"format": 2}), "is of format 2, and this version of params_proto reads format 1: resume with the version"),
        *[(json.dumps(FILE | {"task": other}), ": task is ") for other in (None, "lr", {}, [1], ["lr", None])],
        *[(json.dumps(FILE | {name: 1}), f": {name} is 1") for name in ("script", "metric", "function")],
        *[(json.dumps(FILE | {"earlier": other}), ": earlier is ") for other in (None, "0", 1.5, True)],
    ],
    ids=lambda text: text[:60],
)  # fmt: skip
def test_not_a_plan(sweep: Path, text: str, message: str) -> None:
    (sweep / ".sweep" / "plan.json").write_text(text)
    with pytest.raises(SweepError, match=message) as caught:
        read_plan(sweep)
    assert str(sweep / ".sweep" / "plan.json") in str(caught.value)


def test_what_a_later_version_adds_is_ignored(sweep: Path) -> None:
    (sweep / ".sweep" / "plan.json").write_text(json.dumps(FILE | {"node": 7}))
    assert read_plan(sweep) == PLAN


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir], ids=["missing", "a folder"])
def test_a_plan_that_cannot_be_read(sweep: Path, make: Any) -> None:
    make(sweep / ".sweep" / "plan.json")
    with pytest.raises(SweepError, match=r"plan\.json cannot be read: (No such|Is a dir)"):
        read_plan(sweep)


def test_a_plan_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / ".sweep").write_text("")
    with pytest.raises(SweepError, match=r"plan\.json cannot be written: Not a directory"):
        PLAN.write(tmp_path)


# --- permissions


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Of the process that writes."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o700, 0o2770], ids=oct)
def test_files_have_the_mode_of_the_folder(umask: int, mode: int, tmp_path: Path) -> None:
    own = tmp_path / OWN
    own.mkdir()
    own.chmod(mode)
    store = JobStore(tmp_path)
    first = store.claim(RECORD._replace(job=JOB, attempt=1, status=Status.RUNNING))
    assert first is not None
    store.write(first._replace(job=JOB + 1))
    Launch(max_failures=3, failures=own / FAILED / "0").count_failure(JOB)
    assert (own / FAILED / "0" / str(JOB)).is_file()
    for path in own.rglob("*"):
        found = S_IMODE(path.stat().st_mode)
        assert found & ~S_ISGID == mode & (0o777 if path.is_dir() else 0o666), path
        # Systems that hand down the group without it, as macOS, have none to hand down.
        if path.is_dir() and sys.platform == "linux":
            assert found & S_ISGID == mode & S_ISGID, path


def test_the_mode_of_the_sweeps_directory_is_its_own(tmp_path: Path, umask: int) -> None:
    """It is made by a worker that has a disk of its own, or has been there before."""
    sweep = tmp_path / "sweep"
    JobStore(sweep).write(RECORD)
    tmp_path.joinpath("private").mkdir(mode=0o700)
    JobStore(tmp_path / "private").write(RECORD)
    for path in (sweep, *sweep.rglob("*"), tmp_path / "private/.sweep"):
        assert S_IMODE(path.stat().st_mode) == (0o777 if path.is_dir() else 0o666) & ~umask, path
