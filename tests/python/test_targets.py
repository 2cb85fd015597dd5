"""What a launch runs, with which values and launcher."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import hydra
import pandas as pd
import pytest
from omegaconf import DictConfig

from params_proto import Sweep, SweepError, proto, results
from tests.compose.loaders import write
from tests.versions import VERSION_BASE

pytestmark = pytest.mark.usefixtures("alone")

LAUNCHERS: list[dict[str, Any]] = [{}, {"launcher": "joblib", "n_jobs": 2}]


def received(lr: float = 0.1, layers: tuple[int, ...] = (1, 2), db: Any = None) -> dict[str, Any]:
    """What a job got, with the types."""
    return {"sum": lr + sum(layers), "types": f"{type(lr).__name__} {type(layers).__name__}"}


@proto.cli
def decorated(lr: float = 0.1, layers: tuple[int, ...] = (1, 2)) -> dict[str, Any]:
    return received(lr, layers)


def of_hydra(config: DictConfig) -> dict[str, Any]:
    return {"sum": config.lr + config.get("db", {"port": 0})["port"], "types": "DictConfig"}


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    config = "defaults: [_self_, db: mysql]\nlr: 0.5\nother: 7\n"
    options = {"db/mysql": "port: 1\n", "db/pg": "port: 2\n"}
    return write(tmp_path / "conf", {"config": config, **options})


@pytest.mark.parametrize(
    ("target", "launcher"),
    [
        pytest.param(received, LAUNCHERS[0], id="plain-basic"),
        pytest.param(received, LAUNCHERS[1], id="plain-joblib"),
        pytest.param(decorated, LAUNCHERS[1], id="proto-joblib", marks=pytest.mark.launchers),
    ],
)
def test_native_values(target: Any, launcher: dict[str, Any], tmp_path: Path) -> None:
    sweep = Sweep(target).product(lr=[1, 2], layers=[(3,), (4, 5)])

    df = sweep.launch(sweep_dir="out", **launcher)

    assert [*df.columns[:3], *df.columns[-2:]] == ["job", "lr", "layers", "sum", "types"]
    assert list(df["sum"]) == [4, 10, 5, 11]
    assert set(df["types"]) == {"float tuple"}
    assert set(df["status"]) == {"completed"}
    assert [Path(path) for path in df["dir"]] == [tmp_path / "out" / str(n) for n in range(4)]
    pd.testing.assert_frame_equal(df, results(tmp_path / "out"))


def open_to_any(lr: float = 0.1, **others: Any) -> dict[str, Any]:
    return {"received": f"{lr} {others}"}


@proto.cli
def decorated_open(lr: float = 0.1, **others: Any) -> dict[str, Any]:
    return open_to_any(lr, **others)


@pytest.mark.parametrize("target", [open_to_any, decorated_open], ids=["plain", "proto"])
def test_names_that_only_kwargs_take(target: Any) -> None:
    sweep = Sweep(target).product({"lr": [1], "b": [2, 3], "c.x": [4]})

    df = sweep.launch(sweep_dir="out")
    Sweep(target).product({"b": [3, 5], "c.x": [4], "lr": [1]}).launch(
        sweep_dir="out", resume=True, overrides=["+c.x=4"]
    )

    assert list(df["received"]) == ["1.0 {'b': 2, 'c': {'x': 4}}", "1.0 {'b': 3, 'c': {'x': 4}}"]
    assert df.attrs["keys"] == ["b"]
    again = results("out")
    assert list(again["b"]) == [2, 3, 5]
    assert list(again["attempt"]) == [1, 1, 1]


@pytest.mark.parametrize("with_config", [of_hydra, received], ids=["task function", "plain"])
def test_the_configs_of_a_folder(conf: Path, with_config: Callable[..., Any]) -> None:
    """A plain function need not take all keys of its config."""
    sweep = Sweep().product(db=["mysql", "pg"], lr=[1, 2])

    df = sweep.launch(with_config, config_path=conf, config_name="config")

    assert list(df["db"]) == ["mysql", "mysql", "pg", "pg"]
    expected = [2, 3, 3, 4] if with_config is of_hydra else [4, 5, 4, 5]
    assert list(df["sum"]) == expected


def test_an_app_of_hydra_main_brings_its_configs(conf: Path) -> None:
    app = hydra.main(config_path=str(conf), config_name="config", **VERSION_BASE)(of_hydra)

    df = Sweep(app).product(db=["mysql", "pg"]).launch()
    other = Sweep().set({"+lr": 7}).launch(app, config_path=conf / "db", config_name="pg")

    assert list(df["sum"]) == [1.5, 2.5]
    assert list(other["sum"]) == [7]


def test_a_proto_app_brings_its_configs_and_its_prefix_classes(conf: Path) -> None:
    @proto.prefix
    class Db:
        port: int = 0

    @proto.cli(config_path=str(conf), config_name="config")
    def train(lr: float = 0.1):
        return lr + Db.port

    df = Sweep(train, Db).product({"db": ["mysql", "pg"]}).launch(overrides=["db.port=1,5"])

    assert list(df["value"]) == [1.5, 5.5, 1.5, 5.5]


def test_the_plain_name_of_a_prefix_classs_field() -> None:
    @proto.prefix
    class Model:
        depth: int = 1
        width: int = 1

    @proto.cli
    def train(lr: float = 0.1):
        return Model.depth * 10 + Model.width

    free = Sweep().product(depth=[1, 2, 3]).exclude(depth=2)
    df = free.launch(train, overrides=["width=4,5"])
    composed = (free * Sweep(train, Model)).compose(overrides=["width=4,5"])

    assert list(df["value"]) == [14, 15, 34, 35]
    assert [(one.model.depth, one.model.width) for one in composed] == [
        *((1, 4), (1, 5), (3, 4), (3, 5)),
    ]
    with pytest.raises(SweepError, match=r"^depth and model\.depth are one parameter: give it"):
        Sweep().set({"depth": 1, "model.depth": 2}).launch(train)
    with pytest.raises(SweepError, match=r"functions that read configs: write depth as model\.de"):
        free.where(lambda config: config["depth"] == 1).launch(train)


def test_values_bound_now_are_the_defaults_of_the_jobs() -> None:
    with proto.bind(decorated, layers=(7,)):
        df = Sweep(decorated).product(lr=[1]).launch()

    assert list(df["sum"]) == [8]


def test_functions_in_the_sweep() -> None:
    sweep = Sweep(received).product(lr=[1, 2, 3]).where(lambda config: config["lr"] != 2)

    df = sweep.launch(sweep_dir="out")

    assert list(df["lr"]) == [1, 3]
    assert Sweep.load("out/sweep.yaml") == Sweep().chain({"lr": 1.0}, {"lr": 3.0})


def test_overrides_win_and_multiply() -> None:
    sweep = Sweep(received).product(lr=[1, 2])

    df = sweep.launch(overrides=["lr=5", "layers=[1],[2]", "hydra.sweep.subdir=${hydra.job.num}-x"])

    assert list(df["sum"]) == [6, 7]
    assert [Path(path).name for path in df["dir"]] == ["0-x", "1-x"]


def fails(lr: float = 0.1) -> float:
    if lr > 1 and not Path("mended").exists():
        raise FloatingPointError("the loss is nan")
    return lr


def test_failed_jobs_are_rows_and_resume_runs_them(capfd: pytest.CaptureFixture[str]) -> None:
    sweep = Sweep(fails).product(lr=[1, 2, 3])

    df = sweep.launch(sweep_dir="out")

    assert list(df["status"]) == ["completed", "failed", "failed"]
    assert list(df["error"].dropna()) == ["FloatingPointError: the loss is nan"] * 2
    output = capfd.readouterr().out
    assert "2 jobs failed" in output
    assert "Resume with: the same launch, with sweep_dir='out', resume=True" in output

    Path("mended").touch()
    df = sweep.launch(sweep_dir="out", resume=True)

    assert list(df["status"]) == ["completed"] * 3
    assert list(df["attempt"]) == [1, 2, 2]
    df = sweep.launch(sweep_dir="out", resume=True, rerun="all")
    assert list(df["attempt"]) == [2, 3, 3]


def test_resume_starts_a_sweep_and_takes_up_another() -> None:
    first = Sweep(fails).product(lr=[0.1]).launch(sweep_dir="out", resume=True)
    more = Sweep(fails).product(lr=[0.2, 0.1]).launch(sweep_dir="out", resume=True)

    assert list(first["value"]) == [0.1]
    assert sorted(more["value"]) == [0.1, 0.2]
    assert more.set_index("value")["started"][0.1] == first["started"][0]


def test_too_many_failures_are_an_error() -> None:
    sweep = Sweep(fails).product(lr=[2, 3, 4])
    with pytest.raises(SweepError, match="No further job was started") as raised:
        sweep.launch(sweep_dir="out", max_failures=1)

    assert isinstance(raised.value.__cause__, FloatingPointError)
    assert list(results("out")["status"]) == ["failed", "failed", "pending"]


def test_retries_and_a_time_limit(tmp_path: Path) -> None:
    def flaky(lr: float = 0.1):
        before = tmp_path / f"tried-{lr}"
        if not before.exists():
            before.touch()
            raise OSError("once")
        return lr

    df = Sweep(flaky).product(lr=[1, 2]).launch(retries=1, timeout=60)

    assert list(df["status"]) == ["completed", "completed"]
    assert list(df["attempt"]) == [2, 2]


def test_a_directory_is_resolved_as_on_a_command_line(tmp_path: Path) -> None:
    def launch(directory: str, **options: Any) -> pd.DataFrame:
        return Sweep(received).product(lr=[1, 2]).launch(sweep_dir=directory, **options)

    named = launch("it's/of ${now:%Y-%f}")
    (made,) = (tmp_path / "it's").iterdir()
    assert made.name.startswith("of 20")
    assert list(named["dir"]) == [str(made / "0"), str(made / "1")]
    assert list(named["status"]) == ["completed", "completed"]

    launch("of-${hydra.job.name}")
    again = launch("of-${hydra.job.name}", resume=True, rerun="all")
    assert list(again["attempt"]) == [2, 2]
    assert (tmp_path / "of-test_targets/1").is_dir()


def test_a_command_line_resumes_a_launch(tmp_path: Path, python: Any) -> None:
    """A launch resumes what a command line started, and the reverse: they leave the same files."""
    (tmp_path / "train.py").write_text("""
import sys
from params_proto import Sweep, proto

@proto.cli
def train(lr: float = 0.1):
    return lr

grid = Sweep(train).product(lr=[1, 2, 3])

if __name__ == "__main__":
    if sys.argv[1:] == ["launch"]:
        print(grid.launch(sweep_dir="b", resume=True)["attempt"].tolist())
        grid[:2].launch(sweep_dir="a")
    else:
        train()
""")
    part = ["hydra.sweep.dir=b", "hydra.sweeper.slice=1:2"]
    python("train.py", "-m", "hydra.sweeper.sweep=train.py:grid", *part)
    assert "[1, 1, 1]" in python("train.py", "launch").stdout
    python("train.py", "-m", "hydra.sweeper.resume=a", "hydra.sweeper.sweep=train.py:grid")
    assert list(results(tmp_path / "a")["value"]) == [1, 2, 3]
    assert (tmp_path / "a/0/train.log").exists()  # named as a command line names it


CALLED = """
import functools
import hydra
from params_proto import Sweep

class Zen:
    def __init__(self, function):
        self.function = function

    def __call__(self, config):
        return self.function(config.lr)

def train(lr, factor=2):
    return lr * factor

called = Zen(train)
part = functools.partial(lambda factor, config: config.lr * factor, 3)
decorate = hydra.main(config_path="conf", config_name="config", **VERSION)
apps = {"object": (decorate(called), "joblib"), "partial": (decorate(part), "basic")}

if __name__ == "__main__":
    for name, (app, launcher) in apps.items():
        df = Sweep(app).product(lr=[1, 2]).launch(launcher=launcher)
        print(name, df["value"].tolist(), df["status"].tolist())
"""


@pytest.mark.launchers
def test_an_object_that_is_called_as_an_app_of_hydra_main(conf: Path, python: Any) -> None:
    (conf.parent / "zen.py").write_text(CALLED.replace("**VERSION", f"**{VERSION_BASE}"))
    printed = python("-W", "ignore", "zen.py", cwd=conf.parent).stdout
    assert [line for line in printed.splitlines() if not line.startswith("[")] == [
        "object [2, 4] ['completed', 'completed']",
        "partial [3, 6] ['completed', 'completed']",
    ]
