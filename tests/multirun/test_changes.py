"""What is seen of a change in the app's config: of each choice of groups, of each part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from tests.conftest import Python

STOP = "hydra.sweeper.max_failures=0"
CHANGED = "hydra.sweeper.resume_changed=true"
SEED = "the app's config has changed since\n- seed: 0 then, 5 now\n"


class JobError(Exception):
    pass


def resume(directory: Path) -> str:
    return f"hydra.sweeper.resume={directory}"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


@pytest.fixture
def pg(app: Path) -> Path:
    return app / "conf" / "db" / "pg.yaml"


@pytest.fixture
def primary(app: Path) -> Path:
    return app / "conf" / "config.yaml"


# --- a sweep that is checked batch by batch


def test_a_choice_that_comes_late(multirun: Any, app: Path, pg: Path) -> None:
    def task(config: Any) -> None:
        if config.db.driver == "pg" and config.seed == 1:
            raise JobError

    late = "{product: {seed: [0, 1]}}, {product: {db: [pg], seed: 'range(0,10000)'}}"
    batches = ["hydra.sweeper.max_batch_size=2"]
    with pytest.raises(JobError):
        multirun(f"hydra.sweeper.sweep={{concat: [{late}]}}", *batches, STOP, task=task)
    edit(pg, "port: 5432", "port: 5433")
    with pytest.raises(CompactHydraException, match=r"- db\.port: 5432 then, 5433 now"):
        multirun(resume(app / "out"), "hydra.sweeper.slice=0:4")


# --- a change that was allowed


def test_a_second_change_of_what_is_done(
    multirun: Any, pg: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = multirun("db=pg,mysql").directory
    edit(pg, "port: 5432", "port: 5433")
    assert multirun("db=pg,mysql,null", resume(out), CHANGED).jobs == ["~db"]
    assert "- db.port: 5432 then, 5433 now" in capsys.readouterr().out
    assert multirun(resume(out)).jobs == []
    edit(pg, "port: 5433", "port: 5434")
    with pytest.raises(CompactHydraException, match=r"- db\.port: 5433 then, 5434 now"):
        multirun(resume(out))


def test_what_cannot_be_composed_any_more_stays(multirun: Any, pg: Path) -> None:
    out = multirun("db=pg,mysql").directory
    pg.rename(pg.with_suffix(".away"))
    multirun("db=mysql,null", resume(out), CHANGED)
    pg.with_suffix(".away").rename(pg)
    edit(pg, "port: 5432", "port: 5433")
    with pytest.raises(CompactHydraException, match=r"- db\.port: 5432 then, 5433 now"):
        multirun(resume(out))


# --- keys that some jobs are given


def test_a_default_of_some_of_the_jobs(multirun: Any, app: Path, primary: Path) -> None:
    (app / "one.yaml").write_text("chain: [{lr: 1}, {seed: 3}, {seed: 4}]\n")
    out = multirun("hydra.sweeper.sweep=one.yaml").directory
    (out / ".sweep" / "jobs" / "0" / "0" / "2.json").unlink()
    edit(primary, "seed: 0", "seed: 5")
    with pytest.raises(CompactHydraException, match=SEED):
        multirun(resume(out))
    edit(primary, "seed: 5", "seed: 0")
    assert multirun(resume(out)).jobs == ["seed=4"]


# --- parts


def test_a_part_that_joins_after_a_change(
    multirun: Any, primary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = multirun("lr=1,2,3,4", "hydra.sweeper.slice=0:1").directory
    assert multirun("lr=1,2,3,4", "hydra.sweeper.slice=1:2").jobs == ["lr=2"]
    edit(primary, "seed: 0", "seed: 5")
    for more in ([], ["hydra.sweeper.dry_run=true"]):
        with pytest.raises(CompactHydraException, match=SEED) as caught:
            multirun("lr=1,2,3,4", "hydra.sweeper.slice=2:3", *more)
        assert CHANGED in str(caught.value)
    assert len(list(out.rglob("jobs/*/*/*.json"))) == 2
    capsys.readouterr()
    assert multirun("lr=1,2,3,4", "hydra.sweeper.slice=2:3", CHANGED).jobs == ["lr=3"]
    assert SEED in capsys.readouterr().out
    assert multirun("lr=1,2,3,4", "hydra.sweeper.slice=3:4").jobs == ["lr=4"]
    assert "has changed since" not in capsys.readouterr().out


def test_a_part_that_writes_over_what_there_is(
    multirun: Any, primary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = ["lr=1,2", "hydra.sweeper.slice=0:1"]
    multirun(*part)
    edit(primary, "seed: 0", "seed: 5")
    (value,) = multirun(*part, "hydra.sweeper.overwrite=true").values
    assert value["seed"] == 5
    assert SEED in capsys.readouterr().out


def test_a_new_sweep_in_place_of_parts(multirun: Any, primary: Path) -> None:
    out = multirun("lr=1,2", "hydra.sweeper.slice=0:1").directory
    edit(primary, "seed: 0", "seed: 5")
    multirun("lr=1,2", "hydra.sweeper.overwrite=true")
    assert multirun(resume(out)).jobs == []


# --- as a user runs it

APP = """
import os
from params_proto import proto

@proto.prefix
class Machine:
    name: str = os.environ["NODE"]
    memory: int = int(os.environ["MEMORY"])

@proto.cli
def train(seed: int = 0, lr: float = float(os.environ.get("LR", 0.1))):
    print(f"ran {seed} on {Machine.name}")

train()
"""


@pytest.fixture
def begun(
    python: Python, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[str]]:
    """Runs a script on a sweep in `runs/1`, of which the first job is done; gives what ran."""
    monkeypatch.setenv("NODE", "a")
    monkeypatch.setenv("MEMORY", "64")
    (tmp_path / "train.py").write_text(APP)

    def run(script: str, *arguments: str, refused: str = "") -> list[str]:
        done = python(script, "-m", *arguments, status=1 if refused else 0)
        assert refused in done.stderr
        return [line for line in done.stdout.splitlines() if line.startswith("ran ")]

    first = ["seed=1,2,3", "hydra.sweep.dir=runs/1", "hydra.sweeper.slice=0:1"]
    assert run("train.py", *first) == ["ran 1 on a"]
    return run


RESUME = "hydra.sweeper.resume=runs/1"


@pytest.mark.parametrize(
    "arguments",
    [
        [RESUME],
        ["seed=1,2,3", "hydra.sweep.dir=runs/1", "hydra.sweeper.slice=1:3"],
    ],
    ids=["saved", "slice"],
)
def test_another_script(
    begun: Callable[..., list[str]], tmp_path: Path, arguments: list[str]
) -> None:
    (tmp_path / "other.py").write_text(APP)
    plan = tmp_path / "runs/1/.sweep/plan.json"
    before = plan.read_text()
    refused = "the sweep in runs/1 was started with train.py:train, and this is other.py:train"
    assert begun("other.py", *arguments, refused=refused) == []
    assert plan.read_text() == before
    assert begun("other.py", *arguments, CHANGED) == ["ran 2 on a", "ran 3 on a"]


def test_a_script_that_was_edited_and_moved(
    begun: Callable[..., list[str]], tmp_path: Path
) -> None:
    (tmp_path / "lab").mkdir()
    (tmp_path / "train.py").rename(tmp_path / "lab/train.py")
    (tmp_path / "lab/train.py").write_text(APP.replace("on {", "well on {"))
    assert begun("lab/train.py", RESUME) == ["ran 2 well on a", "ran 3 well on a"]
    (tmp_path / "lab/train.py").rename(tmp_path / "lab/fit.py")
    refused = "started with train.py:train, and this is fit.py:train"
    assert begun("lab/fit.py", RESUME, "hydra.sweeper.resume_changed=[lr]", refused=refused) == []


def test_keys_that_may_differ(
    begun: Callable[..., list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE", "b")
    monkeypatch.setenv("MEMORY", "32")
    changed = "hydra.sweeper.resume_changed="
    both = '- machine.name: "a" then, "b" now\n- machine.memory: 64 then, 32 now\n'
    assert begun("train.py", RESUME, f"{changed}[mach]", refused=both) == []
    one = "changed since\n- machine.memory: 64 then, 32 now\nThe jobs"
    assert begun("train.py", RESUME, f"{changed}[machine.name,lr]", refused=one) == []
    once = ["hydra.sweeper.max_failures=0", "hydra.sweeper.slice=1:2"]
    assert begun("train.py", RESUME, f"{changed}[machine]", *once) == ["ran 2 on b"]
    monkeypatch.setenv("LR", "0.5")
    lr = "changed since\n- lr: 0.1 then, 0.5 now\nThe jobs"
    assert begun("train.py", RESUME, f"{changed}[machine.name,machine.memory]", refused=lr) == []
    assert begun("train.py", RESUME, f"{changed}[lr]") == ["ran 3 on b"]
