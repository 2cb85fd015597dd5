"""docs/job-directories.md: what jobs log to TensorBoard and W&B; it needs their packages."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from params_proto import results
from tests.pages import ROOT, Command, commands, run, write_files

PAGE = (ROOT / "docs" / "job-directories.md").read_text("utf-8")
TRACKED = [command for command in commands(PAGE) if command.needs_a_tracker]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=":")
    monkeypatch.setenv("HOME", str(tmp_path))  # wandb has settings and a cache there
    write_files(PAGE, tmp_path)
    return tmp_path


def of(tracker: str) -> Command:
    (command,) = (command for command in TRACKED if command.note == tracker)
    return command


def jobs(output: str) -> list[str]:
    return [line for line in output.splitlines() if "[HYDRA]" not in line]


def scalars(directory: Path) -> Iterator[float]:
    """The values in an event file: records of a length, 4 bytes, an event, 4 bytes."""
    (events,) = directory.glob("events.out.tfevents.*")
    content = events.read_bytes()
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        event = Event.FromString(content[12 : 12 + length])
        yield from (value.simple_value for value in event.summary.value)
        content = content[16 + length :]


def test_tensorboard_finds_a_run_for_each_job(folder: Path) -> None:
    command = of("tensorboardX")

    assert jobs(run(command.line, folder)) == command.output.splitlines()

    table = results(folder / "runs" / "board")
    assert [Path(name).name for name in table["dir"]] == ["0,lr=0.1", "1,lr=0.2"]
    last = [list(scalars(folder / name))[-1] for name in table["dir"]]
    assert last == pytest.approx(list(table["loss"]))


def test_wandb_has_a_run_for_each_job_in_its_directory(folder: Path) -> None:
    command = of("wandb")

    assert jobs(run(command.line, folder)) == command.output.splitlines()

    table = results(folder / "runs" / "bias")
    for number, name in zip(table["job"], table["run"], strict=True):
        directory = folder / "runs" / "bias" / str(number)
        assert len(list(directory.glob(f"wandb/offline-run-*-{name}/run-{name}.wandb"))) == 1


@pytest.mark.parametrize("tracker", ["tensorboardX", "wandb"])
def test_a_single_run_is_tracked_too(folder: Path, tracker: str) -> None:
    line = of(tracker).line.partition(" -m ")[0]

    assert "lr=0.2 loss=0.512" in run(f"{line} lr=0.2", folder)
