"""The sweeps that a directory has had, as they are read while others go on with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from params_proto.errors import SweepError
from params_proto.multirun.asked import sweeps
from params_proto.records.manifest import SWEEP, PlanFile, read_plan
from tests.records.test_manifest import PLAN

FIRST, SECOND = "product: {a: [1]}\n", "product: {a: [2]}\n"


@pytest.fixture
def plan(tmp_path: Path) -> PlanFile:
    (tmp_path / SWEEP).write_text(FIRST)
    PLAN._replace(sweep=sweeps.digest(FIRST), earlier=0).write(tmp_path)
    return read_plan(tmp_path)


def test_what_was_read_stays_though_another_follows(tmp_path: Path, plan: PlanFile) -> None:
    read = sweeps.all_of(tmp_path, plan)
    sweeps.follow(tmp_path, plan, SECOND)

    assert [file.text for file in read] == [FIRST]
    assert [file.text for file in sweeps.all_of(tmp_path, plan)] == [FIRST]


def test_two_that_put_the_same_sweep_in_its_place(tmp_path: Path, plan: PlanFile) -> None:
    sweeps.follow(tmp_path, plan, SECOND)
    sweeps.follow(tmp_path, plan, SECOND)

    assert (tmp_path / SWEEP).read_text() == SECOND
    assert sweeps.earlier(tmp_path, 0).read_text() == FIRST


def test_an_earlier_one_that_cannot_be_read(tmp_path: Path, plan: PlanFile) -> None:
    with pytest.raises(SweepError, match=r"0\.yaml cannot be read: No such file"):
        sweeps.all_of(tmp_path, plan._replace(earlier=1))
