"""What processes leave that die while they write."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from params_proto.records import Record, Records, Status
from params_proto.records.layout import claim_path
from params_proto.records.process import this_process

ME = this_process()
RECORD = Record(
    job=12,
    overrides=["lr=1"],
    config={"lr": 1},
    identity="a",
    dir="12",
    host=ME.host,
    pid=ME.pid,
    process=ME.began,
    attempt=1,
    status=Status.CRASHED,
    started="2026-11-24T10:00:00.000+01:00",
)


@pytest.fixture
def records(tmp_path: Path) -> Records:
    records = Records(tmp_path)
    records.write(RECORD)
    return records


@pytest.fixture
def gone() -> int:
    """The number of a process that is there no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_next_attempt_removes_what_the_last_has_left(records: Records, gone: int) -> None:
    folder = records.path(12).parent
    left = folder / f".12.json.{ME.host}-{gone}.tmp"
    others = [folder / f".123.json.{ME.host}-{gone}.tmp", folder / f".12.json.{ME.host}-1.tmp"]
    claims = [claim_path(records.directory, 12, 1), claim_path(records.directory, 123, 1)]
    for path in (left, *others, *claims):
        path.write_text("{")
    begun = records.begin(12, lambda attempt: RECORD._replace(attempt=attempt))
    assert begun is not None
    assert begun.attempt == 2
    assert not left.exists()
    assert [path.exists() for path in others] == [True, True]  # another job's, one being written
    assert [path.exists() for path in claims] == [False, True]


def test_what_is_left_of_first_records(records: Records, gone: int) -> None:
    folder = records.path(12).parent
    left = [folder / f".{job}.json.{ME.host}-{gone}.tmp" for job in (12, 13)]
    others = [folder / f".14.json.{ME.host}-{ME.pid}.tmp", folder / ".mine.tmp"]
    for path in (*left, *others):
        path.write_text("{")
    records.remove_left()
    assert [path.exists() for path in (*left, *others)] == [False, False, True, True]
    assert records.read(12) == RECORD


def test_record_that_cannot_be_written_keeps_no_claim(records: Records) -> None:
    unwritable = RECORD._replace(value=float("nan"))  # which JSON does not have
    with pytest.raises(ValueError, match="not JSON compliant"):
        records.begin(12, lambda attempt: unwritable)
    begun = records.begin(12, lambda attempt: RECORD._replace(attempt=attempt))
    assert begun is not None
    assert begun.attempt == 2
