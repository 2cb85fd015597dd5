"""The page that a user reads about sweeps: what each of its code blocks says."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from params_proto import Sweep, SweepWarning, proto

SPEC = Path(__file__).resolve().parents[2] / "shared" / "spec" / "hyperparameter_sweeps.md"


@proto.cli
def train(lr: float = 0.001, batch_size: int = 32) -> tuple[float, int]:
    return lr, batch_size


@pytest.fixture
def prefixed() -> tuple[type, Callable[..., Any]]:
    """A class, a node of every app while it lives, and the function that reads it."""

    @proto.prefix
    class Training:
        lr: float = 0.001
        batch_size: int = 32

    @proto.cli
    def main(seed: int = 42) -> tuple[int, float, int]:
        return seed, Training.lr, Training.batch_size

    return Training, main


def test_basic_usage() -> None:
    assert list(Sweep(train)) == [{}]


def test_product() -> None:
    sweep = Sweep(train).product(lr=[0.001, 0.01, 0.1], batch_size=[32, 64, 128])

    assert len(sweep) == 9
    assert [train(**config) for config in sweep] == [
        (0.001, 32),
        (0.001, 64),
        (0.001, 128),
        (0.01, 32),
        (0.01, 64),
        (0.01, 128),
        (0.1, 32),
        (0.1, 64),
        (0.1, 128),
    ]


def test_zip() -> None:
    sweep = Sweep(train).zip(lr=[0.001, 0.01, 0.1], batch_size=[32, 64, 128])

    assert len(sweep) == 3
    assert [train(**config) for config in sweep] == [(0.001, 32), (0.01, 64), (0.1, 128)]


def test_product_and_zip() -> None:
    with pytest.warns(SweepWarning, match="has no parameter epochs"):
        sweep = Sweep(train).product(lr=[0.001, 0.01]).zip(batch_size=[32, 64], epochs=[100, 200])

    assert len(sweep) == 4
    assert list(sweep) == [
        {"lr": 0.001, "batch_size": 32, "epochs": 100},
        {"lr": 0.001, "batch_size": 64, "epochs": 200},
        {"lr": 0.01, "batch_size": 32, "epochs": 100},
        {"lr": 0.01, "batch_size": 64, "epochs": 200},
    ]


def test_chain() -> None:
    rows = [
        {"lr": 0.001, "batch_size": 32},
        {"lr": 0.01, "batch_size": 64},
        {"lr": 0.1, "batch_size": 128},
    ]

    assert list(Sweep(train).chain(*rows)) == rows


def test_set() -> None:
    with pytest.warns(SweepWarning, match="has no parameter epochs"):
        sweep = Sweep(train).set(epochs=100).product(lr=[0.001, 0.01, 0.1])

    assert list(sweep) == [
        {"epochs": 100, "lr": 0.001},
        {"epochs": 100, "lr": 0.01},
        {"epochs": 100, "lr": 0.1},
    ]


def test_prefix(prefixed) -> None:
    Training, main = prefixed
    sweep = Sweep(Training).product(lr=[0.001, 0.01], batch_size=[32, 64])
    seen: list[Any] = []
    for config in sweep:
        with proto.bind(Training, **config):
            seen.append(main())

    assert seen == [(42, 0.001, 32), (42, 0.001, 64), (42, 0.01, 32), (42, 0.01, 64)]
    assert Training.lr == 0.001


def test_iteration(prefixed) -> None:
    sweep = Sweep(prefixed[0]).product(lr=[0.001, 0.01], batch_size=[32, 64])
    configs = list(sweep)

    assert len(configs) == 4
    assert [train(**config) for config in sweep] == [
        (config["lr"], config["batch_size"]) for config in configs
    ]
    assert list(enumerate(sweep)) == [(i, sweep[i]) for i in range(4)]


def test_saving_and_loading(tmp_path: Path, prefixed) -> None:
    Training, _ = prefixed
    sweep = Sweep(Training).product(lr=[0.001, 0.01], batch_size=[32, 64])
    sweep.save(tmp_path / "sweep.yaml")

    assert Sweep.load(tmp_path / "sweep.yaml", Training) == sweep
    assert Sweep.load(tmp_path / "sweep.yaml") == sweep  # targets do not count


def test_data_frame() -> None:
    frame = Sweep(train).product(lr=[0.001, 0.01], batch_size=[32, 64]).to_dataframe()

    assert list(frame.columns) == ["lr", "batch_size"]
    assert frame["lr"].tolist() == [0.001, 0.001, 0.01, 0.01]
    assert frame["batch_size"].tolist() == [32, 64, 32, 64]


def test_multiplication() -> None:
    sweep = Sweep(train) * {"lr": [0.001, 0.01]} * {"batch_size": [32, 64]}

    assert sweep == Sweep(train).product(lr=[0.001, 0.01], batch_size=[32, 64])
    assert len(sweep) == 4


def test_power() -> None:
    assert list(Sweep(train) ** 3) == [{}, {}, {}]


def test_modulo() -> None:
    with pytest.warns(SweepWarning, match="has no parameter epochs"):
        sweep = Sweep(train) % {"epochs": 100}

    assert list(sweep) == [{"epochs": 100}]


def test_learning_rate_search() -> None:
    sweep = Sweep(train).product(lr=[1e-5, 1e-4, 1e-3, 1e-2, 1e-1])

    assert [train(**config)[0] for config in sweep] == [1e-5, 1e-4, 1e-3, 1e-2, 1e-1]


def test_architecture_search() -> None:
    with pytest.warns(SweepWarning) as warned:
        sweep = Sweep(train).product(model=["resnet18", "resnet50", "vit"], dropout=[0.1, 0.3, 0.5])

    assert len(warned) == 2  # one a name
    assert len(sweep) == 9
    assert sweep[3] == {"model": "resnet50", "dropout": 0.1}


def test_random_seeds() -> None:
    with pytest.warns(SweepWarning, match="has no parameter seed"):
        sweep = Sweep(train).product(seed=[42, 123, 456, 789, 1337]).set(lr=0.001, batch_size=32)

    assert len(sweep) == 5
    assert sweep[1] == {"seed": 123, "lr": 0.001, "batch_size": 32}


def test_ablation_study() -> None:
    baseline = {"lr": 0.001, "batch_size": 32, "augment": False}
    rows = [
        baseline,
        {**baseline, "augment": True},
        {**baseline, "lr": 0.01},
        {**baseline, "batch_size": 64},
    ]
    with pytest.warns(SweepWarning, match="has no parameter augment"):
        sweep = Sweep(train).chain(*rows)

    assert list(sweep) == rows


@pytest.mark.skipif(
    not SPEC.exists(), reason="the user's specification is not part of this checkout"
)
def test_every_block_runs_verbatim_as_one_script(tmp_path: Path, python) -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", SPEC.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    (tmp_path / "spec.py").write_text("\n".join(blocks), "utf-8")

    lines = python("spec.py").stdout.splitlines()

    product_zip_and_iteration = [line for line in lines if line.startswith("Training with")]
    assert len(product_zip_and_iteration) == 9 + 3 + 4
    assert product_zip_and_iteration[9:12] == [
        "Training with lr=0.001, batch=32",
        "Training with lr=0.01, batch=64",
        "Training with lr=0.1, batch=128",
    ]
    assert [line for line in lines if line.startswith("lr=")] == [
        "lr=0.001, batch=32",
        "lr=0.001, batch=64",
        "lr=0.01, batch=32",
        "lr=0.01, batch=64",
    ]
    assert "Total: 4 configurations" in lines
    assert "Config 3: {'lr': 0.01, 'batch_size': 64}" in lines
    assert (tmp_path / "sweep.yaml").exists()
