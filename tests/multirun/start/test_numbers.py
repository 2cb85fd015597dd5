"""The numbers of a sweep that follows another, in each of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from params_proto.multirun.jobs.numbered import Job
from params_proto.multirun.start.numbers import renumbered
from params_proto.overrides.identity import identity
from params_proto.records import Record, Records, Status

EARLIER = [["seed=5"], ["seed=6"]]
WHOLE = [[f"seed={seed}"] for seed in range(8)]
NUMBERS = [2, 3, 4, 5, 6, 0, 1, 7]


def record(job: list[str], number: int) -> Record:
    return Record(
        number, job, {}, identity(job), str(number), "host", 1, None, 1, Status.COMPLETED, ""
    )


@pytest.mark.parametrize("ran", [[], [0, 2, 4], [7]], ids=str)
@pytest.mark.parametrize("part", [slice(None), slice(0, None, 3), slice(1, None, 3)], ids=str)
def test_they_are_the_same_whatever_has_run_meanwhile(
    tmp_path: Path, ran: list[int], part: slice
) -> None:
    records = Records(tmp_path)
    for at in ran:
        records.write(record(WHOLE[at], NUMBERS[at]))
    earlier = [Job(at, job) for at, job in enumerate(EARLIER)]
    whole = [Job(at, job) for at, job in enumerate(WHOLE)]
    given = renumbered(whole[part], earlier, whole, records, [])
    assert [one.number for one in given] == NUMBERS[part]


def test_another_spelling_of_what_has_run(tmp_path: Path) -> None:
    records = Records(tmp_path)
    records.write(record(["other=1"], 1))  # as the command line had it, when it was seed=6
    earlier = [Job(at, job) for at, job in enumerate(EARLIER)]
    jobs = [Job(0, ["other=1"]), Job(1, ["seed=5"]), Job(2, ["seed=7"])]
    given = renumbered(jobs, earlier, [], records, [])
    assert [one.number for one in given] == [1, 0, 3]
