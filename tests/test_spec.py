"""The documentation page about sweeps: every code block holds."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
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
    """A class, a node of every app as long as it exists, and the function that reads it."""

    @proto.prefix
    class Training:
        lr: float = 0.001
        batch_size: int = 32

    @proto.cli
    def main(seed: int = 42) -> tuple[int, float, int]:
        return seed, Training.lr, Training.batch_size

    return Training, main


LRS, SIZES = [0.001, 0.01, 0.1], [32, 64, 128]
BASE = {"lr": 0.001, "batch_size": 32, "augment": False}
ROWS = [BASE, {**BASE, "augment": True}, {**BASE, "lr": 0.01}, {**BASE, "batch_size": 64}]


def grid(**axes: Sequence[Any]) -> list[dict[str, Any]]:
    """The configs of a product as plain loops give them, the last axis fastest."""
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


BLOCKS: dict[str, tuple[Callable[[], Sweep], list[dict[str, Any]]]] = {
    "basic usage": (lambda: Sweep(train), [{}]),
    "product": (lambda: Sweep(train).product(lr=LRS, batch_size=SIZES), grid(lr=LRS, batch_size=SIZES)),
    "zip": (lambda: Sweep(train).zip(lr=LRS, batch_size=SIZES), [{"lr": lr, "batch_size": size} for lr, size in zip(LRS, SIZES, strict=True)]),
    "product and zip": (lambda: Sweep(train).product(lr=LRS[:2]).zip(batch_size=[32, 64], epochs=[100, 200]), [{"lr": lr, "batch_size": size, "epochs": epochs} for lr in LRS[:2] for size, epochs in ((32, 100), (64, 200))]),
    "chain": (lambda: Sweep(train).chain(*ROWS), ROWS),
    "set": (lambda: Sweep(train).set(epochs=100).product(lr=LRS), grid(epochs=[100], lr=LRS)),
    "multiplication": (lambda: Sweep(train) * {"lr": LRS} * {"batch_size": SIZES}, grid(lr=LRS, batch_size=SIZES)),
    "power": (lambda: Sweep(train) ** 3, [{}, {}, {}]),
    "modulo": (lambda: Sweep(train) % {"epochs": 100}, [{"epochs": 100}]),
    "architecture search": (lambda: Sweep(train).product(model=["resnet18", "vit"], dropout=[0.1, 0.3]), grid(model=["resnet18", "vit"], dropout=[0.1, 0.3])),
    "random seeds": (lambda: Sweep(train).product(seed=[42, 123]).set(lr=0.001, batch_size=32), grid(seed=[42, 123], lr=[0.001], batch_size=[32])),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::params_proto.SweepWarning")
@pytest.mark.parametrize(("made", "expected"), BLOCKS.values(), ids=BLOCKS)
def test_a_block(made: Callable[[], Sweep], expected: list[dict[str, Any]]) -> None:
    assert list(made()) == expected
    assert len(made()) == len(expected)


def test_a_name_that_no_target_has_is_a_warning() -> None:
    with pytest.warns(SweepWarning, match="has no parameter") as warned:
        Sweep(train).product(model=["resnet18", "vit"], dropout=[0.1, 0.3])
    assert len(warned) == 2  # one a name


def test_prefix(prefixed) -> None:
    Training, main = prefixed
    sweep = Sweep(Training).product(lr=[0.001, 0.01], batch_size=[32, 64])
    seen: list[Any] = []
    for config in sweep:
        with proto.bind(Training, **config):
            seen.append(main())

    assert seen == [(42, 0.001, 32), (42, 0.001, 64), (42, 0.01, 32), (42, 0.01, 64)]
    assert Training.lr == 0.001


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
