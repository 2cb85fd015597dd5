"""Suggestions for `--lr 0.1` instead of `lr=0.1`, and for unknown names."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from params_proto import proto

pytestmark = pytest.mark.usefixtures("alone")


@proto.cli
def train(lr: float = 0.1, batch_size: int = 32, augment: bool = False, model: str = "mlp") -> None:
    print(f"{lr=} {batch_size=} {augment=} {model=}")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--lr", "0.1"], "--lr: did you mean lr=...?"),
        (["--bacth-size=64", "model=cnn"], "--bacth-size: did you mean batch_size=...?"),
        (["--max-failures=3"], "--max-failures: did you mean hydra.sweeper.max_failures=...?"),
        (["-m", "--lr", "1,2", "--model=a,b"], "--model: did you mean model=...?"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_parameter_as_an_option(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        train.run(arguments)
    assert ended.value.code == 2
    said = capsys.readouterr()
    assert "unrecognized arguments" in said.err
    assert hint in said.err.splitlines()
    assert said.out == ""


@pytest.mark.parametrize("arguments", [[], ["--hel"], ["--cfg", "job"]], ids=str)
def test_options_of_hydra_are_hydras(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(SystemExit):
        train.run(arguments)
    said = capsys.readouterr()
    assert said.out
    assert said.err == ""


@pytest.fixture
def trained(tmp_path: Path) -> Any:
    """An app whose config may have more than its parameters."""
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf/trained.yaml").write_text("")

    @proto.prefix
    class Optimizer:
        name: str = "adam"
        lr: float = 0.1

    @proto.cli(config_path=str(tmp_path / "conf"), config_name="trained")
    def trained(epochs: int = 1) -> None:
        print(f"{epochs=} {Optimizer.lr=}")

    return trained


@pytest.mark.parametrize(
    ("arguments", "hints"),
    [
        (["epoch=3"], ["epoch: did you mean epochs=...?"]),
        (["-m", "+sweep=grid", "epoch=3"], ["epoch: did you mean epochs=...?"]),
        (["optimizer.lrr=3", "epochs=2"], ["optimizer.lrr: did you mean optimizer.lr=...?"]),
        (["-m", "optimizr.lr=1,2"], ["optimizr.lr: did you mean optimizer.lr?"]),
        (["-m", "sweep=grid.yaml"], ["sweep: did you mean hydra.sweeper.sweep=...?"]),
        (
            ["-m", "hydra.sweeper.grac=1"],
            ["hydra.sweeper.grac: did you mean hydra.sweeper.grace=...?"],
        ),
        (["hydra.job.nam=x"], []),
        (["-m", "hydra.sweeper.zip.a=1"], []),
        (["--optimizer-lr", "3"], ["--optimizer-lr: did you mean optimizer.lr=...?"]),
        (["--nme", "x"], ["--nme: did you mean optimizer.name=...?"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_key_that_the_users_own_configs_do_not_have(
    arguments: list[str], hints: list[str], trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        trained.run(arguments)
    said = capsys.readouterr()
    lines = [line.rpartition("] ")[2] for line in (said.err + said.out).splitlines()]
    assert [line for line in lines if "did you mean" in line] == hints
