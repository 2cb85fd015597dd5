"""`hydra.sweeper.slice`: shards of a sweep, whose jobs keep their numbers and directories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from tests.multirun.conftest import numbers

SWEEP = ["lr=1,2", "seed=range(0,5)"]


def directories(path: Path) -> list[str]:
    return sorted(each.name for each in path.iterdir() if each.name != ".sweep" and each.is_dir())


@pytest.mark.parametrize(
    ("part", "expected", "launcher"),
    [
        ("0:3", [0, 1, 2], "basic"),
        ("-3:", [7, 8, 9], "basic"),
        ("7::-3", [7, 4, 1], "joblib"),
        ("3:100", [3, 4, 5, 6, 7, 8, 9], "basic"),
    ],
)
def test_a_shard_of_the_jobs_with_their_numbers(
    multirun: Any, part: str, expected: list[int], launcher: str
) -> None:
    whole = [f"lr={lr} seed={seed}" for lr in (1, 2) for seed in range(5)]
    run = multirun(*SWEEP, f"hydra.sweeper.slice={part}", f"hydra/launcher={launcher}")
    assert run.jobs == [whole[number] for number in expected]
    assert numbers(run) == expected
    assert directories(run.directory) == sorted(map(str, expected))


FAR = "seed=range(0,1000000000000)"
ROWS = "hydra.sweeper.sweep={chain:[{},{lr:1},{}]}"


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([ROWS, FAR, "hydra.sweeper.slice=-1:"], [3 * 10**12 - 1]),
        ([ROWS, FAR, "hydra.sweeper.slice=::1500000000000"], [0, 15 * 10**11]),
        (["lr=1,1", FAR, "hydra.sweeper.slice=1999999999999:"], [2 * 10**12 - 1]),
    ],
)
def test_jobs_far_down(multirun: Any, overrides: list[str], expected: list[int]) -> None:
    assert numbers(multirun(*overrides)) == expected


def test_a_shuffled_sweep_has_shards_of_any_size(multirun: Any) -> None:
    sweep = "hydra.sweeper.sweep={product:{seed:'range(0,1000000000000)'},shuffle:{seed:1}}"
    run = multirun(sweep, "hydra.sweeper.slice=::500000000000")
    assert numbers(run) == [0, 500_000_000_000]


def test_jobs_of_another_shard_are_not_run_again(multirun: Any) -> None:
    first = multirun(*SWEEP, "hydra.sweeper.slice=0:3")
    with pytest.raises(CompactHydraException, match="already contains a sweep"):
        multirun(*SWEEP, "name=x", "hydra.sweeper.slice=3:5")
    assert directories(first.directory) == ["0", "1", "2"]
    assert numbers(multirun(*SWEEP, "hydra.sweeper.slice=4:1:-1")) == [4, 3]
    assert directories(first.directory) == ["0", "1", "2", "3", "4"]
    again = multirun(*SWEEP, "hydra.sweeper.slice=2:6", "hydra.sweeper.overwrite=true")
    assert numbers(again) == [2, 3, 4, 5]


def test_a_share_of_nothing(multirun: Any, capsys: pytest.CaptureFixture[str]) -> None:
    run = multirun("seed=1,2", "hydra.sweeper.slice=3::8")
    assert (run.returns, list(run.directory.iterdir())) == ([], [])
    said = capsys.readouterr().out
    assert said.endswith("] hydra.sweeper.slice=3::8 selects none of the sweep's 2 jobs.\n")
