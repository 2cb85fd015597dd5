"""Malicious values in the jobs of a sweep: see tests/fuzz/test_evils.py."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hydra.errors import HydraException

from tests.multirun.conftest import Run


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["+db/engine@opts.../x=inno,isam"], "LexerNoViableAltException"),
        (["lr=" + "{a:" * 90 + "1" + "}" * 90 + ",2"], r"the job lr=\{a:.* has a value that is nested too deep for Hydra"),
        (["+model=small," + "a" * 5000], r"Hydra cannot compose the job \+model=a+\.\.\.: .*name too long"),
        (["name='\ud800',x"], r"name: '\\ud800' has half a surrogate pair"),
        (["+=a,b"], r"Hydra cannot compose the job \+=a: "),
    ],
    ids=lambda value: ascii(value)[:60],
)  # fmt: skip
def test_a_sweep_that_writes_nothing(
    multirun: Run, app: Path, lines: list[str], message: str
) -> None:
    with pytest.raises(HydraException, match=message):
        multirun(*lines)
    assert not [*(app / "out").iterdir()]


def test_an_interpolation_that_a_file_holds_as_text_is_text_in_the_job(
    multirun: Run, app: Path
) -> None:
    text = "${oc.env:HOME}"
    (app / "a.jsonl").write_text(json.dumps({"name": text}))
    (app / "a.csv").write_text(f"name\n{text}\n")
    (app / "a.yaml").write_text(f"product: {{name: ['{text}']}}")
    for name in ("a.jsonl", "a.csv", "a.yaml"):
        (config,) = multirun(f"hydra.sweeper.sweep={name}", to=f"out-{name}").values
        assert config["name"] == r"\${oc.env:HOME}"


def test_a_long_sweep_with_a_function(multirun: Run, app: Path) -> None:
    (app / "long.py").write_text(
        "from params_proto import Sweep\n"
        "grid = Sweep().product(lr=range(10**12)).derive(name=lambda config: str(config['lr']))\n"
    )
    with pytest.raises(HydraException, match="config by config, and it has more than 1,000,000"):
        multirun("hydra.sweeper.sweep=long.py:grid", "hydra.sweeper.slice='0:1'")
