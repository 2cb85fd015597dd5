"""Which GPUs workers are assigned, and that their jobs see no others."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from params_proto.errors import SweepError
from params_proto.workers.gpus import gpu_slots
from tests.waiting import until
from tests.workers.conftest import Project

SMI = """#!/bin/sh
[ "$1" = -L ] || exit 2
cat <<'END'
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f)
GPU 1: NVIDIA A100-SXM4-40GB (UUID: GPU-4a6b3cd2-8d0a-4c5b-9f6e-6c3a64d1b7f0)
  MIG 3g.20gb     Device  0: (UUID: MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f)
  MIG 2g.10gb     Device  1: (UUID: MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb)
GPU 2: NVIDIA A100-SXM4-40GB (UUID: GPU-0b1f5fbe-1c1c-4a3d-8c52-8e6a0c1a2e11)
END
"""
MIGS = ["MIG-c6d4f1ef-42e4-5de3-91c7-45d71c87eb3f", "MIG-cba663e8-9bed-5b25-b243-5985ef7c9beb"]


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake `nvidia-smi`."""
    path = tmp_path / "bin/nvidia-smi"
    path.parent.mkdir()
    path.write_text(SMI)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(path.parent), prepend=":")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return path


@pytest.mark.parametrize(
    ("gpus", "jobs_per_gpu", "expected"),
    [
        ("auto", 1, ["0", *MIGS, "2"]),
        (2, 1, ["0", MIGS[0]]),
        ([0, 2], 2, ["0", "2", "0", "2"]),
        (["GPU-5c89852c"], 1, ["GPU-5c89852c"]),
    ],
    ids=["auto", "count", "list", "uuid"],
)
def test_nvidia_smi(smi: Path, gpus: object, jobs_per_gpu: int, expected: list[str]) -> None:
    assert gpu_slots(gpus, jobs_per_gpu) == expected


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ("3,1", ["3", "1"]),
        ("GPU-5c89852c, GPU-4a6b3cd2", ["GPU-5c89852c", "GPU-4a6b3cd2"]),
        (MIGS[1], [MIGS[1]]),
        ("0,-1,1", ["0"]),
    ],
    ids=["indices", "uuids", "mig", "up-to-minus-one"],
)
def test_cuda_visible_devices(
    smi: Path, monkeypatch: pytest.MonkeyPatch, visible: str, expected: list[str]
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert gpu_slots("auto", 1) == expected
    free = rf"gpus=9: not enough free GPUs on this machine \({', '.join(expected)}\)"
    with pytest.raises(SweepError, match=free):
        gpu_slots(9, 1)


@pytest.mark.parametrize("gpus", [0, -1, True, "all", [], [0, 0], {"a": 1}])
def test_invalid_gpus(smi: Path, gpus: object) -> None:
    with pytest.raises(SweepError, match=r"hydra\.sweeper\.gpus="):
        gpu_slots(gpus, 1)


def test_no_gpus(smi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    smi.write_text("#!/bin/sh\nexit 9\n")
    with pytest.raises(SweepError, match=r"nvidia-smi -L fails .* or list the GPUs"):
        gpu_slots("auto", 1)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(SweepError, match="no GPU is visible on this machine"):
        gpu_slots("auto", 1)


@pytest.mark.parametrize(
    ("gpus", "expected"),
    [("auto", [MIGS[1], "2", MIGS[1], "2"]), (1, [MIGS[1]] * 2), ([0, 2], ["2", "2"])],
    ids=["auto", "count", "list"],
)
def test_slots_in_use(smi: Path, gpus: object, expected: list[str]) -> None:
    in_use = {"0": 2, MIGS[0]: 2}
    assert gpu_slots(gpus, 2, in_use) == expected
    with pytest.raises(SweepError, match="other workers of this sweep are using GPU 0"):
        gpu_slots([0], 2, in_use)


def test_gpus_that_are_not_visible(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    assert gpu_slots([5], 1) == ["5"]
    with pytest.raises(SweepError, match=r"only GPUs in CUDA_VISIBLE_DEVICES=4,5 can be used"):
        gpu_slots([0, 1], 1)


def test_later_workers_get_free_slots(project: Project, capsys: Any) -> None:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "GPU-a,GPU-b"}
    output = project.sweep("how=waits,ends", "hydra.sweeper.gpus=auto", "hydra.sweeper.wait=false",
                           workers=1, env=environment)  # fmt: skip
    assert "  params-proto work out --gpus auto  " in output
    project.wait_for_start(0)
    work = project.work("out", "--gpus", "auto", env=environment)
    until(lambda: project.statuses() == ["running", "completed"])
    assert project.records()[1].value["gpus"] == "GPU-b"
    assert project.cli("work", "out", "--gpus", "[GPU-a,GPU-b]", "--workers", "1") == 1
    assert "other workers of this sweep are using GPU GPU-a, GPU-b." in capsys.readouterr().err
    project.go()
    assert work.wait(timeout=60) == 0
    assert project.cli("work", "out", "--gpus", "GPU-a") == 0


@pytest.mark.growth
@pytest.mark.parametrize("jobs_per_gpu", [1, 2])
def test_each_job_sees_only_its_gpu(project: Project, jobs_per_gpu: int) -> None:
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "GPU-a,MIG-b"}
    options = ["hydra.sweeper.gpus=auto", f"hydra.sweeper.jobs_per_gpu={jobs_per_gpu}"]
    output = project.sweep(*options, "seed=range(0,8)", workers=None, env=environment)
    assert f"{2 * jobs_per_gpu} workers on this machine" in output
    pairs = {(record.pid, record.value["gpus"]) for record in project.records()}
    gpu_of_worker = dict(pairs)
    assert len(pairs) == len(gpu_of_worker)
    assert Counter(gpu_of_worker.values()) <= Counter(["GPU-a", "MIG-b"] * jobs_per_gpu)
