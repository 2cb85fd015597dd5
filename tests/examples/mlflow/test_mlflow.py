"""examples/mlflow: the content of the store after a sweep; it needs MLflow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from params_proto import results
from tests.examples.readmes import check, copied
from tests.pages import ROOT, blocks, run

# the libraries of MLflow warn of one another
pytestmark = pytest.mark.filterwarnings("default")

Runs = Callable[[str], list[Run]]
RATES = [("0.1", "1"), ("0.1", "2"), ("0.5", "1"), ("0.5", "2")]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return copied("mlflow", tmp_path, monkeypatch)


@pytest.fixture
def runs(folder: Path) -> Runs:
    """The runs of an experiment, in the order of their jobs, the oldest first."""

    def read(name: str) -> list[Run]:
        client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
        experiment = client.get_experiment_by_name(name)
        assert experiment
        order = ["tags.job", "attributes.start_time"]
        return list(client.search_runs([experiment.experiment_id], order_by=order))

    return read


def test_its_commands_print_what_its_readme_shows(folder: Path) -> None:
    check("mlflow", folder)


def test_its_readme_shows_the_config_of_the_callback() -> None:
    folder = ROOT / "examples" / "mlflow"
    (shown,) = [
        b for b in blocks((folder / "README.md").read_text("utf-8")) if b.language == "yaml"
    ]

    assert (folder / "conf" / "train.yaml").read_text("utf-8").startswith(shown.text)


def test_each_job_is_a_run_of_the_sweeps_experiment(folder: Path, runs: Runs) -> None:
    run("python train.py -m +sweep=rates hydra.sweep.dir=runs/a", folder)
    run("python train.py -m lr=0.1,0.2,0.3 hydra.sweep.dir=runs/b", folder)

    found, table = runs("runs/a"), results(folder / "runs" / "a")
    assert [(each.data.params["lr"], each.data.params["seed"]) for each in found] == RATES
    assert [each.info.status for each in found] == ["FINISHED"] * 4
    assert [each.data.tags["dir"] for each in found] == [f"{folder}/runs/a/{n}" for n in range(4)]
    assert [each.data.metrics["loss"] for each in found] == list(table["loss"])
    assert [each.data.metrics["slope"] for each in found] == list(table["slope"])
    assert [each.data.params["lr"] for each in runs("runs/b")] == ["0.1", "0.2", "0.3"]


def test_workers_that_write_at_once_lose_nothing(folder: Path, runs: Runs) -> None:
    workers = "hydra/launcher=joblib hydra.launcher.n_jobs=4"
    run(f"python train.py -m 'seed=range(16)' hydra.sweep.dir=runs/many {workers}", folder)

    table = results(folder / "runs" / "many").set_index("seed")
    losses = {
        int(each.data.params["seed"]): each.data.metrics["loss"] for each in runs("runs/many")
    }
    assert losses == table["loss"].to_dict()
    assert len(losses) == len(runs("runs/many")) == 16


def test_a_job_that_fails_is_a_run_that_failed(folder: Path, runs: Runs) -> None:
    run("python train.py -m lr=50,0.1 hydra.sweep.dir=runs/a", folder, status=1)

    assert [each.info.status for each in runs("runs/a")] == ["FAILED", "FINISHED"]
    assert runs("runs/a")[0].data.metrics == {}


def test_a_run_whose_process_died_is_closed_when_its_job_runs_again(
    folder: Path, runs: Runs
) -> None:
    client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
    client.create_run(client.create_experiment("runs/a"), tags={"job": "0"})

    run("python train.py -m lr=0.1,0.2 hydra.sweep.dir=runs/a", folder)

    assert [each.info.status for each in runs("runs/a")] == ["KILLED", "FINISHED", "FINISHED"]


def test_a_single_run_is_a_run_of_the_apps_experiment(folder: Path, runs: Runs) -> None:
    run("python train.py lr=0.2", folder)

    (found,) = runs("train")
    assert found.data.params == {"lr": "0.2"}
    assert found.info.run_name == "train-0"
