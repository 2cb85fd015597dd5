"""Other sweepers on a `proto` app, whose default is ours: the user's choice wins."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

APP = """\
import enum
from typing import Literal

from params_proto import proto


class Color(enum.Enum):
    RED = 1
    BLUE = 2


@proto.prefix
class Optimizer:
    name: Literal["adam", "sgd"] = "adam"
    lr: float = 0.1


@proto.cli(config_path="conf", config_name="config")
def train(
    batch_size: int = 32,
    color: Color = Color.RED,
    layers: tuple[int, ...] = (1,),
    gives: str = "loss",
):
    print("job", batch_size, color, layers, Optimizer.name, Optimizer.lr)
    loss = abs(Optimizer.lr - 0.3) + abs(batch_size - 64)
    return {"loss": loss, "both": (loss, batch_size), "dict": {"loss": loss}}[gives]


train()
"""
GRID = ["batch_size=16,64", "optimizer.lr=0.1,0.3"]
JOBS = [
    f"job {batch_size} Color.RED (1,) adam {lr}" for batch_size in (16, 64) for lr in (0.1, 0.3)
]


def jobs(out: str) -> list[str]:
    return [line for line in out.splitlines() if line.startswith("job ")]


def written(folder: Path, name: str) -> object:
    return yaml.safe_load((folder / "out" / name).read_text("utf-8"))


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "config.yaml").write_text("hydra: {sweep: {dir: out}}\n")
    return tmp_path


def choose(app: Path, sweeper: str, **options: object) -> None:
    """Chooses a sweeper in the app's config."""
    config = {
        "defaults": [{"override hydra/sweeper": sweeper}, "_self_"],
        "hydra": {"sweep": {"dir": "out"}, "sweeper": options},
    }
    (app / "conf" / "config.yaml").write_text(yaml.safe_dump(config))


@pytest.mark.parametrize("sweeper", ["params_proto", "basic", "list", "filter"])
def test_a_sweeper_of_the_command_line(sweeper: str, app: Path, python) -> None:
    out = python("app.py", "-m", f"hydra/sweeper={sweeper}", *GRID).stdout

    assert jobs(out) == JOBS
    assert (app / "out" / "sweep.yaml").exists() == (sweeper == "params_proto")


@pytest.mark.parametrize("sweeper", ["basic", "list", "filter"])
def test_a_sweeper_of_the_apps_config(sweeper: str, app: Path, python) -> None:
    choose(app, sweeper)

    assert jobs(python("app.py", "-m", *GRID).stdout) == JOBS
    assert not (app / "out" / "sweep.yaml").exists()


def test_the_command_line_wins_over_the_apps_config(app: Path, python) -> None:
    choose(app, "optuna")

    assert jobs(python("app.py", "-m", "hydra/sweeper=params_proto", *GRID).stdout) == JOBS
    assert (app / "out" / "sweep.yaml").exists()


def test_optuna_takes_every_kind_of_field(app: Path, python) -> None:
    space = ["color=RED,BLUE", "optimizer.name=adam,sgd", "optimizer.lr=0.1,0.3", "layers=[2,3]"]
    grid = ["hydra/sweeper=optuna", "hydra/sweeper/sampler=grid"]

    out = python("app.py", "-m", *grid, "batch_size=64", *space).stdout

    expected = {
        f"job 64 Color.{color} (2, 3) {name} {lr}"
        for color in ("RED", "BLUE")
        for name in ("adam", "sgd")
        for lr in (0.1, 0.3)
    }
    assert set(jobs(out)) == expected
    assert len(jobs(out)) == 8
    best = written(app, "optimization_results.yaml")
    assert isinstance(best, dict)
    assert best["best_value"] == 0
    assert best["best_params"]["optimizer.lr"] == 0.3


def test_optuna_of_the_apps_config_maximises(app: Path, python) -> None:
    choose(app, "optuna", direction="maximize", n_trials=4, params={"batch_size": "64,128"})

    out = python(
        "app.py", "-m", "hydra.sweeper.sampler.seed=0", "optimizer.lr=interval(0,1)"
    ).stdout

    losses = [
        abs(float(words[-1]) - 0.3) + abs(int(words[1]) - 64) for words in map(str.split, jobs(out))
    ]
    assert len(losses) == 4
    best = written(app, "optimization_results.yaml")
    assert isinstance(best, dict)
    assert best["best_value"] == max(losses)


def test_optuna_of_two_objectives(app: Path, python) -> None:
    options = ["hydra/sweeper=optuna", "hydra/sweeper/sampler=grid", "gives=both"]

    python(
        "app.py", "-m", *options, "batch_size=16,32", "hydra.sweeper.direction=[minimize,maximize]"
    )

    best = written(app, "optimization_results.yaml")
    assert isinstance(best, dict)
    (solution,) = best["solutions"]
    assert solution["params"] == {"batch_size": 32}
