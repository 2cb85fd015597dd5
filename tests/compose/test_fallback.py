"""What the cached way does not know, Hydra composes; one line of the log says why."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hydra import version
from hydra._internal import defaults_list
from hydra._internal.callbacks import Callbacks
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository
from hydra._internal.sources_registry import SourcesRegistry
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.errors import CompactHydraException, ConfigCompositionException
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.types import HydraContext
from omegaconf import OmegaConf

from params_proto import SweepError
from params_proto.compose import cached, chosen
from params_proto.compose.template import difference
from tests.compose import roads
from tests.compose.roads import TREE, Compositions, hydras, master, write
from tests.versions import HYDRA_1_3

pytestmark = pytest.mark.usefixtures("plugins", "hydra_restore_singletons")


class OwnLoader(ConfigLoaderImpl):
    """The loader of another plugin."""


class OwnSource(ConfigSource):
    """The source of another plugin: it gives another config each time."""

    given = 0

    @staticmethod
    def scheme() -> str:
        return "own"

    def load_config(self, config_path: str) -> ConfigResult:
        OwnSource.given += 1
        config = OmegaConf.create({"given": OwnSource.given})
        return ConfigResult(self.provider, f"own://{config_path}", config, {"package": None})

    def available(self) -> bool:
        return True

    def is_group(self, config_path: str) -> bool:
        return config_path == "from"

    def is_config(self, config_path: str) -> bool:
        return config_path in ("from/own", "from/own.yaml")

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        return ["own"] if config_path == "from" else []


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    return write(tmp_path / "conf", TREE)


@pytest.fixture
def own_source() -> None:
    OwnSource.given = 0
    SourcesRegistry.instance().register(OwnSource)


def told(caplog: pytest.LogCaptureFixture) -> str:
    (record,) = caplog.records
    assert record.levelno == logging.INFO
    return record.getMessage()


@pytest.mark.parametrize(
    ("of", "name", "other"),
    [
        (ConfigLoaderImpl, "_process_config_searchpath", lambda self, config_name, repo: None),
        (ConfigLoaderImpl, "_apply_overrides_to_config", None),
        (ConfigRepository, "initialize_sources", lambda self, path, cache, /: None),
        (defaults_list, "create_defaults_list", lambda repository: None),
    ],
)
def test_a_hydra_with_another_private_function(
    conf: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    of: Any,
    name: str,
    other: Any,
) -> None:
    loader = hydras(conf)
    caplog.set_level(logging.INFO)
    if other is None:
        monkeypatch.delattr(of, name)
    else:
        monkeypatch.setattr(of, name, other)
    assert cached(loader) is loader
    assert f"{name} is not what it was" in told(caplog)


def test_another_loader(conf: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    loader = OwnLoader(hydras(conf).config_search_path)
    assert cached(loader) is loader
    assert "the config loader is a OwnLoader" in told(caplog)


def test_another_source(conf: Path, own_source: None, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    loader = hydras(conf)
    path = loader.config_search_path
    path.append("other", "own://somewhere")
    loader = ConfigLoaderImpl(path)
    assert cached(loader) is loader
    assert "OwnSource" in told(caplog)


def test_the_option(conf: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    context = HydraContext(config_loader=hydras(conf), callbacks=Callbacks())
    assert chosen("hydra", context) is context
    assert chosen("cached", context).config_loader is not context.config_loader
    with pytest.raises(SweepError, match=r"hydra\.sweeper\.compose=fast: it is `cached`"):
        chosen("fast", context)
    assert not caplog.records


APP = """
import hydra
import omegaconf
from hydra._internal import config_loader_impl

number = ".".join(hydra.__version__.split(".")[:2] + ["99"])
hydra.__version__ = config_loader_impl.__version__ = number
omegaconf.__version__ = ".".join(omegaconf.__version__.split(".")[:2] + ["99"])

@hydra.main(config_path=None)
def main(config):
    print("job", config.x)

main()

from params_proto.compose import counts

print(counts)
"""


def test_no_version_is_looked_at(tmp_path: Path, python: Any) -> None:
    (tmp_path / "app.py").write_text(APP)
    done = python("app.py", "-m", "hydra/sweeper=params_proto", "+x=1,2,3")
    assert done.stdout.splitlines()[-1] == "Counts(from_prefixes=6, by_hydra=0)"
    assert "composed by Hydra" not in done.stdout


def test_a_multirun_of_such_a_hydra(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(defaults_list, "create_defaults_list", lambda: None)
    count = Compositions(monkeypatch)
    assert [config["seed"] for config in multirun("seed=1,2,3").values] == [1, 2, 3]
    assert capsys.readouterr().out.count("Configs are composed by Hydra, as with") == 1
    assert (count.from_prefixes, count.by_hydra) == (0, 6)


def test_a_multirun_with_the_option(
    multirun: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    count = Compositions(monkeypatch)
    run = multirun("seed=1,2,3", "hydra.sweeper.compose=hydra")
    assert [config["seed"] for config in run.values] == [1, 2, 3]
    assert "composed by Hydra" not in capsys.readouterr().out
    assert count.by_hydra == 6
    assert not (run.directory / ".sweep" / "configs").exists()


def test_a_wrong_option_runs_nothing(multirun: Any, app: Path) -> None:
    with pytest.raises(CompactHydraException, match=r"hydra\.sweeper\.compose=fast: it is"):
        multirun("seed=1,2", "hydra.sweeper.compose=fast")
    assert not (app / "out").exists() or not list((app / "out").iterdir())


@pytest.mark.parametrize(
    ("path", "told"), [("own://somewhere", 1), ("${oc.env:OWN}://somewhere", 0)]
)
def test_another_source_on_the_search_path_of_the_config(
    multirun: Any,
    app: Path,
    own_source: None,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    told: int,
) -> None:
    """Of a search path that may be another for each job nothing is told: Hydra composes each."""
    monkeypatch.setenv("OWN", "own")
    config = app / "conf" / "config.yaml"
    config.write_text(f"{config.read_text()}hydra: {{searchpath: ['{path}']}}\n")
    values = multirun("+from=own", "seed=1,2,3").values
    given = [value["from"]["given"] for value in values]
    assert given == [*range(OwnSource.given - 2, OwnSource.given + 1)]
    assert capsys.readouterr().out.count("OwnSource") == told


@dataclass
class Database:
    driver: str = "none"
    port: int = 0
    tags: list[str] = field(default_factory=lambda: ["of the schema"])


@pytest.mark.filterwarnings("ignore::UserWarning")  # Hydra 1.3 says that it will not be so later
def test_a_file_that_has_a_schema_of_its_name(conf: Path) -> None:
    """Hydra 1.3 merges the file into the schema, Hydra 1.4 does not look for one."""
    if HYDRA_1_3:
        version.setbase("1.3")
    ConfigStore.instance().store("mysql", Database, group="db")
    own, ours = hydras(conf), roads.cached(conf)
    multirun = master(own)
    for job in (["seed=1"], ["db=pg"], ["db.port=5"], ["db=pg", "db.port=5"]):
        config = ours.load_sweep_config(multirun, job)
        assert difference(config, own.load_sweep_config(multirun, job)) is None
        assert ("tags" in config.db) is (HYDRA_1_3 and "db=pg" not in job)
    if HYDRA_1_3:
        for loader in (own, ours):
            with pytest.raises(ConfigCompositionException, match=r"db\.port=many"):
                loader.load_sweep_config(multirun, ["db.port=many"])
