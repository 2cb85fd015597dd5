"""The forms of `hydra.sweeper.sweep`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import hydra
import pytest
from omegaconf import OmegaConf

from params_proto import Sweep
from params_proto.algebra.scope import Scope
from params_proto.errors import SweepError
from params_proto.multirun.sources import load_configured_sweep
from params_proto.overrides.render import render


def train(lr: float = 0.1, seed: int = 0, name: str = "") -> None: ...


GRID = Sweep(train).product(lr=[1, 2])


@pytest.fixture(autouse=True)
def modules_as_before() -> Any:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name == "grids" or name.startswith("params_proto_sweep_") or name.endswith("_app"):
            del sys.modules[name]


def read(node: Any, cwd: Path = Path(), *targets: Any) -> Sweep:
    config = OmegaConf.create({"seed": 7, "hydra": {"sweeper": {"sweep": node}}})
    steps = load_configured_sweep(config.hydra.sweeper.sweep, cwd=cwd, scope=Scope.of(targets))
    return Sweep.from_expression(steps.expression, *steps.targets)


@pytest.mark.parametrize(
    ("node", "sweep"),
    [
        ({"product": {"lr": [1, 2]}}, Sweep().product(lr=[1, 2])),
        ({"product": {"model.lr": "range(1,3)"}}, Sweep().product({"model.lr": range(1, 3)})),
        (
            {"product": {"lr": [0.1], "seed": "1,2"}, "chain": [{"opt": "sgd"}]},
            Sweep().product(lr=[0.1], seed=[1, 2]).chain({"opt": "sgd"}),
        ),
        ([{"set": {"lr": 1}}, {"repeat": 2}], Sweep().set(lr=1).repeat(2)),
        ({"chain": [{"a": 1}, {"+b": {"c": 0}}]}, Sweep().chain({"a": 1}, {"+b": {"c": 0}})),
        ({}, Sweep()),
    ],
    ids=str,
)
def test_steps(node: Any, sweep: Sweep) -> None:
    assert read(node) == sweep


def test_steps_are_a_sweep_over_the_apps_targets() -> None:
    assert list(read({"product": {"lr": [1, 2]}}, Path(), train)) == [{"lr": 1.0}, {"lr": 2.0}]
    with pytest.raises(SweepError, match="seed takes int, got 'x'"):
        read({"set": {"seed": "x"}}, Path(), train)


def test_an_interpolation_is_resolved_at_the_start_an_escaped_one_in_the_job() -> None:
    values = ["${seed}", "at-${seed}", r"\${seed}", r"to-\${seed}", r"\\\${seed}", "$seed"]
    assert [render(config["a"]) for config in read({"product": {"a": values}})] == [
        *("7", "at-7", "'${seed}'", "'to-${seed}'", r"'\${seed}'", "'$seed'")
    ]


def test_a_file(tmp_path: Path) -> None:
    sweep = Sweep().product(lr=[1, 2]).zip(seed=[1, 2], name=["x", "1"])
    sweep.save(tmp_path / "s.yaml")
    sweep.save(tmp_path / "s.jsonl")
    assert read("s.yaml", tmp_path) == sweep
    assert list(read("s.jsonl", tmp_path)) == list(sweep)
    assert read(str(tmp_path / "s.yaml"), Path("/")) == sweep
    assert next(iter(read("s.yaml", tmp_path, train))) == {"lr": 1.0, "seed": 1, "name": "x"}


def test_an_attribute_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "grids.py").write_text(
        "from params_proto import Sweep\nclass small:\n  grid = Sweep().product(lr=[1])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert read("grids:small.grid") == Sweep().product(lr=[1])


def test_an_attribute_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "my sweeps.py"
    file.write_text(
        "from dataclasses import dataclass\nfrom params_proto import Sweep\n"
        "@dataclass\nclass Config:\n    lr: 'float' = 0.1\n"
        "grid = Sweep(Config).product(lr=[1])\nwith open('ran', 'a') as file: file.write('x')\n"
    )
    monkeypatch.chdir(tmp_path)
    assert list(read("my sweeps.py:grid", tmp_path)) == [{"lr": 1.0}]
    assert list(read("./my sweeps.py:grid", tmp_path)) == [{"lr": 1.0}]
    assert (tmp_path / "ran").read_text() == "x", "a file is executed once"


def test_a_file_that_has_been_executed_is_not_executed_again() -> None:
    steps = load_configured_sweep(f"{__file__}:GRID", cwd=Path())
    assert steps.expression is sys.modules[__name__].GRID.expression


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ("grids:", "is not a sweep. Write steps"),
        (3, "hydra.sweeper.sweep=3 is not a sweep. Write steps"),
        ("nowhere.py:grid", r"there is no file /.*nowhere\.py\. .*: write path/to/file.py:attr"),
        ("no.such.module:grid", "importing no.such.module raises ModuleNotFoundError: No module"),
        ("nomodule:grid", "Write package.module:attribute for a module that Python can import"),
        ("broken.py:grid", r"running .*broken\.py:1 raises ZeroDivisionError: division by zero"),
        ("fine.py:gird", r"fine\.py has no gird. Did you mean grid\?"),
        ("fine.py:number", "number is not a Sweep, but int"),
        (
            "missing.yaml",
            r"sweep=missing.yaml: there is no file /.*missing\.yaml\. Paths are relative",
        ),
        ({"set": {"hydra/launcher": "joblib"}}, "hydra/launcher is a key of Hydra itself"),
        ("hydra.py:grid", "hydra.sweep.dir is a key of Hydra itself"),
    ],
    ids=str,
)
def test_what_is_no_sweep_is_refused(tmp_path: Path, node: Any, message: str) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "fine.py").write_text(
        "from params_proto import Sweep\ngrid = Sweep().product(lr=[1])\nnumber = 3\n"
    )
    (tmp_path / "hydra.py").write_text(
        "from params_proto import Sweep\ngrid = Sweep().set({'hydra.sweep.dir': 'x'})\n"
    )
    with pytest.raises(SweepError, match=message):
        read(node, tmp_path)


STARTS = {
    "proto": """
from params_proto import Sweep, proto

@proto.cli
def train(lr: float = 0.1) -> None:
    raise AssertionError("it runs")

grid = Sweep(train).product(lr=[1, 2])
train()
train.run()
""",
    "hydra": """
import hydra
from params_proto import Sweep
from tests.versions import VERSION_BASE

@hydra.main(config_path="conf", config_name="config", **VERSION_BASE)
def main(config):
    raise AssertionError("it runs")

grid = Sweep().product(lr=[1, 2])
main()
""",
}


@pytest.mark.parametrize(
    ("name", "place"), [("proto", "scripts/{}.py"), ("hydra", "{}_app"), ("hydra", "scripts/{}.py")]
)
def test_a_script_with_a_sweep_in_it_is_not_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, place: str
) -> None:
    for file in (tmp_path / f"scripts/{name}.py", tmp_path / f"{name}_app.py"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(STARTS[name])
    monkeypatch.syspath_prepend(tmp_path)
    main = hydra.main
    assert read(f"{place.format(name)}:grid", tmp_path).size == 2
    assert hydra.main is main
