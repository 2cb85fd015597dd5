"""How to resume and rerun sweeps that Python code started."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.compose.loaders import write

# As hydra-zen's launch does it.
LIBRARY = """
from hydra import initialize
from hydra._internal.callbacks import Callbacks
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.types import HydraContext, RunMode

def task(config):
    if config.lr == 7:
        raise ValueError("diverged")
    return config.lr

def launch(overrides):
    with initialize(config_path="conf", version_base="1.3"):
        hydra = GlobalHydra.instance().hydra
        config = hydra.compose_config("config", overrides, RunMode.MULTIRUN, from_shell=False)
        context = HydraContext(config_loader=hydra.config_loader, callbacks=Callbacks())
        plugins = Plugins.instance()
        sweeper = plugins.instantiate_sweeper(
            config=config, hydra_context=context, task_function=task
        )
        sweeper.sweep(list(config.hydra.overrides.task))
"""
PROTO = """
from params_proto import proto

@proto.cli
def main(lr: float = 0.1):
    if lr == 7:
        raise ValueError("diverged")
    return lr

def launch(overrides):
    main.run(["-m", *overrides])
"""
SWEEP = '\nlaunch(["hydra/sweeper=params_proto", "lr=LR", "hydra.sweep.dir=out"])\n'


@pytest.fixture(params=[LIBRARY, PROTO], ids=["library", "run"])
def script(request: pytest.FixtureRequest, tmp_path: Path, python: Any) -> Any:
    """Runs a script, which launches a sweep over some values."""
    write(tmp_path / "conf", {"config": "lr: 0.1\n"})

    def run(lr: str, *arguments: str, status: int = 0) -> str:
        (tmp_path / "script.py").write_text(request.param + SWEEP.replace("LR", lr))
        done = python("-W", "ignore", "script.py", *arguments, status=status)
        return done.stdout + done.stderr

    return run


def test_the_same_launch_resumes_and_the_best_has_no_command(script: Any, python: Any) -> None:
    said = script("7,2,1", "--fast", status=1)
    again = "the same launch, with hydra/sweeper=params_proto hydra.sweeper.resume=out"
    assert f"Resume with: {again}\n" in said
    assert "\nIts overrides: lr=1\n" in said
    assert python("-m", "params_proto", "best", "out").stdout == "lr=1\n"


def test_a_command_line_whose_config_says_multirun(tmp_path: Path, python: Any) -> None:
    write(tmp_path / "conf", {"config": "hydra: {mode: MULTIRUN}\n"})
    app = PROTO.replace("proto.cli", 'proto.cli(config_path="conf", config_name="config")')
    (tmp_path / "script.py").write_text(app + "\nmain()\n")
    failed = python("script.py", "lr=2,7", "hydra.sweep.dir=out", status=1)
    assert "script.py hydra.sweeper.resume=out\n" in failed.stdout
    best = python("-m", "params_proto", "best", "out").stdout
    assert best.endswith("script.py hydra.mode=RUN lr=2\n")
