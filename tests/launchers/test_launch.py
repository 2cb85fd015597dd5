"""`Sweep.launch` from a script through the launchers of clusters."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.launchers.test_jobs import RAY, SUBMITIT

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("quiet_ray")]

SCRIPT = """\
import sys

from params_proto import Sweep


def train(lr: float = 0.1, layers: tuple[int, ...] = (1, 2)):
    if lr == 3:
        raise ValueError("diverged")
    return {"types": f"{type(lr).__name__} {type(layers).__name__}", "sum": lr + sum(layers)}


if __name__ == "__main__":
    launcher, *overrides = sys.argv[1:]
    sweep = Sweep(train).product(lr=[1, 2, 3], layers=[(3,), (4, 5)])
    df = sweep.launch(launcher=launcher, sweep_dir="out", overrides=overrides, progress=False)
    df[["lr", "layers", "types", "sum", "status"]].to_json("df.json", orient="values")
"""


@pytest.mark.parametrize("launcher", [SUBMITIT, RAY], ids=["submitit", "ray"])
def test_native_values_and_failures_of_a_function_of_the_script(
    launcher: list[str], tmp_path: Path, python: Any
) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)

    name, *overrides = launcher
    python("script.py", name.partition("=")[2], *overrides)

    assert json.loads((tmp_path / "df.json").read_text()) == [
        [1, [3], "float tuple", 4, "completed"],
        [1, [4, 5], "float tuple", 10, "completed"],
        [2, [3], "float tuple", 5, "completed"],
        [2, [4, 5], "float tuple", 11, "completed"],
        [3, [3], None, None, "failed"],
        [3, [4, 5], None, None, "failed"],
    ]
