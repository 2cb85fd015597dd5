"""Multiruns in this process, compared with Hydra's basic sweeper and with a configured sweep."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException

from params_proto.multirun import options, sweep_dir
from tests.compose.loaders import append, edit, write


@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        (["+sweep=grid", "seed=7"], ["lr=1 seed=7 +sweep=grid", "lr=2 seed=7 +sweep=grid"]),
        (["+sweep=grid", "hydra.sweeper.sweep.product.lr=[5]", "hydra.sweeper.sweep.product.seed=[6]"], ["lr=5 seed=6 +sweep=grid"]),
        (["+sweep=pairs", "seed=1,2"], [f"lr={lr} +model={model} name=run +sweep=pairs seed={seed}" for lr, model in ((1, "small"), (2, "large")) for seed in (1, 2)]),
        (["+experiment=swept", "lr=3"], ["seed=1 +experiment=swept lr=3", "seed=2 +experiment=swept lr=3"]),
        (["lr=1,2", "seed=3,4", "hydra.sweeper.zip=[lr,seed]"], ["lr=1 seed=3", "lr=2 seed=4"]),
        (["db=null,pg", "+model=null,small"], ["~db", "~db +model=small", "db=pg", "db=pg +model=small"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_configured_sweep(multirun: Any, overrides: list[str], jobs: list[str]) -> None:
    run = multirun(*overrides)
    assert run.jobs == jobs
    again = multirun(f"hydra.sweeper.sweep={run.directory}/sweep.yaml", to="again")
    # What only said which sweep is to run has been said.
    said = re.compile(r" \+(sweep|experiment)=\w+")
    assert [said.sub("", job) for job in again.jobs] == [said.sub("", job) for job in jobs]
    assert again.values == run.values


def test_a_target_in_a_value_is_not_built(multirun: Any, app: Path) -> None:
    (app / "conf" / "sweep" / "objects.yaml").write_text(
        "# @package hydra.sweeper.sweep\n"
        "product: {obj: [{_target_: builtins.dict, x: 1}, {_target_: no.such.thing, x: 2}]}\n"
    )
    run = multirun("+sweep=objects")
    assert [config["obj"]["_target_"] for config in run.values] == [
        "builtins.dict",
        "no.such.thing",
    ]


# what Hydra says
NO_OPTION = r"Could not find 'db/nodb'\n\nAvailable options in 'db':\n\tmysql\n\tpg\n"


def test_sweep_yaml_holds_the_rows_of_what_a_file_cannot_say(multirun: Any, app: Path) -> None:
    calls = app / "calls"
    (app / "sweeps.py").write_text(
        "from params_proto import Sweep\n"
        "def keep(config):\n"
        f"    with open({str(calls)!r}, 'a') as file:\n"
        "        return file.write(f'{config[\"lr\"]}\\n')\n"
        "grid = Sweep().product(lr=[1, 2]).where(keep).derive(name=lambda c: str(c['lr']))\n"
    )
    swept = ("hydra.sweeper.sweep=sweeps.py:grid", "lr=3,4", "layers=[1]")
    multirun(*swept, "hydra.sweeper.dry_run=true")
    run = multirun(*swept)
    assert calls.read_text().split() == ["3", "4"] * 2  # once for each config in either run
    assert run.jobs == ["lr=3 name='3' layers=[1]", "lr=4 name='4' layers=[1]"]
    assert run.files()["sweep.yaml"] == (
        'chain:\n- {lr: 3, name: "3", layers: [1]}\n- {lr: 4, name: "4", layers: [1]}\n'
    )


def test_a_large_sweep_is_checked_batch_by_batch(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_dir, "MAX_CHECKED_AT_START", 5)
    monkeypatch.setattr(options, "BATCH", 4)
    large = multirun("seed=range(0,6)", to="large")
    assert [len(batch) for batch in large.batches] == [4, 2]
    assert large.jobs == [f"seed={n}" for n in range(6)]
    with pytest.raises(CompactHydraException, match=NO_OPTION):
        multirun("db=pg,pg,pg,pg,pg,nodb", to="later")
    jobs = {path.name for path in (app / "later").iterdir()} - {
        "multirun.yaml",
        "results.csv",
        "sweep.yaml",
        ".sweep",
    }
    assert jobs == {"0", "1", "2", "3"}


def test_all_jobs_that_cannot_be_composed_are_reported(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A single mistake gives Hydra's own error, in however many jobs it occurs."""
    with pytest.raises(CompactHydraException) as caught:
        multirun(f"db={','.join('abcdefghijkl')},a")
    assert [line.partition(": ")[0] for line in str(caught.value).splitlines()] == [
        "12 mistakes:",
        "- the job db=a",
        *[f"- the job db={option}" for option in "bcdefghij"],
        "- and 2 more.",
    ]
    with pytest.raises(CompactHydraException, match=r"(?s)db/a'.*Available options in 'db'"):
        multirun("db=a,pg,a")
    assert not capsys.readouterr().out
    assert not list((app / "out").iterdir())


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        (["+sweep=grid"], "product: {lr: [1, 2], seed: [0, 1, 2]}\n"),
        # A choice that changes more than the sweep is part of it.
        (["+experiment=swept"], "product: {seed: [1, 2]}\nset: {+experiment: swept}\n"),
        (["+sweep=grid", "+model=small", "name=x"], "product: {lr: [1, 2], seed: [0, 1, 2]}\nset: {+model: small, name: x}\n"),
        # One that the other choices need is kept.
        (["+sweep=engined", "+db/engine@x=isam", "x.kind=y"], "product: {lr: [1]}\nset: {+db/engine@x: isam, x.kind: y}\n"),
        (["+sweep=grid", "~db/engine@engine"], 'product: {lr: [1, 2], seed: [0, 1, 2]}\nset: {~db/engine@engine: null}\n'),
    ],
    ids=str,
)  # fmt: skip
def test_sweep_yaml_says_what_was_asked_for(
    multirun: Any, app: Path, overrides: list[str], text: str
) -> None:
    (app / "conf" / "sweep" / "engined.yaml").write_text(
        "# @package hydra.sweeper.sweep\nproduct: {lr: [1]}\n"
    )
    run = multirun(*overrides)
    assert run.files()["sweep.yaml"] == text
    again = multirun(f"hydra.sweeper.sweep={run.directory}/sweep.yaml", to="again")
    assert again.values == run.values


def test_a_choice_that_the_config_asks_for_is_part_of_the_sweep(multirun: Any, app: Path) -> None:
    append(app / "conf", "chosen: ${hydra:runtime.choices.sweep}\n")

    def task(config: Any) -> str:
        return str(config.chosen)

    run = multirun("+sweep=grid", task=task)
    again = multirun(f"hydra.sweeper.sweep={run.directory}/sweep.yaml", task=task, to="again")
    assert again.values == run.values == ["grid"] * 6


def test_steps_in_the_config_of_the_task(multirun: Any, app: Path) -> None:
    configs = {
        "sweep/nopkg": "product: {lr: [1]}\n",
        "sweep/other": "defaults: [_self_]\nproduct: {lr: [1]}\nx: 1\n",
        "deep/er/steps": "product: {lr: [1]}\n",
        "nest/e": "# @package e\n_target_: x\n",
    }
    write(app / "conf", configs)
    fix = "selects steps of a sweep \\(product\\).*# @package hydra.sweeper.sweep"
    for chosen in ("+sweep=nopkg", "+sweep@db.x=nopkg", "+deep/er=steps", "+sweep=nopkg,other"):
        with pytest.raises(CompactHydraException, match=fix):
            multirun(chosen)
        assert not list((app / "out").iterdir())
    multirun("+sweep=other", "+nest=e")
    multirun("+sweep@x=nopkg", "++x=${db}", to="interpolated")


def test_a_file_that_a_choice_keeps_away_may_be_broken(multirun: Any, app: Path) -> None:
    (app / "conf" / "db" / "broken.yaml").write_text("port: [1\n")
    edit(app / "conf" / "config.yaml", "db: mysql", "db: broken")
    run = multirun("db=pg", "seed=1,2", task=lambda config: config.db.port)
    assert run.values == [5432, 5432]
