"""A multirun of a proto app: what is reported before a job runs, and what a job gets."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import warnings
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from hydra.core.config_store import ConfigStore

from params_proto import SweepWarning, proto
from tests.compose.loaders import write
from tests.versions import AFTER_AN_ERROR

pytestmark = pytest.mark.usefixtures("alone", "plugins")


@pytest.fixture(autouse=True)
def no_debugger(monkeypatch: pytest.MonkeyPatch) -> None:
    # Hydra shows tracebacks under a debugger, which it takes the measuring of coverage for.
    monkeypatch.setattr("hydra._internal.utils.is_under_debugger", lambda: False)


def make_app(**options: Any) -> tuple[Any, list[Any]]:
    ran: list[Any] = []

    @proto.prefix
    class Training:
        lr: float = 0.1
        kind: Literal["x", "y"] = "x"
        sizes: tuple[int, ...] = (1,)

    @proto.cli(**options)
    def main(
        seed: int = 0,
        mode: Literal["a", "b"] = "a",
        name: str = "n",
        options: dict[str, Any] = {},  # noqa: B006
        needed: tuple[int, ...] = (1,),
    ) -> None:
        ran.append({"seed": seed, "mode": mode, "name": name, "lr": Training.lr})

    return main, ran


def refused(app: Any, capsys: Any, *overrides: str) -> str:
    """What Hydra shows of a multirun in which nothing ran."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", SweepWarning)
        with pytest.raises(SystemExit):
            app.run(["-m", *overrides])
    assert not Path("multirun").exists()
    shown = capsys.readouterr().err
    assert shown.endswith(AFTER_AN_ERROR)
    return shown.removesuffix(AFTER_AN_ERROR)


MODE = "mode: 'c' is not one of 'a' | 'b'."


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["seed=1,1.5,x", "mode=a,c"], "3 mistakes:\n- the job seed=1 mode=c:"),
        (["hydra.sweeper.sweep={product:{seed:[1,x]}}"], "hydra.sweeper.sweep: product: seed takes int, got 'x': 'x' is not an int. Give it a"),
        (["mode=a,c", "seed=1,2", "training.kind=x,z"], "2 mistakes:\n- the job mode=a seed=1 training.kind=z: training.kind: 'z' is not one of 'x' | 'y'. The same goes for 3 more jobs.\n" f"- the job mode=c seed=1 training.kind=x: {MODE} The same goes for 3 more jobs."),
        (["mode=???"], "the job mode=???: mode has no value"),
        (["needed=[1],[a]", "training.sizes=['${seed}'],['b']"], "2 mistakes:\n- the job needed=[1] training.sizes=['b']: training.sizes[0]:"),
        (["+store=more"], "the job +store=more: main has no parameter further."),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_job_could_not_start_with(
    capsys: Any, hydra_restore_singletons: None, overrides: list[str], message: str
) -> None:
    node = {"further": 1}
    ConfigStore.instance().store(group="store", name="more", node=node, package="_global_")
    app, ran = make_app()
    assert refused(app, capsys, *overrides).startswith(message)
    assert ran == []


NEEDS = "the job kind=a: width has no value: give width=... (int)."


def test_what_needs_a_value(capsys: Any) -> None:
    ran: list[Any] = []

    @proto.prefix
    class Model:
        depth: int

    @proto.cli
    def main(width: int, kind: str = "n") -> None:
        ran.append(width)

    for overrides, message in [
        (["kind=a"], f"2 mistakes:\n- {NEEDS}\n- the job kind=a: model.depth has no value"),
        (["kind=a,b", "model.depth=1"], "the job kind=a model.depth=1: width has no"),
        (["width=1,2", "hydra.sweeper.dry_run=true"], "the job width=1: model.depth has"),
        (["width=${model.depth}", "model.depth='${width}'", "model=null"], ""),
    ]:
        assert refused(main, capsys, *overrides).startswith(message)
    assert ran == []
    main.run(["-m", "width=1,'${model.depth}'", "model.depth=3"])
    assert ran == [1, 3]


def test_interpolations_are_for_the_job() -> None:
    app, ran = make_app()
    of_jobs = ["options={a:[{b:'${seed}'}]}", "+options.c={}", "training.sizes=['${seed}']"]
    app.run(["-m", "mode=${name}", "name=a,b", "training.kind=x", *of_jobs])
    assert [job["mode"] for job in ran] == ["a", "b"]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["hydra.sweeper.sweep={product:{sed:[1],lrr:[2],lr:[1]}}", "moode=a,b", "kidn=x,y"], "4 mistakes:\n- main has no parameter sed. Did you mean seed?\n- main has no parameter lrr. Did you mean training.lr?\n- main has no parameter moode. Did you mean mode?\n- main has no parameter kidn. Did you mean training.kind?"),
        (["training.kid=x,y", "+hydra.sweeper.params.zzz=3"], "2 mistakes:\n- main has no parameter zzz. Valid names: seed, mode, name, options, needed, training.\n- Training has no parameter training.kid. Did you mean training.kind?"),
    ],
    ids=str,
)  # fmt: skip
def test_names_that_there_are_not(capsys: Any, overrides: list[str], message: str) -> None:
    app, ran = make_app()
    assert refused(app, capsys, *overrides) == message
    assert ran == []


def test_the_plain_name_of_a_prefix_classs_field() -> None:
    app, ran = make_app()
    app.run(["-m", "lr=1,2", "kind=x,y", "seed=3", "hydra.sweeper.zip=[lr,training.kind]"])
    app.run(["-m", "training.lr=4,5", "lr=6"])  # the last one wins
    app.run(["-m", "hydra.sweeper.sweep={product: {lr: [7, 8]}}", "lr=9"])
    app.run(["-m", "+hydra.sweeper.params.lr='10,11'", "+hydra.sweeper.params.mode='a,b'", "lr=1"])
    app.run(["-m", "lr=1", "seed=1"])
    assert [job["lr"] for job in ran] == [1, 2, 6, 9, 1, 1, 1]
    assert [job["mode"] for job in ran[4:6]] == ["a", "b"]


def test_names_that_are_hydras_to_know(capsys: Any, hydra_restore_singletons: None) -> None:
    ConfigStore.instance().store(group="db", name="pg", node={"seed": 7}, package="_global_")
    app, ran = make_app()
    app.run(["-m", "+db=pg,pg", "+options.x=1,2", "training={lr: 3}", "+hydra.sweeper.sweep={}"])
    assert {job["seed"] for job in ran} == {7}
    with pytest.raises(SystemExit):
        app.run(["-m", "~nothing", "seed=1,2"])


def test_a_root_that_takes_any_name() -> None:
    seen: list[Any] = []

    @proto.cli
    def main(seed: int = 0, **others: Any) -> None:
        seen.append(others)

    main.run(["-m", "+x=1,2"])
    assert seen == [{"x": 1}, {"x": 2}]


TUNED = (
    "# @package _global_\nseed: 5\n"
    "hydra: {sweeper: {sweep: {product: {seed: [1, 2]}}, max_failures: 3}}\n"
)


@pytest.fixture
def single(tmp_path: Path, capsys: Any) -> Any:
    """Runs an app whose configs set options of the sweeper: what it writes to both streams."""
    ranked = "hydra: {sweeper: {metric: loss, retries: 2}}\n"
    conf = write(tmp_path / "conf", {"config": ranked, "experiment/tuned": TUNED})

    @proto.cli(config_path=str(conf), config_name="config")
    def app(seed: int = 0) -> None:
        print("job", seed)

    def run(*overrides: str, fails: bool = False) -> Any:
        with pytest.raises(SystemExit) if fails else nullcontext():
            app.run([*overrides])
        return capsys.readouterr()

    return run


def test_options_of_a_sweep_need_m(single: Any) -> None:
    given = ["+hydra.sweeper.sweep.product.seed=[1,2]", "hydra.sweeper.rerun=[failed]"]
    done = single(*given, "hydra.sweeper.metric=null", fails=True)
    assert f"{' and '.join(given)}: " in done.err
    assert "of sweeps, and this is a single run: add -m." in done.err
    assert "job" not in done.out


@pytest.mark.parametrize(
    ("overrides", "printed"),
    [
        (["+experiment=tuned", "hydra.sweeper.sweep=null"], "job 5\n"),
        (["hydra.sweeper.metric=acc", "hydra.mode=MULTIRUN"], "job 0\n"),
    ],
    ids=str,
)
def test_a_single_run_with_a_sweep_for_other_runs(
    single: Any, overrides: list[str], printed: str
) -> None:
    done = single(*overrides, "hydra/hydra_logging=none", "hydra/job_logging=none")
    assert done.out == printed


def test_a_single_run_says_that_the_sweep_of_its_config_does_not_run(single: Any) -> None:
    done = single("+experiment=tuned")
    assert "hydra.sweeper.sweep is set, but this is a single run: add -m" in done.out
    assert done.out.endswith("job 5\n")


@dataclass
class Inner:
    a: int = 1
    m: dict[str, int] = field(default_factory=lambda: {"p": 1})


@pytest.mark.parametrize(
    ("overrides", "jobs"),
    [
        (["{product: {x: [{v: 1}, {}, {w: {u: 1}}]}}", "d={}"], [
            "{} {'v': 1} 1 {'p': 1}", "{} {} 1 {'p': 1}", "{} {'w': {'u': 1}} 1 {'p': 1}",
        ]),
        # where the job selects another group
        (["{product: {d: [{y: 2}], x: [{v: 1}]}}", "+g=a,b"], ["{'y': 2} {'v': 1} 1 {'p': 1}"] * 2),
        # a dataclass has the fields that it has
        (["{product: {i: [{m: {q: 2}}, {a: 3}], d: [{}]}}", "x=null"], ["{} None 1 {'q': 2}", "{} None 3 {'p': 1}"]),
    ],
    ids=str,
)  # fmt: skip
def test_a_dict_arrives_as_it_was_given(
    tmp_path: Path, overrides: list[str], jobs: list[str]
) -> None:
    options = {"g/a": "d: {q: 5}\n", "g/b": "x: {k: '${s}', l: [1]}\n"}
    options = {name: f"# @package _global_\n{text}" for name, text in options.items()}
    conf = write(tmp_path / "conf", {"c": "d: {z: 9}\nx: {w: 1, n: null}\n", **options})
    given: list[str] = []

    @proto.cli(config_path=str(conf), config_name="c")
    def app(d: dict[str, int] = {"x": 1}, x: Any = None, i: Inner = Inner(), s: int = 0) -> None:  # noqa: B006, B008
        given.append(f"{d} {x} {i.a} {i.m}")

    sweep, *others = overrides
    app.run(["-m", f"hydra.sweeper.sweep={sweep}", *others])
    assert given == jobs
