"""`--lr 0.1` in place of `lr=0.1`: a hint."""

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
        (["--lr", "0.1"], "--lr 0.1: Hydra has no such option. Did you mean lr=0.1?"),
        (["--lr=0.1", "model=cnn"], "--lr=0.1: Hydra has no such option. Did you mean lr=0.1?"),
        (["--batch-size", "64"], "Did you mean batch_size=64?"),
        (["--bacth_size", "64"], "Did you mean batch_size=64?"),
        (["--augment"], "--augment: Hydra has no such option. Did you mean augment=...?"),
        (["--augment", "lr=1"], "--augment: Hydra has no such option. Did you mean augment=...?"),
        (["--lr"], "Did you mean lr=...?"),
        (["--model", "a b"], "--model a b: Hydra has no such option. Did you mean 'model=a b'?"),
        (["--sweep", "grid.yaml"], "Did you mean hydra.sweeper.sweep=grid.yaml?"),
        (["--max-failures=3"], "Did you mean hydra.sweeper.max_failures=3?"),
        (["-m", "sweep=grid"], "train has no parameter sweep. Did you mean hydra.sweeper.sweep?"),
        (["-m", "--lr", "1,2", "--model=a,b"], "- --model=a,b: Hydra has no such option."),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_parameter_as_an_option(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        train.run(arguments)
    assert ended.value.code == 1
    said = capsys.readouterr()
    assert hint in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    "arguments", [[], ["--hel"], ["--cfg", "job"], ["--vers"], ["-cjob"]], ids=str
)
def test_options_of_hydra_are_hydras(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with suppress(SystemExit):
        train.run(arguments)
    said = capsys.readouterr()
    assert said.out
    assert said.err == ""


def test_an_option_that_nothing_has_is_argparses_to_refuse(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as ended:
        train.run(["--Zr", "1"])
    assert ended.value.code == 2
    assert "unrecognized arguments: --Zr" in capsys.readouterr().err


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
        (["epoch=3"], ["epoch: did you mean epochs?"]),
        (["optimizer.lrr=3", "epochs=2"], ["optimizer.lrr: did you mean optimizer.lr?"]),
        (["-m", "optimizr.lr=1,2"], ["optimizr.lr: did you mean optimizer.lr?"]),
        (["-m", "sweep=grid"], ["sweep: did you mean +sweep=grid?"]),
        (["-m", "sweep=grid.yaml"], ["sweep: did you mean hydra.sweeper.sweep?"]),
        (["-m", "resume=runs/1"], ["resume: did you mean hydra.sweeper.resume?"]),
        (["-m", "+epochs=3"], []),
        (["hydra.job.nam=x"], []),
        (["=x"], []),
    ],
    ids=lambda value: " ".join(value),
)  # fmt: skip
def test_a_key_that_the_users_own_configs_do_not_have(
    arguments: list[str], hints: list[str], trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        trained.run(arguments)
    assert ended.value.code == 1
    said = capsys.readouterr()
    lines = [line.rpartition("] ")[2] for line in (said.err + said.out).splitlines()]
    assert [line for line in lines if "did you mean" in line] == hints


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["--optimizer-lr", "3"], "Did you mean optimizer.lr=3?"),
        (["--lr", "3"], "Did you mean optimizer.lr=3?"),
        (["--nme", "x"], "Did you mean optimizer.name=x?"),
        (["--epoch", "3"], "Did you mean epochs=3?"),
        (["--sweep", "grid.yaml"], "Did you mean hydra.sweeper.sweep=grid.yaml?"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_field_as_an_option(
    arguments: list[str], hint: str, trained: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        trained.run(arguments)
    assert hint in capsys.readouterr().err
