"""A config group whose options are all in subfolders: `net/cnn/small.yaml`, no `net/*.yaml`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from params_proto import Sweep
from params_proto.cli.main import main
from tests.compose.loaders import edit, write

OPTIONS = {
    "net/cnn/small": "width: 16\n",
    "net/cnn/large": "width: 64\n",
    "net/mlp/flat": "width: 8\n",
}
GIVEN = "+net=cnn/small,mlp/flat"


@pytest.fixture
def nets(app: Path) -> Path:
    return write(app / "conf", OPTIONS) / "net"


def test_null_leaves_it_out(multirun: Any, nets: Path) -> None:
    edit(nets.parent / "config.yaml", "db: mysql", "db: mysql, net: null")
    run = multirun("net=mlp/flat,null")
    assert run.jobs == ["net=mlp/flat", "~net"]
    assert [config.get("net") for config in run.values] == [{"width": 8}, None]


@pytest.mark.parametrize(
    ("glob", "jobs"),
    [
        ("glob(cnn/*)", ["cnn/large", "cnn/small"]),
        ("glob(*/*,exclude=*/large)", ["cnn/small", "mlp/flat"]),
        ("glob([*,mlp/*])", ["mlp/flat"]),
    ],
)
def test_a_glob_looks_into_the_folders_that_it_names(
    multirun: Any, nets: Path, glob: str, jobs: list[str]
) -> None:
    assert multirun(f"+net={glob}").jobs == [f"+net={job}" for job in jobs]


def test_a_glob_that_matches_nothing_shows_the_options(multirun: Any, nets: Path) -> None:
    options = "Options: cnn/large, cnn/small, mlp/flat"
    with pytest.raises(CompactHydraException, match=f"no option .* net matches. {options}"):
        multirun("+net=glob(*)")
    with pytest.raises(CompactHydraException, match="no option of the config group nat matches"):
        multirun("+nat=glob(*/*)")


def test_a_sweep_in_a_file(
    nets: Path, app: Path, capsys: pytest.CaptureFixture[str], multirun: Any
) -> None:
    (app / "nets.yaml").write_text("product: {+net: glob(cnn/*)}\n")
    sweep = Sweep.load("nets.yaml", config_dir="conf")
    assert sweep == Sweep().product({"+net": ["cnn/large", "cnn/small"]})
    main(["show", "nets.yaml", "--config-dir", "conf"])
    assert "cnn/large" in capsys.readouterr().out
    run = multirun("hydra.sweeper.sweep=nets.yaml")
    assert run.jobs == ["+net=cnn/large", "+net=cnn/small"]
