"""Running a decorated function as a Hydra app."""

# ruff: noqa: E501 - tables, a case a line

from __future__ import annotations

import contextlib
import enum
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, Optional

import hydra
import pytest
from hydra.conf import HydraConf
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import CompactHydraException
from omegaconf import OmegaConf

from params_proto import SweepError, proto
from params_proto.app.registry import classes
from params_proto.app.run import configs_in_store
from tests.compose.loaders import write
from tests.versions import VERSION_BASE

APPS = Path(__file__).parents[1] / "apps"
# a run without directories and log files
QUIET = [
    "hydra/job_logging=none",
    "hydra/hydra_logging=none",
    "hydra.output_subdir=null",
    "hydra.run.dir=.",
]


pytestmark = pytest.mark.usefixtures("alone")


class Kind(enum.Enum):
    SMALL = 1
    LARGE = 2


def make_app(**options: Any) -> tuple[Any, list[Any]]:
    """An app, and the list of the arguments of its body."""
    given: list[Any] = []

    @proto.prefix
    class Training:
        """How to train.

        Not shown.
        """

        lr: float = 0.001  # step size
        betas: tuple[float, float] = (0.9, 0.999)
        kind: Kind = Kind.SMALL

    @proto.prefix
    class Data:
        path: Path = Path("data")
        split: Literal["train", "test"] = "train"
        limit: Optional[int] = None  # noqa: UP045
        weights: dict[str, float] = {}  # noqa: RUF012

    def train(seed: int = 1, tags: set[str] = frozenset(), note: str = "${x} costs $5 a day"):
        """Train something.

        Args:
            tags: to find it by
        """
        fields = ("lr", "betas", "kind"), ("path", "split", "limit", "weights")
        values = {name: getattr(Training, name) for name in fields[0]}
        values |= {name: getattr(Data, name) for name in fields[1]}
        given.append({"seed": seed, "tags": tags, "note": note, **values})
        return {"loss": seed / 2}

    return proto.cli(**options)(train), given


DEFAULTS = {
    "seed": 1,
    "tags": frozenset(),
    "note": "${x} costs $5 a day",
    "lr": 0.001,
    "betas": (0.9, 0.999),
    "kind": Kind.SMALL,
    "path": Path("data"),
    "split": "train",
    "limit": None,
    "weights": {},
}


# Values


def test_the_body_gets_native_values_and_defaults_for_deleted_ones():
    app, given = make_app()

    assert app.run(QUIET) is None
    app.run([
        *QUIET,
        "seed=2",
        "tags=[b,a]",
        r"note='a \${b}'",
        "training.lr=1e-2",
        "training.betas=[0,1]",
        "training.kind=LARGE",
        "data.path=a/b",
        "data.split=test",
        "data.limit=3",
        "data.weights={a:1}",
        "+data.weights.b=2",
    ])  # fmt: skip
    app.run([*QUIET, "~training", "~data.split", "~seed"])  # which are the defaults again

    changed = {
        "seed": 2,
        "tags": {"a", "b"},
        "note": "a ${b}",
        "lr": 0.01,
        "betas": (0.0, 1.0),
        "kind": Kind.LARGE,
        "path": Path("a/b"),
        "split": "test",
        "limit": 3,
        "weights": {"a": 1.0, "b": 2.0},
    }
    assert given == [DEFAULTS, changed, DEFAULTS]
    assert not [one for values in given for one in values.values() if OmegaConf.is_config(one)]


def failing(app: Any, arguments: list[str], capsys: Any) -> str:
    """What a run with exit status 1 writes to stderr."""
    # where coverage is measured, Hydra believes in a debugger, and lets the error through
    with pytest.raises((SystemExit, CompactHydraException)) as ended:
        app.run([*arguments, *QUIET])
    text = capsys.readouterr().err
    assert "Traceback" not in text
    if isinstance(ended.value, SystemExit):
        assert ended.value.code == 1
        return text
    return f"{ended.value}\n{ended.value.__cause__}"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["data.split=tset"], "data.split: 'tset' is not one of 'train' | 'test'"),
        (["data.split=tset", "training.betas=[1]"], "2 mistakes:\n- training.betas"),
        (["training.lr=fast"], "'fast' of type 'str' could not be converted to Float"),
        (["training.lrr=1"], "Training has no parameter training.lrr. Did you mean training.lr?"),
        (["sede=1", "-m", "lrr=0.1"], "- train has no parameter lrr. Did you mean training.lr?"),
        (["+data.splits=1"], "Data has no parameter data.splits. Did you mean data.split?"),
        (["training=3"], "training is 3, but it has fields: write training.name=value"),
    ],
    ids=str,
)
def test_a_wrong_value_is_one_message(overrides: list[str], message: str, capsys: Any):
    app, given = make_app()

    assert message in failing(app, overrides, capsys)
    assert given == []


@pytest.mark.parametrize("mode", [[], ["-m"]], ids=["run", "multirun"])
def test_a_plain_name_is_that_of_the_only_class_that_has_it(mode: list[str], capsys: Any):
    app, given = make_app()

    app.run([*mode, *QUIET, "lr=0.5", "split=test", "training.kind=LARGE"])

    assert given == [{**DEFAULTS, "lr": 0.5, "split": "test", "kind": Kind.LARGE}]
    app.run(["lr=0.5", "--cfg", "job", "--package", "training"])
    assert "lr: 0.5\n" in capsys.readouterr().out


def test_a_plain_name_that_several_classes_have_names_them(capsys: Any):
    app, given = make_app()

    @proto.prefix
    class Test:
        split: str = "all"

    text = failing(app, ["lr=0.5", f"split={Test.split}"], capsys)

    fix = "Write data.split or test.split."
    assert f"split is ambiguous: Data and Test have it. {fix}" in text
    assert given == []


def test_a_node_is_not_the_field_of_another_class_with_its_name():
    given: list[Any] = []

    @proto.prefix
    class Data:
        size: int = 1

    @proto.prefix
    class Training:
        data: dict[str, int] = {}  # noqa: RUF012

    @proto.cli
    def train():
        given.append((Data.size, Training.data))

    train.run([*QUIET, "data={size: 2}"])

    assert given == [(2, {})]


CONFIGS = {
    "config": "defaults: [_self_, model: small]\nwidth: 7\n",
    "other": "{}",
    "model/small": "depth: 2\n",
    "model/large": "depth: 9\n",
}


@pytest.mark.parametrize(
    ("arguments", "jobs"),
    [
        (["depth=3", "lr=1"], [(3, 1, 1.0)]),
        (["-m", "depth=3,4", "lr=1"], [(3, 1, 1.0), (4, 1, 1.0)]),
        (["-m", "model=small,large", "lr=1"], [(2, 1, 1.0), (9, 1, 1.0)]),
        (["width=3"], [(2, 1, 0.1)]),  # the config has one of its own
        (["-m", "width=3,4"], [(2, 1, 0.1)] * 2),
        (["-cn", "other", "width=3"], [(1, 3, 0.1)]),
        (["model=large"], [(9, 1, 0.1)]),  # a config group
    ],
    ids=str,
)
def test_a_plain_name_beside_configs_of_the_users(
    arguments: list[str], jobs: list[Any], tmp_path: Path
):
    write(tmp_path / "conf", CONFIGS)
    given: list[Any] = []

    @proto.prefix
    class Model:
        depth: int = 1
        width: int = 1

    @proto.prefix
    class Training:
        lr: float = 0.1
        model: str = ""

    @proto.cli(config_path=str(tmp_path / "conf"), config_name="config")
    def train(seed: int = 0):
        given.append((Model.depth, Model.width, Training.lr))

    train.run([*arguments, *QUIET])

    assert given == jobs


def test_a_full_error_is_a_sweep_error(monkeypatch: pytest.MonkeyPatch):
    app, _ = make_app()
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    with pytest.raises(SweepError, match="'tset' is not one of"):
        app.run([*QUIET, "data.split=tset"])


def test_what_is_assigned_or_bound_is_the_default_of_the_app():
    app, given = make_app()
    training, _ = classes.values()
    training.lr = 0.5  # type: ignore

    with proto.bind(app, seed=7), proto.bind(**{"data.limit": 3}):
        app.run([*QUIET, "training.kind=LARGE"])

    assert given == [{**DEFAULTS, "lr": 0.5, "seed": 7, "limit": 3, "kind": Kind.LARGE}]


def test_a_function_with_kwargs_gets_what_is_added(capsys: Any):
    given: list[Any] = []

    @proto.prefix
    class Model:
        width: int = 1

    @proto.cli
    def train(**options: Any):
        given.append((options, Model.width))

    train.run([*QUIET, "+name=a", "+nested={b: [1]}", "model.width=3"])
    assert "use +width=4" in failing(train, ["width=4"], capsys)  # as any name can be its own

    assert given == [({"name": "a", "nested": {"b": [1]}}, 3)]


# The app as one of several in a process


def test_a_class_and_a_parameter_with_one_name_are_an_error_that_names_both():
    @proto.prefix
    class Seed:
        x: int = 1

    @proto.cli
    def train(seed: int = 1): ...

    with pytest.raises(
        SweepError, match=r"class .*\.Seed and a parameter of .*\.train are both 'seed'"
    ):
        train.run(QUIET)
    assert Seed.x == 1


def configs(folder: dict[str, Any] | None = None) -> list[Any]:
    """The configs that Hydra finds in its store."""
    found: list[Any] = []
    for one in (ConfigStore.instance().repo if folder is None else folder).values():
        found += configs(one) if isinstance(one, dict) else [one]
    return found


@pytest.mark.parametrize("argument", [[], ["--help"], ["seed=x"]], ids=["run", "help", "failure"])
def test_other_apps_see_hydras_own_configs(argument: list[str]):
    app, _ = make_app()
    app.run(QUIET)  # loads the plugins, which store their own
    before = configs()
    argv = list(sys.argv)

    with contextlib.suppress(SystemExit, CompactHydraException):
        app.run([*QUIET, *argument])

    assert configs() == before
    assert sys.argv == argv
    assert not HydraConfig.initialized()
    hydra.initialize(**VERSION_BASE)
    with contextlib.ExitStack() as ended:
        ended.callback(GlobalHydra.instance().clear)
        config = hydra.compose(overrides=["+x=1"], return_hydra_config=True)
    assert config.hydra.runtime.choices["hydra/sweeper"] == "basic"
    assert set(config) == {"hydra", "x"}


def test_a_sweeper_that_the_process_chose_stays(capsys: Any):
    own = HydraConf()
    listed = [{"sweeper": "mine"} if "sweeper" in one else one for one in own.defaults]
    chosen = replace(own, defaults=[*listed, "_self_"])
    app, _ = make_app()
    mine = {"_target_": "x.Mine"}
    with configs_in_store({"hydra/config": chosen, "hydra/sweeper/mine": mine}):
        app.run(["--cfg", "hydra", "--package", "hydra.sweeper"])

    assert "_target_: x.Mine" in capsys.readouterr().out


def test_an_app_inside_a_job_or_another_app_is_one_clear_error():
    inner, _ = make_app()
    said: list[str] = []

    def outer():
        with pytest.raises(
            SweepError, match=r"train\.run\(\.\.\.\) was called inside a Hydra job"
        ) as raised:
            inner.run([])
        said.append(str(raised.value))

    proto.cli(outer).run(QUIET)

    assert len(said) == 1
    assert not GlobalHydra.instance().is_initialized()


# What Hydra shows


def shown(app: Any, *arguments: str, capsys: Any) -> str:
    try:
        app.run(list(arguments))
    except SystemExit as ended:
        assert ended.code in (0, None)  # noqa: PT017
    return capsys.readouterr().out


def test_help_shows_every_parameter(capsys: Any):
    app, given = make_app()

    text = shown(app, "--help", "training.lr=0.5", capsys=capsys)

    assert (
        text
        == r"""train: Train something.

Parameters
  seed            int                  1
  tags            set[str]             []                      to find it by
  note            str                  '\${x} costs $5 a day'

training: How to train.
  training.lr     float                0.5                     step size
  training.betas  tuple[float, float]  [0.9,0.999]
  training.kind   Kind                 SMALL

data
  data.path       Path                 data
  data.split      'train' | 'test'     train
  data.limit      int | None           null
  data.weights    dict[str, float]     {}

Give a parameter a value with name=value, and run a job for each of several with -m name=1,2,3.
With -m, hydra.sweeper.sweep=FILE runs a sweep, hydra.sweeper.dry_run=true only shows its jobs, and
hydra.sweeper.resume=DIR runs what is left of one. params-proto shows the results.
--hydra-help shows the options of Hydra itself.
"""
    )
    assert given == []


def test_help_shows_what_is_required_or_cannot_be_written(capsys: Any):
    @proto.prefix
    class Model:
        width: int  # of a layer
        act: Callable[..., Any] = lambda x: x
        depth: int = 2
        options: dict[str, Any] = {"a b": [None, 0.5, ""]}  # noqa: RUF012

    assert Model.depth == 2
    text = shown(proto.cli(lambda_free), "-h", "model.depth='${hydra:job.num}'", capsys=capsys)

    assert [line.split() for line in text.splitlines()[4:9]] == [
        ["model"],
        ["model.width", "int", "required", "of", "a", "layer"],
        ["model.act", "Callable[...,", "Any]", "<lambda>"],
        ["model.depth", "int", "${hydra:job.num}"],
        ["model.options", "dict[str,", "Any]", "{a\\", "b:[null,0.5,'']}"],
    ]


def lambda_free(): ...


def test_hydras_own_flags_work(capsys: Any):
    app, given = make_app()

    assert shown(app, "--cfg", "job", "seed=3", capsys=capsys).startswith(
        "seed: 3\ntags: []\nnote:"
    )
    assert shown(
        app, "-c", "job", "-p", "data.weights", "--resolve", "+data.weights.a=1", capsys=capsys
    ) == ("# @package data.weights\na: 1\n")
    choices = shown(app, "--cfg", "hydra", "--package", "hydra.runtime.choices", capsys=capsys)
    assert "hydra/sweeper: params_proto" in choices
    assert "hydra/help: default" in choices
    assert "hydra/launcher: basic" in shown(app, "--hydra-help", capsys=capsys)
    assert given == []


def test_the_tab_key_completes(monkeypatch: pytest.MonkeyPatch, capsys: Any):
    app, _ = make_app()
    monkeypatch.setenv("COMP_LINE", "python train.py training.")

    words = shown(app, "-sc", "query=bash", capsys=capsys).split()

    assert words == ["training.betas.", "training.kind=", "training.lr="]


# With the user's configs


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    files = {
        "config": "defaults: [data: small, _self_]\nseed: 5\nbase: 2\ntraining: {lr: 0.5}\n",
        "other": "seed: 6\n",
        "wrong": "training: {lr: fast}\n",
        "optuna": "defaults: [override hydra/sweeper: basic]\n",
        "data/small": "limit: ${base}\nspare: {a: 1}\n",
        "data/large": "limit: 1000\nweights: {a: 1}\n",
        "training/slow": "lr: 1e-5\nbetas: [0, 0]\n",
    }
    return write(tmp_path / "conf", files)


@pytest.mark.parametrize(
    ("arguments", "changed"),
    [
        pytest.param([], {"seed": 5, "lr": 0.5, "limit": 2}, id="primary"),
        pytest.param(["seed=1", "base=7"], {"seed": 1, "lr": 0.5, "limit": 7}, id="command line"),
        pytest.param(["data=large", "+training=slow"], {"seed": 5, "limit": 1000, "weights": {"a": 1.0}, "lr": 1e-5, "betas": (0.0, 0.0)}, id="groups"),
        pytest.param(["-cn", "other"], {"seed": 6}, id="-cn"),
        pytest.param(["-cn", "other", "+training=slow", "+data.spare=1", "+spare=2"], {"seed": 6, "lr": 1e-5, "betas": (0.0, 0.0)}, id="added"),
    ],
)  # fmt: skip
def test_configs_are_composed_on_top(arguments: list[str], changed: dict[str, Any], conf: Path):
    app, given = make_app(config_path=str(conf), config_name="config")

    app.run([*arguments, *QUIET])

    assert given == [{**DEFAULTS, **changed}]


def test_a_further_folder_is_named_on_the_command_line(conf: Path):
    app, given = make_app()

    app.run(["-cd", str(conf), "+data=small", "+base=3", *QUIET])
    app.run([f"--config-dir={conf}", "-cn", "other", *QUIET])
    app.run([*QUIET, f"hydra.searchpath=[file://{conf}]", "+data=large"])

    assert [(values["seed"], values["limit"]) for values in given] == [(1, 3), (6, None), (1, 1000)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-cn", "wrong"], "'fast' of type 'str' could not be converted to Float"),
        (["training.lrr=1"], "Key 'lrr' is not in struct"),
        (["data=huge"], "Could not find 'data/huge'"),
        (["-cn", "none"], "Cannot find primary config 'none'"),
    ],
    ids=["wrong value", "unknown name", "unknown option", "unknown config"],
)
def test_mistakes_with_configs(arguments: list[str], message: str, conf: Path, capsys: Any):
    app, _ = make_app(config_path=str(conf), config_name="config")

    assert message in failing(app, arguments, capsys)


def test_help_shows_the_composed_values_and_the_groups(conf: Path, capsys: Any):
    app, _ = make_app(config_path=str(conf), config_name="config")

    text = shown(app, "--help", "data=large", capsys=capsys)

    assert [words.split()[2] for words in text.splitlines() if " training.lr " in words] == ["0.5"]
    assert "data.weights    dict[str, float]     {a:1}" in text
    assert "\nConfig groups: group=option\ndata: large, small\ntraining: slow\n" in text


def test_the_users_choice_of_a_sweeper_and_a_help_page_wins(conf: Path, capsys: Any):
    app, _ = make_app(config_path=str(conf), config_name="optuna")
    show = ["--cfg", "hydra", "--package", "hydra.runtime.choices"]

    assert "hydra/sweeper: basic" in shown(app, *show, capsys=capsys)
    assert "hydra/sweeper: params_proto" in shown(
        app, *show, "hydra/sweeper=params_proto", capsys=capsys
    )
    assert "powered by Hydra" in shown(app, "--help", "hydra/help=default", capsys=capsys)


# Real scripts


def lines(done: Any) -> list[str]:
    return done.stdout.splitlines()


def test_which_calls_run_the_app_and_which_the_body(tmp_path: Path, python: Any):
    script = shutil.copy(APPS / "calls.py", tmp_path)
    app = ["body 7 0.5", "app None"]

    done = python("calls.py", "seed=7", "training.lr=0.5", "hydra.run.dir=out")

    assert lines(done) == [
        *app * 3,
        "body 0 0.5",
        "other 7 0.5 0",
        "app None",
        "body 3 0.001",
        "call 3",
        "body 0 0.25",
        "bind 0",
        "body 7 0.5",
        "app in a thread None",
    ]
    imported = python("-c", "import calls")
    notebook = python("-c", f"exec(open({str(script)!r}).read())")
    assert lines(imported) == lines(notebook)
    assert lines(notebook) == [
        *["body 0 0.001", "app 0"] * 3,
        "body 0 0.001",
        "other 5 0.001 0",
        "app 5",
        "body 3 0.001",
        "call 3",
        "body 0 0.25",
        "bind 0",
        "body 0 0.001",
        "app in a thread 0",
    ]


PLACE = """\
import logging
from params_proto import proto

@proto.cli(config_path="conf", config_name="config")
def train(seed: int = 0):
    logging.getLogger(__name__).info(f"seed {seed}")

if __name__ == "__main__":
    train()
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["place/train.py"],
        ["-c", "from place.train import train; train.run()"],
        ["-c", "exec(open('train.py').read()); train.run()"],
    ],
    ids=["script", "imported", "notebook"],
)
def test_configs_and_the_job_name_are_those_of_the_file(
    arguments: list[str], tmp_path: Path, python: Any
):
    write(tmp_path / "place" / "conf", {"config": "seed: 3\n"})
    (tmp_path / "place" / "train.py").write_text(PLACE)

    python(*arguments, cwd=tmp_path / "place" if "exec" in arguments[-1] else tmp_path)

    (log,) = tmp_path.glob("**/outputs/*/*/train.log")
    assert log.read_text().endswith("[INFO] - seed 3\n")
    (overrides,) = tmp_path.glob("**/outputs/*/*/.hydra/config.yaml")
    assert overrides.read_text() == "seed: 3\n"


BOTH = """\
import hydra
from params_proto import proto

@proto.cli
def ours(seed: int = 0):
    print("ours", seed)

@hydra.main(version_base=None, config_path=None)
def plain(config):
    choices = hydra.core.hydra_config.HydraConfig.get().runtime.choices
    print("plain", config, choices["hydra/sweeper"])

@hydra.main(version_base=None, config_path=None)
def calls(config):
    print(ours())

ours()
plain()
ours.run(["seed=2"])
calls()
"""


def test_a_plain_hydra_app_in_the_same_process_is_left_alone(tmp_path: Path, python: Any):
    (tmp_path / "both.py").write_text(BOTH)

    assert lines(python("both.py")) == ["ours 0", "plain {} basic", "ours 2", "ours 0", "None"]
