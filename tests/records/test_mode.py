"""What is made in `.sweep` has its mode, whoever makes it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from stat import S_IMODE, S_ISGID

import pytest

from params_proto.multirun.asked.sweeps import digest, follow
from params_proto.multirun.job_runner import FailureCounter
from params_proto.records import Record, Records, Status
from params_proto.records.layout import FAILED, OWN, claim_path
from params_proto.records.plan import read_plan
from tests.records.test_plan import PLAN
from tests.records.test_record import RECORD

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
    records = Records(own.parent)
    first = records.begin(JOB, lambda attempt: RECORD._replace(job=JOB, attempt=attempt))
    assert first is not None
    records.write(first._replace(status=Status.FAILED))
    claim = claim_path(own.parent, JOB, 2)
    seen: list[int] = []

    def second(attempt: int) -> Record:
        seen.append(S_IMODE(claim.stat().st_mode))
        assert_all_have_it(own)
        return RECORD._replace(job=JOB, attempt=attempt)

    assert records.begin(JOB, second) is not None
    assert seen == [own.stat().st_mode & 0o666]
    assert records.path(JOB).is_file()
    assert_all_have_it(own)


def test_what_counts_failures(own: Path) -> None:
    FailureCounter(own / FAILED / "0", 3).add(JOB)

    assert (own / FAILED / "0" / str(JOB)).is_file()
    assert_all_have_it(own)


def test_plans_of_sweeps_that_follow(own: Path) -> None:
    (own.parent / "sweep.yaml").write_text("product: {a: [1]}\n")
    plan = PLAN._replace(sweep=digest("product: {a: [1]}\n"), earlier=0)
    plan.write(own.parent)
    follow(own.parent, read_plan(own.parent), "product: {a: [2]}\n")

    assert {path.name for path in own.rglob("*")} == {"plan.json", "earlier", "0.yaml"}
    assert_all_have_it(own)


@pytest.mark.skipif(sys.platform != "linux", reason="others hand down the group without it")
def test_folders_of_a_group_hand_it_down(tmp_path: Path) -> None:
    own = tmp_path / OWN
    own.mkdir()
    own.chmod(0o2770)
    path = Records(tmp_path).path(JOB)
    Records(tmp_path).write(RECORD._replace(job=JOB))

    modes = [S_IMODE(folder.stat().st_mode) for folder in path.parents[:3]]
    assert modes == [0o2770] * 3


def test_the_sweep_s_own_folder_is_none_of_its(tmp_path: Path, umask: int) -> None:
    """Where the sweep's directory is one that a worker makes, on a disk of its own."""
    sweep = tmp_path / "sweep"
    Records(sweep).write(RECORD)

    assert json.loads(Records(sweep).path(RECORD.job).read_bytes())["job"] == RECORD.job
    for path in (sweep, *sweep.rglob("*")):
        assert S_IMODE(path.stat().st_mode) == (0o777 if path.is_dir() else 0o666) & ~umask, path
