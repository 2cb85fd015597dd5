"""The results of a sweep as a DataFrame."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from params_proto import Sweep, SweepError, results
from params_proto.analysis.rows import table
from params_proto.records import Failure, JobStore, Record, Status
from params_proto.records.manifest import read_plan
from params_proto.records.process import this_process
from tests.report.sweeps import PLAN

STARTED = "2026-11-24T10:00:00.000+01:00"
Make = Callable[..., Path]


def record(job: int, config: dict[str, Any], value: Any = None, **more: Any) -> Record:
    host, pid, process = this_process()
    own: dict[str, Any] = {"overrides": [f"{key}={one}" for key, one in config.items()]}
    own |= {"identity": "", "dir": str(job), "attempt": 1, "status": Status.COMPLETED}
    own |= {"started": STARTED, "duration": 1.5, "host": host, "pid": pid, "process": process}
    return Record(job=job, config=config, value=value, **(own | more))


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """The directory of a sweep, as one leaves it."""

    def made(
        sweep: Sweep,
        *records: Record,
        name: str = "out",
        groups: Sequence[str] = (),
        size: int | None = 0,
    ) -> Path:
        directory = tmp_path / name
        directory.mkdir()
        sweep.save(directory / "sweep.yaml")
        jobs = len(sweep) if size == 0 else size
        PLAN._replace(keys=[*sweep.keys], groups=[*groups], jobs=jobs).write(directory)
        for one in records:
            JobStore(directory).write(one)
        return directory

    return made


LR = Sweep().product(lr=[0.1, 0.2], seed=[1, 2])


def test_a_row_for_each_job(make: Make) -> None:
    failed = Failure("ValueError", "no data\nat all", "Traceback ...")
    out = make(
        LR,
        record(0, {"lr": 0.1, "seed": 1}, {"loss": 0.5, "acc": {"top1": 1, "top5": "NaN"}}),
        record(1, {"lr": 0.1, "seed": 2}, status=Status.FAILED, error=failed, attempt=3),
    )
    df = results(out)
    assert [*df.columns] == [
        *("job", "lr", "seed", "started", "dir", "error", "attempt", "duration", "status"),
        *("loss", "acc.top1", "acc.top5"),
    ]
    # pandas 2 has nanoseconds there.
    assert [str(dtype).replace("[ns, ", "[us, ") for dtype in df.dtypes] == [
        *("Int64", "Float64", "Int64", "datetime64[us, UTC]", "string", "string"),
        *("Int64", "Float64", "category", "Float64", "Int64", "Float64"),
    ]
    assert [*df["status"]] == ["completed", "failed", "pending", "pending"]
    assert df[["lr", "seed"]].values.tolist() == [[0.1, 1], [0.1, 2], [0.2, 1], [0.2, 2]]
    assert [*df["loss"]] == [0.5, pd.NA, pd.NA, pd.NA]
    assert math.isnan(df["acc.top5"][0])
    assert [*df["attempt"]] == [1, 3, pd.NA, pd.NA]
    assert [*df["error"]] == [pd.NA, "ValueError: no data", pd.NA, pd.NA]
    assert [*df["dir"]] == [str(out / "0"), str(out / "1"), pd.NA, pd.NA]
    assert df["started"][0] == datetime(2026, 11, 24, 10, tzinfo=timezone(timedelta(hours=1)))
    assert df["started"].isna().tolist() == [False, False, True, True]
    assert df.attrs == {
        "keys": ["lr", "seed"],
        "metrics": ["loss", "acc.top1", "acc.top5"],
        "derived": [],
    }


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, 2], "Int64"),
        ([1, 0.5], "Float64"),
        ([True, False], "boolean"),
        (["a", "b"], "string"),
        ([1, "a"], "object"),
        ([[1, 2], [3]], "object"),
        ([2**70, 1], "object"),
        ([10**400, 0.5], "object"),
        ([True, 1], "object"),
    ],
)
def test_the_types_of_keys_and_metrics(make: Make, values: list[Any], dtype: str) -> None:
    sweep = Sweep().product(x=values)
    out = make(sweep, *[record(job, {"x": one}, one) for job, one in enumerate(values)])
    df = results(out)
    assert [str(df[name].dtype) for name in ("x", "value")] == [dtype] * 2
    assert [*df["x"]] == [*df["value"]] == values
    missing = results(make(sweep, record(0, {"x": values[0]}, values[0]), name="other"))
    assert missing["value"].isna().tolist() == [False, True]


def test_groups_are_categories_in_the_order_of_the_sweep(make: Make) -> None:
    sweep = Sweep().product({"model": ["small", ["large", "old"]], "seed": [1, 2]})
    df = results(make(sweep, groups=["model"]))
    assert [*df["model"].cat.categories] == ["small", '["large", "old"]']
    assert [*df["model"]] == ["small", "small", '["large", "old"]', '["large", "old"]']


def test_names_that_are_there_already(make: Make) -> None:
    out = make(
        Sweep().product({"lr": [1], "dir": ["a"]}),
        record(0, {"lr": 1, "dir": "a"}, {"lr": 2, "status": "good", "config": {"dir": 3}}),
    )
    df = results(out)
    names = ["job", "lr", "config.dir", "metric.lr", "metric.status", "metric.config.dir"]
    assert [*df.columns[:3], *df.columns[-3:]] == names
    assert df.attrs["keys"] == ["lr", "config.dir"]
    assert df.loc[0, names].tolist() == [0, 1, "a", 2, "good", 3]


NOT_IN_JSON = {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}


def test_a_job_that_runs_and_one_whose_process_is_gone(make: Make) -> None:
    out = make(
        LR,
        record(0, {"lr": 0.1, "seed": 1}, status=Status.RUNNING, duration=None),
        record(1, {"lr": 0.1, "seed": 2}, status=Status.RUNNING)._replace(process="another boot/1"),
    )
    assert [*results(out)["status"]] == ["running", "crashed", "pending", "pending"]


def test_what_is_no_record_is_a_job_that_has_not_run(make: Make) -> None:
    out = make(LR, record(0, {"lr": 0.1, "seed": 1}))
    (out / ".sweep/jobs/0/0/0.json").write_text("{")
    assert [*results(out)["status"]] == ["pending"] * 4


def test_several_directories(make: Make) -> None:
    a = make(Sweep().product(lr=[1, 2]), record(0, {"lr": 1}, 5), name="a")
    b = make(Sweep().product(bs=[3]), record(0, {"bs": 3}, {"lr": 7}), name="b")
    df = results(a, b)
    names = ["sweep", "job", "lr", "bs", "value", "metric.lr"]
    assert [*df.columns[:4], *df.columns[-2:]] == names
    assert df[names].astype(object).where(df[names].notna(), None).values.tolist() == [
        [str(a), 0, 1, None, 5, None],
        [str(a), 1, 2, None, None, None],
        [str(b), 0, None, 3, None, 7],
    ]
    assert [*df["sweep"].cat.categories] == [str(a), str(b)]


def test_keys_that_are_fixed_in_each_and_differ(make: Make) -> None:
    a = make(Sweep().product(x=[1]).set(lr=5, bs=1, only=3), record(0, {"x": 1}, 5), name="a")
    b = make(Sweep().product(x=[1], lr=[6]).set(bs=1), record(0, {"x": 1, "lr": 6}, 7), name="b")
    read_plan(a)._replace(keys=["x"]).write(a)
    read_plan(b)._replace(keys=["x", "lr"]).write(b)
    df = results(a, b)
    assert df.attrs["keys"] == ["x", "lr", "only"]
    assert df[["lr", "only"]].astype(object).where(df.notna(), None).values.tolist() == [
        [5, 3],
        [6, None],
    ]


@pytest.mark.parametrize(("text", "expected"), NOT_IN_JSON.items())
def test_numbers_that_json_does_not_have(make: Make, text: str, expected: str) -> None:
    sweep = Sweep().product(x=[float(expected), 2])
    ran, pending = make(sweep, record(0, {"x": text}, text)), make(sweep, name="pending")
    for directory, name in ((ran, "x"), (ran, "value"), (pending, "x")):
        df = results(directory)
        assert str(df[name].dtype) == "Float64"
        assert repr(float(df[name][0])) == expected


def test_a_sweep_that_a_multirun_has_written(make: Make) -> None:
    out = make(Sweep().product({"d.x": [1, 2]}), record(0, {"d.x": 1}, 5))
    (out / "sweep.yaml").write_text("set: {d: {x: 0}}\nproduct: {d.x: [1, 2]}\n")
    assert [*results(out)["status"]] == ["completed", "pending"]


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(
        SweepError, match=r"nowhere does not contain a sweep\. Give the directory of a sweep"
    ):
        results(tmp_path / "nowhere")
    with pytest.raises(SweepError, match="does not contain a sweep"):
        results(tmp_path)


def test_a_terminal_that_is_too_narrow_shows_the_metrics(make: Make) -> None:
    """pandas leaves out columns in a terminal of width 80."""
    failed = Failure("ValueError", "the loss is not a number, and neither is the gradient", "")
    sweep = Sweep().product({"model.lr": [0.1], "model.layers": [2], "seed": [1, 2]})
    first, second = sweep
    out = make(
        sweep,
        record(0, first, {"val/loss": 0.25, "val/accuracy": 0.75}),
        record(1, second, error=failed, status=Status.FAILED),
    )
    with pd.option_context("display.width", 80, "display.max_columns", 0):
        head, *jobs = repr(results(out)).splitlines()[:3]
    assert head.split()[:3] == ["job", "model.lr", "model.layers"]
    assert head.split()[-3:] == ["status", "val/loss", "val/accuracy"]
    assert [line.split()[-3:] for line in jobs] == [
        *(["completed", "0.25", "0.75"], ["failed", "<NA>", "<NA>"])
    ]


def test_what_json_has_no_word_for_is_no_metric(make: Make) -> None:
    unfit = {"unserializable": "Model"}
    records = [
        record(0, {"x": 1}, {"loss": 1, "net": unfit, "nets": [unfit], "none": None}),
        record(1, {"x": 2}, unfit),
    ]
    df = results(make(Sweep().product(x=[1, 2]), *records))
    assert df.attrs["metrics"] == ["loss", "nets"]
    assert df["status"].tolist() == ["completed"] * 2


@pytest.mark.parametrize("filtered", [False, True])
def test_of_very_many_jobs_those_that_have_run(make: Make, filtered: bool) -> None:
    sweep = Sweep().product(x=range(10**12))
    sweep = sweep.exclude(x=[10**12]) if filtered else sweep
    out = make(
        sweep, *[record(x, {"x": x}, x) for x in (3, 5, 7)], size=None if filtered else 10**12
    )
    rows = list(table(out, limit=5))
    assert [row.job for row in rows] == ([0, 1, 2, 3, 4, 5, 7] if filtered else [3, 5, 7])
    assert [row.metrics for row in rows if row.metrics] == [{"value": x} for x in (3, 5, 7)]


def test_of_a_sweep_that_only_the_app_can_read_those_that_have_run(make: Make) -> None:
    out = make(Sweep().product(x=[1, 2]), record(1, {"x": 2}, 0.5))
    (out / "sweep.yaml").write_text("product: {x: []}\n")
    df = results(out)
    assert df[["job", "x", "value", "status"]].values.tolist() == [[1, 2, 0.5, "completed"]]
