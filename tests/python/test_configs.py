"""A sweep's configs in Python equal `hydra.compose`'s, and Hydra's state is unchanged."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hydra
import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import JobRuntime, setup_globals
from hydra.errors import ConfigCompositionException, MissingConfigException
from hydra.version import VersionBase
from omegaconf import DictConfig

from params_proto import Sweep, SweepError, proto
from params_proto.compose.clone import difference
from tests.compose.loaders import Compositions, edit, resolver, write
from tests.versions import VERSION_BASE

CONFIGS = {
    "train": "defaults: [model: small, optional db: pg, _self_]\n"
    "lr: 0.1\nbs: 32\nrun: ${lr}-${model.size}\nstart: ${now:%Y}\nlayers: [1, 2]\n",
    "model/small": "size: 1\n",
    "model/large": "size: 2\n",
    "db/pg": "port: 5432\n",
    "hydra/job_logging/quiet": "version: 1\n",
    "broken": "lr: [1\n",
}


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return write(tmp_path / "conf", CONFIGS)


@pytest.fixture(autouse=True)
def _name_of_jobs() -> Iterator[None]:
    """Hydra's own `initialize` leaves its behind."""
    before = JobRuntime.instance().get("name")
    yield
    JobRuntime.instance().set("name", before)


def hydras(conf: Path, lines: Sequence[Sequence[str]], whole: bool = False) -> list[DictConfig]:
    with hydra.initialize_config_dir(str(conf), job_name="test_configs", **VERSION_BASE):
        return [hydra.compose("train", [*line], return_hydra_config=whole) for line in lines]


def state() -> tuple[object, ...]:
    """What other users of Hydra in the process would notice."""
    store = ConfigStore.instance().repo
    return (
        GlobalHydra.instance().hydra,
        VersionBase.instance().version_base,
        JobRuntime.instance().get("name"),
        HydraConfig.instance().cfg,
        id(store),
        sorted(store),
        sys.argv,
    )


@pytest.mark.parametrize("whole", [False, True], ids=["task", "job"])
@pytest.mark.parametrize(
    "sweep",
    [
        Sweep(),
        Sweep().product({"model": ["small", "large"]}).product(lr=[0.1, 0.2]),
        Sweep().zip({"model": ["large", "small"], "lr": [1, 2]}).set(bs=[1, 2]),
        Sweep().chain({"lr": 1}, {"~db": None}, {"+new.key": "a, b"}, {"layers.0": 3}),
        Sweep().product({"hydra.job.name": ["a", "b"]}),
    ],
    ids=lambda sweep: repr(sweep)[8:60],
)
def test_they_equal_what_hydra_composes(conf: Path, sweep: Sweep, whole: bool) -> None:
    ours = list(sweep.compose(conf, "train", job=whole))
    stock = hydras(conf, list(sweep.overrides()), whole)

    assert len(ours) == len(sweep)
    found = [difference(*pair) for pair in zip(ours, stock, strict=True)]
    assert found == [None] * len(sweep)


@pytest.mark.parametrize("given", [{"overrides": ["model=large"]}, {}], ids=["given", "swept"])
def test_a_choice_that_only_a_job_makes(conf: Path, given: dict[str, Any]) -> None:
    edit(conf / "train.yaml", "model: small", "model: '???'")
    sweep = Sweep().product(lr=[1, 2] if given else [1], **({} if given else {"model": ["large"]}))
    ours = list(sweep.compose(conf, "train", **given))
    stock = hydras(conf, [[*line, *given.get("overrides", [])] for line in sweep.overrides()])
    assert [config.model for config in ours] == [{"size": 2}] * len(ours)
    found = [difference(*pair) for pair in zip(ours, stock, strict=True)]
    assert found == [None] * len(sweep)
    with pytest.raises(ConfigCompositionException, match="You must specify 'model'"):
        next(Sweep().compose(conf, "train"))


def test_a_null_group_is_left_out(conf: Path) -> None:
    found = Sweep().product(db=["pg", None]).compose(conf, "train")

    assert ["db" in config for config in found] == [True, False]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], [(1, 32), (2, 32)]),
        (["lr=3,4"], [(3, 32), (4, 32)]),
        (["bs=8,16"], [(1, 8), (1, 16), (2, 8), (2, 16)]),
        (["hydra.verbose=true", "bs=8"], [(1, 8), (2, 8)]),
    ],
    ids=str,
)
def test_overrides_win_as_on_a_command_line(
    conf: Path, overrides: list[str], expected: list[tuple[float, int]]
) -> None:
    found = Sweep().product(lr=[1, 2]).compose(conf, "train", overrides=overrides)

    assert [(config.lr, config.bs) for config in found] == expected


def test_threads_leave_the_state_as_it_was(plugins: None, conf: Path) -> None:
    before = state()

    def sizes(name: str) -> list[int]:
        return [c.size for c in Sweep().repeat(20).compose(conf / "model", name)]

    with ThreadPoolExecutor(4) as pool:
        found = [*pool.map(sizes, ["small", "large"] * 4)]

    assert found == [[1] * 20, [2] * 20] * 4
    assert state() == before


def test_overrides_of_hydra_reach_every_config(conf: Path) -> None:
    lines = ["hydra/job_logging=quiet", "hydra.job.name=mine"]
    sweep = Sweep().product(lr=[1, 2])
    found = list(sweep.compose(conf, "train", overrides=iter(lines), job=True))

    assert [config.hydra.job_logging for config in found] == [{"version": 1}] * 2
    assert [config.hydra.job.name for config in found] == ["mine"] * 2
    assert found[1].hydra.overrides == {"hydra": lines, "task": ["lr=2"]}


def test_a_search_path_among_the_overrides(conf: Path, tmp_path: Path) -> None:
    write(tmp_path / "more", {"model/huge": "size: 9\n", "db/pg": "port: 1\n"})
    path = f"hydra.searchpath=[file://{tmp_path}/more]"
    count = Compositions()
    sweep = Sweep().product({"model": ["small", "huge"]}).product(lr=[1, 2, 3])
    found = list(sweep.compose(conf, "train", overrides=["bs=8", path], job=True))

    assert (count.from_prefixes, count.by_hydra) == (6, 0)
    assert [(c.model.size, c.lr, c.bs) for c in found] == [
        (size, lr, 8) for size in (1, 9) for lr in (1, 2, 3)
    ]
    stock = hydras(conf, [[path, *line, "bs=8"] for line in sweep.overrides()], whole=True)
    assert [difference(*pair) for pair in zip(found, stock, strict=True)] == [None] * 6


@pytest.mark.usefixtures("hydra_restore_singletons")
class TestState:
    """Of Hydra, before, between and after."""

    def test_is_left_after_an_error_and_halfway(self, plugins: None, conf: Path) -> None:
        before = state()
        configs = Sweep().chain({"lr": 1}, {"typo": 2}).compose(conf, "train")
        assert state() == before
        next(configs)
        assert state() == before
        with pytest.raises(ConfigCompositionException, match=r"Could not override 'typo'"):
            next(configs)
        assert state() == before
        next(Sweep().product(lr=[1, 2]).compose(conf, "train"))  # and no more of it
        assert state() == before

    def test_of_an_active_initialize_stays(self, plugins: None, conf: Path) -> None:
        with hydra.initialize_config_dir(str(conf), job_name="outer", **VERSION_BASE):
            active = GlobalHydra.instance().hydra
            configs = Sweep().product({"+lr": [1, 2]}).compose(conf / "model", "large", job=True)
            for config, size in zip(configs, [1, 2], strict=False):
                assert (config.size, config.hydra.job.name) == (2, "outer")
                assert hydra.compose("model/small").model.size == 1
                assert hydra.compose("train", [f"lr={size}"]).lr == size
                assert GlobalHydra.instance().hydra is active

    def test_of_two_at_a_time_is_each_its_own(self, conf: Path) -> None:
        sweep = Sweep().product({"+x": [1, 2]})
        pairs = zip(sweep.compose(conf, "train"), sweep.compose(conf / "model", "large"))  # noqa: B905
        assert [(one.x, one.lr, other.x, other.size) for one, other in pairs] == [
            (1, 0.1, 1, 2),
            (2, 0.1, 2, 2),
        ]

    def test_keeps_resolvers(self, conf: Path) -> None:
        setup_globals()  # as a Hydra app has done; who replaces one of its resolvers means it
        mine = "test_configs_mine"
        resolver("now", lambda form: mine)
        (config,) = Sweep().compose(conf, "train")

        assert config.start == mine


def test_a_file_edited_between_two_configs_changes_none(conf: Path) -> None:
    configs = Sweep().product({"model": ["small", "large"]}).repeat(2).compose(conf, "train")
    first = next(configs)
    for name in ("train", "model/small"):
        (conf / f"{name}.yaml").write_text("edited: true\n")

    assert [first.lr, *[config.lr for config in configs]] == [0.1] * 4


class TestPlace:
    """The base of a relative config path."""

    CALLS = "from params_proto import Sweep\n{}print(*Sweep().product(lr=[1]).compose({}), end='')"

    def test_is_the_file_of_the_caller(self, conf: Path, python) -> None:
        script = conf.parent / "deep" / "script.py"
        script.parent.mkdir()
        script.write_text(self.CALLS.format("", "'../conf', 'train', job=True"))

        assert "'name': 'script'" in python(script, cwd=conf.parent.parent).stdout

    def test_is_the_working_directory_without_a_file(self, conf: Path, python) -> None:
        line = self.CALLS.format("", "'conf/model', 'large', overrides=['++lr=2']")

        assert python("-c", line).stdout == "{'size': 2, 'lr': 2}"

    def test_is_that_of_a_notebook(self, conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(conf)  # `%cd conf` in a cell
        cell: dict[str, Any] = {"_dh": [str(conf.parent)], "__name__": "__main__"}
        code = (
            "from params_proto import Sweep\n(found,) = Sweep().compose('conf', 'train', job=True)"
        )
        exec(compile(code, "/tmp/ipykernel_1/2.py", "exec"), cell)

        assert (cell["found"].lr, cell["found"].hydra.job.name) == (0.1, "notebook")

    def test_may_be_a_package(self) -> None:
        (config,) = Sweep().compose("pkg://hydra.test_utils.configs", "compose")

        assert config == {"foo": 10, "bar": 100}

    def test_may_be_nowhere(self) -> None:
        assert list(Sweep().product({"+lr": [1, 2]}).compose()) == [{"lr": 1}, {"lr": 2}]

    def test_may_be_hydras_store(self, hydra_restore_singletons: None) -> None:
        ConfigStore.instance().store("stored_config", {"lr": 1})

        assert [c.lr for c in Sweep().product(lr=[1, 2]).compose(None, "stored_config")] == [1, 2]


class TestProto:
    """Sweeps over decorated functions have the configs of the app's jobs."""

    @pytest.fixture(autouse=True)
    def alone(self, alone: None) -> None:
        """No other test's classes are nodes."""

    def test_have_its_parameters_and_its_classes(self) -> None:
        @proto.prefix
        class Training:
            lr: float = 0.1

        @proto.cli
        def train(seed: int = 0) -> None: ...

        configs = list(Sweep(train, Training).product(lr=[1, 2]).compose(overrides=["seed=3"]))
        assert configs == [{"seed": 3, "training": {"lr": lr}} for lr in (1.0, 2.0)]
        with pytest.raises(ConfigCompositionException):
            next(Sweep(train).compose(overrides=["seed=text"]))
        with pytest.raises(MissingConfigException):  # nothing is left in the store
            next(Sweep().compose(None, "params_proto_schema"))

    def test_have_its_own_configs(self, conf: Path) -> None:
        @proto.cli(config_path=conf, config_name="train")
        def train(lr: float = 0.5, depth: int = 3) -> None: ...

        (own,) = Sweep(train).compose()
        (other,) = Sweep(train).compose(conf / "model", "large")
        assert (own.lr, own.depth, own.model.size) == (0.1, 3, 1)
        assert other == {"lr": 0.5, "depth": 3, "size": 2}


@pytest.mark.parametrize("overrides", ["lr=1", ["lr=1", 3]], ids=["text", "a-number"])
def test_overrides_of_another_type(overrides: Any) -> None:
    with pytest.raises(SweepError, match=r"a list of lines as its overrides, got .*\['lr=0\.1'\]"):
        Sweep().compose(overrides=overrides)


@pytest.mark.parametrize(
    ("sweep", "name", "overrides", "error", "match"),
    [
        (Sweep(), "typo", [], MissingConfigException, "Cannot find primary config 'typo'"),
        (Sweep(), "broken", [], Exception, r"in .*/broken\.yaml"),
        (Sweep(), "train", ["lr"], SweepError, "Hydra cannot read 'lr': .* Write key=value"),
        (Sweep().set(m=object()), "train", [], SweepError, "^m: .* cannot be written in an over"),
        (Sweep().product(lr=[1]), "train", ["~lr"], SweepError, "~lr would delete a key that"),
    ],
    ids=["primary", "yaml", "grammar", "value", "deletion"],
)
def test_mistakes_are_raised_at_once(
    conf: Path, sweep: Sweep, name: str, overrides: list[str], error: Any, match: str
) -> None:
    with pytest.raises(error, match=match):
        sweep.compose(conf, name, overrides=overrides)
    with pytest.raises(MissingConfigException, match=r"config directory '.*/nowhere' exists"):
        sweep.compose(conf / "nowhere", name)
