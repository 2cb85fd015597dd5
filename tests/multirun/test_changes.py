"""Which changes in the app's config a resume detects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from tests.compose.loaders import edit
from tests.conftest import Python
from tests.multirun.conftest import STOP, JobError, resume

CHANGED = "hydra.sweeper.resume_changed=true"
SEED = "the app's config has changed since\n- seed: was 0, is now 5\n"


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
    with pytest.raises(CompactHydraException, match=r"- db\.port: was 5432, is now 5433"):
        multirun(resume(app / "out"), "hydra.sweeper.slice=0:4")


# --- a change that was allowed


def test_a_second_change_of_what_is_done(
    multirun: Any, pg: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = multirun("db=pg,mysql").directory
    edit(pg, "port: 5432", "port: 5433")
    assert multirun("db=pg,mysql,null", resume(out), CHANGED).jobs == ["~db"]
    assert "- db.port: was 5432, is now 5433" in capsys.readouterr().out
    assert multirun(resume(out)).jobs == []
    edit(pg, "port: 5433", "port: 5434")
    with pytest.raises(CompactHydraException, match=r"- db\.port: was 5433, is now 5434"):
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


def test_a_shard_that_joins_after_a_change(
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


def test_a_shard_that_overwrites(
    multirun: Any, primary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    part = ["lr=1,2", "hydra.sweeper.slice=0:1"]
    multirun(*part)
    edit(primary, "seed: 0", "seed: 5")
    (value,) = multirun(*part, "hydra.sweeper.overwrite=true").values
    assert value["seed"] == 5
    assert SEED in capsys.readouterr().out


def test_keys_that_may_differ(multirun: Any, primary: Path) -> None:
    out = multirun("seed=1,2,3", "hydra.sweeper.slice=0:1").directory
    edit(primary, "opts: {a: 1, b: {c: 2}}", "opts: {a: 5, b: {c: 6}}")

    def refused(keys: str) -> str:
        with pytest.raises(CompactHydraException) as caught:
            multirun(resume(out), f"hydra.sweeper.resume_changed={keys}")
        return str(caught.value)

    both = "changed since\n- opts.a: was 1, is now 5\n- opts.b.c: was 2, is now 6\nCompleted jobs"
    assert both in refused("[opt]")
    assert "changed since\n- opts.b.c: was 2, is now 6\nCompleted jobs" in refused("[opts.a,lr]")
    once = ["hydra.sweeper.slice=1:2", "hydra.sweeper.resume_changed=[opts]"]
    assert multirun(resume(out), *once).jobs == ["seed=2"]
    edit(primary, "lr: 0.1", "lr: 0.5")
    assert "changed since\n- lr: was 0.1, is now 0.5\nCompleted jobs" in refused(
        "[opts.a,opts.b.c]"
    )
    assert multirun(resume(out), "hydra.sweeper.resume_changed=[lr]").jobs == ["seed=3"]


APP = """
from params_proto import proto

@proto.cli
def train(seed: int = 0):
    print(f"ran {seed}")

train()
"""


def test_a_script_that_was_edited_and_moved_and_another_one(python: Python, tmp_path: Path) -> None:
    def ran(script: str, *arguments: str, refused: str = "") -> list[str]:
        done = python(script, "-m", *arguments, status=1 if refused else 0)
        assert refused in done.stderr
        return [line for line in done.stdout.splitlines() if line.startswith("ran ")]

    (tmp_path / "train.py").write_text(APP)
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab/train.py").write_text(APP.replace("ran {", "ran on {"))
    (tmp_path / "other.py").write_text(APP)
    sweep = ["seed=1,2,3,4", "hydra.sweep.dir=runs/1"]
    assert ran("train.py", *sweep, "hydra.sweeper.slice=0:1") == ["ran 1"]
    assert ran("lab/train.py", *sweep, "hydra.sweeper.slice=1:2") == ["ran on 2"]
    plan = tmp_path / "runs/1/.sweep/plan.json"
    before = plan.read_text()
    refused = "the sweep in runs/1 was started with train.py:train, and this is other.py:train"
    slice = [*sweep, "hydra.sweeper.slice=2:3"]
    assert ran("other.py", *slice, "hydra.sweeper.resume_changed=[lr]", refused=refused) == []
    resume = "hydra.sweeper.resume=runs/1"
    assert ran("other.py", resume, refused=refused) == []
    assert plan.read_text() == before
    assert ran("other.py", resume, CHANGED) == ["ran 3", "ran 4"]
