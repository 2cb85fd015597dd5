"""examples/lightning: every sweep in its README runs, and it trains correctly."""

from __future__ import annotations

from pathlib import Path
from runpy import run_path

import numpy as np
import pytest

from tests.examples.readmes import check, copied
from tests.pages import ROOT

CONF = ROOT / "examples" / "lightning" / "conf"
SWEEPS = sorted(path.stem for path in (CONF / "sweep").glob("*.yaml"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return copied("lightning", tmp_path, monkeypatch)


@pytest.mark.shown
def test_its_commands_print_what_its_readme_shows(folder: Path) -> None:
    check("lightning", folder)


def test_its_readme_shows_every_sweep() -> None:
    page = (CONF.parent / "README.md").read_text("utf-8")

    assert SWEEPS == ["ablation", "batches", "seeds"]
    assert all(f"-m +sweep={name}" in page for name in SWEEPS)


def test_the_gradient_is_that_of_the_loss() -> None:
    network = run_path(str(CONF.parent / "lab" / "models.py"))["Network"]
    rng = np.random.default_rng(1)
    model = network([3, 4], 0.0, rng)
    x, y = rng.normal(size=(5, 2)), rng.integers(2, size=5)
    for array, gradient in zip(model.parameters, model.training_step(x, y), strict=True):
        for at in np.ndindex(array.shape):
            losses = []
            for step in (1e-6, -2e-6, 1e-6):
                array[at] += step
                losses.append(model.test_step(x, y)["loss"])
            assert (losses[0] - losses[1]) / 2e-6 == pytest.approx(gradient[at], abs=1e-6)
