"""Every kind of key in every combinator, on a third-party config tree."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import re
import runpy
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import CompactHydraException
from omegaconf import OmegaConf

from params_proto.errors import SweepError
from params_proto.multirun import request
from params_proto.multirun.plan import Plan, combine_with_command_line, saved_text
from params_proto.multirun.sources import load_configured_sweep
from tests.versions import VERSION_BASE

# Hydra 1.4 would have the task say what its configs may build.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:hydra\.utils\.instantiate\(\) resolved:UserWarning"
)

TREE = Path(__file__).resolve().parents[1] / "apps" / "tree"
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # Hydra 1.4 of version_base and register_new_resolver
    train = runpy.run_path(str(TREE / "app.py"))["train"].__wrapped__


def is_group(key: str) -> bool:
    return (TREE / "conf" / key.partition("@")[0]).is_dir()


def plan_of(node: Any, *overrides: str) -> Plan:
    config = OmegaConf.create({"hydra": {"sweeper": {"sweep": node}}})
    sweep = load_configured_sweep(config.hydra.sweeper.sweep, cwd=Path())
    return combine_with_command_line(
        sweep.expression, (), request.read_overrides(overrides), (), is_group
    )


def jobs(steps: Any, folder: Path, *overrides: str) -> list[str]:
    """The jobs; checks that those of the saved `sweep.yaml` are the same."""
    of_steps = plan_of(steps, *overrides)
    listed = [" ".join(job.overrides) for job in of_steps.jobs()]
    file = folder / "sweep.yaml"
    file.write_text(saved_text(of_steps))
    assert [" ".join(job.overrides) for job in plan_of(str(file)).jobs()] == listed
    return listed


# A key, its values, and the overrides that these are.
KINDS: dict[str, tuple[str, list[tuple[Any, str]]]] = {
    "group": ("model", [("cnn", "model=cnn"), ("mlp", "model=mlp")]),
    "group-left-out": ("callbacks", [(None, "~callbacks"), ("all", "callbacks=all")]),
    "options-of-a-group": ("callbacks", [(["all", "loud"], "callbacks=[all,loud]"), (["loud"], "callbacks=[loud]")]),
    "nested-group": ("data/augment", [("none", "data/augment=none"), ("crop", "data/augment=crop")]),
    "group-at-a-package": ("model/encoder@teacher", [("small", "model/encoder@teacher=small"), ("large", "model/encoder@teacher=large")]),
    "appended-group": ("+optimizer", [("adam", "+optimizer=adam"), ("sgd", "+optimizer=sgd")]),
    "appended-group-or-not": ("+optimizer", [(None, ""), ("sgd", "+optimizer=sgd")]),
    "appended-key": ("+trainer.debug", [(True, "+trainer.debug=True"), (False, "+trainer.debug=False")]),
    "force-appended-key": ("++trainer.clip", [(1, "++trainer.clip=1"), (None, "++trainer.clip=null")]),
    "deleted-group": ("~callbacks", [(None, "~callbacks")]),
    "deleted-key": ("~scheduler.warmup", [(None, "~scheduler.warmup")]),
    "dict-value": ("scheduler", [({"kind": "step", "warmup": {"steps": 1}}, "scheduler={kind:step,warmup:{steps:1}}"), ({"kind": "none"}, "scheduler={kind:none}")]),
    "node-of-a-group": ("trainer", [({"lr": 5}, "trainer={lr:5}"), ("long", "trainer=long")]),
    "list-value": ("layers", [([1, [2, "3"]], "layers=[1,[2,'3']]"), ([], "layers=[]")]),
    "text": ("name", [("1", "name='1'"), ("it's a=b,c", r"name='it\'s a=b,c'")]),
    "interpolation": ("name", [("\\${seed}", "name='${seed}'"), ("\\${data.name}-x", "name='${data.name}-x'")]),
}  # fmt: skip


def line(*parts: str) -> str:
    return " ".join(part for part in parts if part)


Values = list[tuple[Any, str]]


def listed(values: Values) -> list[Any]:
    return [value for value, _ in values]


def product(key: str, values: Values) -> tuple[Any, list[str]]:
    return {"product": {key: listed(values), "seed": [1, 2]}}, [
        line(text, f"seed={seed}") for _, text in values for seed in (1, 2)
    ]


def chain(key: str, values: Values) -> tuple[Any, list[str]]:
    rows = [{key: value, "seed": seed} for seed, (value, _) in enumerate(values)]
    texts = [line(text, f"seed={seed}") for seed, (_, text) in enumerate(values)]
    return {"chain": rows}, texts


def exclude(key: str, values: Values) -> tuple[Any, list[str]]:
    steps, texts = product(key, values)
    return {**steps, "exclude": {key: [values[0][0]], "seed": 2}}, [texts[0], *texts[2:]]


def derive(key: str, values: Values) -> tuple[Any, list[str]]:
    steps = {"product": {key: listed(values)}, "derive": {"+tag": "{" + key + "}-x"}}
    tags = [request.render(f"{value}-x".replace("\\$", "$")) for value, _ in values]
    return steps, [line(text, f"+tag={tag}") for (_, text), tag in zip(values, tags, strict=True)]


def cross(key: str, values: Values) -> tuple[Any, list[str]]:
    inner = {"zip": {key: listed(values), "layers.1": list(range(len(values)))}}
    return {"product": {"seed": [1, 2]}, "cross": inner}, [
        line(f"seed={seed}", text, f"layers.1={at}")
        for seed in (1, 2)
        for at, (_, text) in enumerate(values)
    ]


Combinator = Callable[[str, Values], tuple[Any, list[str]]]
COMBINATORS = [product, chain, exclude, derive, cross]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("combinator", COMBINATORS, ids=lambda combinator: combinator.__name__)
def test_every_kind_of_key_in_every_combinator(
    kind: str, combinator: Combinator, tmp_path: Path
) -> None:
    steps, expected = combinator(*KINDS[kind])
    assert jobs(steps, tmp_path) == expected


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the app, which is the working directory."""
    shutil.copytree(TREE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def composed(app: Path, overrides: list[str]) -> Any:
    """What the task returns for the config that Hydra composes from some overrides."""
    with initialize_config_dir(str(app / "conf"), **VERSION_BASE):
        return train(compose("config", ["hydra/sweeper=params_proto", *overrides]))


@pytest.mark.parametrize(
    ("rows", "given", "has"),
    [
        ([{"layers.0": 5}, {"layers": [7, 8]}], "layers.0=9", "layers"),
        ([{"layers": [7, 8]}, {"layers.0": 1, "seed": 2}], "layers=[9]", "layers.0"),
        ([{"scheduler.kind": "a"}, {"~scheduler": None}], "scheduler.kind=b", "scheduler"),
    ],
)
def test_a_key_that_other_rows_have_in_another_way_is_refused(
    rows: Any, given: str, has: str
) -> None:
    key = given.partition("=")[0]
    message = f"{key} cannot be given: rows of the sweep have {has} instead"
    with pytest.raises(SweepError, match=re.escape(message)):
        plan_of({"chain": rows}, given)


def again(multirun: Any, run: Any, to: str = "again") -> Any:
    """The jobs of the `sweep.yaml` of a run, checked to be those of the run.

    Returns:
        their overrides.
    """
    rerun = multirun(f"hydra.sweeper.sweep={run.directory}/sweep.yaml", task=train, to=to)
    assert rerun.values == run.values
    return rerun.jobs


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        # a list of two groups is one sweep with the steps of both
        (["+sweep=[grid,ablation]", "model=mlp", "trainer.lr=3", "seed=4"], [f"trainer.lr=3 seed=4 {rest} +sweep=[grid,ablation]" for rest in ("model=mlp model.dropout=0.5 +trainer.debug=True", "model=mlp model/encoder@teacher=large", "~callbacks model=mlp")]),
        # an experiment with a sweep in it, which overrides the defaults list
        (["experiment=searched", "data=text", "seed=1"], [f"trainer.lr={lr} data=text name=searched experiment=searched seed=1" for lr in (0.1, 0.2)]),
    ],
    ids=["two-sweeps", "experiment-with-a-sweep"],
)  # fmt: skip
def test_a_sweep_of_the_tree(
    multirun: Any, app: Path, overrides: list[str], expected: list[str]
) -> None:
    run = multirun(*overrides, task=train)
    assert run.jobs == expected
    assert run.values == [composed(app, job) for (batch,) in [run.batches] for job in batch]
    said = re.compile(r" \+sweep(@\S+)?=\S+")
    assert [said.sub("", job) for job in again(multirun, run)] == [
        said.sub("", job) for job in expected
    ]


@pytest.mark.parametrize(
    ("overrides", "key", "expected"),
    [
        (["scheduler={kind:a}", "scheduler.kind=b,c"], "scheduler.kind", ["b", "c"]),
        (["+sweep=written", "scheduler.kind=c"], "scheduler.kind", ["c", "c"]),
        (["+x={a:1}", "+x.b=2", "seed=1,2"], "x", [{"a": 1, "b": 2}] * 2),
        (["~name", "++name=a,b"], "name", ["a", "b"]),
        (["~model", "+model=cnn,mlp", "+x=1"], "x", [1, 1]),
    ],
    ids=["below", "below-swept-ones", "added", "deleted", "group"],
)
def test_a_key_over_another_runs_again(
    multirun: Any, app: Path, overrides: list[str], key: str, expected: list[Any]
) -> None:
    write_sweep(app, "product: {scheduler: [{kind: a}, {kind: b}]}")

    def task(config: Any) -> Any:
        return OmegaConf.to_container(config)

    run = multirun(*overrides, task=task)

    seen = [OmegaConf.select(OmegaConf.create(value), key) for value in run.values]
    assert seen == expected
    file = f"hydra.sweeper.sweep={run.directory}/sweep.yaml"
    assert multirun(file, task=task, to="again").values == run.values
    resumed = [f"hydra.sweeper.resume={run.directory}", "hydra.sweeper.rerun=all"]
    assert multirun(*resumed, task=task).values == run.values


def test_a_key_over_another_in_a_file_that_anybody_may_have_written(
    multirun: Any, app: Path
) -> None:
    run = multirun("scheduler={kind:a}", "scheduler.kind=b,c")
    copied = shutil.copy(run.directory / "sweep.yaml", app)
    with pytest.raises(CompactHydraException, match=r"scheduler\.kind overlap"):
        multirun(f"hydra.sweeper.sweep={copied}", to="again")


def write_sweep(app: Path, text: str, name: str = "written") -> None:
    file = app / "conf" / "sweep" / f"{name}.yaml"
    file.write_text(f"# @package hydra.sweeper.sweep\n{text}\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("product: {data: glob(*), model: 'mlp,cnn', seed: 'range(1,3)'}\nexclude: {data: glob(i*), model: 'choice(mlp,cnn)'}", ["data=text model=mlp seed=1", "data=text model=mlp seed=2", "data=text model=cnn seed=1", "data=text model=cnn seed=2"]),
        ("product: {+x: ['${trainer.lr}', '${times:3,4}', '${hydra.job.name}'], name: ['\\${model.name}-${data.batch}']}", ["+x=0.1 name='${model.name}-32'", "+x=12 name='${model.name}-32'", "+x=app name='${model.name}-32'"]),
        ("chain: [{scheduler: {kind: step}, ~scheduler.warmup: null}, {scheduler.kind: linear}]", ["scheduler={kind:step} ~scheduler.warmup", "scheduler.kind=linear"]),
    ],
    ids=["product-and-exclude", "interpolations", "rows-of-one-node"],
)  # fmt: skip
def test_the_content_of_a_sweep_group(
    multirun: Any, app: Path, text: str, expected: list[str]
) -> None:
    write_sweep(app, text)
    run = multirun("+sweep=written", task=train)
    assert run.jobs == [f"{job} +sweep=written" for job in expected]
    assert again(multirun, run) == expected
