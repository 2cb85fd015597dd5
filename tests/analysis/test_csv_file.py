"""`results.csv`."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from params_proto.analysis.rows import Row, Table, write_results

STARTED = "2026-11-24T10:00:00.000+01:00"
METRICS = [{"loss": 0.5, "lr": [1, {"a": None}]}, {"loss": float("nan"), "ok": True}]
ROWS = [
    Row(0, {"lr": 0.1, "dir": "a,b"}, METRICS[0], "completed", 1, 2.5, STARTED, "0", None),
    Row(1, {"lr": 0.2}, METRICS[1], "failed", 2, None, None, "a/1", 'ValueError: "no"'),
    Row(2, {"lr": 1e-7, "dir": "é\n"}, {}, "pending", None, None, None, None, None),
]
FILE = """\
job,lr,config.dir,started,dir,error,attempt,duration,status,loss,metric.lr,ok
0,0.1,"a,b",2026-11-24T10:00:00.000+01:00,0,,1,2.5,completed,0.5,"[1, {""a"": null}]",
1,0.2,,,a/1,"ValueError: ""no""\",2,,failed,nan,,True
2,1e-07,"é
",,,,,,pending,,,
"""


def test_the_file(tmp_path: Path) -> None:
    of = Table(tmp_path, ["lr", "dir"], frozenset(), lambda: ROWS)
    write_results(of, ["loss", "lr", "ok"])
    assert (tmp_path / "results.csv").read_text("utf-8") == FILE
    df = pd.read_csv(tmp_path / "results.csv")
    assert df["lr"].tolist() == [0.1, 0.2, 1e-7]
    assert df["loss"].isna().tolist() == [False, True, True]
    assert df["config.dir"].tolist()[::2] == ["a,b", "é\n"]
