"""The files of a sweep: places, permissions, and `plan.json`, valid and damaged."""

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

from params_proto.errors import SweepError
from params_proto.multirun.job_runner import Launch
from params_proto.records import JobStore, Status
from params_proto.records.manifest import (
    FAILED_DIR,
    STATE_DIR,
    has_plan,
    read_plan,
    record_path,
    record_paths,
)
from tests.records.test_record import RECORD
from tests.report import sweeps

JOB = 1234


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
    for other in ("01.json", "1.json~", "1.claim-1", "x.json", ".1.json.node7-4242.tmp"):
        expected.with_name(other).write_text("{}")
    assert list(record_paths(tmp_path)) == [(job, expected)]


# --- plan.json

PLAN = sweeps.PLAN._replace(
    config_name="config",
    task=["+sweep=ablation", "name='é a'"],
    sweep_selectors=["+sweep=ablation"],
    keys=["lr"],
    jobs=40,
)
FILE = PLAN._asdict()


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    (tmp_path / ".sweep").mkdir()
    (tmp_path / "sweep.yaml").write_text("")
    return tmp_path


def test_it_is_there_with_its_sweep(tmp_path: Path) -> None:
    PLAN.write(tmp_path)
    assert not has_plan(tmp_path)
    (tmp_path / "sweep.yaml").write_text("")
    assert has_plan(tmp_path)
    assert [path.name for path in (tmp_path / ".sweep").iterdir()] == ["plan.json"]
    assert json.loads((tmp_path / ".sweep" / "plan.json").read_text()) == FILE | {"format": 1}
    assert read_plan(tmp_path) == PLAN


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "it is not a JSON object"),
        ("{}", "format is None"),
        ("[" * 100_000, "it is not JSON: it is nested too deep"),
        *[(json.dumps(FILE)[:length], "is not the plan of a sweep: it is not JSON") for length in (0, 1, 100)],
        *[(json.dumps({key: FILE[key] for key in FILE if key != name}), f": {name} is None") for name in ("script", "hydra")],
        (json.dumps(FILE | {"format": 2}), "has format 2, and this version of params_proto reads format 1: resume with the version"),
        *[(json.dumps(FILE | {"task": other}), ": task is ") for other in ("lr", ["lr", None])],
        *[(json.dumps(FILE | {"earlier": other}), ": earlier is ") for other in ("0", True)],
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


@pytest.fixture(params=[0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Of the process that writes."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.mark.parametrize("mode", [0o755, 0o2770], ids=oct)
def test_files_have_the_mode_of_the_folder(umask: int, mode: int, tmp_path: Path) -> None:
    own = tmp_path / STATE_DIR
    own.mkdir()
    own.chmod(mode)
    store = JobStore(tmp_path)
    first = store.claim(RECORD._replace(job=JOB, attempt=1, status=Status.RUNNING))
    assert first is not None
    store.write(first._replace(job=JOB + 1))
    Launch(max_failures=3, failures=own / FAILED_DIR / "0").count_failure(JOB)
    assert (own / FAILED_DIR / "0" / str(JOB)).is_file()
    for path in own.rglob("*"):
        found = S_IMODE(path.stat().st_mode)
        assert found & ~S_ISGID == mode & (0o777 if path.is_dir() else 0o666), path
        # Systems that hand down the group without it, as macOS, have none to hand down.
        if path.is_dir() and sys.platform == "linux":
            assert found & S_ISGID == mode & S_ISGID, path
