"""Only one process at a time runs the sweep in a directory, except for shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from params_proto.records import JobStore, Status, lock
from params_proto.records.process import this_process
from tests.records.test_lock import Hold, beating, elsewhere, signs
from tests.records.test_lock import hold as hold


def test_a_sweep_that_runs(multirun: Any, app: Path, hold: Hold) -> None:
    out = multirun("seed=1,2").directory
    first = hold(out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    message = rf"process {first.pid} on {this_process().host} runs the sweep in .*slice"
    for sweep in (
        ["seed=1,2,3", f"hydra.sweeper.resume={out}"],
        [f"hydra.sweeper.resume={out}", "hydra.sweeper.rerun=all"],
        ["seed=1,2", "hydra.sweeper.overwrite=true"],
    ):
        with pytest.raises(CompactHydraException, match=message):
            multirun(*sweep)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    first.communicate("\n")
    assert multirun("seed=1,2,3", f"hydra.sweeper.resume={out}").jobs == ["seed=3"]


def test_a_job_that_runs_on_is_not_written_over(multirun: Any) -> None:
    out = multirun("seed=1,2").directory
    records, me = JobStore(out), this_process()
    record = records.read(1)
    assert record is not None
    runs = record._replace(status=Status.RUNNING, pid=me.pid, process=me.start_time, ended=None)
    records.write(runs)
    with pytest.raises(
        CompactHydraException, match=rf"job 1 .* still running, in process {me.pid}"
    ):
        multirun("lr=3,4", "hydra.sweeper.overwrite=true")
    assert records.read(1) == runs
    records.write(record)
    assert multirun("lr=3,4", "hydra.sweeper.overwrite=true").jobs == ["lr=3", "lr=4"]


def test_a_sweep_of_another_machine(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = multirun("seed=1,2").directory
    runs = pytest.raises(CompactHydraException, match="process 1 on other runs the sweep in")
    with beating(elsewhere(out, 20)), runs:
        multirun("seed=1,2,3", f"hydra.sweeper.resume={out}")
    assert "for its next heartbeat, 300 seconds at most" in capsys.readouterr().out
    with pytest.raises(CompactHydraException, match="process 1 on other runs the sweep in"):
        multirun("seed=1,2", "hydra.sweeper.overwrite=true")
    monkeypatch.setattr(lock, "STALE", 21.0)
    elsewhere(out, 20)  # its machine is gone
    assert multirun("seed=1,2,3", f"hydra.sweeper.resume={out}").jobs == ["seed=3"]
    assert signs(out) == []


def test_parts_of_a_sweep_at_once(multirun: Any, hold: Hold) -> None:
    out = multirun("seed=range(0,4)", "hydra.sweeper.slice=0:1").directory
    hold(out, "1:2")
    assert multirun("seed=range(0,4)", "hydra.sweeper.slice=2:").jobs == ["seed=2", "seed=3"]
    with pytest.raises(CompactHydraException, match="runs the sweep in"):
        multirun(f"hydra.sweeper.resume={out}")


def test_slices_of_a_changed_sweep_run_one_after_the_other(multirun: Any, hold: Hold) -> None:
    out = multirun("seed=5,6").directory
    again = ["seed=range(0,12)", "hydra.sweeper.resume=true"]
    other = hold(out, "1::3")
    with pytest.raises(CompactHydraException) as refused:
        multirun(*again, "hydra.sweeper.slice=0::3")
    said = str(refused.value)
    assert f"process {other.pid} on {this_process().host} runs the sweep in {out}." in said
    other.communicate("\n")
    for part in (2, 0, 1):
        multirun(*again, f"hydra.sweeper.slice={part}::3")
    found = list(JobStore(out).readable())
    assert [record.job for record in found[:2]] == [0, 1]
    assert [record.overrides for record in found[:2]] == [["seed=5"], ["seed=6"]]
    assert sorted(record.overrides for record in found) == sorted([f"seed={n}"] for n in range(12))
    assert [record.attempt for record in found] == [1] * 12
