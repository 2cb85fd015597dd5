"""The records in `.sweep/`, read without the package's code."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException

import params_proto
from tests.compose.loaders import append
from tests.multirun.conftest import JOBLIB, records
from tests.versions import HYDRA_1_3

FIELDS = [
    *("job", "overrides", "config", "identity", "dir", "host", "pid", "process", "attempt"),
    *("status", "started", "ended", "duration", "value", "error", "failures"),
]
PACKAGE = str(Path(params_proto.__file__).parent)


def each(directory: Path, name: str) -> list[Any]:
    return [one[name] for one in records(directory).values()]


def returns_lr(config: Any) -> Any:
    return {"lr": config.lr, "loss": float("nan")}


def fails_at_1(config: Any) -> int:
    if config.seed == 1:
        raise ZeroDivisionError(f"at {config.seed}\nand more")
    return config.seed


@pytest.mark.parametrize("launcher", [[], JOBLIB], ids=["basic", "joblib"])
def test_a_record_of_each_job(multirun: Any, launcher: list[str]) -> None:
    before = datetime.now().astimezone()
    run = multirun("lr=0.5,1e-3", "+model=small", *launcher, task=returns_lr)
    after = datetime.now().astimezone()
    found = [*records(run.directory).values()]
    assert [list(one) for one in found] == [FIELDS, FIELDS]
    left = (run.directory / ".sweep" / "jobs" / "0" / "0").iterdir()
    assert {path.name for path in left} == {"0.json", "1.json"}
    first, second = found
    assert (first["job"], second["job"]) == (0, 1)
    assert first["overrides"] == ["lr=0.5", "+model=small"]
    assert first["config"] == {"lr": 0.5}
    assert second["config"] == {"lr": 0.001}
    assert (first["dir"], second["dir"]) == ("0", "1")
    assert first["host"] == socket.gethostname()
    assert (first["pid"] == os.getpid()) == (not launcher)
    assert (first["attempt"], first["status"], first["error"]) == (1, "completed", None)
    assert first["value"] == {"lr": 0.5, "loss": "NaN"}
    started, ended = (datetime.fromisoformat(first[name]) for name in ("started", "ended"))
    assert before.replace(microsecond=0) <= started <= ended <= after
    assert started.tzinfo is not None
    assert 0 <= first["duration"] < 60
    assert first["identity"] != second["identity"]


def test_while_it_runs(multirun: Any, app: Path) -> None:
    def task(config: Any) -> list[Any]:
        return [*records(app / "out").values()]

    run = multirun("seed=1,2", task=task)
    (alone,), (done, running) = run.values
    assert (alone["status"], alone["ended"], alone["duration"]) == ("running", None, None)
    assert (done["status"], running["status"]) == ("completed", "running")
    assert running["pid"] == os.getpid()


def test_a_job_that_fails(multirun: Any, app: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="at 1"):
        multirun("seed=0,1,2", *JOBLIB, task=fails_at_1)
    assert each(app / "out", "status") == ["completed", "failed", "completed"]
    failed = records(app / "out")[1]
    error = failed.pop("error")
    assert (error["type"], error["message"]) == ("ZeroDivisionError", "at 1\nand more")
    first, *lines, last, more = error["traceback"].splitlines()
    assert first == "Traceback (most recent call last):"
    places = [line for line in lines if line.startswith("  File ")]
    assert __file__ in places[-1]
    assert not any(PACKAGE in place for place in places)
    assert (last, more) == ("ZeroDivisionError: at 1", "and more")
    assert failed["value"] is None
    assert failed["ended"] >= failed["started"]


class UnsayableError(Exception):
    def __str__(self) -> str:
        raise ValueError


def recursion() -> None:
    recursion()


ENDINGS: list[tuple[Any, str | None, str]] = [
    (lambda: sys.exit(3), "SystemExit", "3"),
    (lambda: sys.exit("gone"), "SystemExit", "gone"),
    (sys.exit, None, ""),
    (lambda: sys.exit(0), None, ""),
    (UnsayableError, "UnsayableError", "(its __str__ raises ValueError)"),
    (ValueError, "ValueError", ""),
    # As of a broken file name: it would end the writing of the summary, and jq's reading.
    (lambda: ValueError("caf\udce9\0"), "ValueError", "caf\\udce9\0"),
    (lambda: GeneratorExit("x"), "GeneratorExit", "x"),
    (recursion, "RecursionError", "maximum recursion depth exceeded"),
]


def test_however_a_job_ends(multirun: Any, app: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def task(config: Any) -> None:
        raise ENDINGS[config.seed][0]()

    with pytest.raises(RuntimeError, match="SystemExit: 3"):
        multirun(f"seed=range({len(ENDINGS)})", task=task)
    for record, (_, kind, message) in zip(records(app / "out").values(), ENDINGS, strict=True):
        assert record["status"] == ("failed" if kind else "completed")
        if kind:
            assert record["error"]["type"] == kind
            assert record["error"]["message"].startswith(message)
            assert record["error"]["traceback"].startswith("Traceback (most recent call last):")
    if HYDRA_1_3:  # Hydra 1.4 logs what a job raised, as it is
        assert "Logging error" not in capfd.readouterr().err


class BadItem:
    shape = ()

    def item(self) -> Any:
        raise OSError


ENDLESS: list[Any] = []
ENDLESS += [ENDLESS, ENDLESS]
UNFIT = "of what it returned, which JSON cannot represent, such as "


@pytest.mark.parametrize(
    ("value", "kept", "text"),
    [
        (object(), {"unserializable": "object"}, f"lacks 1 part {UNFIT}object. Return numbers"),
        ({"a": [{1}, 2], "b": 3, "c": b""}, {"a": [{"unserializable": "set"}, 2], "b": 3, "c": {"unserializable": "bytes"}}, f"lacks 2 parts {UNFIT}set."),
        (ENDLESS, {"unserializable": "nested too deep"}, f"{UNFIT}nested too deep."),
        (BadItem(), None, "has no value: reading what it returned raises OSError"),
    ],
    ids=["object", "parts", "endless", "raises"],
)  # fmt: skip
def test_a_value_that_is_no_json(
    multirun: Any, capsys: pytest.CaptureFixture[str], value: Any, kept: Any, text: str
) -> None:
    run = multirun("seed=1", task=lambda config: value)
    (returned,) = run.values
    assert returned is value
    (record,) = records(run.directory).values()
    assert (record["status"], record["value"]) == ("completed", kept)
    (said,) = [line for line in capsys.readouterr().out.splitlines() if "the record of" in line]
    assert "the record of job 0 " in said
    assert text in said


@pytest.mark.parametrize(
    ("overrides", "config"),
    [
        (["+sweep=pairs", "++seed=1,2"], {"lr": 1, "model": "small", "seed": 1}),
        (["db=null,pg"], {"db": None}),
        (["layers=[1,2],[3]", "name='1',x"], {"layers": [1, 2], "name": "1"}),
        (["lr=inf,nan"], {"lr": "Infinity"}),
    ],
    ids=str,
)
def test_the_config_is_what_is_swept(
    multirun: Any, overrides: list[str], config: dict[str, Any]
) -> None:
    run = multirun(*overrides, "hydra.sweeper.slice=0:1")
    assert each(run.directory, "config") == [config]


def test_a_directory_of_its_own(multirun: Any, app: Path) -> None:
    run = multirun("seed=1,2", "hydra.sweep.subdir=runs/${seed}", "hydra.job.chdir=true")
    assert each(run.directory, "dir") == ["runs/1", "runs/2"]


REPEATED = ["hydra.sweeper.sweep={product:{seed:[1,2]},repeat:2}", "lr=1,1"]


def test_equal_jobs_run_once_each_in_slices_that_overlap(multirun: Any) -> None:
    for part in ("1::3", "6:2:-1", "::"):
        run = multirun(*REPEATED, f"hydra.sweeper.slice={part}")
    assert each(run.directory, "job") == [*range(8)]
    assert each(run.directory, "attempt") == [1] * 8
    assert len(set(each(run.directory, "identity"))) == 2


def test_what_the_sweep_began_with(multirun: Any, app: Path) -> None:
    ranked = ["hydra.sweeper.metric=loss", "hydra.sweeper.direction=minimize"]
    run = multirun("+sweep=grid", "+model=small", "name=x,y", "hydra.job.chdir=true", *ranked)
    plan = json.loads((run.directory / ".sweep" / "plan.json").read_text())
    created = datetime.fromisoformat(plan.pop("created"))
    assert created.tzinfo is not None
    assert plan.pop("script") == []  # as no command line has started it
    assert plan.pop("function").endswith("SweepTaskFunction")
    assert len(plan.pop("sweep")) == 64
    assert plan == {
        "config_name": "config",
        "task": ["+sweep=grid", "+model=small", "name=x,y"],
        "hydra": [
            "hydra/sweeper=params_proto",
            "hydra.job.chdir=true",
            *ranked,
            f"hydra.sweep.dir={run.directory}",
        ],
        "sweep_selectors": ["+sweep=grid"],
        "keys": ["lr", "seed", "name"],
        "groups": [],
        "derived": [],
        "jobs": 12,
        "earlier": 0,
        "metric": "loss",
        "direction": "minimize",
        "format": 1,
    }


def test_the_plan_is_there_before_the_first_job(multirun: Any, app: Path) -> None:
    def task(config: Any) -> list[str]:
        return sorted(
            str(path.relative_to(app / "out"))
            for path in (app / "out").rglob("*")
            if path.is_file() and path.name in ("plan.json", "sweep.yaml", "multirun.yaml")
        )

    assert multirun("seed=1", task=task).values == [
        [".sweep/plan.json", "multirun.yaml", "sweep.yaml"]
    ]


def test_jobs_that_are_not_counted(multirun: Any) -> None:
    run = multirun("hydra.sweeper.sweep={product:{seed:[1,2,3]},exclude:{seed:2}}")
    assert json.loads((run.directory / ".sweep" / "plan.json").read_text())["jobs"] is None


class Split(Enum):
    TRAIN = 1


@dataclass
class Sized:
    sizes: dict[Split, int] = field(default_factory=lambda: {Split.TRAIN: 1})
    names: dict[bool, str] = field(default_factory=lambda: {True: "yes"})


def test_keys_that_json_has_no_word_for(multirun: Any, app: Path) -> None:
    ConfigStore.instance().store("sized", Sized, group="part")
    append(app / "conf", "odd: {a: {!!binary aGk= : 1}}\n")
    run = multirun("+part=sized", "seed=1,2", task=lambda config: config.part.sizes[Split.TRAIN])
    assert run.values == [1, 1]
    kept = json.loads((run.directory / ".sweep" / "composed.json").read_text())["config"]
    assert kept["part"] == {"sizes": {"Split.TRAIN": 1}, "names": {"True": "yes"}}
    assert kept["odd"] == {"a": {"b'hi'": 1}}
    with pytest.raises(CompactHydraException, match="already contains a sweep"):
        multirun("+part=sized", "seed=1,2")
    assert multirun("+part=sized", "seed=1,2", "hydra.sweeper.resume=true").jobs == []


def test_what_is_in_the_way_of_the_records(multirun: Any, app: Path) -> None:
    (app / "out" / ".sweep").mkdir(parents=True)
    (app / "out" / ".sweep" / "jobs").write_text("")
    ran: list[int] = []
    with pytest.raises(CompactHydraException, match="jobs cannot be removed: Not a directory"):
        multirun("seed=1,2", task=lambda config: ran.append(config.seed))
    assert ran == []


def loses_its_record(config: Any) -> None:
    hydra = HydraConfig.get()
    path = Path(hydra.sweep.dir) / ".sweep" / "jobs" / "0" / "0" / f"{hydra.job.num}.json"
    path.unlink()
    path.mkdir()
    if config.seed == 1:
        raise ZeroDivisionError("and no record")


def test_a_record_that_cannot_be_written_at_the_end(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ZeroDivisionError, match="and no record"):
        multirun("seed=0,1,2", task=loses_its_record)
    logs = [(app / "out" / str(job) / "app.log").read_text() for job in range(3)]
    for job, status in enumerate(["completed", "failed", "completed"]):
        assert f"job {job} is {status}, but was not recorded: {app / 'out'}" in logs[job]
        assert f"{job}.json cannot be read: Is a directory" in logs[job]
    said = capsys.readouterr().out
    assert "1 job failed:\n- ZeroDivisionError: and no record (1 job: 1)\n" in said


def test_jobs_see_their_own_overrides(multirun: Any) -> None:
    """Nothing that the records need appears in a job's config."""
    run = multirun("seed=1,2", task=lambda config: list(HydraConfig.get().overrides.hydra))
    assert run.values[0] == [
        "hydra/sweeper=params_proto",
        f"hydra.sweep.dir={run.directory}",
    ]
