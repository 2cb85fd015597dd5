"""The README's command for Ray, which other tests' environment lacks."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


@pytest.mark.cluster
def test_the_command_for_a_ray_cluster_is_composed(example: Path, python: Any) -> None:
    (line,) = re.findall(r"^\$ python (.* hydra/launcher=ray .*)$", README, re.MULTILINE)
    command = shlex.split(line)
    command.remove("-m")

    composed = python(*command, "--cfg", "hydra", "--package", "hydra.launcher")

    assert "address: auto" in composed.stdout
    assert "num_gpus: 1" in composed.stdout
    assert "RayLauncher" in composed.stdout
