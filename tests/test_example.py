"""train.py and conf/: real runs, and the same configs from every entry point."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from params_proto import Sweep
from params_proto.overrides.parse import parse

ROOT = Path(__file__).resolve().parents[1]
SWEEPS = sorted(path.stem for path in (ROOT / "conf" / "sweep").glob("*.yaml"))
GROUPS = {"model", "optimizer"}

# in place of the training: write down what the body was given, types and all
BODY = """
given = (seed, epochs, batch_size, augment, Model.hidden, Model.layers, Model.activation)
with open(os.environ["GIVEN"], "a") as file:
    print(repr((*given, Optimizer.name, Optimizer.lr)), file=file)
"""

LOOP = """
for path in sys.argv[1:]:
    for config in Sweep.load(path, train, Model, Optimizer):
        train(**config)
"""


def recorder(ending: str) -> str:
    """The example without its training, with `ending` as its last line."""
    module = ast.parse((ROOT / "train.py").read_text("utf-8"))
    (train,) = (node for node in module.body if isinstance(node, ast.FunctionDef))
    train.body = ast.parse(BODY).body
    kept = [
        node
        for node in module.body[:-1]
        if not (isinstance(node, ast.ImportFrom) and str(node.module).startswith("sklearn"))
    ]
    module.body = [*ast.parse("import os, sys").body, *kept, *ast.parse(ending).body]
    return ast.unparse(module)


@pytest.fixture
def given(example: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which the recorder writes a line per job; the recorder replaces train.py."""
    path = example / "given.txt"
    monkeypatch.setenv("GIVEN", str(path))
    (example / "train.py").write_text(recorder("train()"), "utf-8")
    (example / "loop.py").write_text(recorder(LOOP), "utf-8")
    return path


def taken(path: Path) -> list[str]:
    lines = path.read_text("utf-8").splitlines()
    path.unlink()
    return lines


def configs(name: str) -> Sweep:
    return Sweep.load(ROOT / "conf" / "sweep" / f"{name}.yaml")


def uses_groups(name: str) -> bool:
    return any(GROUPS & config.keys() for config in configs(name))


def overrides(folder: Path) -> list[dict[str, object]]:
    """The overrides of each job of a multirun, in order of their numbers, without `+sweep`."""
    import yaml

    jobs = sorted(folder.glob("[0-9]*"), key=lambda job: int(job.name))
    texts = [yaml.safe_load((job / ".hydra" / "overrides.yaml").read_text("utf-8")) for job in jobs]
    return [
        {
            key: parse(value)
            for key, _, value in (text.partition("=") for text in job)
            if key != "+sweep"
        }
        for job in texts
    ]


@pytest.mark.shown
def test_a_plain_run_trains_one_model(example: Path, python) -> None:
    done = python("train.py", "epochs=2", "model.hidden=8")

    (line,) = done.stdout.splitlines()
    assert "accuracy=0." in line
    assert "[8] relu, adam lr=0.001 batch_size=32 epochs=2 augment=False seed=0" in line
    (log,) = example.glob("outputs/*/*/train.log")
    assert log.read_text().strip() == line


def test_every_sweep_of_conf_runs_what_its_file_and_a_loop_say(given: Path, python) -> None:
    loops = [name for name in SWEEPS if not uses_groups(name)]
    assert loops == ["ablation", "learning_rate", "seeds"]
    python("loop.py", *(f"conf/sweep/{name}.yaml" for name in loops))
    by_loop, by_multirun = taken(given), list[str]()

    for name in SWEEPS:
        quiet = ["hydra.sweeper.progress=false", f"hydra.sweep.dir={name}"]
        assert python("train.py", "-m", f"+sweep={name}", *quiet).stderr == ""
        assert overrides(given.parent / name) == list(configs(name))
        jobs = taken(given)
        assert len(jobs) == len(configs(name))
        by_multirun += jobs if name in loops else []

    assert by_multirun == by_loop  # of equal values of equal types
    assert by_loop[1] == repr((0, 20, 32, True, 32, 1, "relu", "adam", 0.001))
