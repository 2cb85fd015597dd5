"""The files of a sweep: where they are, their permissions, and `plan.json`, whole and damaged."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE, S_ISGID
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from params_proto.errors import SweepError
from params_proto.multirun.job_runner import FailureCounter
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


@pytest.mark.parametrize(
    ("job", "path"),
    [
        (0, "0/0/0.json"),
        (999, "0/0/999.json"),
        (1000, "0/1/1000.json"),
        (999_999, "0/999/999999.json"),
        (1_000_000, "1/0/1000000.json"),
        (10**9, "1000/0/1000000000.json"),
        (10**36 + 7, f"{10**30}/0/{10**36 + 7}.json"),
    ],
)
def test_a_record(tmp_path: Path, job: int, path: str) -> None:
    expected = tmp_path / ".sweep" / "jobs" / path
    assert record_path(tmp_path, job) == expected
    expected.parent.mkdir(parents=True)
    expected.write_text("")
    assert list(record_paths(tmp_path)) == [(job, expected)]


def test_no_folder_holds_more_than_a_thousand() -> None:
    folders: dict[Path, int] = {}
    for job in [*range(2500), *range(998_500, 1_001_500)]:
        path = record_path(Path("out"), job)
        folders[path.parent] = folders.get(path.parent, 0) + 1
    assert max(folders.values()) == 1000
    parts = [record_path(Path(), 1000 * thousands).parts[-3:-1] for thousands in range(3000)]
    assert len(set(parts)) == 3000
    assert {len({last for first, last in parts if first == each}) for each in "012"} == {1000}


def test_in_order_of_their_numbers(tmp_path: Path) -> None:
    jobs = [0, 2, 10, 999, 1000, 2000, 10_000, 999_999, 1_000_000, 2_000_000, 10_000_000]
    for job in reversed(jobs):
        path = record_path(tmp_path, job)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    assert [job for job, _ in record_paths(tmp_path)] == jobs


@pytest.mark.parametrize(
    "foreign",
    [
        *(
            "0/0/01.json",
            "0/0/-1.json",
            "0/0/1.JSON",
            "0/0/1.json~",
            "0/0/1.claim-1",
            "0/0/\u0661.json",
        ),
        *("0/0/.1.json.4242.tmp", "0/0/x.json", "0/0/1000.json", "0/1/1.json", "00/0/1.json"),
        *("0/00/1.json", "x/0/1.json", "0/x/1.json", "0/\u0660/1.json", "1.json", "0/1.json"),
        *("0/0/1/1.json", ".DS_Store", "0/.nfs1", "0/0/thumbs.db", "²/0/1.json", "0/²/1.json"),
    ],
)
def test_a_foreign_file_is_left_out(tmp_path: Path, foreign: str) -> None:
    path = tmp_path / ".sweep" / "jobs" / foreign
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    assert list(record_paths(tmp_path)) == []


def test_none(tmp_path: Path) -> None:
    assert list(record_paths(tmp_path / "missing")) == []
    (tmp_path / ".sweep").mkdir()
    (tmp_path / ".sweep" / "jobs").write_text("")
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
    assert not has_plan(tmp_path)
    PLAN.write(tmp_path)
    assert not has_plan(tmp_path)
    (tmp_path / "sweep.yaml").write_text("")
    assert has_plan(tmp_path)
    PLAN._replace(jobs=None).write(tmp_path)
    assert read_plan(tmp_path).jobs is None
    assert [path.name for path in (tmp_path / ".sweep").iterdir()] == ["plan.json"]


def test_it_is_read_without_this_package(sweep: Path) -> None:
    PLAN.write(sweep)
    assert json.loads((sweep / ".sweep" / "plan.json").read_text()) == FILE | {"format": 1}


def test_a_cut_file_is_no_plan(sweep: Path) -> None:
    PLAN.write(sweep)
    path = sweep / ".sweep" / "plan.json"
    content = path.read_bytes().rstrip()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(
            SweepError, match=r"plan\.json is not the plan of a sweep: it is not JSON"
        ):
            read_plan(sweep)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "it is not a JSON object"),
        ("{}", "format is missing"),
        ("[" * 100_000, "it is not JSON: it is nested too deep"),
        *[(json.dumps({key: FILE[key] for key in FILE if key != name}), f": {name} is missing") for name in FILE],
        (json.dumps(FILE | {"format": 2}), "is of format 2, and this version of params_proto reads format 1: resume with the version"),
        (json.dumps(FILE | {"format": "x" * 99}), "is of format 'x{19}, and"),
        *[(json.dumps(FILE | {name: other}), f": {name} is ")
          for name in ("script", "task", "hydra", "selecting", "order", "keys")
          for other in (None, "lr", {}, [1], ["lr", None])],
        *[(json.dumps(FILE | {name: 1}), f": {name} is 1") for name in ("metric", "function")],
        *[(json.dumps(FILE | {"earlier": other}), f": earlier is {re.escape(repr(other))}") for other in (None, "0", [], 1.5)],
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

JOB = 1234


@pytest.fixture(params=[0o022, 0o077, 0o002], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Of the process that writes."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@pytest.fixture(params=[0o755, 0o770, 0o700, 0o2770], ids=oct)
def own(request: pytest.FixtureRequest, umask: int, tmp_path: Path) -> Path:
    folder = tmp_path / OWN
    folder.mkdir()
    folder.chmod(request.param)
    return folder


def assert_all_have_it(own: Path) -> None:
    mode = S_IMODE(own.stat().st_mode)
    for path in own.rglob("*"):
        # Systems that hand down the group without it, as macOS, have none to hand down.
        handed = S_IMODE(path.stat().st_mode) & ~S_ISGID
        assert handed == mode & (0o777 if path.is_dir() else 0o666), path


def test_records_and_claims(own: Path) -> None:
    store = JobStore(own.parent)
    first = store.claim(RECORD._replace(job=JOB, attempt=1, status=Status.RUNNING))
    assert first is not None
    store.write(first._replace(status=Status.FAILED))
    assert store.claim(first) is not None
    assert store.path(JOB).is_file()
    assert_all_have_it(own)


def test_what_counts_failures(own: Path) -> None:
    FailureCounter(own / FAILED / "0", 3).add(JOB)

    assert (own / FAILED / "0" / str(JOB)).is_file()
    assert_all_have_it(own)


@pytest.mark.skipif(sys.platform != "linux", reason="others hand down the group without it")
def test_folders_of_a_group_hand_it_down(tmp_path: Path) -> None:
    own = tmp_path / OWN
    own.mkdir()
    own.chmod(0o2770)
    path = JobStore(tmp_path).path(JOB)
    JobStore(tmp_path).write(RECORD._replace(job=JOB))

    modes = [S_IMODE(folder.stat().st_mode) for folder in path.parents[:3]]
    assert modes == [0o2770] * 3


def test_the_sweep_s_own_folder_is_none_of_its(tmp_path: Path, umask: int) -> None:
    """Where the sweep's directory is one that a worker makes, on a disk of its own."""
    sweep = tmp_path / "sweep"
    JobStore(sweep).write(RECORD)
    tmp_path.joinpath("private").mkdir(mode=0o700)
    JobStore(tmp_path / "private").write(RECORD)

    assert json.loads(JobStore(sweep).path(RECORD.job).read_bytes())["job"] == RECORD.job
    for path in (sweep, *sweep.rglob("*"), tmp_path / "private/.sweep"):
        assert S_IMODE(path.stat().st_mode) == (0o777 if path.is_dir() else 0o666) & ~umask, path
