"""Sweeps that start in the same second get separate directories, unless the directory is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from params_proto import results
from params_proto.records.record import now

# Each job waits until a job of each sweep has begun, so that none ends before another starts.
APP = """
import sys, time
from pathlib import Path
from params_proto import Sweep, proto

def train(seed: int = 0):
    Path(f"began-{seed}").touch()
    deadline = time.monotonic() + 60
    while len([*Path().glob("began-*")]) < int(Path("sweeps").read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return seed
"""
COMMAND = f"{APP}\nproto.cli(train)()\n"
YEAR = "runs/${now:%Y}"
OURS = ["-m", f"hydra.sweep.dir={YEAR}", "hydra.sweeper.progress=false"]


@pytest.mark.parametrize("shared", [False, True], ids=["sweeps", "slices"])
def test_each_sweep_has_a_directory_of_its_own_and_slices_share_one(
    tmp_path: Path, shared: bool
) -> None:
    (tmp_path / "train.py").write_text(COMMAND)
    (tmp_path / "sweeps").write_text("2")
    own = [["seed=0,1", f"hydra.sweeper.slice={n}::2"] if shared else [f"seed={n}"] for n in (0, 1)]
    running = [
        subprocess.Popen([sys.executable, "train.py", *OURS, *overrides], cwd=tmp_path)
        for overrides in own
    ]
    assert [process.wait() for process in running] == [0, 0]
    year = now()[:4]
    names = [year] if shared else [year, f"{year}_1"]
    assert made(tmp_path) == names
    tables = [results(tmp_path / "runs" / name) for name in names]
    assert sorted(value for table in tables for value in table["value"]) == [0, 1]


def made(app: Path) -> list[str]:
    """The directories, except one with the unresolved name, which Hydra's tests make."""
    return sorted(path.name for path in (app / "runs").iterdir() if "$" not in path.name)


# --- one sweep after the other


def test_what_is_refused_leaves_no_directory(multirun: Any, app: Path) -> None:
    with pytest.raises(CompactHydraException, match="would share the directory"):
        multirun("seed=1,2", "hydra.sweep.subdir=same", to=YEAR)
    assert made(app) == []


def test_a_dry_run_names_the_next_directory_and_does_not_make_it(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    year = app / "runs" / now()[:4]
    for name in (year, f"{year}_1"):
        multirun("seed=1", "hydra.sweeper.dry_run=true", to=YEAR)
        assert f"1 job in {name}, 1 checked and valid" in capsys.readouterr().out
        assert not Path(name).exists()
        multirun("seed=1", to=YEAR)
        assert Path(name).exists()


def test_a_directory_without_a_sweep_is_used(multirun: Any, app: Path) -> None:
    """Like a directory into which a callback of `on_multirun_start` has written."""
    year = app / "runs" / now()[:4]
    year.mkdir(parents=True)
    (year / "commit.txt").write_text("0a1b2c")
    multirun("seed=1", to=YEAR)
    assert (year / "sweep.yaml").is_file()


def test_overwrite_takes_the_directory_as_it_is(multirun: Any, app: Path) -> None:
    for seed in (1, 2):
        multirun(f"seed={seed}", "hydra.sweeper.overwrite=true", to=YEAR)
    (year,) = made(app)
    assert (app / "runs" / year / "sweep.yaml").read_text() == "set: {seed: 2}\n"
