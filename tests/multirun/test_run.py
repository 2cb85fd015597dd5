"""Multiruns in this process: as Hydra's basic sweeper runs them, and with a configured sweep."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hydra.errors import CompactHydraException, HydraException
from omegaconf import OmegaConf

from params_proto import Sweep
from params_proto.multirun import executor, options, sweep_dir


@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        (["+sweep=grid", "seed=7"], ["lr=1 seed=7 +sweep=grid", "lr=2 seed=7 +sweep=grid"]),
        (
            ["+sweep=grid", "hydra.sweeper.sweep.product.lr=[5]", "hydra.sweeper.sweep.product.seed=[6]"],
            ["lr=5 seed=6 +sweep=grid"],
        ),
        (
            ["+sweep=pairs", "seed=1,2"],
            [
                f"lr={lr} +model={model} name=run +sweep=pairs seed={seed}"
                for lr, model in ((1, "small"), (2, "large"))
                for seed in (1, 2)
            ],
        ),
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


def test_values_arrive_with_their_types(multirun: Any) -> None:
    sweep = Sweep().zip(
        {
            "lr": [1, 2.5, 1e-5, float("inf")],
            "name": ["1", "null", "${x} \\${y}", "a'b\\"],
            "+x": [None, True, [1, "2", {"a": None}], ""],
        }
    )
    sweep.save("s.yaml")
    run = multirun("hydra.sweeper.sweep=s.yaml")
    resolved = [OmegaConf.to_container(OmegaConf.create(v), resolve=True) for v in run.values]
    assert [repr({"lr": v["lr"], "name": v["name"], "+x": v["x"]}) for v in resolved] == [
        repr(config) for config in sweep
    ]


def test_an_interpolation_for_the_job(multirun: Any, app: Path) -> None:
    (app / "conf" / "sweep" / "live.yaml").write_text(
        "# @package hydra.sweeper.sweep\nproduct: {seed: [1, 2], name: ['run-\\${seed}']}\n"
    )
    names: list[str] = []
    run = multirun("+sweep=live", task=lambda config: names.append(config.name))
    assert names == ["run-1", "run-2"]
    multirun(f"hydra.sweeper.sweep={run.directory}/sweep.yaml", to="again")


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


def test_batches(multirun: Any) -> None:
    run = multirun("seed=range(0,5)", "hydra.sweeper.max_batch_size=2")
    assert [len(batch) for batch in run.batches] == [2, 2, 1]
    assert [job.hydra_cfg.hydra.job.num for batch in run.returns for job in batch] == [*range(5)]


def test_what_a_job_raises_is_raised_when_all_have_run(multirun: Any) -> None:
    ran: list[int] = []

    def task(config: Any) -> None:
        ran.append(config.seed)
        if config.seed == 1:
            raise ZeroDivisionError("in the job")

    with pytest.raises(ZeroDivisionError, match="in the job"):
        multirun("seed=range(0,6)", "hydra.sweeper.max_batch_size=3", task=task)
    assert ran == [0, 1, 2, 3, 4, 5]


# what Hydra says
NO_KEY = r"Could not override 'nokey'\.(.|\n)*\+nokey=1"
NO_OPTION = r"Could not find 'db/nodb'\n\nAvailable options in 'db':\n\tmysql\n\tpg\n"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["hydra.sweeper.max_batch_size=0"],
            "hydra.sweeper.max_batch_size=0 is not a number of jobs",
        ),
        (["lr=interval(0,1)"], r"lr=interval\(0,1\): an interval has no values"),
        (["lr=1,2", "hydra.sweeper.zip=[lr,seed]"], "zip pairs seed, which is not swept"),
        (
            ["+sweep=grid,pairs"],
            "selects a sweep .* cannot be swept. Put the sweeps one after",
        ),
        (
            ["hydra.sweeper.sweep=no.yaml"],
            r"there is no file /.*/no\.yaml\. A path begins at the working directory",
        ),
        (["hydra.sweeper.sweep={product:{hydra.verbose:[true]}}"], "key of Hydra itself"),
        (
            ["hydra.sweeper.sweep={set:{name:'???'}}"],
            r"name: the string '\?\?\?' cannot be given to Hydra",
        ),
        (["hydra.sweeper.sweep={product:{nokey:[1]}}"], NO_KEY),
        (["+sweep=grid", "+hydra.sweeper.sweep.exclude={lr:[1,2]}"], "the sweep has no jobs"),
        (["hydra.sweeper.sweep=bad.py:grid"], "name: b'b' .* cannot be written"),
        (["+lr=1,2"], r"already at 'lr'\.\nEither remove \+ prefix: 'lr=1'"),
        (["db=pg,nodb", "hydra.sweeper.max_batch_size=1"], NO_OPTION),
    ],
    ids=str,
)
def test_a_mistake_leaves_nothing_behind(
    multirun: Any, app: Path, overrides: list[str], message: str
) -> None:
    (app / "bad.py").write_text(
        "from params_proto import Sweep\n"
        "grid = Sweep().product(seed=range(9)).derive(name=lambda c: c['seed'] < 8 or b'b')\n"
    )
    with pytest.raises(CompactHydraException, match=message):
        multirun(*overrides)
    assert not (app / "out").exists() or not list((app / "out").iterdir())


def test_hydras_own_refusal_stays(multirun: Any) -> None:
    with pytest.raises(HydraException, match="Sweeping over Hydra's configuration"):
        multirun("hydra.verbose=true,false")


def test_sweep_yaml_holds_the_rows_of_what_a_file_cannot_say(multirun: Any, app: Path) -> None:
    (app / "sweeps.py").write_text(
        "from params_proto import Sweep\n"
        "grid = Sweep().product(lr=[1, 2]).where(lambda c: True).derive(name=lambda c: str(c['lr']))\n"
    )
    run = multirun("hydra.sweeper.sweep=sweeps.py:grid", "lr=3,4", "layers=[1]")
    assert run.jobs == ["lr=3 name='3' layers=[1]", "lr=4 name='4' layers=[1]"]
    assert run.files()["sweep.yaml"] == (
        'chain:\n- {lr: 3, name: "3", layers: [1]}\n- {lr: 4, name: "4", layers: [1]}\n'
    )


def test_a_large_sweep_is_checked_batch_by_batch(
    multirun: Any, app: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_dir, "AHEAD", 5)
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


def test_the_returns_of_many_jobs_are_let_go(
    multirun: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor, "BATCH", 4)
    batches = "hydra.sweeper.max_batch_size=2"
    assert [len(batch) for batch in multirun("seed=range(4)", batches, to="few").returns] == [2, 2]
    assert multirun("seed=range(5)", batches, to="many").returns == []


def test_jobs_that_cannot_be_composed_are_all_told(
    multirun: Any, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of one mistake Hydra's own error tells, in however many jobs it is."""
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


def test_directories_that_cannot_be_had_are_all_told(multirun: Any) -> None:
    with pytest.raises(CompactHydraException) as caught:
        multirun("seed=range(0,13)", "hydra.sweep.subdir=same")
    told = str(caught.value)
    assert told.startswith("job 0 (seed=0) and job 1 (seed=1) would share the directory ")
    assert told.endswith("every key that is swept. The same goes for 11 more jobs.")


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
    path = app / "conf" / "config.yaml"
    path.write_text(path.read_text() + "chosen: ${hydra:runtime.choices.sweep}\n")

    def task(config: Any) -> str:
        return str(config.chosen)

    run = multirun("+sweep=grid", task=task)
    again = multirun(f"hydra.sweeper.sweep={run.directory}/sweep.yaml", task=task, to="again")
    assert again.values == run.values == ["grid"] * 6


def test_steps_in_the_config_of_the_task(multirun: Any, app: Path) -> None:
    for name, text in {
        "sweep/nopkg": "product: {lr: [1]}\n",
        "sweep/other": "defaults: [_self_]\nproduct: {lr: [1]}\nx: 1\n",
        "deep/er/steps": "product: {lr: [1]}\n",
        "nest/e": "# @package e\n_target_: x\n",
    }.items():
        path = app / "conf" / f"{name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    cure = "selects steps of a sweep \\(product\\).*# @package hydra.sweeper.sweep"
    for chosen in ("+sweep=nopkg", "+sweep@db.x=nopkg", "+deep/er=steps", "+sweep=nopkg,other"):
        with pytest.raises(CompactHydraException, match=cure):
            multirun(chosen)
        assert not list((app / "out").iterdir())
    multirun("+sweep=other", "+nest=e")
    multirun("+sweep@x=nopkg", "++x=${db}", to="interpolated")


def test_a_file_that_a_choice_keeps_away_may_be_broken(multirun: Any, app: Path) -> None:
    (app / "conf" / "db" / "broken.yaml").write_text("port: [1\n")
    config = app / "conf" / "config.yaml"
    config.write_text(config.read_text().replace("db: mysql", "db: broken"))
    run = multirun("db=pg", "seed=1,2", task=lambda config: config.db.port)
    assert run.values == [5432, 5432]
