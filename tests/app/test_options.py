"""`--lr 0.1` in place of `lr=0.1`: a hint."""

from __future__ import annotations

from contextlib import suppress

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
        (["--augment"], "--augment: Hydra has no such option. Did you mean augment=true?"),
        (["--augment", "lr=1"], "--augment: Hydra has no such option. Did you mean augment=true?"),
        (["--lr"], "Did you mean lr=...?"),
        (["-lr", "0.1"], "Did you mean lr=0.1?"),
        (["-model", "cnn"], "Did you mean model=cnn?"),  # which argparse reads as -m -o ...
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
