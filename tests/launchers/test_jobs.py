"""Every launcher runs the same jobs as a loop: each job's config and returned value."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.launchers, pytest.mark.usefixtures("quiet_ray")]

APPS = Path(__file__).parents[1] / "apps"
RETURNED = ["hydra/sweeper=params_proto", "hydra.sweeper._target_=hydra_plugins.returned.Returned"]

SUBMITIT = ["hydra/launcher=submitit_local", "hydra.launcher.timeout_min=4"]
RAY = [
    "hydra/launcher=ray",
    "hydra.launcher.ray.init.address=local",
    "+hydra.launcher.ray.init.num_cpus=2",
    "+hydra.launcher.ray.init.include_dashboard=false",
]
CLUSTER = [
    pytest.param(SUBMITIT, id="submitit", marks=pytest.mark.cluster),
    pytest.param(RAY, id="ray", marks=pytest.mark.cluster),
]
LAUNCHERS = [
    pytest.param(["hydra/launcher=basic"], id="basic"),
    pytest.param(["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"], id="joblib"),
    *CLUSTER,
]

ENTRY = """\
import sys
from lab.{app} import train
if __name__ == "__main__":
    sys.exit(train())
"""


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """The configs of a Python loop, and what each app returns for them."""
    folder = tmp_path_factory.mktemp("loop")
    shutil.copytree(APPS / "lab", folder / "lab")
    done = subprocess.run(
        [sys.executable, "-m", "lab.loop"], cwd=folder, capture_output=True, text=True, check=True
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The package `lab` as it is installed, with its entry points in bin/."""
    for name in ("lab", "hydra_plugins"):
        shutil.copytree(APPS / name, tmp_path / name)
    (tmp_path / "bin").mkdir()
    for app in ("plain", "typed"):
        (tmp_path / "bin" / app).write_text(ENTRY.format(app=app))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("launcher", LAUNCHERS)
@pytest.mark.parametrize(
    ("app", "start"), [("typed", "lab/{}.py"), ("plain", "-m lab.{}"), ("typed", "bin/{}")]
)
def test_the_jobs_are_those_of_the_loop(
    app: str, start: str, launcher: list[str], lab: Path, loop: list[Any], python: Any
) -> None:
    # two batches: the workers of the second may be those of the first
    command = [*start.format(app).split(), "-m", "+sweep=grid", "seed=7", *RETURNED, *launcher]
    python(*command, "hydra.sweeper.max_batch_size=4", "hydra.sweep.dir=out")

    jobs = json.loads((lab / "returned.json").read_text())
    assert len(loop) == 6
    assert [(job["config"], job["returned"]) for job in jobs] == [
        (config["config"], config[app]) for config in loop
    ]
    assert [job["number"] for job in jobs] == list(range(6))
    assert {path.name for path in (lab / "out").iterdir() if path.name[0] != "."} == {
        *("0", "1", "2", "3", "4", "5", "multirun.yaml", "results.csv", "sweep.yaml")
    }


@pytest.mark.parametrize("launcher", CLUSTER)  # tests/multirun/test_slices.py has the others
def test_a_shard_keeps_its_numbers(launcher: list[str], lab: Path, python: Any) -> None:
    part = ["hydra.sweeper.slice=1::2", "hydra.sweep.dir=out"]

    python("lab/plain.py", "-m", "+sweep=grid", "seed=7", *RETURNED, *launcher, *part)

    assert [job["number"] for job in json.loads((lab / "returned.json").read_text())] == [1, 3, 5]
    assert {path.name for path in (lab / "out").iterdir() if path.name[0] != "."} == {
        *("1", "3", "5", "multirun.yaml", "results.csv", "sweep.yaml")
    }


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_scripts_own_dataclasses_stay_whole(launcher: list[str], lab: Path, python: Any) -> None:
    layers = "net.layers=[{width:1}],[{width:2,rates:[0.5]}],[]"

    done = python("lab/records.py", "-m", layers, *RETURNED, *launcher, "hydra.sweep.dir=out")

    assert [job["returned"] for job in json.loads((lab / "returned.json").read_text())] == [
        "Net(layers=(Layer(width=1, rates=[]),), last=Layer(width=1, rates=[]))",
        "Net(layers=(Layer(width=2, rates=[0.5]),), last=Layer(width=1, rates=[]))",
        "Net(layers=(), last=Layer(width=0, rates=[]))",
    ]
    after = "Layer(width=3, rates=[]) Net(layers=(), last=None)"
    # Ray shows at its end what the jobs said: that their records cannot hold these values.
    lines = done.stdout.splitlines()
    assert [line for line in lines if "JSON cannot represent" not in line][-1] == after


# loky's workers can start no process by spawn
@pytest.mark.parametrize("launcher", CLUSTER)
def test_the_processes_that_a_job_starts_see_its_values(
    launcher: list[str], lab: Path, python: Any
) -> None:
    run = "from lab.children import train; train.run()"  # whose functions a child can import
    python("-c", run, "-m", "data.batch_size=1,2,3", *RETURNED, *launcher)

    jobs = json.loads((lab / "returned.json").read_text())
    assert [job["returned"] for job in jobs] == ["[1, 1, 1, 1]", "[2, 2, 2, 2]", "[3, 3, 3, 3]"]


# a value that shows only in the job, as it comes from an interpolation
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_job_that_cannot_start_is_one_message(
    launcher: list[str], lab: Path, python: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)  # Hydra sees a debugger in it
    command = ["lab/typed.py", "-m", "lr=1,0.5", r"data.batch_size=${lr}", *launcher]

    done = python(*command, "hydra.sweep.dir=out", status=1)

    assert "data.batch_size" in done.stderr
    assert "Traceback" not in done.stderr
