"""Tables of directories as sweeps leave them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from params_proto import results, summarize
from params_proto.records import JobStore
from tests.compose.loaders import write
from tests.multirun.conftest import Run
from tests.multirun.conftest import app as app
from tests.multirun.conftest import multirun as multirun

CONFIGS = {
    "config": "defaults: [model: small, _self_]\nlr: 0.5\nseed: 1\n",
    "model/small": "size: 1\n",
    "model/large": "size: 2\n",
}


def loss(config: Any) -> dict[str, float]:
    if config.seed == 7:
        raise ValueError("seven")
    return {"loss": config.lr * config.seed}


@pytest.fixture
def run(multirun: Run, app: Path) -> Any:
    write(app / "conf", CONFIGS)

    def ran(*overrides: str, sweeper: str = "params_proto", fails: bool = False) -> pd.DataFrame:
        with pytest.raises(ValueError, match="seven") if fails else nullcontext():
            multirun(*overrides, sweeper=sweeper, task=loss)
        return results(app / "out")

    return ran


def test_a_sweep_and_one_that_follows(run: Any, tmp_path: Path) -> None:
    df = run("model=small,large", "seed=1,7", fails=True)
    assert [*df.columns[:3], df.columns[-1]] == ["job", "model", "seed", "loss"]
    assert str(df["model"].dtype) == "category"
    assert df["status"].tolist() == ["completed", "failed"] * 2
    assert df["loss"].tolist() == [0.5, pd.NA] * 2
    assert df["error"].tolist() == [pd.NA, "ValueError: seven"] * 2
    # What follows is larger, in another order, and stops at its first failure.
    resumes = ("hydra.sweeper.resume=true", "hydra.sweeper.max_failures=0")
    df = run("seed=7,1,3", "model=large,small", *resumes, fails=True)
    planned = {*zip(df["job"], df["model"], df["seed"], df["status"], strict=True)}
    assert planned == {
        *((0, "small", 1, "completed"), (1, "small", 7, "failed")),
        *((2, "large", 1, "completed"), (3, "large", 7, "failed")),
        *((4, "large", 3, "pending"), (5, "small", 3, "pending")),
    }
    df = run("hydra.sweeper.resume=out", fails=True)
    assert df["status"].tolist() == ["completed", "failed"] * 2 + ["completed"] * 2
    assert df.loc[4, ["model", "seed", "loss"]].tolist() == ["large", 3, 1.5]


def test_a_key_that_was_fixed_and_is_not_what_it_was(run: Any) -> None:
    run("seed=1,2", "lr=0.5")
    df = run("seed=1,2", "lr=0.25", "hydra.sweeper.resume=true")
    assert df.attrs["keys"] == ["seed", "lr"]
    assert df[["job", "seed", "lr", "loss"]].values.tolist() == [
        *([0, 1, 0.5, 0.5], [1, 2, 0.5, 1.0], [2, 1, 0.25, 0.25], [3, 2, 0.25, 0.5])
    ]
    means = summarize(df, "loss")
    assert means[["lr", "mean", "count"]].values.tolist() == [[0.5, 0.75, 2], [0.25, 0.375, 2]]


def test_a_key_that_is_swept_only_later(run: Any, tmp_path: Path) -> None:
    run("lr=0.5,0.25", "seed=1", "+tag=a")
    df = run("lr=0.5,0.25", "seed=2,3", "+tag=a", "hydra.sweeper.resume=true")
    assert df.attrs["keys"] == ["lr", "seed"]  # and not tag, which has one value
    assert df[["lr", "seed"]].values.tolist() == [
        *([0.5, 1], [0.25, 1], [0.5, 2], [0.5, 3], [0.25, 2], [0.25, 3])
    ]
    lines = (tmp_path / "out" / "results.csv").read_text().splitlines()
    assert [line.split(",")[:3] for line in lines[:2]] == [["job", "lr", "seed"], ["0", "0.5", "1"]]


def test_pending_jobs_have_the_numbers_that_they_run_with(run: Any, tmp_path: Path) -> None:
    run("seed=1,2")
    resumes = ("hydra.sweeper.resume=true", "hydra.sweeper.max_failures=0")
    assert run("seed=7,3,1,2", *resumes, fails=True)["job"].tolist() == [0, 1, 2, 3]
    JobStore(tmp_path / "out").path(2).write_text("")  # the highest one cannot be read
    planned = results(tmp_path / "out")
    assert planned["status"].tolist() == ["completed"] * 2 + ["pending"] * 2
    done = run("hydra.sweeper.resume=true", "seed=7,3,1,2", fails=True)
    assert done["status"].tolist() == ["completed"] * 2 + ["failed", "completed"]
    assert done[["job", "seed"]].values.tolist() == [[0, 1], [1, 2], [3, 7], [4, 3]]
    assert planned[["job", "seed"]].equals(done[["job", "seed"]])


def test_equal_jobs_that_follow(run: Any) -> None:
    run("hydra.sweeper.sweep={product:{seed:[1,2]},repeat:2}")
    more = "hydra.sweeper.sweep={product:{seed:[1,2,7]},repeat:2}"
    df = run(more, "hydra.sweeper.resume=true", fails=True)
    assert df["seed"].tolist() == [1, 1, 2, 2, 7, 7]
    assert df["status"].tolist() == ["completed"] * 4 + ["failed"] * 2


def test_a_sweep_of_the_basic_sweeper(run: Any, tmp_path: Path) -> None:
    df = run("model=small,large", "seed=1,2", "lr=0.25", sweeper="basic")
    assert df.columns.tolist() == [
        *("job", "model", "seed", "started", "dir", "error", "attempt", "duration", "status")
    ]
    assert df["model"].tolist() == ["small", "small", "large", "large"]
    assert str(df["model"].dtype) == "category"
    assert df["seed"].tolist() == [1, 2, 1, 2]
    assert df["dir"].tolist() == [str(tmp_path / "out" / str(job)) for job in range(4)]
    assert df["status"].isna().all()
    assert df["started"].notna().all()


def test_a_sweep_of_the_basic_sweeper_before_its_first_job(tmp_path: Path) -> None:
    path = "out: !!python/object/apply:pathlib.PosixPath [runs]\n"
    (tmp_path / "multirun.yaml").write_text(f"{path}hydra: {{output_subdir: .hydra}}")
    df = results(tmp_path)
    assert len(df) == 0
    assert [str(df[name].dtype) for name in ("job", "status", "attempt", "duration", "dir")] == [
        *("Int64", "category", "Int64", "Float64", "string")
    ]


def test_one_job_of_the_basic_sweeper(run: Any) -> None:
    df = run("lr=0.25", "hydra.output_subdir=own", sweeper="basic")
    assert df[["job", "lr"]].values.tolist() == [[0, 0.25]]
